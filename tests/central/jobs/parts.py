"""Small parts for the tests of jobs: a database, kinds whose functions a test gives, one runner."""

import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine, Row, select

from central.config import CentralConfig
from central.db import writing
from central.jobs import queue
from central.jobs.asking import enqueue
from central.jobs.context import Context
from central.jobs.kinds import Kind, Lane
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import job
from central.timeseries.sqlite import SqliteSeries
from tests.central.parts import NOW, config, database

Function = Callable[[Context, dict[str, Any]], dict[str, Any]]
ROOM = "a_room_of_the_tests"


class Desk:
    """`now` is the time of everything here. A kind's function is what the test gives by `function`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        self.config: CentralConfig = config(folder)
        self.engine: Engine = database(folder)
        self.series = SqliteSeries(folder / "series.sqlite")
        self.kinds: dict[str, Kind] = {}
        self._room = ModuleType(ROOM)
        monkeypatch.setitem(sys.modules, ROOM, self._room)

    def function(self, kind: str, function: Function, tries: int = 3, limit: int = 60, private: bool = False) -> None:
        setattr(self._room, kind, function)
        self.kinds[kind] = Kind(f"{ROOM}:{kind}", tries=tries, limit=limit, lane=Lane.LONG, private=private)

    def keeper(self, owner: str = "worker-1") -> Keeper:
        return Keeper(self.engine, owner, wall=lambda: self.now)

    def runner(self, owner: str = "worker-1") -> Runner:
        return Runner(self.config, self.keeper(owner), self.series, self.kinds, lambda: self.now)

    def turn(self, owner: str = "worker-1", stop: threading.Event | None = None) -> bool:
        return self.runner(owner).turn(stop or threading.Event())

    def enqueue(self, kind: str, key: str | None = None, due_at: int | None = None, **arguments: Any) -> int:
        with writing(self.engine).begin() as connection:
            return enqueue(connection, kind, arguments, self.now, key=key, due_at=due_at)

    def take(self, owner: str = "worker-1", seconds: int = 20, kind: str = "k", tries: int = 3) -> queue.Taken | None:
        return queue.take(self.engine, {kind: tries}, owner, self.now, seconds)

    def rows(self) -> Sequence[Row[Any]]:
        with self.engine.connect() as connection:
            return connection.execute(select(job).order_by(job.c.id)).all()

    def row(self, number: int) -> Row[Any]:
        (found,) = [row for row in self.rows() if row.id == number]
        return found
