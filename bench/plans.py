"""Plans of the hottest statements on PostgreSQL, as it carries them out: ingest, worker, pages.

    ./run bench plans [points]                           default 100,000 points
The statements are those that the programs send. What they say of indexes is a test: tests/central/test_plans.py.
"""

import sys
import tempfile
from pathlib import Path

from sqlalchemy import Engine

from central.figures import recompute
from central.ingest.receive import Receiver
from central.worker import Worker
from central.worker.figures import PointDays
from tests.central import crowd
from tests.central import scene as s
from tests.central import sql as kit
from tests.central.parts import CENTRAL
from tests.central.plans import Values, statements
from tests.central.test_plans import messages
from tests.central.web.parts import make_app, person
from tests.parts import PostgreSQL

POINTS = 100_000
HOTTEST = {  # title -> parts of the statement
    "ingest: which rows of a batch are here already": ("FROM (SELECT", "JOIN inbox"),
    "ingest: where the journals of a batch stand": ("FROM (SELECT", "JOIN edge_store"),
    "worker: the oldest messages that wait": ("FROM inbox", "inbox.state =", "LIMIT"),
    "worker: the newest days to be computed": ("FROM dirty", "LIMIT"),
    "page: a month of a point": ("FROM point_day", "point_day.day >="),
}
EXPLAIN = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "


def collected(folder: Path, points: int) -> tuple[Engine, dict[str, Values]]:
    """A company of so many points, and what was sent while it was busy."""
    scene = s.build(folder, days=30)
    crowd.grow(scene, 0, points)
    crowd.busy(scene, points)
    client = person(make_app(folder), s.CONSUMER)
    worker = Worker(scene.engine, scene.series, PointDays(scene.engine, scene.series))
    with statements() as sent:
        Receiver(scene.engine, CENTRAL).take(messages(scene.now), scene.now)
        worker.step(scene.now)
        recompute.run(scene.engine, scene.series, scene.now, limit=5)
        client.get("/data?point=1&length=month&day=2026-11-01")
    return scene.engine, sent


def main(points: int) -> None:
    server = PostgreSQL()
    server.start()
    kit.use(kit.Databases(server))
    try:
        with tempfile.TemporaryDirectory() as name:
            engine, sent = collected(Path(name), points)
            for title, parts in HOTTEST.items():
                statement = next(found for found in sent if all(part in found for part in parts))
                print(f"\n{title}")
                with engine.connect() as connection:
                    for row in connection.exec_driver_sql(EXPLAIN + statement, sent[statement]):
                        print(f"    {row[0][:150]}")
            engine.dispose()
    finally:
        server.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else POINTS)
