"""What is brought about at a meter is in its journals, registers and archive, and nothing of its past changes."""

import asyncio
import sys
from datetime import date
from pathlib import Path

import pytest

from demo.meters import control
from demo.meters.archive import Record
from demo.meters.calendar import DAY, SLOT
from demo.meters.control import Follower
from demo.meters.host import serve
from demo.meters.incidents import RESTART, What
from demo.meters.model import Household, Sdm630, Site, SpodesSite
from edge.lines import make_line
from edge.meters.base import NoAnswer, SpodesMeter
from edge.meters.layouts import Cache
from edge.meters.spodes import open_spodes

START = 1_795_500_000.0  # 24 November 2026, 06:00 UTC
RECENT = date(2026, 9, 1)


class Place:
    """A household whose clock is set by hand."""

    def __init__(self, site: type[Site] = Household) -> None:
        self.now = START
        self.site = site(serial="10200301", born=RECENT, clock=lambda: self.now)

    @property
    def meter(self) -> SpodesSite:
        assert isinstance(self.site, SpodesSite)
        return self.site

    def happen(self, what: What, after: float = 0) -> int:
        """So many seconds later; the moment, local."""
        self.now += after
        self.site.happen(what)
        return int(self.site.now())

    def lines(self, journal: int) -> list[tuple[int, int]]:
        """Since the start."""
        begin = START + self.site.offset * 60
        found = self.meter.diary.journal(journal, self.site.now())
        return [(line.end, line.code) for line in found if line.end >= begin]


@pytest.fixture
def place() -> Place:
    return Place()


def test_each_incident_is_a_line_of_its_journal_at_its_moment(place: Place) -> None:
    case, cover, seals = (place.happen(what, 60) for what in (What.CASE, What.TERMINALS, What.SEALS))
    begin, end = place.happen(What.MAGNET, 60), place.happen(What.MAGNET_OVER, 60)
    broken, whole = place.happen(What.FAILURE, 60), place.happen(What.FAILURE_OVER, 60)
    assert place.lines(4) == [(case, 4), (cover, 3), (begin, 1), (end, 2)]
    assert (place.lines(3), place.lines(7)) == ([(seals, 143)], [(broken, 2), (whole, 3)])


def test_the_past_of_a_meter_stays_as_it_was(place: Place) -> None:
    untouched = Place()
    place.happen(What.OFF)
    place.happen(What.CASE, 10)
    place.happen(What.ON, 7200)
    before = place.site.now() - 3 * 3600
    for journal in range(10):
        assert place.meter.diary.journal(journal, before) == untouched.meter.diary.journal(journal, before)
    assert place.meter.archive.load(before) == untouched.meter.archive.load(before)
    assert place.meter.energy.registers(before) == untouched.meter.energy.registers(before)


