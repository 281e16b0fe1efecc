"""The demo's registry: one company, a small network, five points, their meters, prices, and three people.

Made once, in one transaction; on a database that has it nothing is done. Passwords are random, kept in a file that only
its owner may read. No person and no place is real.
"""

import json
import os
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine, select

from central.accounts.passwords import Passwords
from central.accounts.people import add_account, add_grant
from central.db import writing
from central.ingest.bindings import bind
from central.metering.zones import local, midnight
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.schemes import THREE_ZONES
from central.registry.tables import organisation, point
from demo.meters.model import Sdm630, SpodesSite
from demo.site import FLAT, STANDS, WORKSHOP, Stand

EDGE = "demo-edge"
TZ = "Europe/Moscow"
PAST_DAYS = 100  # a little more than the meters' past that is read
WH = 1000  # mWh

CONSUMER, OPERATOR, ADMINISTRATOR = "anna@example.org", "operator@example.org", "admin@example.org"
PEOPLE = {
    CONSUMER: ("Анна Петрова", "consumer"),
    OPERATOR: ("Ольга Диспетчер", "operator"),
    ADMINISTRATOR: ("Администратор", "administrator"),
}
PRICES = {"peak": ("8.10", "8.42"), "night": ("3.20", "3.36"), "half_peak": ("5.90", "6.17")}
HOLDERS = {"us-10200302": "Борис Сидоров", "us-10200303": "Вера Орлова", "us-10200304": "ООО «Станок»"}


def logins(file: Path) -> dict[str, str]:
    """Mail -> password; made at the first call, the same ever after."""
    if not file.exists():
        made = {mail: secrets.token_urlsafe(9) for mail in PEOPLE}
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(made, out, indent=1)
    found: dict[str, str] = json.loads(file.read_text())
    return found


def seed(engine: Engine, passwords: Mapping[str, str], now: int) -> None:
    """`passwords`: by mail. `now`: seconds UTC."""
    with writing(engine).begin() as connection:
        if connection.execute(select(organisation.c.id)).first() is None:
            with entering(connection, at=now, kind="demo") as change:
                _Registry(change, now).enter(passwords)


def point_of(engine: Engine, stand: Stand) -> int:
    """The id of the stand's metering point."""
    with engine.connect() as connection:
        return int(connection.execute(select(point.c.id).where(point.c.code == stand.code)).scalar_one())


class _Registry:
    def __init__(self, change: Change, now: int) -> None:
        self._change = change
        self._now = now
        self._begun = midnight(local(now, TZ).date() - timedelta(days=PAST_DAYS), TZ)

    def enter(self, passwords: Mapping[str, str]) -> None:
        change, connection = self._change, self._change.connection
        company = enter.add_organisation(change, "Энергосеть (демонстрация)")
        station = enter.add_node(change, company, "substation", "ТП-118")
        board = enter.add_node(change, company, "switchboard", "ВРУ-0,4 кВ", station)
        feeders = [enter.add_node(change, company, "feeder", f"Ф-{number}", board) for number in (1, 2)]
        scheme = enter.add_scheme(change, "население, три зоны", THREE_ZONES, date(2013, 11, 26))
        for zone, (old, new) in PRICES.items():
            enter.set_price(change, scheme, zone, Decimal(old), date(2025, 7, 1))
            enter.set_price(change, scheme, zone, Decimal(new), date(2026, 10, 1))
        holders = HOLDERS | dict.fromkeys((FLAT.id, WORKSHOP.id), PEOPLE[CONSUMER][0])
        contracts = {
            holder: enter.add_contract(change, company, f"100-{number}", holder)
            for number, holder in enumerate(dict.fromkeys(holders.values()), 1)
        }
        for number, stand in enumerate(STANDS):
            here = self._stand(stand, company, scheme, feeders[number % len(feeders)])
            enter.attach(change, contracts[holders[stand.id]], here, self._since(stand))
        for mail, (name, role) in PEOPLE.items():
            account = add_account(
                connection,
                Passwords(),
                organisation=company,
                mail=mail,
                name=name,
                password=passwords[mail],
                role=role,
                now=self._now,
            )
            if mail == CONSUMER:
                add_grant(connection, account, contracts[name], self._begun)

    def _since(self, stand: Stand) -> int:
        """A Modbus meter has no past: it is mounted now."""
        return self._now // stand.period * stand.period if isinstance(stand.site, Sdm630) else self._begun

    def _stand(self, stand: Stand, company: int, scheme: int, node: int) -> int:
        """The point with its meter mounted, and the concentrator entitled to it."""
        change, site = self._change, stand.site
        spodes = site if isinstance(site, SpodesSite) else None
        meter = enter.add_meter(
            change,
            stand.id,
            serial=site.serial,
            type=spodes.type_name if spodes else "SDM630",
            maker=spodes.maker if spodes else "Eastron",
            resolution=WH,
        )
        ki = spodes.ki if spodes else 1
        here = enter.add_point(
            change,
            company,
            stand.code,
            name=stand.name,
            address=stand.address,
            tz=TZ,
            scheme=scheme,
            node=node,
            zone_source="registers" if spodes else "profile",  # an SDM630 has no tariff registers
            power_max=15_000 * ki,
        )
        enter.mount(
            change,
            here,
            meter,
            self._since(stand),
            ki=Decimal(ki),
            clock_offset=site.offset,
            period=stand.period,
            act=f"акт {stand.code}",
        )
        bind(change.connection, EDGE, meter, 0, None, self._now)
        return here
