"""What the demo's central knows before the first reading: a small town, entered through the registry, and its people.

Two substations, forty points, three concentrators of which one is silent; a meter was replaced, a ratio changed, a flat
went from one tenant to another, a house chose another tariff. Made once, in one transaction; on a database that has it
nothing is done. Passwords are random, kept in a file that only its owner may read. No person and no place is real.
"""

import json
import os
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from central.accounts import staff, texts
from central.accounts.passwords import Passwords
from central.accounts.people import add_account, add_grant
from central.accounts.policy import Right, Viewer
from central.accounts.texts import Kind
from central.db import writing
from central.metering.zones import local, midnight, month_start
from central.news import board
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.schemes import ONE_ZONE, THREE_ZONES, TWO_ZONES, SchemeSpec
from central.registry.tables import organisation, point
from demo.meters.model import Sdm630, Site, SpodesSite
from demo.site import (
    CONCENTRATORS,
    COTTAGE,
    FACTORY,
    FLAT,
    GARDEN_STREET,
    NEXT_DOOR,
    REPLACED,
    RIVER_STREET,
    STANDS,
    TAKEN_DOWN,
    WORKSHOP,
    BusLine,
    Concentrator,
    Stand,
)
from protocol.quantities import DIRECTIONS

__all__ = ["EDGE", "PEOPLE", "STANDS", "logins", "point_of", "seed"]

EDGE = GARDEN_STREET.name
TZ = "Europe/Moscow"
PAST_DAYS = 100  # a little more than the meters' past that is read
WH = 1000  # mWh
DAY = 86_400

CONSUMER, OPERATOR, ADMINISTRATOR = "anna@example.org", "operator@example.org", "admin@example.org"
TENANT, FORMER = "boris@example.org", "gleb@example.org"
MASTER, AUDITOR = "master@example.org", "auditor@example.org"
BRANCH = "ТП-119"  # the master's
PEOPLE = {
    CONSUMER: ("Анна Петрова", "consumer"),
    TENANT: ("Борис Сидоров", "consumer"),
    FORMER: ("Глеб Никитин", "consumer"),
    OPERATOR: ("Ольга Диспетчер", "operator"),
    MASTER: ("Мастер участка", "operator"),
    AUDITOR: ("Аудитор", "auditor"),
    ADMINISTRATOR: ("Администратор", "administrator"),
}
NEWS = {  # days ago -> title, text
    4: (
        "Плановые работы на улице Садовой",
        "В субботу с 9:00 до 12:00 на линии меняют опору. Света не будет. Показания сохранятся в счётчике и придут "
        "после включения.",
    ),
    22: (
        "В кабинете появился прогноз",
        "До конца месяца видно, сколько примерно получится и сколько это будет стоить.",
    ),
}
LEGAL = {  # so that registering can be tried
    Kind.LICENCE: (
        "Демонстрационное лицензионное соглашение.\n\n"
        "Этот личный кабинет показывает выдуманные показания выдуманных счётчиков. Им можно пользоваться как угодно: "
        "смотреть, сравнивать, скачивать. Ничего из показанного не служит основанием для расчётов, и после "
        "демонстрации всё введённое можно удалить вместе с её папкой."
    ),
    Kind.CONSENT: (
        "Демонстрационное согласие на обработку персональных данных.\n\n"
        "Имя, телефон и почта, введённые здесь, остаются на этой машине, в папке демонстрации, никуда не передаются и "
        "исчезают вместе с ней. Не вводите настоящих данных: для пробы годятся любые. Согласие можно отозвать, "
        "удалив папку."
    ),
}
SCHEMES: Mapping[str, tuple[SchemeSpec, Mapping[str, tuple[str, str]]]] = {  # prices before and since 1 October 2026
    "население, три зоны": (
        THREE_ZONES,
        {"peak": ("8.10", "8.42"), "night": ("3.20", "3.36"), "half_peak": ("5.90", "6.17")},
    ),
    "население, две зоны": (TWO_ZONES, {"day": ("6.95", "7.24"), "night": ("3.20", "3.36")}),
    "население, одна зона": (ONE_ZONE, {"all": ("5.90", "6.17")}),
    "прочие потребители": (ONE_ZONE, {"all": ("9.40", "9.86")}),
}
THREE, TWO, ONE, FIRM = SCHEMES
HOLDERS = {
    FLAT.id: "Анна Петрова",
    WORKSHOP.id: "Анна Петрова",
    NEXT_DOOR.id: "Глеб Никитин",  # until the hand-over
    COTTAGE.id: "Вера Орлова",
    REPLACED.id: "Борис Сидоров",
    FACTORY.id: "ООО «Станок»",
}
NAMES = ("Алексей", "Галина", "Денис", "Елена", "Игорь", "Кира", "Лев")
SURNAMES = ("Берёзкин", "Ветров", "Дубов", "Зимин", "Кленов")  # their wives and daughters with an «а»
VERIFIED_FOR = timedelta(days=70)  # still, the meter of the flat
HAND_OVER, REPLACEMENT, NEW_RATIO = 60, 20, 30  # days ago
OLD_KI = 30
NOWHERE = "tcp://127.0.0.1:9"  # until the demo knows where its meters listen
TWO_ZONES_EACH = 3  # every third household counts in two zones


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
            with entering(connection, at=now, kind="demo", reason="демонстрация") as change:
                _Town(change, now).enter(passwords)