def test_an_outage_stops_counting_and_clock_of_running_and_is_told_after_it(place: Place) -> None:
    place.now += 400
    counted, run = place.meter.energy.totals(place.site.now()), place.meter.uptime(place.site.now())
    off = place.happen(What.OFF)
    place.now += 3 * 3600
    assert place.meter.energy.totals(place.site.now()) == counted
    assert place.meter.uptime(place.site.now()) == run
    assert place.site.mains.voltage(place.site.now()) == 0
    assert place.meter.archive.load(place.site.now())[-1] == Record(off // SLOT * SLOT, off)
    on = place.happen(What.ON)
    place.now += 2 * SLOT
    assert place.meter.uptime(place.site.now()) == run + 2 * SLOT
    assert place.meter.energy.totals(place.site.now())[0] > counted[0]
    cut, *rest = [record for record in place.meter.archive.load(place.site.now()) if record.end > off - SLOT]
    ends = [record for record in (cut, *rest) if record.start >= on or record.end == off]
    assert ends[0].end == off
    assert ends[1] == Record(on, -(-on // SLOT) * SLOT)
    assert place.lines(2)[-2:] == [(off, 1), (on, 2)]
    assert place.lines(7)[-1] == (on, 1)


def test_the_intervals_of_a_day_with_outages_add_up_to_its_registers(place: Place) -> None:
    """Two of them in one half-hour, one over midnight."""
    for what, after in ((What.OFF, 130), (What.ON, 60), (What.OFF, 90), (What.ON, 120), (What.OFF, 50_000)):
        place.happen(what, after)
    place.now += DAY
    place.happen(What.ON)
    place.now += DAY
    energy, today = place.meter.energy, int(place.site.now() // DAY)
    for day in range(today - 3, today):
        records = [
            record for record in place.meter.archive.load(place.site.now()) if day * DAY < record.end <= (day + 1) * DAY
        ]
        used = sum(energy.totals(record.end)[0] - energy.totals(record.start)[0] for record in records)
        assert used == energy.totals((day + 1) * DAY)[0] - energy.totals(day * DAY)[0]
    midnight = next(
        record for record in place.meter.archive.daily(place.site.now())[::-1] if record.end == (today - 1) * DAY
    )
    assert energy.totals(midnight.end) == energy.totals(midnight.end - 600), "the readings of the switching off"


def test_what_cannot_be_is_refused(place: Place) -> None:
    with pytest.raises(ValueError, match="on already"):
        place.happen(What.ON)
    place.happen(What.OFF)
    for what in (What.OFF, What.RESTART):
        with pytest.raises(ValueError, match="off already"):
            place.happen(what)
    shop = Place(Sdm630)
    with pytest.raises(ValueError, match="keeps no journals; it knows off, on, restart"):
        shop.happen(What.CASE)
    shop.happen(What.OFF)
    assert shop.site.silent()


async def test_nobody_answers_while_the_power_is_off_or_the_meter_begins_anew(place: Place) -> None:
    async with await serve(place.site, "tcp://127.0.0.1:0", "hdlc") as running:
        line = make_line("bus", running.url)
        meter = SpodesMeter("m-1", "bus", password=place.meter.password, server=(1, 16), timeout=1.0, retries=0)

        async def answers() -> bool:
            try:
                async with open_spodes(meter, line, lambda: place.now, Cache()) as driver:
                    return (await driver.passport())["serial"] == place.site.serial
            except NoAnswer:
                return False

        said = [await answers()]
        for what, after in ((What.OFF, 60), (What.ON, 60), (What.RESTART, 60)):
            place.happen(what, after)
            said.append(await answers())
        place.now += RESTART
        said.append(await answers())
        line.close()
    assert said == [True, False, True, False, True]


def test_a_file_brings_it_about_at_its_moments_once_and_says_what_cannot_be(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "incidents.txt"
    follower = Follower(file, [place.site])
    follower.look()
    control.add(file, "10200301", What.CASE, START + 5)
    with open(file, "a") as out:
        out.write("nonsense\n2026-11-24T06:00:00Z 999 case\n2026-11-24T06:00:00Z 10200301 tired\n2026-11-24T06:")
    place.now += 60
    follower.look()
    follower.look()
    assert place.lines(4) == [(int(START) + 5 + 180 * 60, 4)]
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[2].split(":")[0].split(" ")[0] for line in said] == [
        "'nonsense'",
        "'2026-11-24T06",
        "'2026-11-24T06",
    ]
    anew = Place()
    Follower(file, [anew.site]).look()
    anew.now += 60
    assert anew.lines(4) == place.lines(4), "who starts anew has lived through the same"


async def test_a_running_meter_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "incidents.txt"
    words = ["--listen", "tcp://127.0.0.1:0", "--fault", "terminals", "--incidents", str(file)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo.meters", *words, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().split()[0]
    assert control.main(["10200301", "magnet", "--file", str(file)]) == 0
    line = make_line("bus", url)
    meter = SpodesMeter("m-1", "bus", link="wrapper", password="12345678", server=(1, 16))
    codes: list[int] = []
    async with asyncio.timeout(20):
        while sorted(codes[-2:]) != [1, 3]:  # they may be of one second
            async with open_spodes(meter, line) as driver:
                codes = [event.code for event in await driver.events([4], 0, 2**32 - 1)]
            await asyncio.sleep(0.1)
    line.close()
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 20) == 0
