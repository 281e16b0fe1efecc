"""Of the worker: what waits in SQL for any worker. Each of them tells the same: take the maximum."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily as Family
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from central.operation import backlog
from central.operation.probes import NoAnswer, Probe


class Waiting(Collector):
    """Asks SQL when it is asked. While SQL does not answer these figures are absent, and `uchet_sql_up` is 0."""

    def __init__(self, engine: Engine, wall: Callable[[], float]) -> None:
        def read() -> backlog.Backlog:
            with engine.connect() as connection:
                return backlog.read(connection, int(wall()))

        self._probe, self._wall = Probe(read, seconds=5.0), wall

    def collect(self) -> Iterator[Family]:
        try:
            found = self._probe.ask()
        except (SQLAlchemyError, NoAnswer):
            yield _single("uchet_sql_up", 0)
            return
        age = 0.0 if found.oldest is None else max(0.0, self._wall() - found.oldest)
        yield _single("uchet_sql_up", 1)
        yield _single("uchet_inbox_waiting", found.waiting)
        yield _single("uchet_inbox_oldest_seconds", age)
        yield _labelled("uchet_inbox_aside", ("reason",), {(reason,): n for reason, n in found.aside.items()})
        yield _single("uchet_strays", found.strays)
        yield _single("uchet_conflicts_open", found.conflicts)
        yield _single("uchet_dirty_days", found.dirty)
        yield _labelled("uchet_jobs", ("kind", "state"), found.jobs)
        yield _single("uchet_workers", found.workers)
        yield _single("uchet_leases_held", found.held)

    def describe(self) -> Iterator[Family]:
        """SQL is not asked when it is registered."""
        for name in HELP:
            yield Family(name, HELP[name])


HELP = {
    "uchet_sql_up": "1 while SQL answers",
    "uchet_inbox_waiting": "Messages of the inbox that no worker has taken",
    "uchet_inbox_oldest_seconds": "How long the oldest of them has waited",
    "uchet_inbox_aside": "Messages in quarantine or partly taken, by reason",
    "uchet_strays": "Messages that nobody can read, kept aside",
    "uchet_conflicts_open": "Rows with another value than the one that stands, to be checked",
    "uchet_dirty_days": "Days of points to be computed",
    "uchet_jobs": "Jobs that wait, run or are dead, by kind and state",
    "uchet_workers": "Workers that live",
    "uchet_leases_held": "Leases of the projection and of the slices that somebody holds; 17 = all",
}


def show(engine: Engine, wall: Callable[[], float]) -> Callable[[], None]:
    """What waits is shown from now on, until what this returns is called."""
    collector = Waiting(engine, wall)
    REGISTRY.register(collector)
    return lambda: REGISTRY.unregister(collector)


def _single(name: str, value: float) -> Family:
    return Family(name, HELP[name], value=value)


def _labelled(name: str, labels: Sequence[str], values: Mapping[Any, int]) -> Family:
    family = Family(name, HELP[name], labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
