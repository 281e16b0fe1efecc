"""The loops of a worker process that do jobs: one thread a lane, beside projection and figures.

Whatever a job raises is its failure, not the process's: it is tried again, later each time, and dead after its last
try. Logs name jobs by their id.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from central.config import CentralConfig
from central.db import writing
from central.jobs import queue
from central.jobs.asking import enqueue
from central.jobs.context import Context, JobFailed, JobRefused, Stopping
from central.jobs.kinds import Kind, Lane
from central.jobs.leases import Keeper, LeaseLost
from central.jobs.schedule import name_of
from central.jobs.tables import job
from central.logs import about
from central.logs import told as told_of
from central.operation.alarms import Alarm
from central.operation.metrics import worker as metrics
from central.timeseries.base import Series, SeriesUnavailable

log = logging.getLogger(__name__)

IDLE = 1.0  # seconds between two looks at an empty queue
PAUSE = 5.0  # while SQL is away
GRACE = 300.0  # seconds that a job which was given up has to end; after them its loop counts as hung
LONGEST_ERROR = 500  # characters

Loop = Callable[[threading.Event], None]


def job_loops(
    config: CentralConfig, series: Series, keeper: Keeper, kinds: Mapping[str, Kind], wall: Callable[[], float]
) -> list[Loop]:
    """One loop a lane; the keeper's beats renew what they do, and make what is due by schedule."""
    ready = {name: kind for name, kind in kinds.items() if kind.ready(config)}
    lanes = [{name: kind for name, kind in ready.items() if kind.lane is lane} for lane in Lane]
    runners = [Runner(config, keeper, series, here, wall) for here in lanes if here]
    zone = ZoneInfo(config.worker.time_zone)
    keeper.also += [queue.bereave, lambda connection, now: make_due(connection, ready, zone, now)]
    keeper.also += [runner.beat for runner in runners]
    return [runner.run for runner in runners]


def make_due(connection: Connection, kinds: Mapping[str, Kind], zone: ZoneInfo, now: int) -> None:
    """The newest run of each schedule, unless it exists."""
    for name, kind in kinds.items():
        if kind.schedule is None:
            continue
        moment = kind.schedule.latest(now, zone)
        key = name_of(moment)
        if connection.execute(select(job.c.id).where(job.c.kind == name, job.c.key == key)).first() is None:
            enqueue(connection, name, {}, now, key=key, due_at=moment)


class Runner:
    """Does the jobs of these kinds, one at a time. `wall` gives seconds UTC."""

    def __init__(
        self,
        config: CentralConfig,
        keeper: Keeper,
        series: Series,
        kinds: Mapping[str, Kind],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._engine: Engine = keeper.engine
        self._owner, self._seconds = keeper.owner, keeper.seconds
        self._pulse = keeper.pulse
        self._name = "jobs " + " ".join(sorted({kind.lane.value for kind in kinds.values()}))
        self._series = series
        self._kinds = kinds
        self._wall = wall
        self._at_hand: Context | None = None  # set by the loop, read by the beat
        self._give_up_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Until `stop`, which the job at hand hears of."""
        while not stop.is_set():
            self._pulse.beat(self._name)
            try:
                busy, idle = self.turn(stop), IDLE
            except DBAPIError as error:
                log.warning("jobs wait: %s", told_of(error))
                busy, idle = False, PAUSE
            if not busy:
                stop.wait(idle)

    def turn(self, stop: threading.Event) -> bool:
        """Does one job that is due, if there is one. Raises DBAPIError: then the job's lease ends by itself."""
        tries = {name: kind.tries for name, kind in self._kinds.items()}
        taken = queue.take(self._engine, tries, self._owner, int(self._wall()), self._seconds)
        if taken is None:
            return False
        kind = self._kinds[taken.kind]
        context = Context(self._config, self._engine, self._series, taken, self._wall, stop, forgets=kind.private)
        self._give_up_at, self._at_hand = time.monotonic() + kind.limit, context
        self._pulse.beat(self._name, kind.limit + GRACE)
        try:
            self._attempt(context, kind)
        finally:
            self._at_hand = None
        return True

    def beat(self, connection: Connection, now: int) -> None:
        """Renews the lease of the job at hand, unless it takes too long."""
        context = self._at_hand
        if context is None or context.lost.is_set():
            return
        if time.monotonic() >= self._give_up_at:
            told = "job %d (%s) hangs: it is given up"
            log.error(told, context.job.id, context.job.kind, extra=_about(context.job, Alarm.JOB_HANGS))
            context.lost.set()
        elif not queue.renew(connection, context.job, now + int(self._seconds)) and not context.finished:
            context.lost.set()

    def _attempt(self, context: Context, kind: Kind) -> None:
        taken = context.job
        try:
            result = kind.function()(context, taken.arguments)
            if not context.finished:
                with context.final(result):
                    pass
            metrics.JOBS.labels(taken.kind, "done").inc()
            log.info("job %d (%s) is done", taken.id, taken.kind, extra=_about(taken))
        except LeaseLost as lost:
            metrics.JOBS.labels(taken.kind, "left").inc()
            log.warning("job %d (%s) is left: %s", taken.id, taken.kind, lost, extra=_about(taken))
        except Stopping:
            with writing(self._engine).begin() as connection:
                queue.give_back(connection, taken)
        except Exception as error:  # noqa: BLE001 - the top of a process's loop: no job ends it
            self._failed(taken, kind, error)

    def _failed(self, taken: queue.Taken, kind: Kind, error: Exception) -> None:
        now, told = int(self._wall()), _told(error, kind.private)
        final = isinstance(error, JobRefused) or taken.tries >= kind.tries
        again_at = None if final else now + queue.pause(taken.tries, random.random())  # noqa: S311 - spreads load
        with writing(self._engine).begin() as connection:
            queue.fail(connection, taken, told, now, again_at)
        metrics.JOBS.labels(taken.kind, "dead" if final else "failed").inc()
        if final:
            log.error("job %d (%s) is dead: %s", taken.id, taken.kind, told, extra=_about(taken, Alarm.JOB_DEAD))
        else:
            tries = f"try {taken.tries} of {kind.tries}"
            log.warning("job %d (%s) failed, %s: %s", taken.id, taken.kind, tries, told, extra=_about(taken))


def _about(taken: queue.Taken, alarm: Alarm | None = None) -> dict[str, Any]:
    return about(alarm, job=taken.id, kind=taken.kind)


def _told(error: Exception, private: bool) -> str:
    """For the log and the list of the dead: no values of a statement; of a private job only what it chose to say."""
    name = type(error).__name__
    if isinstance(error, JobFailed):
        said = str(error)
    elif private:
        said = name
    elif isinstance(error, DBAPIError):
        said = f"{name}: {str(error.orig).partition(chr(10))[0]}"
    elif isinstance(error, SeriesUnavailable):
        said = str(error)
    else:
        said = f"{name}: {error}"
    return said[:LONGEST_ERROR]
