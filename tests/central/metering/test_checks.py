"""The checks of values: each finds what it is for, at its limit and not before, and says what it saw."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from msgspec import structs

from central.metering.checks.catalogue import CHECKS, PointKind, Severity, When, found, severity_of, usual
from central.metering.checks.evidence import DayBefore, Event, Evidence, Finding, Register, Row, Sums, Twice
from central.metering.checks.journal import (
    CLOCK_SET,
    CORRECTIONS,
    CURRENTS,
    RATIO_SET,
    RELAY_OFF,
    RELAY_ON,
    SWITCHING,
    VOLTAGES,
)
from central.metering.checks.network import OVER_CURRENT, OVER_VOLTAGE, PHASE_LOST
from central.metering.consumption import SumCheck
from central.metering.slots import Part, Slot
from central.metering.terms import Reading, State
from protocol.reading import Quality
from protocol.spodes.events import JOURNALS, event_text
from tests.central.metering.parts import METER, PERIOD, at, sample, segment

pytestmark = pytest.mark.quick

DAY = at("2026-11-24 00:00")
A, EXPORT = "active_import", "active_export"
WH = 1000


def slot(number: int, energy: int | None, state: State = State.MEASURED, quality: int = 0) -> Slot:
    """The `number`th half-hour of the day."""
    start = DAY + number * PERIOD
    return Slot(start, start + PERIOD, "all", state, quality, energy)


def day(energies: Sequence[int | None]) -> list[Slot]:
    """None = missing."""
    return [
        slot(n, one, State.MISSING if one is None else State.MEASURED if one else State.ZERO)
        for n, one in enumerate(energies)
    ]


def rows(number: int, **changes: object) -> list[Row]:
    one = Row("A-1", 0, PERIOD, 0, frozenset({"ap"}))
    return [replace(one, end=DAY + (n + 1) * PERIOD, **changes) for n in range(number)]  # type: ignore[arg-type]


def evidence(**changes: object) -> Evidence:
    """An ordinary day: 48 places that differ, all rows there, a contract, the relay on."""
    plain = Evidence(
        since=DAY,
        until=DAY + 86_400,
        now=DAY + 2 * 86_400,
        segments=(METER,),
        slots={A: day([300 * WH + n for n in range(48)])},
        estimated=0,
        rows=rows(48),
        registers=(),
        sums={},
        events=(),
        twice=(),
        closed_before=True,
        contracts=((0, None),),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def look(seen: Evidence, check: str, **limits: int) -> list[Finding]:
    one = CHECKS[check]
    return list(one.run(seen, {**one.limits, **limits}))


def test_an_ordinary_day_has_nothing_to_find() -> None:
    assert found(evidence(), usual(PointKind.HOUSEHOLD), When.NOW) == ()


def test_missing_places_are_told_once_though_all_channels_lack_them() -> None:
    holes = day([None, None, *[1] * 46])
    export = day([None, None, None, *[1] * 45])
    first, second = look(evidence(slots={A: holes, EXPORT: export}), "missing_interval")
    assert (first.channel, first.since, first.until) == (A, DAY, DAY + 2 * PERIOD)
    assert first.trace == {"missing": 2, "of": 48, "limit": 1}
    assert (second.channel, second.since, second.trace["missing"]) == (EXPORT, DAY + 2 * PERIOD, 1)
    assert look(evidence(slots={A: holes}), "missing_interval", places=2)
    assert not look(evidence(slots={A: holes}), "missing_interval", places=3)


def test_a_row_without_a_channel_that_others_have() -> None:
    both = rows(3, fields=frozenset({"ap", "am"}))
    (told,) = look(evidence(rows=[*both, *rows(1)]), "channel_missing")
    assert (told.channel, told.trace) == (EXPORT, {"rows": 4, "without": 1, "field": "am"})
    lacking = [replace(one, fields=frozenset({"ap"}), span=(0, 900)[n % 2]) for n, one in enumerate(rows(6))]
    for without, since in ((lacking[3:], lacking[3].end - 900), (lacking[4:], lacking[4].end - 1)):
        (told,) = look(evidence(rows=[*both, *without]), "channel_missing")
        assert (told.since, told.until) == (since, lacking[-1].end), "a row that says no length is of its stamp"
    assert not look(evidence(rows=both), "channel_missing")


def test_two_values_for_one_stamp_are_told_with_both_and_of_their_place() -> None:
    twice = Twice(DAY + 2 * PERIOD, False, {"ap": 5, "am": 0}, {"ap": 7})
    (told,) = look(evidence(twice=[twice]), "duplicate_stamp")
    assert (told.since, told.until) == (DAY + PERIOD, DAY + 2 * PERIOD)
    assert told.trace == {"kept_am": 0, "kept_ap": 5, "came_ap": 7}
    (told,) = look(evidence(twice=[twice], slots={}), "duplicate_stamp")
    assert told.since == told.until == DAY + 2 * PERIOD
    register = replace(twice, register=True, kept={"ap0": 5}, came={"ap0": 7})
    assert not look(evidence(twice=[register]), "duplicate_stamp")
    (told,) = look(evidence(twice=[register, twice]), "duplicate_register")
    assert (told.since, told.until) == (DAY + 2 * PERIOD, DAY + 2 * PERIOD)
    assert told.trace == {"kept_ap0": 5, "came_ap0": 7}


@pytest.mark.parametrize(("ahead", "finds"), [(300, False), (301, True)])
def test_a_stamp_from_the_future(ahead: int, finds: bool) -> None:
    now = DAY + PERIOD - ahead
    told = look(evidence(rows=rows(1), now=now), "future_stamp")
    assert [one.trace["ahead"] for one in told] == ([301] if finds else [])


def test_rows_of_another_length_than_the_registry_says() -> None:
    others = rows(3, span=900)
    (told,) = look(evidence(rows=others), "period_changed")
    assert (told.trace["span"], told.trace["period"], told.trace["rows"]) == (900, PERIOD, 3)
    (told,) = look(
        evidence(rows=[*rows(2), *(replace(one, span=600 + n) for n, one in enumerate(rows(5)))]), "period_changed"
    )
    assert (told.since, told.until, told.trace["rows"], told.trace["span"]) == (DAY + PERIOD, DAY + 5 * PERIOD, 5, 600)
    assert not look(evidence(rows=others[:2]), "period_changed")
    assert not look(evidence(rows=rows(3, span=900, quality=int(Quality.PARTIAL))), "period_changed")
    assert not look(evidence(rows=rows(3, span=0)), "period_changed")


def test_what_the_point_cannot_use_is_told_with_its_permitted_power() -> None:
    part = Part(segment(power_max=15_000), sample(DAY + PERIOD, 1), 1, True)
    suspect = structs.replace(slot(3, 9_000 * WH, State.SUSPECT), parts=(part,))
    (told,) = look(evidence(slots={A: [suspect, slot(4, 9_000 * WH)]}), "over_power")
    assert (told.since, told.until) == (suspect.start, suspect.end)
    assert told.trace == {"energy": 9_000 * WH, "seconds": PERIOD, "power_max": 15_000}


@pytest.mark.parametrize(("energy", "finds"), [(3_000 * WH, False), (3_000 * WH + 1, True), (2_000 * WH, False)])
def test_many_times_the_median_of_the_same_hour(energy: int, finds: bool) -> None:
    usual_days = [[slot(n, value * WH) for n in range(48)] for value in (100, 300, 300, 9_000)]
    seen = evidence(slots={A: [slot(7, energy)]}, like=lambda _channel: usual_days)
    told = look(seen, "over_median")
    both = {A: day([]), EXPORT: [slot(7, energy)]}
    assert bool(look(replace(seen, slots=both), "over_median")) is finds, "of what is given back too"
    assert [one.trace for one in told] == (
        [{"energy": energy, "median": 300 * WH, "days": 4, "limit": 10}] if finds else []
    )
    assert not look(replace(seen, like=lambda _channel: usual_days[:3]), "over_median"), "too few days to compare with"


def test_the_highest_against_the_third_highest() -> None:
    spike = [100 * WH] * 45 + [400 * WH, 400 * WH]
    (told,) = look(evidence(slots={A: day([*spike, 4_001 * WH])}), "over_third")
    assert told.trace == {"energy": 4_001 * WH, "third": 400 * WH, "limit": 10}
    assert not look(evidence(slots={A: day([*spike, 4_000 * WH])}), "over_third")
    assert not look(evidence(slots={A: day([0] * 47 + [3_000 * WH])}), "over_third"), "little is no spike"
    assert look(evidence(slots={A: day([0] * 47 + [3_001 * WH])}), "over_third")
    assert not look(evidence(slots={A: day([0, 9_000 * WH])}), "over_third"), "there is no third"
    (told,) = look(evidence(slots={A: day([0, 0, 9_000 * WH])}), "over_third")
    assert told.trace["third"] == 0
    (told,) = look(evidence(slots={A: day([1]), EXPORT: day([1, 1, 9_000 * WH])}), "over_third")
    assert told.channel == EXPORT


def test_a_value_that_does_not_change() -> None:
    (told,) = look(evidence(slots={A: day([1, 1, 5, 5, 5, 1])}), "frozen", places=3)
    assert (told.since, told.until) == (DAY + 2 * PERIOD, DAY + 5 * PERIOD)
    assert told.trace == {"energy": 5, "places": 3, "limit": 3}
    assert not look(evidence(slots={A: day([0] * 48)}), "frozen"), "a zero that stays is another check's"
    assert not look(evidence(slots={A: day([5, 5])}), "frozen", places=1), "two are always possible"


def test_use_again_after_a_long_zero() -> None:
    zeros = [DayBefore(0, 0)] * 30
    used = {A: day([0, 7])}
    (told,) = look(evidence(slots=used, before=lambda n: zeros[:n]), "zero_then_return")
    assert told.trace == {"energy": 7, "days": 30, "limit": 30}
    (told,) = look(evidence(slots={A: day([0, 7, 0, 5, 2, 0])}, before=lambda n: zeros[:n]), "zero_then_return")
    assert (told.since, told.until, told.trace["energy"]) == (DAY + PERIOD, DAY + 5 * PERIOD, 14)
    for before in (zeros[:29], [*zeros[:29], DayBefore(1, 0)], [*zeros[:29], DayBefore(None, 0)]):
        assert not look(evidence(slots=used, before=lambda n, b=before: b[:n]), "zero_then_return")
    assert not look(evidence(slots={A: day([0, 0])}, before=lambda n: zeros[:n]), "zero_then_return")


def test_places_without_power_are_a_note() -> None:
    marked = slot(1, 5, quality=int(Quality.POWER_OFF))
    (told,) = look(evidence(slots={A: [slot(0, 0, State.POWER_OFF), marked, slot(2, 5)]}), "power_off")
    assert (told.since, told.until, told.trace["places"]) == (DAY, DAY + 2 * PERIOD, 2)
    other = slot(1, 5, quality=int(Quality.PARTIAL))
    assert not look(evidence(slots={A: [other]}), "power_off")
    assert look(evidence(slots={A: [slot(n, 0, State.POWER_OFF) for n in range(4)]}), "power_off", places=3)
    assert not look(evidence(slots={A: [slot(n, 0, State.POWER_OFF) for n in range(2)]}), "power_off", places=3)
    assert severity_of(told) is Severity.NOTE


@pytest.mark.parametrize(("energy", "finds"), [(100 * WH, False), (100 * WH + 1, True)])
def test_energy_given_back_where_nothing_generates(energy: int, finds: bool) -> None:
    told = look(evidence(slots={EXPORT: day([0, energy - 2, 0, 1, 1, 0])}), "reverse_flow")
    assert [(one.since, one.until) for one in told] == ([(DAY + PERIOD, DAY + 5 * PERIOD)] if finds else [])
    assert usual(PointKind.GENERATION)["reverse_flow"] is None


def test_a_register_that_fell_or_stands_below_nothing() -> None:
    def register(*values: int) -> Register:
        return Register(A, 1, METER, [Reading(DAY + n * 86_400, value, "daily") for n, value in enumerate(values)])

    (told,) = look(evidence(registers=[register(100, 99)]), "register_fell")
    assert told.trace == {"tariff": 1, "before": 100, "after": 99}
    assert look(evidence(registers=[register(-5, -1)]), "register_fell")
    assert not look(evidence(registers=[register(100, 100)]), "register_fell")
    assert not look(evidence(registers=[register(0, 0, 100, 99)]), "register_fell"), "of another day"
    turned = replace(register(99_999_000_000, 500_000), segment=segment(register_end=10**11, power_max=10**6))
    assert not look(evidence(registers=[turned]), "register_fell"), "a roll-over is no fall"


@pytest.mark.parametrize(
    ("right", "severity"), [(3_100_000, Severity.ALARM), (30_000_000_001, None), (3_000_050_000, Severity.WARNING)]
)
def test_intervals_against_the_register(right: int, severity: Severity | None) -> None:
    left = 30_000_000_000 if severity is None else 3_000_000_000
    seen = evidence(sums={A: Sums(SumCheck(left, right, Fraction(40_000, 3)), None)})
    told = look(seen, "intervals_to_register")
    assert [severity_of(one) for one in told] == ([] if severity is None else [severity])
    assert all(one.trace["permitted"] == 13_334 for one in told)


def test_zones_against_the_total() -> None:
    (told,) = look(evidence(sums={A: Sums(None, SumCheck(10, 20, Fraction(10)))}), "zones_to_total")
    assert told.trace == {"left": 10, "right": 20, "permitted": 10}
    assert not look(evidence(sums={A: Sums(None, SumCheck(11, 20, Fraction(10)))}), "zones_to_total")


@pytest.mark.parametrize(("seconds", "finds"), [(0, False), (1, True), (PERIOD - 1, True), (PERIOD, False)])
def test_a_clock_that_was_set_inside_an_interval(seconds: int, finds: bool) -> None:
    seen = evidence(events=[Event(DAY + 5 * PERIOD + seconds, 3, 3)], slots={A: day([1] * 10)})
    assert bool(look(seen, "clock_set")) is finds
    assert not look(replace(seen, events=[Event(DAY + 5 * PERIOD + 7, 3, 4)]), "clock_set")
    assert not look(replace(seen, events=[Event(DAY + 5 * PERIOD + 7, 2, 3)]), "clock_set")


def test_a_clock_that_nobody_believed() -> None:
    doubtful = [*rows(1, quality=int(Quality.METER_CLOCK)), *rows(1, quality=int(Quality.EDGE_CLOCK)), *rows(3)]
    (told,) = look(evidence(rows=doubtful), "clock_doubtful")
    assert told.trace == {"rows": 2, "meter": 1, "limit": 1}
    assert look(evidence(rows=doubtful), "clock_doubtful", rows=2)
    assert not look(evidence(rows=doubtful), "clock_doubtful", rows=3)
    other = int(Quality.PARTIAL | Quality.CATCH_UP | Quality.POWER_OFF)
    assert not look(evidence(rows=rows(3, quality=other)), "clock_doubtful")
    many = [replace(one, quality=int(Quality.EDGE_CLOCK) if 2 <= n < 6 else other) for n, one in enumerate(rows(9))]
    (told,) = look(evidence(rows=many), "clock_doubtful")
    assert (told.since, told.until, told.trace["meter"]) == (DAY + 3 * PERIOD, DAY + 6 * PERIOD, 0)


def test_a_ratio_that_was_set_in_the_meter() -> None:
    (told,) = look(evidence(events=[Event(DAY + 60, 3, 16), Event(DAY + 90, 3, 5)]), "ratio_set")
    assert told.trace == {"time": DAY + 60, "journal": 3, "code": 16}
    assert not look(evidence(events=[Event(DAY + 60, number, 16) for number in (0, 1, 2, 4, 9)]), "ratio_set")


def test_the_codes_of_the_journals_are_those_of_the_standard() -> None:
    switching, corrections = ({code: event_text(number, code) for code in range(1, 128)} for number in (2, 3))
    relay = {code: name for code, name in switching.items() if "питания" not in name}
    assert {code for code, name in relay.items() if name.startswith("Выключение")} == RELAY_OFF
    assert {code for code, name in relay.items() if name.startswith("Включение")} == RELAY_ON
    setting = ("Установка времени", "Коррекция времени")
    assert {code for code, name in corrections.items() if name.startswith(setting)} == CLOCK_SET
    assert {code for code, name in corrections.items() if name.startswith("Изменение Ktr")} == RATIO_SET
    volts, amperes = ({code: event_text(number, code) for code in range(1, 128)} for number in (VOLTAGES, CURRENTS))
    begins = ("Превышение напряжения любой фазы — начало", "перенапряжение, начало")
    assert {code for code, name in volts.items() if name.endswith(begins)} == OVER_VOLTAGE
    begins = ("Превышение тока любой фазы — начало", "превышение максимального тока, начало")
    assert {code for code, name in amperes.items() if name.endswith(begins)} == OVER_CURRENT
    lost = {(VOLTAGES, code): name for code, name in volts.items() if "пропадание напряжения" in name}
    lost |= {(CURRENTS, code): name for code, name in amperes.items() if name.startswith("Обрыв трансформатора тока")}
    letters = {"A": "a", "B": "b", "C": "c"}
    assert {key: letters[name.split("аз")[1][2]] for key, name in lost.items()} == PHASE_LOST
    assert [JOURNALS[number].name for number in (VOLTAGES, CURRENTS, SWITCHING, CORRECTIONS)] == [
        "Напряжений",
        "Токов",
        "Включений/выключений",
        "Коррекции данных (программирования)",
    ]


OPENED, CLOSED = 3, 4  # codes: relay off, on, from afar


@pytest.mark.parametrize(
    ("events", "closed", "places"),
    [
        ([], False, 10),  # off all day
        ([], True, 0),
        ([(2, OPENED)], True, 8),
        ([(2, OPENED), (5, CLOSED)], True, 3),
        ([(4, CLOSED)], False, 4),
        ([(2, OPENED), (3, 8), (5, CLOSED)], True, 3),  # off is off
        ([(2, 1)], True, 0),  # the meter itself lost power: no relay
    ],
)
def test_use_through_an_open_relay(events: list[tuple[int, int]], closed: bool, places: int) -> None:
    told = look(
        evidence(
            slots={A: day([10 * WH] * 10)},
            closed_before=closed,
            events=[Event(DAY + n * PERIOD, 2, code) for n, code in events],
        ),
        "use_while_off",
    )
    assert [one.trace["places"] for one in told] == ([places] if places else [])
    assert [one.trace["energy"] for one in told] == ([places * 10 * WH] if places else [])


def test_use_through_an_open_relay_is_told_from_its_first_place_to_its_last() -> None:
    """Events of other journals lie between; a place without use is none of them."""
    slots = {A: day([9 * WH, 0, 20 * WH, None, 20 * WH, 0, 20 * WH, 9 * WH])}
    events = [Event(DAY + PERIOD, 2, OPENED), Event(DAY + 2 * PERIOD, 1, CLOSED), Event(DAY + 7 * PERIOD, 2, CLOSED)]
    (told,) = look(evidence(slots=slots, events=events), "use_while_off")
    assert (told.since, told.until) == (DAY + 2 * PERIOD, DAY + 7 * PERIOD)
    assert told.trace == {"energy": 60 * WH, "places": 3, "limit": 10}


def test_a_trickle_through_an_open_relay_is_the_meters_own() -> None:
    assert not look(evidence(slots={A: day([5 * WH, 5 * WH])}, closed_before=False), "use_while_off")
    assert look(evidence(slots={A: day([5 * WH, 5 * WH + 1])}, closed_before=False), "use_while_off")


def network(**values: tuple[float, float]) -> Evidence:
    return evidence(network=lambda: values)


def test_voltage_and_current_beyond_their_limits() -> None:
    (told,) = look(network(u_a=(210.0, 252.0), u_b=(210.0, 254.2)), "over_voltage")
    assert told.trace == {"phase": "b", "greatest": 254, "limit": 253}
    assert not look(network(u_a=(210.0, 253.0)), "over_voltage")
    (told,) = look(network(i_c=(0.0, 101.0)), "over_current")
    assert told.trace == {"phase": "c", "greatest": 101, "limit": 100}
    seen = replace(network(u_a=(0.0, 300.0)), events=[Event(DAY + 9, 0, 7), Event(DAY + 99, 0, 13)])
    (told,) = look(seen, "over_voltage")
    assert told.trace == {"events": 2, "time": DAY + 9, "journal": 0, "code": 7}
    assert (told.since, told.until) == (DAY + 9, DAY + 99)
    events = [Event(DAY + n, 1, code) for n, code in enumerate((17, 25, 27, 29, 18))]
    (told,) = look(evidence(events=[Event(DAY - 5, 0, 17), *events, Event(DAY + 9, 2, 17)]), "over_current")
    assert (told.since, told.until, told.trace["events"]) == (DAY, DAY + 3, 4), "of its own journal alone"
    assert not look(evidence(events=[Event(DAY, 1, 7), Event(DAY, 2, 13), Event(DAY, 0, 8)]), "over_voltage")


def test_a_phase_that_is_lost_while_another_stands() -> None:
    (told,) = look(network(u_a=(228.0, 231.0), u_b=(3.0, 231.0), u_c=(229.0, 230.0)), "phase_lost")
    assert told.trace == {"phase": "b", "volts": 3, "limit": 160}
    assert not look(network(u_a=(3.0, 231.0), u_b=(3.0, 231.0)), "phase_lost"), "all went: that is an outage"
    assert not look(network(u_a=(3.0, 231.0)), "phase_lost"), "one phase alone says nothing"
    (told,) = look(network(u_a=(3.0, 231.0), u_c=(160.0, 231.0)), "phase_lost")
    assert told.trace["phase"] == "a"
    assert not look(network(u_a=(3.0, 231.0), u_c=(159.9, 231.0)), "phase_lost"), "none stands"
    assert not look(network(u_a=(160.0, 231.0), u_c=(229.0, 231.0)), "phase_lost"), "at the limit it is none"
    for phase, journal, code in (("a", 0, 1), ("b", 0, 3), ("c", 0, 5), ("a", 1, 7), ("b", 1, 9), ("c", 1, 11)):
        (told,) = look(evidence(events=[Event(DAY + 9, journal, code)]), "phase_lost")
        assert told.trace["phase"] == phase
    (told,) = look(evidence(events=[Event(DAY + 9, 0, 3)]), "phase_lost")
    assert told.trace == {"phase": "b", "time": DAY + 9, "journal": 0, "code": 3}


def test_a_three_wire_meter_has_no_phase_b_to_lose() -> None:
    seen = network(u_a=(228.0, 231.0), u_b=(0.0, 0.0), u_c=(229.0, 230.0))
    seen = replace(seen, three_wires=True, events=[Event(DAY + 9, 0, 3)])
    assert not look(seen, "phase_lost")


def test_another_meter_another_ratio() -> None:
    (told,) = look(evidence(other_meter=("77", "42")), "meter_differs")
    assert told.trace == {"found": "77", "expected": "42"}
    (told,) = look(evidence(ratios=("40 · 1", "30 · 1")), "ratio_differs")
    assert told.trace == {"mounted": "40 · 1", "transformers": "30 · 1"}


@pytest.mark.parametrize(
    ("contracts", "energy"),
    [([], 40), ([(DAY + 2 * PERIOD, None)], 20), ([(0, DAY + PERIOD)], 30), ([(0, DAY + 3 * PERIOD), (DAY, None)], 0)],
)
def test_use_without_a_contract(contracts: list[tuple[int, int | None]], energy: int) -> None:
    told = look(evidence(slots={A: day([10 * WH] * 4)}, contracts=contracts), "use_without_contract")
    assert [one.trace["energy"] for one in told] == ([energy * WH] if energy else [])


def test_too_long_on_estimates() -> None:
    before = [DayBefore(1, 48)] * 6
    (told,) = look(evidence(estimated=1, before=lambda n: before[:n]), "long_estimate")
    assert told.trace == {"days": 7, "limit": 7}
    assert not look(evidence(estimated=0, before=lambda n: before[:n]), "long_estimate")
    broken = [*before[:5], DayBefore(1, 0), *before]
    assert not look(evidence(estimated=1, before=lambda n: broken[:n]), "long_estimate")


def test_a_check_that_is_off_finds_nothing_and_slow_ones_wait_for_the_night() -> None:
    seen = evidence(slots={A: day([None])}, other_meter=("77", "42"))
    settings = usual(PointKind.HOUSEHOLD)
    assert [one.check for one in found(seen, settings, When.ALWAYS)] == ["missing_interval"]
    assert [one.check for one in found(seen, settings, When.NOW)] == ["meter_differs", "missing_interval"]
    off: Mapping[str, Mapping[str, int] | None] = {**settings, "missing_interval": None}
    assert found(seen, off, When.ALWAYS) == ()


@pytest.mark.parametrize(
    ("ahead", "finds"), [(None, False), (30.0, False), (-30.0, False), (30.4, True), (-31.0, True)]
)
def test_a_clock_that_is_off_either_way(ahead: float | None, finds: bool) -> None:
    told = look(evidence(ahead=ahead), "clock_drift")
    assert [one.trace for one in told] == ([{"ahead": round(ahead or 0), "limit": 30}] if finds else [])


def test_a_clock_that_stands() -> None:
    (told,) = look(evidence(clock_stands=True), "clock_stands")
    assert (told.since, told.until, told.trace) == (DAY, DAY + 86_400, {})
    assert not look(evidence(), "clock_stands")


@pytest.mark.parametrize(
    ("difference", "per_mille", "grave"),
    [(1_000_000, 1, 1), (999_999, 1, 0), (-1_000_000, 1, 1), (2_000_000, 2, 1), (1_999_999, 2, 0), (7_000_000, 7, 1)],
)
def test_a_difference_is_grave_from_so_many_thousandths_of_the_register_on(
    difference: int, per_mille: int, grave: int
) -> None:
    right = 1_000_000_000
    seen = evidence(sums={A: Sums(SumCheck(right + difference, right, Fraction(10)), None)})
    (told,) = look(seen, "intervals_to_register", per_mille=per_mille)
    assert (told.trace["grave"], told.trace["limit"]) == (grave, per_mille)


def test_a_register_that_fell_is_told_on_the_days_that_the_pair_touches() -> None:
    def fell(*moments: int) -> list[Finding]:
        values = range(len(moments) * 10**6, 0, -(10**6))
        read = tuple(Reading(moment, value, "daily") for moment, value in zip(moments, values, strict=True))
        return look(evidence(registers=[Register(A, 0, METER, read)]), "register_fell")

    end = DAY + 86_400
    assert [(one.since, one.until) for one in fell(DAY, end)] == [(DAY, end)]
    assert not fell(DAY - 86_400, DAY)
    assert not fell(end, end + 86_400)
    assert [(one.since, one.until) for one in fell(DAY - 2, DAY - 1, DAY + 1, end + 1, end + 2)] == [
        (DAY - 1, DAY + 1),
        (DAY + 1, end + 1),
    ]
