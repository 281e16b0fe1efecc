"""What our own tool prints is what two foreign DLMS clients read from the same meter: all of it, over both links."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner

from demo.meters.diary import JOURNALS as KEPT
from demo.meters.host import Link, Running, serve
from demo.meters.incidents import What
from demo.meters.model import Enterprise, Household, SpodesSite
from edge.cli import main
from protocol.obis import Obis
from protocol.quantities import BY_OBIS, Nature
from protocol.spodes.events import JOURNALS
from protocol.spodes.objects import CLOCK, PROFILES, SCALES, Profile
from tests.judges.peers import JUDGES, Judge, judge

NOW = datetime(2026, 11, 24, 9, 10, tzinfo=UTC)
OFFSET = timedelta(hours=3)
PASSWORD = "12345678"
WINDOWS = {"load": timedelta(days=3), "daily": timedelta(days=40), "monthly": timedelta(days=200)}
SITES = {
    "single-phase": Household(serial="10200301", clock=NOW.timestamp),
    "three-phase": Enterprise(serial="20200302", clock=NOW.timestamp),
}


class Bench:
    """One simulated meter on one link, and those who read it."""

    def __init__(self, site: SpodesSite, link: Link, running: Running) -> None:
        self.site = site
        self.link = link
        self.running = running

    async def ours(self, what: str, window: timedelta = timedelta(days=1)) -> list[dict[str, Any]]:
        """What `uchet-edge read --format json` prints."""
        arguments = ["read", "--line", self.running.url, "--link", self.link, "--what", what, "--format", "json"]
        arguments += ["--serial", self.site.serial, "--from", (NOW - window).isoformat(), "--to", NOW.isoformat()]
        environment = {"UCHET_PASSWORD": PASSWORD}
        result = await asyncio.to_thread(CliRunner().invoke, main, arguments, env=environment)
        assert (result.exit_code, result.stderr) == (0, "")
        return [json.loads(line) for line in result.stdout.splitlines()]

    async def judge(self, name: str, ask: Any, *arguments: Any) -> Any:
        """`ask(judge, …)` in a thread."""

        def use() -> Any:
            with judge(name, self.running.port, self.link, PASSWORD) as found:
                return ask(found, *arguments)

        return await asyncio.to_thread(use)


@pytest_asyncio.fixture(params=[(site, link) for site in SITES for link in ("wrapper", "hdlc")], ids="-".join)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    name, link = request.param
    async with await serve(SITES[name], "tcp://127.0.0.1:0", link) as running:
        yield Bench(SITES[name], link, running)


judges = pytest.mark.parametrize("name", JUDGES)


def utc(raw: bytes) -> datetime:
    """A date-time by its fields alone, in the meter's own time."""
    year, month, day, _, hour, minute, second = struct.unpack(">HBBBBBB", raw[:8])
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - OFFSET


def window(length: timedelta) -> tuple[datetime, datetime]:
    """From and to, as the meter's clock shows them, without zone."""
    last = (NOW + OFFSET).replace(tzinfo=None)
    return last - length + timedelta(seconds=1), last


def table(found: Judge, profile: Obis, length: timedelta) -> list[dict[str, Any]]:
    """Rows of a profile: what the judge got, by OBIS."""
    columns = [str(Obis(row[1])) for row in found.get(7, str(profile), 3)]
    rows = found.get(7, str(profile), 2, window(length))
    return [dict(zip(columns, row, strict=True)) for row in rows]


def scales(found: Judge, profile: Profile) -> dict[str, list[int]]:
    """Scaler and unit by OBIS, from the meter's scale profile."""
    where = str(SCALES[profile])
    columns = [str(Obis(row[1])) for row in found.get(7, where, 3)]
    return dict(zip(columns, found.get(7, where, 2)[-1], strict=True))


def energies(found: Judge, profile: Profile, length: timedelta) -> list[dict[str, Any]]:
    scale = scales(found, profile)
    rows = []
    for row in table(found, PROFILES[profile], length):
        record: dict[str, Any] = {"end": utc(row[str(CLOCK)])}
        for code, raw in row.items():
            quantity = BY_OBIS.get(Obis.parse(code))
            if quantity is not None and quantity.nature is not Nature.INSTANT:
                assert scale[code][1] in (30, 32)
                record[quantity.name] = int(Decimal(raw).scaleb(scale[code][0] + 3))
        rows.append(record)
    return rows


@judges
@pytest.mark.parametrize("what", ["load", "daily", "monthly"])
async def test_archives(bench: Bench, name: str, what: str) -> None:
    expected = await bench.judge(name, energies, Profile(what), WINDOWS[what])
    printed = await bench.ours(what, WINDOWS[what])
    found = [{key: value for key, value in row.items() if key not in ("span", "quality")} for row in printed]
    for row in found:
        row["end"] = datetime.fromisoformat(row["end"])
    assert found == expected
    assert len(found) >= {"load": 130, "daily": 40, "monthly": 6}[what]


