"""/metrics: the state of the concentrator as Prometheus reads it. No serial and no title stands in a label."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from edge.health import LineState
from edge.page.view import TROUBLE

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
HELP = {
    "uchet_edge_waiting_rows": "Rows of the journal that central has not acknowledged",
    "uchet_edge_waiting_oldest_seconds": "How long the oldest of them has waited",
    "uchet_edge_journal_rows": "Rows of the journal",
    "uchet_edge_journal_days_left": "Days until the journal has no room; absent = cannot be told",
    "uchet_edge_journal_well": "0 while the disk refuses commits",
    "uchet_edge_clock_trusted": "1 while the concentrator's own time can be believed",
    "uchet_edge_uplink_connected": "1 while connected to the broker",
    "uchet_edge_uplink_answering": "1 while central acknowledges",
    "uchet_edge_line_up": "1 while the line can be opened",
    "uchet_edge_meters": "Meters by line and state: well, new, clock, late, silent",
    "uchet_edge_visits": "Conversations with meters by line and outcome: well, or what failed",
    "uchet_edge_bus_seconds": "Seconds that a line was busy with meters",
}


def text(state: Mapping[str, Any], lines: Mapping[str, LineState], journal_fault: str | None) -> bytes:
    """`state` as in view.py."""
    return generate_latest(_Picture(state, lines, journal_fault))


class _Picture(Collector):
    def __init__(self, state: Mapping[str, Any], lines: Mapping[str, LineState], journal_fault: str | None) -> None:
        self._state, self._lines, self._journal_fault = state, lines, journal_fault

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        journal, uplink = self._state["journal"], self._state["uplink"]
        oldest = 0 if journal["oldest"] is None else max(0, self._state["now"] - journal["oldest"])
        single = {
            "uchet_edge_waiting_rows": journal["waiting"],
            "uchet_edge_waiting_oldest_seconds": oldest,
            "uchet_edge_journal_rows": journal["rows"],
            "uchet_edge_journal_days_left": journal["days_left"],
            "uchet_edge_journal_well": self._journal_fault is None,
            "uchet_edge_clock_trusted": self._state["clock_trusted"],
            "uchet_edge_uplink_connected": uplink["connected"],
            "uchet_edge_uplink_answering": uplink["answering"],
        }
        for name, value in single.items():
            if value is not None:
                yield GaugeMetricFamily(name, HELP[name], value=float(value))
        yield from self._of_lines()

    def _of_lines(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        up = _gauge("uchet_edge_line_up", "line")
        meters = _gauge("uchet_edge_meters", "line", "state")
        visits = CounterMetricFamily("uchet_edge_visits", HELP["uchet_edge_visits"], labels=["line", "outcome"])
        busy = CounterMetricFamily("uchet_edge_bus_seconds", HELP["uchet_edge_bus_seconds"], labels=["line"])
        for name, line in self._lines.items():
            up.add_metric([name], float(line.fault is None))
            busy.add_metric([name], line.busy)
            counts = Counter(meter["state"] for meter in self._state["meters"] if meter["line"] == name)
            for word in TROUBLE:
                meters.add_metric([name, word], counts[word])
            for outcome, count in sorted(line.visits.items()):
                visits.add_metric([name, outcome], count)
        yield from (up, meters, visits, busy)


def _gauge(name: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, HELP[name], labels=labels)