def point_of(engine: Engine, stand: Stand) -> int:
    """The id of the stand's metering point."""
    with engine.connect() as connection:
        return int(connection.execute(select(point.c.id).where(point.c.code == stand.code)).scalar_one())


def scheme_of(stand: Stand) -> str:
    if stand is FACTORY:
        return FIRM
    return TWO if stand not in STANDS and int(stand.site.serial) % TWO_ZONES_EACH == 0 else THREE


def holder_of(number: int) -> str:
    """Of the household with this number in the town."""
    name, surname = NAMES[number % len(NAMES)], SURNAMES[number // len(NAMES) % len(SURNAMES)]
    return f"{name} {surname}{'а' if name.endswith('а') else ''}"


class _Town:
    def __init__(self, change: Change, now: int) -> None:
        self._change = change
        self._now = now
        self._today = local(now, TZ).date()
        self._begun = self._days_ago(PAST_DAYS)

    def enter(self, passwords: Mapping[str, str]) -> None:
        change = self._change
        self._company = enter.add_organisation(
            change,
            "Энергосеть (демонстрация)",
            phone="8 800 000-00-00",
            mail="help@example.org",
            address="ул. Заводская, 1",
            hours="пн–пт с 8:00 до 20:00, сб с 9:00 до 15:00",
        )
        self._schemes = {name: self._scheme(name, *spec) for name, spec in SCHEMES.items()}
        enter.add_meter_type(
            change, SpodesSite.maker, "УС-1ф", code="us", serial_form="########", digits=6, verified_for=16
        )
        enter.add_meter_type(
            change, SpodesSite.maker, "УС-3ф-Т", code="us", serial_form="########", digits=6, verified_for=10
        )
        self._contracts: dict[str, int] = {}
        self._stations: dict[str, int] = {}
        for name in ("ТП-118", BRANCH):
            self._stations[name] = enter.add_node(change, self._company, "substation", name)
        number = 0
        for one in CONCENTRATORS:
            board = enter.add_node(change, self._company, "switchboard", one.title, self._stations[one.station])
            enter.add_concentrator(change, self._company, one.name, title=one.title, address=one.address, node=board)
            for line in one.lines:
                feeder = enter.add_node(change, self._company, "feeder", line.name, board)
                hung = None if one is GARDEN_STREET else enter.add_line(change, one.name, line.name, NOWHERE)
                for stand in line.stands:
                    self._stand(stand, feeder, HOLDERS.get(stand.id) or holder_of(number))
                    self._entitle(one, line, hung, stand)
                    number += 1
        self._acts()
        self._people(passwords)

    def _days_ago(self, count: int, hour: int = 0) -> int:
        return midnight(self._today - timedelta(days=count), TZ) + hour * 3600

    def _scheme(self, name: str, spec: SchemeSpec, prices: Mapping[str, tuple[str, str]]) -> int:
        scheme = enter.add_scheme(self._change, name, spec, date(2013, 11, 26))
        for zone, (old, new) in prices.items():
            enter.set_price(self._change, scheme, zone, Decimal(old), date(2025, 7, 1))
            enter.set_price(self._change, scheme, zone, Decimal(new), date(2026, 10, 1))
        return scheme

    def _stand(self, stand: Stand, node: int, holder: str) -> None:
        """The point with its meter mounted, under a contract."""
        change, site = self._change, stand.site
        ki = OLD_KI if stand is FACTORY else 1
        here = enter.add_point(
            change,
            self._company,
            stand.code,
            name=stand.name,
            address=stand.address,
            tz=TZ,
            scheme=self._schemes[scheme_of(stand)],
            node=node,
            zone_source="registers" if isinstance(site, SpodesSite) else "profile",  # an SDM630 has no tariff registers
            power_max=15_000 * (site.ki if isinstance(site, SpodesSite) else 1),
        )
        since = self._since(stand)
        meter = self._meter(TAKEN_DOWN if stand is REPLACED else stand)
        if stand is FACTORY:
            self._transformers(here, since, self._days_ago(NEW_RATIO, 11), OLD_KI)
        enter.mount(
            change,
            here,
            meter,
            since,
            ki=Decimal(ki),
            clock_offset=site.offset,
            period=stand.period,
            act=f"акт {stand.code}",
            seals=f"П-{stand.site.serial}",
        )
        enter.attach(change, self._contract(holder), here, since)

    def _since(self, stand: Stand) -> int:
        """A Modbus meter has no past: it is mounted now."""
        return self._now // stand.period * stand.period if isinstance(stand.site, Sdm630) else self._begun

    def _meter(self, stand: Stand) -> str:
        site = stand.site
        spodes = site if isinstance(site, SpodesSite) else None
        meter = enter.add_meter(
            self._change,
            stand.id,
            serial=site.serial,
            type=spodes.type_name if spodes else "SDM630",
            maker=spodes.maker if spodes else "Eastron",
            resolution=WH,
            made_in=2023,
        )
        years = 10 if stand is FACTORY else 16
        made, until = date(2023, 8, 15), date(2023 + years, 8, 15)
        if stand is FLAT:  # its verification ends soon
            made, until = date(self._today.year - 15, 1, 20), self._today + VERIFIED_FOR
        enter.verified(self._change, made, until, f"С-{site.serial}", meter_id=meter)
        return meter

    def _contract(self, holder: str) -> int:
        if holder not in self._contracts:
            number = f"100-{len(self._contracts) + 1}"
            self._contracts[holder] = enter.add_contract(
                self._change, self._company, number, holder, signed_on=date(2023, 9, 1)
            )
        return self._contracts[holder]

    def _entitle(self, one: Concentrator, line: BusLine, hung: int | None, stand: Stand) -> None:
        """The first concentrator has its meters in its own file; the others are told by the registry."""
        if stand is REPLACED:
            until = self._days_ago(REPLACEMENT, 12)
            enter.entitle(self._change, one.name, TAKEN_DOWN.id, 0, until)
            self._meter(REPLACED)
        settings: dict[str, Any] = {"title": f"{stand.name}, {stand.address}", "link": line.link}
        if isinstance(stand.site, SpodesSite):
            settings["server"] = "/".join(map(str, stand.site.address))
        told = {"line": hung, "driver": "spodes", "settings": settings} if hung is not None else {}
        enter.entitle(self._change, one.name, stand.id, 0, **told)  # type: ignore[arg-type]

    def _transformers(self, here: int, since: int, until: int | None, ki: int) -> None:
        for phase, number in zip("ABC", range(1, 4), strict=True):
            made = enter.add_transformer(
                self._change,
                "current",
                serial=f"{ki}{number:03}",
                type="Т-0,66",
                primary=Decimal(5 * ki),
                secondary=Decimal(5),
                accuracy="0,5S",
            )
            enter.place_transformer(self._change, made, here, phase, since, until)
            enter.verified(
                self._change, date(2023, 8, 15), date(2031, 8, 15), f"ТТ-{ki}{number:03}", transformer_id=made
            )

    def _acts(self) -> None:
        """What happened since."""
        change = self._change
        ids = {row.code: row.id for row in change.connection.execute(select(point.c.id, point.c.code))}
        enter.hand_over(change, ids[NEXT_DOOR.code], self._contract(PEOPLE[TENANT][0]), self._days_ago(HAND_OVER))
        at = self._days_ago(REPLACEMENT, 11) + 1380
        enter.replace_meter(
            change,
            ids[REPLACED.code],
            REPLACED.id,
            at,
            old_meter=TAKEN_DOWN.id,
            act="акт 118",
            reason="не прошёл поверку",
            seals="П-2026-118",
            reg_end=registers(TAKEN_DOWN.site, at),
            reg_start=registers(REPLACED.site, at),
        )
        at = self._days_ago(NEW_RATIO, 11)
        ki = FACTORY.site.ki if isinstance(FACTORY.site, SpodesSite) else 1
        self._transformers(ids[FACTORY.code], at, None, ki)
        enter.change_ratio(
            change,
            ids[FACTORY.code],
            at,
            meter_id=FACTORY.id,
            ki=Decimal(ki),
            ku=Decimal(1),
            act="акт 121",
            reason="увеличена мощность",
            registers=registers(FACTORY.site, at),
        )
        chooser = ids[RIVER_STREET.stands[6].code]
        enter.set_terms(change, chooser, month_start(self._today), scheme=self._schemes[ONE], power_max=15_000)

    def _people(self, passwords: Mapping[str, str]) -> None:
        for mail, (name, role) in PEOPLE.items():
            account = add_account(
                self._change.connection,
                Passwords(),
                organisation=self._company,
                mail=mail,
                name=name,
                password=passwords[mail],
                role=role,
                now=self._now,
            )
            if role == "consumer":
                add_grant(self._change.connection, account, self._contracts[name], self._begun)
            elif role == "operator":
                rights = (Right.REGISTRY, Right.FIGURES) if mail == MASTER else Right
                nodes = (self._stations[BRANCH],) if mail == MASTER else ()
                staff.give(self._change.connection, account, rights, nodes, self._now, None)
            elif role == "administrator":
                writer = Viewer.load(self._change.connection, account, self._now)
                assert writer is not None
                for kind, text in LEGAL.items():
                    texts.write(self._change.connection, writer, kind, text, self._now)
                today = local(self._now, TZ).date()
                for days, (title, text) in NEWS.items():
                    day = today - timedelta(days=days)
                    board.write(self._change.connection, writer, None, day, None, title, text, self._now)


def registers(site: Site, at: int) -> dict[str, int] | None:
    """As an act of this moment reads them, those that count: field of the series -> mWh. None without tariffs."""
    if not isinstance(site, SpodesSite):
        return None
    found = site.energy.registers(at + site.offset * 60)
    told: dict[str, int] = {}
    for (_, _, stem, _), tariffs in zip(DIRECTIONS, found, strict=True):
        if any(tariffs):
            told |= {f"{stem}0": sum(tariffs), **{f"{stem}{number}": value for number, value in enumerate(tariffs, 1)}}
    return told
