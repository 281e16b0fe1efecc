"""A scene whose flat is in a village: monthly ranges, dearer since the 20th, a coefficient, a payment each month."""

from datetime import date
from decimal import Decimal

from central.db import writing
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import contract_point
from tests.central import scene as s
from tests.central.scene import Scene

LIMITS = (20_000_000, 55_000_000)  # mWh of a month
PAID = Decimal("50.05")  # a month
UNDER_CONTRACT = date(2026, 11, 13)
DEARER = date(2026, 11, 20)


def village(scene: Scene) -> None:
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as act:
        three = scene.schemes["three"]
        for day, dearer in ((date(2026, 11, 1), 0), (DEARER, 1)):
            for zone, price in (("peak", "8.42"), ("night", "3.36"), ("half_peak", "6.17")):
                enter.set_price(act, three, zone, Decimal(price) + dearer, day)
                for number, limit in enumerate(LIMITS, 1):
                    enter.set_price(act, three, zone, Decimal(price) + dearer + number, day, above=limit)
        enter.set_monthly_line(act, three, "Обслуживание", PAID, date(2026, 1, 1))
        flat = scene.points[s.FLAT]
        enter.set_terms(act, flat, date(2026, 11, 1), scheme=three, coefficient=Decimal("0.7"))
        since = midnight(UNDER_CONTRACT, s.TZ)
        connection.execute(contract_point.update().where(contract_point.c.point == flat).values(valid_from=since))
    scene.recompute()
