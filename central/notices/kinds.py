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


DECREE = tuple(Kind(case.value) for case in Case)
DANGER = frozenset({Kind.OPENED, Kind.MAGNET, Kind.FAILURE})  # may be told of at night
NO_JOURNAL = -1  # `journal` of what stands in none
