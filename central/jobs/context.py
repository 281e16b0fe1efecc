"""What a job is given: the way to its data, and the way to end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from central.config import CentralConfig
from central.db import writing
from central.jobs import queue
from central.jobs.leases import LeaseLost
from central.jobs.queue import Taken
from central.timeseries.base import Series


class JobFailed(Exception):
    """It did not work this time; the message is kept and logged: no personal data. It is tried again later."""


class JobRefused(JobFailed):
    """It will never work: not tried again, until somebody says so."""


class Stopping(Exception):
    """The process ends: the job goes back into the queue as it was."""


@dataclass(eq=False, slots=True)
class Context:
    """Of one attempt at one job. A long job calls `check` now and then."""

    config: CentralConfig
    engine: Engine
    series: Series
    job: Taken
    wall: Callable[[], float]  # seconds UTC
    stop: threading.Event
    forgets: bool = False  # its arguments, when it is done
    finished: bool = False
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def now(self) -> int:
        return int(self.wall())

    def check(self) -> None:
        """Raises LeaseLost when another process has the job now, Stopping when this one ends."""
        if self.lost.is_set():
            raise LeaseLost(f"job {self.job.id} is another worker's")
        if self.stop.is_set():
            raise Stopping

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits only while the job is ours, for what may be done again. Raises LeaseLost."""
        with writing(self.engine).begin() as connection:
            queue.fence(connection, self.job)
            yield connection

    @contextmanager
    def final(self, result: dict[str, Any]) -> Iterator[Connection]:
        """THE transaction in which the job is done: what it writes happens once. Raises LeaseLost."""
        with self.writing() as connection:
            yield connection
            queue.finish(connection, self.job, result, self.now, forget_arguments=self.forgets)
        self.finished = True

    def finish(self, connection: Connection, result: dict[str, Any]) -> None:
        """The same for a transaction that is somebody else's and ends at once. Raises LeaseLost."""
        queue.fence(connection, self.job)
        queue.finish(connection, self.job, result, self.now, forget_arguments=self.forgets)
        self.finished = True
