"""Parts for the tests of metering."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

from central.metering.slots import Sample
from central.metering.terms import Segment
from central.metering.zones import ALL_MONTHS, ANY, Calendar, ZoneRule

MOSCOW = "Europe/Moscow"
PERIOD = 1800
BEGUN = date(2000, 1, 1)

METER = Segment(
    mounting=1,
    meter="A-1",
    serial="1",
    since=0,
    until=None,
    ki=Fraction(1),
    ku=Fraction(1),
    primary=False,
    period=PERIOD,
    resolution=10_000,
)


def segment(**changes: object) -> Segment:
    return replace(METER, **changes)  # type: ignore[arg-type]


def at(text: str) -> int:
    """Seconds of «2026-11-24 00:00» in Moscow's present time (UTC+3)."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) - 3 * 3600


def rule(start: int, end: int, zone: str, **changes: object) -> ZoneRule:
    """Hours of the day."""
    return replace(ZoneRule(BEGUN, None, ALL_MONTHS, ANY, start * 60, end * 60, zone), **changes)  # type: ignore[arg-type]


THREE = Calendar(
    "три зоны",
    ("peak", "night", "half_peak"),
    (
        rule(23, 7, "night"),
        rule(7, 10, "peak"),
        rule(10, 17, "half_peak"),
        rule(17, 21, "peak"),
        rule(21, 23, "half_peak"),
    ),
)


def sample(end: int, value: int, span: int = PERIOD, quality: int = 0, meter: str = "A-1") -> Sample:
    return Sample(meter, end, span, quality, value)
