"""Figures and times as people read them."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from central.faces import formats
from central.faces.periods import Chosen, choose
from central.faces.speaking import speaking

pytestmark = pytest.mark.quick
TZ = "Europe/Moscow"
MIDNIGHT = 1795467600  # 24.11.2026 00:00 in Moscow


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (0, 2, "0,00"),
        (1_234_567_890_000, 2, "1\u00a0234\u00a0567,89"),
        (412_350, 2, "0,41"),
        (5_000, 2, "0,01"),
        (4_999, 2, "0,00"),
        (-5_000, 2, "\u22120,01"),
        (-4_999, 2, "0,00"),
        (1_500_000, 0, "2"),
        (None, 2, "—"),
    ],
)
def test_energy(value: int | None, digits: int, said: str) -> None:
    assert formats.kilo(value, digits) == said


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (230.04, 1, "230,0"),
        (5773.5, 0, "5\u00a0774"),
        (-0.048, 3, "\u22120,048"),
        (-0.0004, 3, "0,000"),
        (1234.5, 1, "1\u00a0234,5"),
        (0.0, 2, "0,00"),
    ],
)
def test_what_was_measured(value: float, digits: int, said: str) -> None:
    assert formats.decimal(value, digits) == said


def test_money_prices_and_shares() -> None:
    assert formats.money(Decimal("1456.02")) == "1\u00a0456,02"
    assert formats.money(None) == "—"
    assert [formats.price(Decimal(text)) for text in ("8.42", "8.420000", "3.3605", "5")] == [
        "8,42",
        "8,42",
        "3,3605",
        "5,00",
    ]
    assert formats.percent(14) == "14\u00a0%"
    assert formats.percent(Fraction(-1, 2), sign=True) == "\u22121\u00a0%"
    assert formats.number(3, 0, sign=True) == "+3"
    assert formats.share(1, 3) == "33\u00a0%"
    assert formats.share(1, None) == formats.share(None, 1) == formats.share(0, 0) == ""


def test_the_same_in_english() -> None:
    with speaking("en"):
        assert (formats.money(Decimal("1456.02")), formats.price(Decimal("8.42")), formats.percent(14)) == (
            "1,456.02",
            "8.42",
            "14%",
        )


def test_moments() -> None:
    assert formats.moment(MIDNIGHT, TZ) == "24.11.2026\u00a000:00"
    assert formats.moment(MIDNIGHT, TZ, end=True) == "23.11.2026\u00a024:00"
    assert formats.moment(MIDNIGHT + 60, TZ, end=True, year=False) == "24.11\u00a000:01"
    assert formats.moment(None, TZ) == "—"
    assert formats.clock(MIDNIGHT, TZ, end=True) == "24:00"
    assert formats.utc(MIDNIGHT) == "2026-11-23T21:00:00Z"
    assert formats.said(date(2026, 11, 24), "LLLL") == "ноябрь"
    assert formats.said(date(2026, 11, 24), "d MMMM") == "24 ноября"


TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("asked", "first", "until", "caption"),
    [
        ({}, "2026-11-01", "2026-12-01", "Ноябрь 2026"),
        ({"length": "day"}, "2026-11-24", "2026-11-25", "вт, 24 ноября 2026"),
        ({"day": "2026-11-18"}, "2026-11-18", "2026-11-19", "ср, 18 ноября 2026"),
        ({"length": "week", "day": "2026-11-18"}, "2026-11-16", "2026-11-23", "16–22 ноября 2026"),
        ({"length": "week", "day": "2026-11-01"}, "2026-10-26", "2026-11-02", "26.10–01.11.2026"),
        ({"length": "week", "day": "2026-01-01"}, "2025-12-29", "2026-01-05", "29.12.2025–04.01.2026"),
        ({"length": "month", "day": "2024-02-29"}, "2024-02-01", "2024-03-01", "Февраль 2024"),
        ({"length": "day", "day": "2999-01-01"}, "2026-11-24", "2026-11-25", "вт, 24 ноября 2026"),
        ({"length": "year", "day": "2025-13-01"}, "2026-01-01", "2027-01-01", "2026"),
        ({"length": "century", "day": "2026-11-18"}, "2026-11-18", "2026-11-19", "ср, 18 ноября 2026"),
        ({"length": "own", "day": "2026-03-05", "last": "2026-03-09"}, "2026-03-05", "2026-03-10", "5–9 марта 2026"),
        ({"length": "own", "day": "2026-03-09", "last": "2026-03-05"}, "2026-03-05", "2026-03-10", "5–9 марта 2026"),
        ({"length": "own", "day": "2026-11-20", "last": "2027-02-01"}, "2026-11-20", "2026-11-25", "20–24 ноября 2026"),
        (
            {"length": "own", "day": "2001-01-01", "last": "2026-11-01"},
            "2023-11-03",
            "2026-11-02",
            "03.11.2023–01.11.2026",
        ),
        ({"length": "own", "last": "x"}, "2026-11-24", "2026-11-25", "вт, 24 ноября 2026"),
    ],
)
def test_periods(asked: dict[str, str], first: str, until: str, caption: str) -> None:
    found = choose(asked, TODAY)
    assert (found.first.isoformat(), found.until.isoformat(), found.caption) == (first, until, caption)
    assert choose(found.named, TODAY) == found, "its address leads back to it"


def of(length: str, day: str, last: str = "") -> Chosen:
    return choose({"length": length, "day": day, "last": last}, TODAY)


def test_a_period_leads_to_its_neighbours_but_not_into_the_future() -> None:
    october = of("month", "2026-10-10")
    assert (october.before, october.after) == (of("month", "2026-09-01"), of("month", "2026-11-01"))
    assert october.of("week")["day"] == "2026-10-01"
    november = of("month", "2026-11-24")
    assert (november.after, november.of("day")["day"]) == (None, "2026-11-24")
    assert of("day", "1999-01-01").before is None
    assert of("own", "2026-03-05", "2026-03-09").before == of("own", "2026-02-28", "2026-03-04")
    assert of("own", "2026-03-05", "2026-03-09").after == of("own", "2026-03-10", "2026-03-14")
    assert of("year", "2025-05-05").after == of("year", "2026-01-01")


def test_the_same_days_a_year_before() -> None:
    assert of("month", "2024-02-01").year_ago == of("month", "2023-02-01")
    leap = of("day", "2024-02-29").year_ago
    assert leap is not None
    assert (leap.first, leap.until) == (date(2023, 2, 28), date(2023, 3, 1))
    assert of("day", "2000-06-01").year_ago is None
