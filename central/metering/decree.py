"""The five cases in which values of a meter may be untrustworthy (Decree № 890 of 19.06.2020), out of its journals.

Codes: ГОСТ Р 58940-2020, app. Д; from 19 of the switchings, 5 of the influences, 4 of the access and 19 of the
self-diagnosis on СТО 34.01-5.1-006-2021. A maker's own codes (128…255) are no case: nobody knows what they say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from central.metering.checks.evidence import Event

SWITCHING, INFLUENCES, ACCESS, DIAGNOSIS = 2, 4, 6, 7  # journals
SEALS = frozenset({3, 4, 5})  # terminal cover, case, outer sensor
MAGNET_ON, MAGNET_OFF = 1, 2
UNVERIFIED = 4  # of the access: its program failed the check
STARTED = 1  # of the self-diagnosis
OFF, ON = frozenset({1, 29}), 2
HEALED: Mapping[int, int] = {2: 3, 4: 19, 5: 6, 7: 8, 9: 10, 11: 12, 13: 14, 15: 16, 17: 18}  # error -> well again
EXPLAINED = 120  # seconds around a start within which a power-on explains it


class Case(StrEnum):
    """In the order of the decree."""

    OPENED = "opened"  # an electronic seal of the case, the terminal cover or an outer sensor
    MAGNET = "magnet"
    FAILURE = "failure"  # of the meter's hardware or program
    SWITCHED_OFF = "switched_off"
    RESTARTED = "restarted"  # and no switching on explains it


@dataclass(frozen=True, slots=True)
class Happened:
    """A case in [since, until], seconds UTC; `until` None = it lasts, or its end has not come. `journal`, `code`: of
    the line that it began with."""

    case: Case
    since: int
    until: int | None
    journal: int
    code: int

    def touches(self, start: int, end: int) -> bool:
        """Whether something of it lies in [start, end)."""
        return self.since < end and (self.until is None or start <= self.until)


_CODES: Mapping[int, Mapping[int, Case]] = {
    SWITCHING: dict.fromkeys(OFF, Case.SWITCHED_OFF),
    INFLUENCES: {**dict.fromkeys(SEALS, Case.OPENED), MAGNET_ON: Case.MAGNET},
    ACCESS: {UNVERIFIED: Case.FAILURE},
    DIAGNOSIS: {**dict.fromkeys(HEALED, Case.FAILURE), STARTED: Case.RESTARTED},
}
_ENDS: Mapping[int, frozenset[int]] = {
    SWITCHING: frozenset({ON}),
    INFLUENCES: frozenset({MAGNET_OFF}),
    DIAGNOSIS: frozenset(HEALED.values()),
}
LINES: Mapping[int, frozenset[int]] = {  # journal -> all codes that a case begins or ends with
    journal: frozenset(codes) | _ENDS.get(journal, frozenset()) for journal, codes in _CODES.items()
}


def case_of(journal: int, code: int) -> Case | None:
    """Which case a line alone begins. Of a start others must be looked at, too: `happened`."""
    return _CODES.get(journal, {}).get(code)


def matters(journal: int, code: int) -> bool:
    """A case begins or ends with such a line."""
    return code in LINES.get(journal, ())


def happened(lines: Iterable[Event]) -> tuple[Happened, ...]:
    """Out of a meter's lines in the order of their times: what happened, in the order in which it began.

    An end without a beginning tells of nothing; a second beginning of what lasts already is the same.
    """
    found: list[Happened] = []
    lasting: dict[tuple[Case, int], int] = {}  # of case and code -> its place in `found`
    for line in lines:
        case = case_of(line.journal, line.code)
        if case is not None:
            at_once = case in (Case.OPENED, Case.RESTARTED) or line.journal == ACCESS
            key = (case, line.code if case is Case.FAILURE else 0)
            if key in lasting:
                continue
            if not at_once:
                lasting[key] = len(found)
            found.append(Happened(case, line.time, line.time if at_once else None, line.journal, line.code))
        elif (ended := _ended(line)) is not None and ended in lasting:
            place = lasting.pop(ended)
            found[place] = replace(found[place], until=line.time)
    outages = [one for one in found if one.case is Case.SWITCHED_OFF and one.until is not None]
    return tuple(one for one in found if not (one.case is Case.RESTARTED and _explained(one, outages)))


def _ended(line: Event) -> tuple[Case, int] | None:
    """What this line ends."""
    if line.journal == SWITCHING and line.code == ON:
        return Case.SWITCHED_OFF, 0
    if line.journal == INFLUENCES and line.code == MAGNET_OFF:
        return Case.MAGNET, 0
    if line.journal == DIAGNOSIS:
        return next(((Case.FAILURE, error) for error, well in HEALED.items() if well == line.code), None)
    return None


def _explained(start: Happened, outages: Iterable[Happened]) -> bool:
    """The meter started because its power came back: that is told already."""
    return any(one.until is not None and abs(one.until - start.since) <= EXPLAINED for one in outages)
