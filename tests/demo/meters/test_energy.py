"""Registers are exact: intervals, tariffs and snapshots tell one story, with and without power, after any restart."""

from datetime import date
from typing import Any

import pytest

from demo.meters.archive import Record
from demo.meters.calendar import DAY, SLOT, day_of, local
from demo.meters.model import Enterprise, Household, Sdm630, SpodesSite

NOW = 1_795_500_000.0  # 24 November 2026
KINDS = [Household, Enterprise]


RECENT = date(2026, 6, 15)  # a short past is computed sooner


def spodes(kind: type[SpodesSite], born: date = RECENT, **settings: Any) -> SpodesSite:
    return kind(serial="10200301", born=born, clock=lambda: NOW, **settings)


def used(site: SpodesSite, record: Record) -> tuple[int, ...]:
    start, end = site.energy.totals(record.start), site.energy.totals(record.end)
    return tuple(after - before for before, after in zip(start, end, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_intervals_add_up_to_the_registers_of_every_day_and_tariff(kind: type[SpodesSite]) -> None:
    site = spodes(kind)
    records = site.archive.load(site.now())
    today = int(site.now() // DAY)
    dark_days = 0
    for day in range(today - 90, today):
        start, end = site.energy.registers(day * DAY), site.energy.registers((day + 1) * DAY)
        of_day = [record for record in records if day * DAY < record.end <= (day + 1) * DAY]
        dark_days += len(of_day) != DAY // SLOT
        sums = [[0] * 4 for _ in range(4)]
        for record in of_day:
            hour = local(record.start).hour
            tariff = 2 if hour < 7 or hour >= 23 else 1 if hour < 10 or 17 <= hour < 21 else 3
            for direction, energy in enumerate(used(site, record)):
                sums[direction][tariff - 1] += energy
        grown = [[after - before for before, after in zip(*pair, strict=True)] for pair in zip(start, end, strict=True)]
        assert sums == grown
    assert dark_days  # power-off days are among them


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_whole_watt_hours_and_never_falls(kind: type[SpodesSite]) -> None:
    site = spodes(kind)
    m, last = site.now() - 3 * DAY, (0, 0, 0, 0)
    for step in range(2000):
        totals = site.energy.totals(m + step * 131.7)
        assert all(total % 1000 == 0 for total in totals)
        assert all(after >= before for before, after in zip(last, totals, strict=True))
        last = totals


def test_the_past_is_long_enough_and_does_not_depend_on_when_it_is_asked() -> None:
    early, late = (spodes(Household, SpodesSite.born) for _ in range(2))
    months_ago = late.now() - 60 * DAY
    answers = [early.energy.registers(months_ago), early.energy.registers(early.now())]
    assert [late.energy.registers(late.now()), late.energy.registers(months_ago)] == answers[::-1]
    assert len(early.archive.load(early.now())) > 90 * 47
    assert len(early.archive.daily(early.now())) >= 36
    assert len(early.archive.monthly(early.now())) == 36


def test_meters_differ_by_seed_and_by_number() -> None:
    one = spodes(Household)
    others = [spodes(Household, seed=2), Household(serial="10200302", born=RECENT, clock=lambda: NOW)]
    assert len({site.energy.registers(one.now()) for site in (one, *others)}) == 3


def test_an_outage_leaves_a_partial_record_and_no_energy() -> None:
    site = spodes(Household, date(2025, 9, 1))
    outages = [outage for block in range(2040, 2078) if (outage := site.outages.block(block))]
    assert len(outages) > 10
    for off, on in outages:
        assert site.energy.totals(off) == site.energy.totals(on)
        assert site.energy.power((off + on) / 2) == (0.0, 0.0)
        assert site.mains.voltage(off + 1) == 0
        assert site.uptime(off) == site.uptime(on) == site.uptime(on + 10) - 10
        records = site.archive.load(on + DAY)
        assert not [record for record in records if record.start < on and record.end > off]
        if off % SLOT:
            assert [record.start % SLOT for record in records if record.end == off] == [0]
        if on % SLOT:
            assert [record.end % SLOT for record in records if record.start == on] == [0]


def test_a_midnight_without_power_is_filled_in_when_the_power_is_back() -> None:
    site = spodes(Household, SpodesSite.born)
    midnight, outage = next(
        (day * DAY, outage)
        for day in range(day_of(site.born) + 20, int(site.now() // DAY))
        if (outage := site.outages.at(day * DAY))
    )
    assert Record(midnight, midnight) not in site.archive.daily(outage.on - 1)
    assert Record(midnight, midnight) in site.archive.daily(outage.on)
    assert site.energy.totals(midnight) == site.energy.totals(outage.off)


def test_power_is_the_slope_of_the_register() -> None:
    shop = Sdm630(serial="1", clock=lambda: NOW)
    m = shop.now() + 700  # well inside a half-hour
    slope = (shop.energy.totals(m + 5)[0] - shop.energy.totals(m - 5)[0]) * 3.6 / 10
    assert shop.energy.power(m)[0] == pytest.approx(slope, rel=1e-3)


def test_the_shop_never_uses_less_than_300_watts() -> None:
    shop = Sdm630(serial="1", clock=lambda: NOW)
    assert min(shop.energy.power(shop.now() - 60 * minute)[0] for minute in range(0, 40_000, 7)) >= 300


def test_the_enterprise_also_exports() -> None:
    site = spodes(Enterprise)
    assert site.energy.totals(site.now())[1] > 0
    assert spodes(Household).energy.totals(site.now())[1] == 0


@pytest.mark.parametrize("period", [60, 900, 3600])
def test_another_period_cuts_the_same_energy(period: int) -> None:
    site = spodes(Household, period=period)
    start = int(site.now() // DAY - 2) * DAY
    records = [record for record in site.archive.load(site.now()) if start < record.end <= start + DAY]
    grown = site.energy.totals(start + DAY)[0] - site.energy.totals(start)[0]
    assert sum(used(site, record)[0] for record in records) == grown
