"""The СПОДЭС driver against simulated meters: figures, marks, thrift."""

import pytest

from demo.meters.host import Link, serve
from demo.meters.model import Enterprise, Household
from edge.lines import make_line
from edge.lines.base import Line
from edge.meters import open_meter
from edge.meters.base import SpodesMeter
from edge.meters.layouts import Cache
from edge.meters.spodes import open_spodes
from protocol.reading import Kind, Quality, Readings
from tests.edge.meters.spodes_parts import DAY, LINKS, MIDNIGHT, NOW, household, local, reading, settings_of

# ---- figures and marks


@pytest.mark.parametrize("link", LINKS)
async def test_spans_are_the_seconds_really_run(link: Link) -> None:
    """90 days with outages: every row is a record of the meter, and covers what it covers."""
    site = household()
    since = NOW - 90 * DAY
    async with reading(site, link) as driver:
        found = await driver.archive(Kind.LOAD, since, NOW)
    records = [record for record in site.archive.load(site.now()) if record.end > local(since)]
    assert [local(row.end) for row in found.rows] == [record.end for record in records]
    assert [row.span for row in found.rows] == [record.end - record.start for record in records]
    cut = [row for row in found.rows if row.span < 1800]
    assert len(cut) > 5
    assert all(row.quality == Quality.PARTIAL | Quality.POWER_OFF for row in cut)
    assert all(row.quality == 0 for row in found.rows if row.span == 1800)
    first, last = (site.energy.totals(moment)[0] for moment in (records[0].start, records[-1].end))
    imported = found.columns.index("active_import")
    assert sum(row.values[imported] or 0 for row in found.rows) == last // 1000 * 1000 - first // 1000 * 1000


async def test_midnights_without_power_are_filled() -> None:
    site = dark_place()
    async with reading(site) as driver:
        found = await driver.archive(Kind.DAILY, NOW - 120 * DAY, NOW)
    filled = [row.end for row in found.rows if row.quality]
    assert filled == [row.end for row in found.rows if site.outages.at(local(row.end))]
    assert filled
    assert all(row.quality in (0, Quality.FILLED) and row.span == 0 for row in found.rows)


def dark_place() -> Household:
    """The first place where the power was off over a midnight lately."""
    midnights = [MIDNIGHT - number * DAY for number in range(100)]
    sites = (household(seed=seed) for seed in range(50))
    return next(site for site in sites if any(site.outages.at(local(midnight)) for midnight in midnights))


@pytest.mark.quick
async def test_the_range_is_open_at_its_begin_and_closed_at_its_end() -> None:
    async with reading(household()) as driver:
        found = await driver.archive(Kind.LOAD, MIDNIGHT, MIDNIGHT + 3600)
        assert [row.end for row in found.rows] == [MIDNIGHT + 1800, MIDNIGHT + 3600]
        odd = await driver.archive(Kind.LOAD, MIDNIGHT + 1799, MIDNIGHT + 3599)
        assert [row.end for row in odd.rows] == [MIDNIGHT + 1800]
        days = await driver.archive(Kind.DAILY, MIDNIGHT - DAY, MIDNIGHT)
        assert [row.end for row in days.rows] == [MIDNIGHT]
        assert (await driver.archive(Kind.LOAD, NOW + DAY, NOW + 2 * DAY)).rows == ()


async def test_a_part_read_alone_has_the_same_rows_as_the_whole() -> None:
    """A watermark may stand anywhere, inside a cut interval too."""
    async with reading(Enterprise(serial="20200302", clock=lambda: NOW)) as driver:
        whole = await driver.archive(Kind.LOAD, NOW - 30 * DAY, NOW)
        cut = [row.end for row in whole.rows if row.quality]
        assert cut
        for since in (cut[0] - 1, cut[0], cut[0] + 1, cut[-1], whole.rows[100].end):
            part = await driver.archive(Kind.LOAD, since, since + 2 * DAY)
            assert part.rows == tuple(row for row in whole.rows if since < row.end <= since + 2 * DAY)


@pytest.mark.quick
async def test_registers_now_and_the_moments_values() -> None:
    site = Enterprise(serial="20200302", clock=lambda: NOW)
    async with reading(site) as driver:
        now, live = await driver.now(), await driver.live()
        passport = await driver.passport()
        clock = await driver.clock()
    (row,) = now.rows
    shown = dict(zip(now.columns, row.values, strict=True))
    assert shown["active_import_total"] == site.energy.totals(site.now())[0] // 1000 * 1000
    assert shown["active_import_total"] == sum(shown[f"active_import_t{tariff}"] or 0 for tariff in range(1, 5))
    assert (now.kind, row.end, row.span) == (Kind.NOW, NOW, 0)
    assert 200 < live["voltage_c"] < 260
    assert (passport["serial"], passport["ki"], passport["maker"]) == ("20200302", "40", site.maker)
    assert clock is not None
    assert clock.ahead == pytest.approx(site.clock_shows(site.now()) - site.now(), abs=1)


async def test_events_are_in_order_of_time_and_half_open() -> None:
    async with reading(household()) as driver:
        found = await driver.events((0, 2, 3, 4, 7), NOW - 89 * DAY, NOW)
        first = found[0].time
        assert [event.time for event in found] == sorted(event.time for event in found)
        assert all(event.uptime for event in found)
        assert not await driver.events((found[0].journal,), first - 3600, first - 1)
        assert await driver.events((found[0].journal,), first - 1, first)
        assert await driver.events((12, 28), NOW - DAY, NOW) == ()  # journals that it does not keep


async def test_a_public_client_is_told_what_it_may_not_read() -> None:
    site = household()
    async with await serve(site, "tcp://127.0.0.1:0", "wrapper") as running:
        meter = SpodesMeter("UCH-1", "bus", link="wrapper", client=16)
        async with open_meter(meter, make_line("bus", running.url)) as driver:
            assert await driver.clock() is not None
            assert (await driver.archive(Kind.LOAD, NOW - DAY, NOW)).columns == ()


# ---- thrift


def requests(line: Line) -> int:
    return sum(1 for entry in line.trace if entry.direction == ">")


async def test_the_second_conversation_asks_only_for_the_rows() -> None:
    site, cache = household(), Cache()
    async with await serve(site, "tcp://127.0.0.1:0", "wrapper") as running:
        counts: list[int] = []
        rows: list[Readings] = []
        for _ in range(2):
            line = make_line("bus", running.url)
            async with open_spodes(settings_of(site, "wrapper"), line, lambda: NOW, cache) as driver:
                rows.append(await driver.archive(Kind.LOAD, MIDNIGHT, MIDNIGHT + 3600))
            line.close()
            counts.append(requests(line))
    assert rows[0] == rows[1]
    assert counts[1] == 4  # AARQ, serial number, buffer, RLRQ
    assert counts[0] > counts[1]


async def test_another_meter_under_the_same_name_is_learned_anew() -> None:
    """Its load profile has another scale."""
    cache = Cache()
    for site, digit in ((household(), 1000), (Enterprise(serial="20200302", clock=lambda: NOW), 100)):
        async with reading(site, "wrapper", cache, serial=None) as driver:
            found = await driver.archive(Kind.LOAD, MIDNIGHT - DAY, MIDNIGHT)
        first, last = (site.energy.totals(local(end))[0] for end in (MIDNIGHT - DAY, MIDNIGHT))
        total = sum(row.values[0] or 0 for row in found.rows)
        assert abs(total - (last - first)) <= digit
