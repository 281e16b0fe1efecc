"""The zone schemes of the population (order 1473-э of 26.11.2013): local time, all months and days alike."""

from dataclasses import dataclass

from central.metering.zones import ALL_MONTHS, ANY, DAY_MINUTES


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """[start, end) minutes of the day; `end` before `start` goes over midnight."""

    start: int
    end: int
    zone: str
    months: int = ALL_MONTHS
    day_kind: str = ANY
    tz: str | None = None  # None = the clock of the point


@dataclass(frozen=True, slots=True)
class SchemeSpec:
    """`tariffs`: zone -> tariff register of the meter (0 = the total), in the order of the tariffs."""

    tariffs: dict[str, int]
    rules: tuple[RuleSpec, ...]

    def gap(self) -> int | None:
        """A minute of the day that no rule covers, for schemes whose rules hold every month and day."""
        covered = {minute for rule in self.rules for minute in _minutes(rule)}
        return next((minute for minute in range(DAY_MINUTES) if minute not in covered), None)


def _minutes(rule: RuleSpec) -> list[int]:
    if rule.start < rule.end:
        return list(range(rule.start, rule.end))
    return [*range(rule.start, DAY_MINUTES), *range(rule.end)]


def _hours(start: int, end: int, zone: str) -> RuleSpec:
    return RuleSpec(start * 60, end * 60, zone)


ONE_ZONE = SchemeSpec({"all": 0}, (_hours(0, 24, "all"),))
TWO_ZONES = SchemeSpec({"day": 1, "night": 2}, (_hours(7, 23, "day"), _hours(23, 7, "night")))
THREE_ZONES = SchemeSpec(
    {"peak": 1, "night": 2, "half_peak": 3},
    (
        _hours(23, 7, "night"),
        _hours(7, 10, "peak"),
        _hours(10, 17, "half_peak"),
        _hours(17, 21, "peak"),
        _hours(21, 23, "half_peak"),
    ),
)
