"""A small central with everything in it, in a folder: registry, people, 70 days of readings, computed days.

«Квартира» of Anna Petrova has one day without data, one hour without power and an estimated night (one long row);
«Дача» fell silent; the flat next door is Boris Sidorov's (ratio 30) and changed hands during the time. All energy is a
function of meter and time: two scenes with the same `now` are the same.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copy
from zlib import crc32

from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, select

from central.accounts import staff
from central.accounts.passwords import Passwords
from central.accounts.people import add_account, add_grant
from central.accounts.policy import Right, Viewer
from central.accounts.tables import account
from central.db import connect, writing
from central.figures import Source, dirty, recompute
from central.ingest.bindings import bind
from central.ingest.tables import edge, event, meter_seen
from central.metering.zones import local, midnight
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.look import calendar_of
from central.registry.schemes import THREE_ZONES, TWO_ZONES
from central.registry.search.index import reindex
from central.timeseries.base import LiveRow, LoadRow, RegisterRow
from central.timeseries.sqlite import SqliteSeries
from protocol.messages.control import Health, encode
from protocol.reading import Kind, Quality
from tests.central import sql

TZ = "Europe/Moscow"
NOW = int(datetime(2026, 11, 24, 6, 12, tzinfo=UTC).timestamp())  # 09:12 in Moscow
DAYS = 70
PERIOD = 1800
RESOLUTION = enter.RESOLUTION
PASSWORD = "сложный пароль"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

CONSUMER, NEIGHBOUR, FORMER = "anna@example.org", "boris@example.org", "former@example.org"
OPERATOR, ADMINISTRATOR, AUDITOR = "operator@example.org", "admin@example.org", "auditor@example.org"
FLAT, DACHA, NEXT_DOOR = "04217795", "04217801", "04217810"  # serials; the meters are «MIL-…»

GAP = date(2026, 11, 17)  # no half-hour of the flat came; its registers did
POWER_OFF = (date(2026, 11, 9), 13, 14)  # hours
LONG_ROW = (date(2026, 11, 20), 0, 7)  # one row over the night
SILENT_SINCE = date(2026, 11, 12)  # the dacha
HAND_OVER = date(2026, 11, 5)  # next door
LIVE_DAYS = 2  # of instantaneous values of the flat, and next door with three phases
LIVE_STEP = 300
LIVE_GAP = (date(2026, 11, 23), 3, 5)  # hours
SAG = (date(2026, 11, 23), 19, 20)  # the flat has less than 207 V
VERIFIED_TO = date(2027, 2, 10)  # the flat's meter: it holds till the day before


@dataclass(frozen=True, slots=True)
class Household:
    """What one meter counts: mWh of a half-hour, a function of its serial and the time."""

    serial: str
    scale: int

    @property
    def meter(self) -> str:
        return f"MIL-{self.serial}"

    def energy(self, start: int) -> int:
        hour = local(start, TZ).hour
        shape = 60 if 17 <= hour < 23 else 35 if 6 <= hour < 10 else 12 if hour < 6 else 22
        noise = crc32(f"{self.serial}/{start}".encode()) % 1000
        return self.scale * shape * (500 + noise)


@dataclass
class Scene:
    """`points`: by serial of the meter that stands there."""

    engine: Engine
    series: SqliteSeries
    now: int
    points: dict[str, int] = field(default_factory=dict)
    schemes: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return Source(self.engine, self.series)

    def viewer(self, mail: str) -> Viewer:
        with self.engine.connect() as connection:
            key = connection.execute(select(account.c.id).where(account.c.mail == mail)).scalar_one()
            found = Viewer.load(connection, key, self.now)
        assert found is not None
        return found

    def arrive(self, meter: str, *rows: LoadRow | RegisterRow, now: int | None = None) -> None:
        """Rows come in as the worker brings them: series, marks, recomputation."""
        self.series.write(rows)
        stamps = sorted({row.end if isinstance(row, LoadRow) else row.time for row in rows})
        with writing(self.engine).begin() as connection:
            dirty.mark(connection, {meter: stamps})
        self.recompute(now)

    def recompute(self, now: int | None = None) -> None:
        while recompute.run(self.engine, self.series, self.now if now is None else now):
            pass

    def close(self) -> None:
        self.series.close()
        self.engine.dispose()


def build(folder: Path, now: int = NOW, days: int = DAYS) -> Scene:
    """`days` whole local days and what there is of today, up to `now`."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = sql.migrated(folder)
    scene = Scene(engine, SqliteSeries(folder / "series.sqlite"), now)
    begun = midnight(local(now, TZ).date() - timedelta(days=days), TZ)
    with writing(engine).begin() as connection:
        with entering(connection, at=now, kind="test") as change:
            _registry(change, scene, begun)
        _people(connection, scene)
        _edge(connection, now)
    for house in HOUSEHOLDS:
        _fill(scene, house, begun)
    scene.recompute()
    return scene


