"""What a notice may be of."""

from enum import StrEnum

from central.metering.decree import Case


class Kind(StrEnum):
    """The five cases of the decree by their own words (central.metering.decree), then the others."""

    OPENED = Case.OPENED.value
    MAGNET = Case.MAGNET.value
    FAILURE = Case.FAILURE.value
    SWITCHED_OFF = Case.SWITCHED_OFF.value
    RESTARTED = Case.RESTARTED.value
    VERIFICATION = "verification"  # it ends soon
    SILENT = "silent"  # the meter
    REPORT_READY = "report_ready"  # a file that a job made; of no point: central.reports.made
    REPORT_FAILED = "report_failed"
    OUTAGE = "outage"  # the power was off for long: told in place of a case that is SWITCHED_OFF
    HIGH_USE = "high_use"  # a day or a month beyond what is usual
    READINGS_OPEN = "readings_open"  # the days on which readings are taken have begun, and this meter is read by nobody
    READING_ACCEPTED = "reading_accepted"  # that was doubtful, and somebody of the company looked at
    READING_DECLINED = "reading_declined"


DECREE = tuple(Kind(case.value) for case in Case)
LONG_OUTAGE = 900  # seconds without power
DANGER = frozenset({Kind.OPENED, Kind.MAGNET, Kind.FAILURE})  # may be told of at night
OWN = frozenset(  # for nobody but who was told
    {Kind.HIGH_USE, Kind.READINGS_OPEN, Kind.READING_ACCEPTED, Kind.READING_DECLINED}
)
NO_JOURNAL = -1  # `journal` of what stands in none


def told_as(kind: Kind, since: int, until: int | None) -> Kind:
    """What is told of it and chosen by: the one thing is a short cut of the power, or an outage."""
    if kind is Kind.SWITCHED_OFF and until is not None and until - since >= LONG_OUTAGE:
        return Kind.OUTAGE
    return kind
