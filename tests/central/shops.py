"""Thirty shops of a factory beside the two points of Anna Petrova, in a scene: «Цех 1» … «Цех 30», whose codes are
Ц-1 … Ц-30, on the boards ЩС-1, ЩС-2 and ЩС-10; the meter of each was never heard."""

from central.db import writing
from central.registry import enter
from central.registry.changes import entering
from tests.central import scene as s
from tests.central.scene import Scene

SHOPS = 30
NAMES = [f"Цех {number}" for number in range(1, SHOPS + 1)]


def add_shops(scene: Scene) -> None:
    """`scene.points` has them by their names."""
    begun = s.midnight(s.date(2026, 11, 22), s.TZ)
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as act:
        boards = [enter.add_node(act, 1, "switchboard", f"ЩС-{number}", 1) for number in (1, 2, 10)]
        for number, name in enumerate(NAMES, 1):
            where = {"address": "Заводская, 1", "tz": s.TZ, "scheme": scene.schemes["two"], "node": boards[number % 3]}
            point = enter.add_point(act, 1, f"Ц-{number}", name=name, **where)
            meter = enter.add_meter(act, f"MIL-9{number:03}", serial=f"9{number:03}", type="Милур 107S", maker="Милур")
            enter.mount(act, point, meter, begun)
            enter.attach(act, scene.accounts["100-1"], point, begun)
            scene.points[name] = point