def copied(kept: Scene, folder: Path, to: Path) -> Scene:
    """Another scene like the one that was built, and closed, in `folder`: it costs a hundredth."""
    to.mkdir(parents=True)
    sql.copy(folder, to)
    copy(folder / "series.sqlite", to / "series.sqlite")
    known = {name: dict(getattr(kept, name)) for name in ("points", "schemes", "accounts")}  # a test may add to its own
    return replace(kept, engine=connect(sql.url(to)), series=SqliteSeries(to / "series.sqlite"), **known)


HOUSEHOLDS = (Household(FLAT, 5), Household(DACHA, 2), Household(NEXT_DOOR, 1))
_PRICES = {
    "three": {"peak": ("8.10", "8.42"), "night": ("3.20", "3.36"), "half_peak": ("5.90", "6.17")},
    "two": {"day": ("7.40", "7.69"), "night": ("3.20", "3.36")},
}


def _registry(change: Change, scene: Scene, begun: int) -> None:
    company = enter.add_organisation(change, "Энергосеть")
    station = enter.add_node(change, company, "substation", "ТП-118")
    board = enter.add_node(change, company, "switchboard", "ВРУ-0,4 кВ", station)
    for key, name, spec in (
        ("three", "население, три зоны", THREE_ZONES),
        ("two", "население, две зоны", TWO_ZONES),
    ):
        scheme = enter.add_scheme(change, name, spec, date(2013, 11, 26))
        scene.schemes[key] = scheme
        for zone, (old, new) in _PRICES[key].items():
            enter.set_price(change, scheme, zone, Decimal(old), date(2025, 7, 1))
            enter.set_price(change, scheme, zone, Decimal(new), date(2026, 10, 1))
    entries = (
        (FLAT, "Т-45", "Квартира", "ул. Садовая, 12, кв. 45", "three", 1),
        (DACHA, "Т-46", "Дача", "СНТ «Рассвет», участок 7", "three", 1),
        (NEXT_DOOR, "Т-47", "Мастерская", "ул. Садовая, 14", "two", 30),
    )
    for serial, code, name, address, scheme_key, ki in entries:
        meter = enter.add_meter(change, f"MIL-{serial}", serial=serial, type="Милур 107S", maker="Милур")
        point = enter.add_point(
            change,
            company,
            code,
            name=name,
            address=address,
            tz=TZ,
            scheme=scene.schemes[scheme_key],
            node=board,
            power_max=15_000 * ki,
        )
        enter.mount(change, point, meter, begun, ki=Decimal(ki), act=f"акт {code}")
        scene.points[serial] = point
    _verified(change)
    for number, holder, serials, since, until in (
        ("100-1", "Анна Петрова", (FLAT, DACHA), begun, None),
        ("100-2", "Прежний владелец", (NEXT_DOOR,), begun, midnight(HAND_OVER, TZ)),
        ("100-3", "Борис Сидоров", (NEXT_DOOR,), midnight(HAND_OVER, TZ), None),
    ):
        contract = enter.add_contract(change, company, number, holder)
        scene.accounts[number] = contract
        for serial in serials if until is None or begun < until else ():  # a short scene begins after the hand-over
            enter.attach(change, contract, scene.points[serial], max(begun, since), until)


def _verified(change: Change) -> None:
    """The flat's meter, not for long any more, and the dacha's; of the one next door nobody has entered it."""
    enter.verified(change, date(2011, 2, 10), VERIFIED_TO, f"С-{FLAT}", meter_id=f"MIL-{FLAT}")
    enter.verified(change, date(2025, 3, 1), date(2041, 3, 1), f"С-{DACHA}", meter_id=f"MIL-{DACHA}")


def _people(connection: Connection, scene: Scene) -> None:
    company = 1
    for mail, name, role, number in (
        (CONSUMER, "Анна Петрова", "consumer", "100-1"),
        (FORMER, "Прежний владелец", "consumer", "100-2"),
        (NEIGHBOUR, "Борис Сидоров", "consumer", "100-3"),
        (OPERATOR, "Ольга Диспетчер", "operator", None),
        (ADMINISTRATOR, "Администратор", "administrator", None),
        (AUDITOR, "Аудитор", "auditor", None),
    ):
        key = add_account(
            connection,
            CHEAP,
            organisation=company,
            mail=mail,
            name=name,
            password=PASSWORD,
            role=role,
            now=scene.now,
        )
        if number is not None:
            add_grant(connection, key, scene.accounts[number], 0)
        if role == "operator":
            staff.give(connection, key, Right, (), scene.now, None)


def _edge(connection: Connection, now: int) -> None:
    for house in HOUSEHOLDS:
        bind(connection, "edge-1", house.meter, 0, None, now)
    reindex(
        connection, [("edge", "edge-1"), *(("meter", house.meter) for house in HOUSEHOLDS)]
    )  # bound past the registry
    health = Health(
        time=datetime.fromtimestamp(now - 40, UTC), waiting=0, oldest=None, days_left=40.0, clock="trusted", meters={}
    )
    values = {"state": "online", "state_at": now - 86_400, "health": encode(health), "health_at": now - 40}
    connection.execute(edge.update().values(last_at=now - 40, **values))


