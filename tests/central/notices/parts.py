"""A scene whose meters' journals come, and the jobs that tell people of them."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from central.config import CentralConfig
from central.db import insert, writing
from central.ingest.tables import event
from central.jobs import queue
from central.jobs.asking import enqueue
from central.jobs.context import Context
from central.jobs.tables import job
from central.notices import ahead, making, marks
from central.notices.tables import notice, notice_reader
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import settings

HOUR, DAY = 3600, 86_400
METER = f"MIL-{s.FLAT}"


class Town:
    """`now` is the time of everything here."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.now = scene, s.NOW
        self.config: CentralConfig = settings(folder)

    def come(self, *lines: tuple[int, int, int], meter: str = METER) -> None:
        """Lines (time, journal, code) as the worker keeps them."""
        rows = [
            {
                "meter": meter, "edge": "", "time": time, "journal": journal, "code": code, "uptime": -1,
                "received_at": self.now,
            }
            for time, journal, code in lines
        ]  # fmt: skip
        with writing(self.scene.engine).begin() as connection:
            connection.execute(insert(connection, event).on_conflict_do_nothing(), rows)
            marks.mark(connection, {meter: lines}, self.now)

    def known_for(self, seconds: int, meter: str = METER) -> None:
        """Its journals have come for so long."""
        now, self.now = self.now, self.now - seconds
        self.come((self.now - HOUR, 3, 50), meter=meter)
        self.now = now

    def tell(self) -> dict[str, Any]:
        """The job `notices`, once."""
        return making.run(self.context("notices"), {})

    def look_ahead(self) -> dict[str, Any]:
        return ahead.run(self.context("notices_ahead"), {})

    def context(self, kind: str) -> Context:
        with writing(self.scene.engine).begin() as connection:
            enqueue(connection, kind, {}, self.now)
        taken = queue.take(self.scene.engine, {kind: 3}, "worker-1", self.now, 3600)
        assert taken is not None
        return Context(
            self.config, self.scene.engine, self.scene.series, taken, lambda: float(self.now), threading.Event()
        )

    def notices(self) -> Sequence[Row[Any]]:
        with self.scene.engine.connect() as connection:
            return connection.execute(select(notice).order_by(notice.c.since, notice.c.id)).all()

    def kinds(self) -> list[str]:
        return [row.kind for row in self.notices()]

    def readers(self) -> Sequence[Row[Any]]:
        with self.scene.engine.connect() as connection:
            return connection.execute(select(notice_reader).order_by(notice_reader.c.notice)).all()

    def letters(self) -> list[dict[str, Any]]:
        with self.scene.engine.connect() as connection:
            query = select(job.c.arguments).where(job.c.kind == "mail").order_by(job.c.id)
            return list(connection.scalars(query))
