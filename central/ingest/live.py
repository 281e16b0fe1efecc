"""Instantaneous values into the series: nice to have, so never in the way of what is billed.

A thread of its own with a small queue that forgets the oldest. A store that is away costs values, nothing else.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterable

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from central.ingest.bindings import entitled, periods_of
from central.logs import told
from central.operation.metrics import ingest as metrics
from central.timeseries.base import LiveRow, Series, SeriesError
from protocol.messages.control import Live
from protocol.quantities import BY_NAME, Nature

log = logging.getLogger(__name__)

KEPT = 1000


class LiveWriter:
    def __init__(self, engine: Engine, series: Series) -> None:
        self._engine = engine
        self._series = series
        self._waiting: deque[tuple[str, str, Live]] = deque(maxlen=KEPT)
        self._changed = threading.Condition()
        self._stopped = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(5)

    def offer(self, messages: Iterable[tuple[str, str, Live]]) -> None:
        """Edge, meter, values; returns at once."""
        with self._changed:
            before, new = len(self._waiting), list(messages)
            self._waiting.extend(new)
            metrics.LIVE_DROPPED.inc(before + len(new) - len(self._waiting))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                messages = list(self._waiting)
                self._waiting.clear()
            try:
                self._write(messages)
            except (SeriesError, DBAPIError) as error:
                metrics.LIVE_DROPPED.inc(len(messages))
                log.log(
                    logging.DEBUG if self._failing else logging.WARNING, "live values are not kept: %s", told(error)
                )
                self._failing = True
            else:
                self._failing = False

    def _write(self, messages: list[tuple[str, str, Live]]) -> None:
        with self._engine.connect() as connection:
            periods = periods_of(connection, ((edge, meter) for edge, meter, _ in messages))
        rows = []
        for edge, meter, live in messages:
            time = int(live.time.timestamp())
            if entitled(periods.get((edge, meter), ()), time):
                rows.append(LiveRow(meter, time, fields(live)))
        self._series.write([row for row in rows if row.values])


def fields(live: Live) -> dict[str, float]:
    """Values by field of the series; names that are no instantaneous quantity are left out."""
    known = ((BY_NAME.get(name), value) for name, value in live.values.items())
    return {found.field: value for found, value in known if found and found.nature is Nature.INSTANT}
