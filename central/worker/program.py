"""The worker's process: beats its leases, projects, computes, does jobs. Any number of it may run."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from central.jobs.leases import ALONE, PROJECTION, SLICE, Fence, Keeper, LeaseLost
from central.jobs.owner import new_owner
from central.logs import about, told
from central.operation.alarms import Alarm
from central.operation.metrics import worker as metrics
from central.operation.pulse import Pulse
from central.timeseries.base import Series, SeriesUnavailable
from central.worker.figures import Figures
from central.worker.projector import Projector
from central.worker.together import Loop, run_together

log = logging.getLogger(__name__)

IDLE = 0.25  # seconds between two looks into an empty inbox
LONGEST_PAUSE = 30.0  # between two attempts while a store is away
LONGEST_TURN = 180.0  # seconds, without what it waits for SQL


class Worker:
    """`keeper` holds the leases of this process; `beside` = further loops of it. `wall` gives seconds UTC.

    `pulse` hears each turn.
    """

    def __init__(
        self,
        engine: Engine,
        series: Series,
        figures: Figures,
        wall: Callable[[], float] = time.time,
        keeper: Keeper | None = None,
        beside: Sequence[Loop] = (),
        pulse: Pulse | None = None,
    ) -> None:
        self._keeper = keeper or Keeper(engine, new_owner(), wall=wall)
        self._projector = Projector(engine, series, figures)
        self._figures = figures
        self._beside = beside
        self._wall = wall
        self._pulse = pulse or Pulse()

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Raises what breaks one of its loops."""
        try:
            self._keeper.beat()
        except DBAPIError as error:
            log.warning("no leases yet: %s", told(error), extra=about(Alarm.LEASES_NOT_RENEWED))
        run_together([self._keeper.run, self._turns, *self._beside], stop)

    def step(self, now: int, fence: Fence = ALONE) -> int:
        """One step of the projection; returns how many messages. Raises SeriesUnavailable, DBAPIError, LeaseLost."""
        return self._projector.step(now, fence)

    def _turns(self, stop: threading.Event) -> None:
        """Projects and computes what this process holds the leases of, in turns."""
        pause = IDLE
        while not stop.is_set():
            self._pulse.beat("worker", LONGEST_TURN)
            try:
                busy = self._turn(int(self._wall()))
            except LeaseLost as lost:
                log.warning("a turn is thrown away: %s", lost)
                busy = 0
            except (SeriesUnavailable, DBAPIError) as error:
                metrics.TROUBLES.labels("sql" if isinstance(error, DBAPIError) else "series").inc()
                level = logging.WARNING if pause == IDLE else logging.DEBUG
                log.log(level, "the worker waits: %s", told(error), extra=about(Alarm.STORE_AWAY))
                pause = min(pause * 2, LONGEST_PAUSE)
                stop.wait(pause)
                continue
            if pause > IDLE:
                log.info("the worker goes on")
                pause = IDLE
            if not busy:
                stop.wait(IDLE)

    def _turn(self, now: int) -> int:
        projection, slices = self._keeper.hold([PROJECTION]), self._keeper.hold(SLICE)
        messages = self.step(now, projection) if projection else 0
        days = self._figures.recompute(now, slices) if slices else 0
        metrics.DAYS.inc(days)
        return messages + days
