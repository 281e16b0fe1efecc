"""How many days of points a second and core are computed anew, and how long a month's close of 10^5 points takes.

    ./run bench figures [points]                          default 1,000 points for the close
A day has 48 half-hours in four channels and the registers at its ends (SQLite, the worker's own code). A close reads
the computed days of each point's month as an operator may see them, sums them by zone and prices them; what a bill
needs beside (corrections, acts) is not in it yet.
"""

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from central import figures
from central.db import writing
from central.figures import dirty
from central.figures.source import ACTIVE_IMPORT
from central.metering.zones import days
from tests.central import scene as s
from tests.central.crowd import FIRST, grow
from tests.central.scene import Scene

MONTH = date(2026, 10, 1), date(2026, 11, 1)
LARGE = 100_000


def recomputing(scene: Scene) -> None:
    wanted = days(date(2026, 9, 20), date(2026, 11, 20))
    with writing(scene.engine).begin() as connection:
        for point in scene.points.values():
            dirty.mark_days(connection, point, wanted)
    began, count = time.process_time(), len(scene.points) * len(wanted)
    scene.recompute()
    seconds = time.process_time() - began
    print(f"{'days of points computed anew':<44}{count / seconds:>9,.0f} a second and core   ({count} days)")
    hours = LARGE * 31 * seconds / count / 3600
    print(f"{'  a month of 100,000 points, every day anew':<44}{hours:>9.1f} hours of one core, shared by the workers")


def closing(scene: Scene, points: int) -> None:
    grow(scene, 0, points)
    viewer = scene.viewer(s.OPERATOR)
    began, priced = time.process_time(), 0
    for number in range(FIRST, FIRST + points):
        month = figures.days(scene.source, viewer, number, *MONTH, ACTIVE_IMPORT, scene.now)
        priced += month.cost is not None and len(month.days) == (MONTH[1] - MONTH[0]).days
    seconds = time.process_time() - began
    assert priced == points
    print(f"{'months of points closed (summed and priced)':<44}{points / seconds:>9,.0f} a second and core")
    print(f"{'  100,000 points':<44}{LARGE * seconds / points / 60:>9.1f} minutes of one core")


def main(points: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        scene = s.build(Path(name))
        recomputing(scene)
        closing(scene, points)
        scene.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
