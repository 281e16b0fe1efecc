"""The figures: the only caller of the time series (to read) and of `central.metering`.

    Source(engine, series)                                               where figures come from

    together(source)                                                  a context: a page that asks for several of these

    points(source, viewer, now)                                       -> tuple[PointView, ...]   visible now
    point_view(source, viewer, point, now)                            -> PointView
    interval(source, viewer, point, since, until, channel, now)       -> IntervalView
    profile(source, viewer, point, since, until, now)                 -> Mapping[str, tuple[Slot, ...]]   by channel
    days(source, viewer, point, first, until, channel, now)           -> DaysView      [first, until) local days
    by_months(source, viewer, point, first, until, channel, now)      -> tuple[DaysView, ...]    by calendar months
    line(source, viewer, point, first, until, channel, now)           -> Line          of all intervals, or of runs
    maxima(source, viewer, point, first, until, now)                  -> tuple[DayMaximum, ...]   also in hours of peak
    day_history(source, viewer, point, day, channel)                  -> tuple[DayVersion, ...]  oldest first
    revisions(source, viewer, point, first, until, channel)           -> tuple[Revision, ...]    newest first
    readings(source, viewer, point, since, until, now)                -> ReadingsView
    reading_at(source, viewer, point, moment, now)                    -> ReadingAt   fixed then, or reckoned
    boundaries(source, viewer, point, since, until, now, wanted)      -> Boundaries  readings at both ends, by meters
    all_boundaries(source, viewer, periods, now, wanted)              -> Iterator[Boundaries]    of many points
    tenures(source, viewer, periods)                                  -> Mapping[int, Sequence[Tenure]]   of many points
    kept_points(source, viewer)                                       -> tuple[int, ...]   all that were ever his
    kept_spans(source, viewer, point, now)                            -> tuple[Period, ...]   when it was his
    kept_registers(source, viewer, point, span)                       -> Iterator[Kept]   as the meter said it
    kept_intervals(source, viewer, point, span)                       -> Iterator[Kept]
    settled(source, viewer, point, month)                             -> Settled     its closed bill, corrections
    explain_bill(source, viewer, point, since, until, now)            -> Explained   what `readings` shows
    explain_days(source, viewer, point, first, until, channel, now)   -> Explained   what `days`, `interval` show
    summary(source, viewer, point, now)                               -> SummaryView   the main page of a point
    consumption(source, viewer, point, month, now)                    -> MonthBeside   beside others, and a forecast
    complex_of(source, viewer, point, now)                            -> ComplexView   what stands on the wall
    next_verified(source, viewer, point, now)                         -> Verified | None   that ends first
    what_if(source, viewer, point, scheme, now)                       -> WhatIf        the same by another scheme
    events(source, viewer, point, since, until, wanted, now)          -> EventsView    lines of the meters' journals
    cases(source, viewer, point, since, until)                        -> tuple[Happened, ...]   of the decree
    meter_faces(source, viewer, points, now)                          -> tuple[MeterFace, ...]   to be read by a person
    heard_at(source, viewer, point, now)                              -> Heard | None  of the meter that stands there
    instant(source, viewer, point, now)                               -> InstantView   the last U, I, P, … there are
    network(source, viewer, point, since, until, quantity)            -> NetworkView   one of them over a time, limits
    samples(source, viewer, point, since, until)                      -> Samples       all of them, each as it came
    silent(source, viewer, points, now)                               -> dict[int, Trouble]      those not heard
    point_list(source, viewer, now, asked, silent, page, rows)        -> PointList     operators and administrators
    edge_list(source, viewer, now, page, rows)                        -> EdgeList      operators and administrators

`viewer` is a `central.accounts.policy.Viewer`, `point` an id, `channel` one of protocol.quantities.DIRECTIONS
(«active_import», …), times are seconds UTC, `now` too. Every one of them asks the policy first and raises NotFound for
a point that is not the viewer's in that period; what it may see of a period is cut in time. A series that is away
raises SeriesUnavailable. What they return: views.py. Days to compute: dirty.py, recompute.py. Months to
close: monthly.py, closing.py, recheck.py, correcting.py; what is seen of them: closed.py, months.py. Out of what they
return, without asking anyone: intervals in longer steps (steps.py), two figures compared (compare.py).
"""

from central.figures.bills import readings
from central.figures.boundaries import all_boundaries, boundaries
from central.figures.closed import settled
from central.figures.complexes import complex_of, next_verified
from central.figures.console import edge_list, point_list
from central.figures.consumption import consumption
from central.figures.daily import by_months, day_history, days, revisions
from central.figures.events import cases, events
from central.figures.explain import explain_bill, explain_days
from central.figures.intervals import TooLong, interval, profile
from central.figures.kept import kept_intervals, kept_points, kept_registers, kept_spans
from central.figures.line import line
from central.figures.main_page import heard_at, silent, summary
from central.figures.maxima import maxima
from central.figures.meter_faces import meter_faces
from central.figures.network import instant, network, samples
from central.figures.reading_at import reading_at
from central.figures.source import Source, point_view, points, together
from central.figures.tenures import tenures
from central.figures.views import NotFound
from central.figures.whatif import what_if

__all__ = [
    "NotFound",
    "Source",
    "TooLong",
    "all_boundaries",
    "boundaries",
    "by_months",
    "cases",
    "complex_of",
    "consumption",
    "day_history",
    "days",
    "edge_list",
    "events",
    "explain_bill",
    "explain_days",
    "heard_at",
    "instant",
    "interval",
    "kept_intervals",
    "kept_points",
    "kept_registers",
    "kept_spans",
    "line",
    "maxima",
    "meter_faces",
    "network",
    "next_verified",
    "point_list",
    "point_view",
    "points",
    "profile",
    "reading_at",
    "readings",
    "revisions",
    "samples",
    "settled",
    "silent",
    "summary",
    "tenures",
    "together",
    "what_if",
]
