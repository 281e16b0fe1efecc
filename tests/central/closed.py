"""What the job that corrects closed months does, turn by turn."""

from central.db import writing
from central.figures import correcting, recheck
from tests.central import scene as s
from tests.central.scene import Scene


def correct(scene: Scene, now: int = s.NOW) -> dict[str, int]:
    """What became of the marks, by its word."""
    found: dict[str, int] = {}
    with scene.engine.connect() as connection:
        marks = recheck.take(connection, 0, 1000)
    for mark in marks:
        said = "wider"
        while said == "wider":
            seen = correcting.look(scene.source, mark, now)
            with writing(scene.engine).begin() as connection:
                said = correcting.settle(connection, mark, seen, now)
        found[said] = found.get(said, 0) + 1
    return found