def lines(found: Judge) -> list[tuple[datetime, int, int]]:
    events = []
    for number in KEPT:
        journal = JOURNALS[number]
        for row in table(found, journal.obis, timedelta(days=89)):
            events.append((utc(row[str(CLOCK)]), number, row[str(journal.events[0])]))
    return sorted(events)


@judges
async def test_journals(bench: Bench, name: str) -> None:
    expected = await bench.judge(name, lines)
    printed = await bench.ours("events", timedelta(days=89))
    assert sorted((datetime.fromisoformat(e["time"]), e["journal"], e["code"]) for e in printed) == expected
    assert [event["time"] for event in printed] == sorted(event["time"] for event in printed)
    assert {number for _, number, _ in expected} >= {2, 3}
    assert all(event["text"] for event in printed)


@judges
async def test_what_was_brought_about_stands_in_the_journals(name: str) -> None:
    """Not on the meters that the other tests share."""
    moment = NOW.timestamp()
    site = Household(serial="10200301", clock=lambda: moment)
    happened = [*What]
    happened.remove(What.RESTART)
    for what in (*happened, What.RESTART):
        moment += 60
        site.happen(what)
    moment += 60
    async with await serve(site, "tcp://127.0.0.1:0", "hdlc") as running:
        own = Bench(site, "hdlc", running)
        found = await own.judge(name, lambda judge: fresh(judge))
    codes = [(4, 4), (4, 3), (3, 143), (4, 1), (4, 2), (7, 2), (7, 3), (0, 27), (2, 1), (0, 28), (2, 2), (7, 1), (7, 1)]
    minutes = [1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9, 9, 10]
    assert found == sorted((NOW + timedelta(minutes=after), *code) for after, code in zip(minutes, codes, strict=True))


def fresh(found: Judge) -> list[tuple[datetime, int, int]]:
    """Lines of all journals after NOW, however far."""
    last = (NOW + OFFSET).replace(tzinfo=None)
    between = (last + timedelta(seconds=1), last + timedelta(hours=1))
    events = []
    for number in KEPT:
        journal = JOURNALS[number]
        columns = [str(Obis(row[1])) for row in found.get(7, str(journal.obis), 3)]
        for row in found.get(7, str(journal.obis), 2, between):
            line = dict(zip(columns, row, strict=True))
            events.append((utc(line[str(CLOCK)]), number, line[str(journal.events[0])]))
    return sorted(events)


def moment(found: Judge) -> dict[str, float]:
    where = str(PROFILES[Profile.INSTANT])
    columns = [str(Obis(row[1])) for row in found.get(7, where, 3)]
    record = dict(zip(columns, found.get(7, where, 2)[-1], strict=True))
    scale = scales(found, Profile.INSTANT)
    named = {code: BY_OBIS.get(Obis.parse(code)) for code in columns}
    return {
        quantity.name: float(Decimal(record[code]).scaleb(scale[code][0] + (3 if quantity.integer else 0)))
        for code, quantity in named.items()
        if quantity is not None
    }


@judges
async def test_this_moment(bench: Bench, name: str) -> None:
    expected = await bench.judge(name, moment)
    (printed,) = await bench.ours("now")
    assert printed["time"]
    assert {key: printed[key] for key in expected} == pytest.approx(expected)
    assert len(expected) >= 12


def identity(found: Judge) -> tuple[dict[str, Any], datetime]:
    where = str(PROFILES[Profile.PASSPORT])
    columns = [str(Obis(row[1])) for row in found.get(7, where, 3)]
    record = dict(zip(columns, found.get(7, where, 2)[-1], strict=True))
    return record, utc(found.get(8, str(CLOCK), 2))


@judges
async def test_passport_and_clock(bench: Bench, name: str) -> None:
    record, clock = await bench.judge(name, identity)
    (printed,) = await bench.ours("passport")
    names = {
        "serial": "0.0.96.1.0.255",
        "type": "0.0.96.1.1.255",
        "maker": "0.0.96.1.3.255",
        "spodes": "0.0.96.1.6.255",
    }
    assert {key: printed[key] for key in names} == {key: record[code].decode() for key, code in names.items()}
    assert (printed["ki"], printed["ku"]) == (str(record["1.0.0.4.2.255"]), str(record["1.0.0.4.3.255"]))
    (shown,) = await bench.ours("clock")
    assert datetime.fromisoformat(shown["meter"]) == clock
    assert shown["doubtful"] is False
