"""Which line of a journal is which of the five cases, where it ends, and what is told once."""

import pytest

from central.metering.checks.catalogue import CHECKS, Severity
from central.metering.checks.evidence import Event
from central.metering.decree import EXPLAINED, Case, Happened, case_of, happened, matters
from central.metering.journals import EventKind, kind_of
from protocol.spodes.events import JOURNALS, event_text
from tests.central.metering.test_checks import DAY, evidence, look


@pytest.mark.parametrize(
    ("journal", "code", "case"),
    [
        (4, 3, Case.OPENED),
        (4, 4, Case.OPENED),
        (4, 5, Case.OPENED),
        (4, 1, Case.MAGNET),
        (4, 2, None),
        (4, 6, None),  # a radio field is none of the decree's
        (4, 200, None),
        (2, 1, Case.SWITCHED_OFF),
        (2, 29, Case.SWITCHED_OFF),
        (2, 2, None),
        (2, 3, None),  # the relay, not the meter
        (7, 1, Case.RESTARTED),
        (7, 2, Case.FAILURE),
        (7, 3, None),
        (6, 4, Case.FAILURE),
        (6, 1, None),
        (3, 4, None),
    ],
)
def test_a_line_begins_a_case_by_its_journal_and_code(journal: int, code: int, case: Case | None) -> None:
    assert case_of(journal, code) is case


def test_every_error_that_the_standard_names_is_a_failure_and_every_recovery_ends_one() -> None:
    for code in range(2, 20):
        text = event_text(7, code)
        assert (case_of(7, code) is Case.FAILURE) == text.endswith("ошибка"), text
        assert matters(7, code), text
        if text.endswith("ошибка"):
            part = text.removesuffix("ошибка")
            well = next(other for other in range(2, 20) if event_text(7, other) == f"{part}норма")
            (one,) = happened([Event(0, 7, code), Event(60, 7, well)])
            assert one.until == 60, text


def test_a_magnet_lasts_till_it_is_taken_away() -> None:
    lines = [Event(0, 4, 1), Event(10, 4, 1), Event(49, 4, 2), Event(60, 4, 2), Event(70, 4, 1)]
    assert happened(lines) == (Happened(Case.MAGNET, 0, 49, 4, 1), Happened(Case.MAGNET, 70, None, 4, 1))


def test_failures_of_two_parts_end_each_by_its_own_recovery() -> None:
    found = happened([Event(0, 7, 5), Event(5, 7, 11), Event(9, 7, 6), Event(30, 7, 12)])
    assert [(one.code, one.until) for one in found] == [(5, 9), (11, 30)]


@pytest.mark.parametrize(
    ("lines", "cases"),
    [
        ([(0, 2, 1), (600, 2, 2), (600, 7, 1)], ["switched_off"]),
        ([(0, 2, 29), (600, 2, 2), (600 + EXPLAINED, 7, 1)], ["switched_off"]),
        ([(0, 2, 1), (600, 2, 2), (601 + EXPLAINED, 7, 1)], ["switched_off", "restarted"]),
        ([(600, 2, 2), (600, 7, 1)], ["restarted"]),  # no power cut is told that would explain it
        ([(0, 2, 1), (300, 7, 1)], ["switched_off", "restarted"]),
        ([(0, 7, 1)], ["restarted"]),
    ],
)
def test_a_start_that_a_power_cut_explains_is_no_case_of_its_own(
    lines: list[tuple[int, int, int]], cases: list[str]
) -> None:
    assert [one.case for one in happened(Event(*line) for line in lines)] == cases


def test_an_end_alone_tells_of_nothing() -> None:
    assert happened([Event(0, 4, 2), Event(1, 2, 2), Event(2, 7, 3)]) == ()


@pytest.mark.parametrize(
    ("start", "end", "touches"), [(0, 10, False), (0, 11, True), (20, 30, True), (21, 30, False), (12, 13, True)]
)
def test_it_touches_the_intervals_of_its_time(start: int, end: int, *, touches: bool) -> None:
    assert Happened(Case.MAGNET, 10, 20, 4, 1).touches(start, end) is touches


def test_what_lasts_touches_all_that_follows() -> None:
    assert Happened(Case.FAILURE, 10, None, 7, 5).touches(10**9, 10**9 + 1)


def test_every_journal_of_the_standard_has_a_kind() -> None:
    assert {kind_of(number, 0) for number in JOURNALS} == set(EventKind) - {EventKind.POWER}
    assert kind_of(2, 1) is EventKind.POWER
    assert kind_of(2, 3) is EventKind.CONTROL


@pytest.mark.parametrize(
    ("check", "severity", "lines"),
    [
        ("tampered", Severity.ALARM, [(60, 4, 4)]),
        ("tampered", Severity.ALARM, [(60, 4, 1)]),
        ("meter_failed", Severity.WARNING, [(60, 7, 5)]),
        ("meter_restarted", Severity.NOTE, [(60, 7, 1)]),
        ("meter_restarted", Severity.NOTE, [(60, 2, 1), (90, 2, 2), (90, 7, 1)]),
    ],
)
def test_the_operator_finds_it_among_the_exceptions(
    check: str, severity: Severity, lines: list[tuple[int, int, int]]
) -> None:
    seen = evidence(events=[Event(DAY + after, journal, code) for after, journal, code in lines])
    (one,) = look(seen, check)
    assert one.since == DAY + 60
    assert one.trace["code"] == lines[0][2]
    assert CHECKS[check].severity is severity
    others = {"tampered", "meter_failed", "meter_restarted"} - {check}
    assert not any(look(seen, other) for other in others)