def live(house: Household, since: int, until: int) -> list[LiveRow]:
    """Instantaneous values of each LIVE_STEP in [since, until): of one phase, next door of three."""
    rows = []
    for time in range(since, until, LIVE_STEP):
        if _within(time, LIVE_GAP):
            continue
        noise = crc32(f"{house.serial}/live/{time}".encode())
        volts = (204.0 if _within(time, SAG) else 228.0) + noise % 60 / 10
        watts = 2 * house.energy(time - time % PERIOD) / 1000
        values = {"f": 49.97 + noise % 7 / 100}
        if house.serial == NEXT_DOOR:
            values |= _three_phases(volts, watts)
        else:
            values |= {"u_a": volts, "p": watts, "q": watts / 5, "s": watts * 1.02, "pf": 0.981}
            values |= dict.fromkeys(("i_a", "i_n"), round(watts * 1.02 / volts, 3))
        rows.append(LiveRow(house.meter, time, {field: round(value, 3) for field, value in values.items()}))
    return rows


def _three_phases(volts: float, watts: float) -> dict[str, float]:
    """The third is a capacitor."""
    values = {"p": watts, "q": watts * 0.15, "s": watts * 1.02, "pf": 0.98}
    for phase, share, tangent in (("a", 0.4, 0.3), ("b", 0.35, 0.2), ("c", 0.25, -0.16)):
        u, p = volts + {"a": 0.0, "b": 1.5, "c": -2.0}[phase], watts * share
        s = p * (1 + tangent**2) ** 0.5
        values |= {f"u_{phase}": u, f"i_{phase}": s / u, f"p_{phase}": p, f"q_{phase}": p * tangent}
    return values


def _fill(scene: Scene, house: Household, begun: int) -> None:
    end = midnight(SILENT_SINCE, TZ) if house.serial == DACHA else scene.now
    with scene.engine.connect() as connection:
        calendar = calendar_of(connection, scene.schemes["two" if house.serial == NEXT_DOOR else "three"])
        tariffs = (TWO_ZONES if house.serial == NEXT_DOOR else THREE_ZONES).tariffs
    rows: list[LoadRow | RegisterRow] = []
    registers = {0: 4_200_000_000, **dict.fromkeys(tariffs.values(), 1_400_000_000)}
    long_row = 0
    for start in range(begun, end - PERIOD + 1, PERIOD):
        if local(start, TZ).hour == 0 and local(start, TZ).minute == 0:
            rows += _snapshot(house.meter, start, registers)
        off = house.serial == FLAT and _within(start, POWER_OFF)
        energy = 0 if off else house.energy(start)
        registers[0] += energy
        registers[tariffs[calendar.zone(start, TZ)]] += energy
        if house.serial == FLAT and _within(start, LONG_ROW):
            long_row += energy
            if not _within(start + PERIOD, LONG_ROW):
                span = (LONG_ROW[2] - LONG_ROW[1]) * 3600
                rows.append(LoadRow(house.meter, start + PERIOD, span, int(Quality.CATCH_UP), {"ap": long_row}))
        elif not off and not (house.serial == FLAT and local(start, TZ).date() == GAP):
            values = {"ap": energy, "am": 0, "rp": energy // 5, "rm": 0}
            rows.append(LoadRow(house.meter, start + PERIOD, PERIOD, 0, values))
    rows += _snapshot(house.meter, end // PERIOD * PERIOD, registers, Kind.NOW)
    if house.serial != DACHA:
        lately = max(begun, scene.now // LIVE_STEP * LIVE_STEP - LIVE_DAYS * 86_400)
        scene.series.write(live(house, lately, scene.now - 60))
    stamps = [row.end if isinstance(row, LoadRow) else row.time for row in rows]
    scene.series.write(rows)
    with writing(scene.engine).begin() as connection:
        day, since, until = POWER_OFF
        for hour, code in ((since, 1), (until, 2)) if house.serial == FLAT else ():
            told = {"meter": house.meter, "edge": "", "time": midnight(day, TZ) + hour * 3600, "uptime": -1}
            connection.execute(event.insert().values(**told, journal=2, code=code, received_at=scene.now))
        seen = {"last_stamp": max(stamps), "last_received_at": max(stamps) + 370, "last_success_at": max(stamps) + 365}
        connection.execute(meter_seen.insert().values(meter=house.meter, **seen))
        dirty.mark(connection, {house.meter: stamps})


def _snapshot(meter: str, moment: int, registers: dict[int, int], kind: Kind = Kind.DAILY) -> list[RegisterRow]:
    values = {f"ap{tariff}": value - value % RESOLUTION for tariff, value in registers.items()}
    return [RegisterRow(meter, moment, kind, 0, values)]


def _within(start: int, hours: tuple[date, int, int]) -> bool:
    day, since, until = hours
    return midnight(day, TZ) + since * 3600 <= start < midnight(day, TZ) + until * 3600
