"""A calendar month of a point as the company closes it: the bill of each contract, as it is now, and what hinders.

A month in which the point changed hands is two bills, each of what its contract may see (a reading of the other's time
is not taken), so that what is closed is what the consumer was shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from central.accounts.policy import FOREVER
from central.db import given, keys_of
from central.figures import workings
from central.figures.bills import PROFILE, REGISTERS, readings_view
from central.figures.recompute import published_at
from central.figures.registers import REACH
from central.figures.source import ACTIVE_IMPORT, Entries, Opened
from central.figures.tables import dirty, period_close
from central.figures.views import DayView, Hindered, Hindrance, Period, ReadingsView
from central.metering.consumption import RegisterTerm
from central.metering.consumption import Rule as Taken
from central.metering.corrections import BillLine
from central.metering.cost import Cost
from central.metering.workings import Rule, Unit, Working
from central.metering.zones import day_of, midnight, next_month
from central.registry.tables import contract_point, mounting
from central.timeseries.base import Series

ONE_DAY = timedelta(days=1)
FAR = 86_400  # seconds: a reading farther from the end of what is billed is not that end
DAY_LACKS = Fraction(1, 24)  # of a day's intervals: more, and what the profile says is too little
BESIDE = frozenset({"first", "until", "days", "by_days", "rate"})  # of a line: they tell no two lines apart
MEASURES = frozenset({"energy", "amount"})
HOURLY, MONTHLY = "hourly", "monthly"  # lines of no zone


HARD = frozenset({Hindrance.NOT_OVER, Hindrance.WAITING, Hindrance.UNPRICED})  # no reason helps: there is no total


@dataclass(frozen=True, slots=True)
class Share:
    """What of a point's month is one contract's (None = nobody's): `spans`, and the unbroken time each lies in."""

    point: int
    contract: int | None
    spans: tuple[Period, ...]
    reaches: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Bill:
    """`total` None = something has no price. `lines`: as they are stored. `needs`: readings of this time decide."""

    share: Share
    scheme: str
    billed_by: str
    energy: int
    total: Decimal | None  # of no energy at all 0.00
    lines: tuple[dict[str, Any], ...]
    energy_working: Working | None
    cost_working: Working | None
    needs: Period
    hindrances: tuple[Hindered, ...]

    @property
    def free(self) -> bool:
        return not self.hindrances

    @property
    def hard(self) -> bool:
        return any(one.what in HARD for one in self.hindrances)

    def hindered_by(self, what: Hindrance) -> bool:
        return any(one.what is what for one in self.hindrances)


def shares(connection: Connection, points: Sequence[Row[Any]], month: date) -> dict[int, tuple[Share, ...]]:
    """Of rows of the table `point`; time in no contract counts while a meter stood there."""
    keys = [row.id for row in points]
    held, stood = _spans(connection, contract_point, keys), _spans(connection, mounting, keys)
    found = {}
    for row in points:
        whole = Period(midnight(month, row.tz), midnight(next_month(month), row.tz))
        parts: dict[int | None, list[tuple[Period, Period]]] = defaultdict(list)
        for contract, reach in (*_joined(held[row.id]), *_between(held[row.id])):
            span = Period(max(whole.since, reach.since), min(whole.until, reach.until))
            if span.since < span.until and (contract is not None or _meets(span, stood[row.id])):
                parts[contract].append((span, reach))
        found[row.id] = tuple(
            Share(row.id, contract, tuple(span for span, _ in pairs), tuple(reach for _, reach in pairs))
            for contract, pairs in parts.items()
        )
    return found


def bill(connection: Connection, series: Series, row: Row[Any], share: Share, now: int) -> Bill:
    """Of one share, by a row of the table `point`. Raises SeriesUnavailable."""
    entries = Entries(connection, row)
    views = [
        readings_view(Opened(connection, series, row.id, row.tz, entries, span, reach), span, now)
        for span, reach in zip(share.spans, share.reaches, strict=True)
    ]
    totals = [view.cost.total if view.cost is not None else Decimal("0.00") for view in views]
    needs = [_needs(view, *one) for view, one in zip(views, zip(share.spans, share.reaches, strict=True), strict=True)]
    return Bill(
        share=share,
        scheme=views[-1].point.scheme,
        billed_by=REGISTERS if all(view.billed_by == REGISTERS for view in views) else PROFILE,
        energy=sum((view.totals.total or 0) for view in views if view.totals is not None),
        total=None if None in totals else sum((one for one in totals if one is not None), Decimal("0.00")),
        lines=tuple(line for view in views if view.cost is not None for line in stored(view.cost)),
        energy_working=_together([workings.of_energy(view) for view in views], "energy", Unit.MWH),
        cost_working=_together([workings.of_cost(view) for view in views], "cost", Unit.ROUBLES),
        needs=Period(min(one.since for one in needs), max(one.until for one in needs)),
        hindrances=tuple(_hindrances(connection, row, share, views, now)),
    )


def stored(cost: Cost) -> Iterator[dict[str, Any]]:
    """Its lines as JSON. Whatever tells lines apart is a part of their key, unless BESIDE names it."""
    for line in cost.lines:
        found: dict[str, Any] = {"zone": line.zone, "first": line.first.isoformat(), "until": line.until.isoformat()}
        found |= {"by_days": line.by_days, "price": line.price.version, "rate": str(line.price.rate)}
        if line.price.coefficient != 1:
            found |= {"coefficient": str(line.price.coefficient)}
        if line.step is not None:
            found |= {"lower": line.step.lower, "upper": line.step.upper}
        yield found | {"energy": line.energy, "amount": str(line.amount)}
    if cost.hourly is not None:
        yield {"by": HOURLY, "energy": cost.hourly.energy, "amount": str(cost.hourly.amount)}
    for paid in cost.monthly:
        found = {"by": MONTHLY, "name": paid.name, "price": paid.price.version, "first": paid.first.isoformat()}
        yield found | {"days": paid.days, "energy": 0, "amount": str(paid.amount)}


def bill_line(stored: Mapping[str, Any]) -> BillLine:
    """The same for `central.metering.corrections`."""
    key = tuple(sorted((name, value) for name, value in stored.items() if name not in BESIDE | MEASURES))
    facts = {name: value for name, value in stored.items() if name in BESIDE}
    return BillLine(key, stored["energy"], Decimal(stored["amount"]), facts)


def waits(connection: Connection, point: int, month: date) -> bool:
    """Days of this month are being computed anew."""
    there = dirty.c.point == point, dirty.c.day >= month, dirty.c.day < next_month(month)
    return bool(connection.execute(select(exists().where(*there))).scalar_one())


def is_closed(connection: Connection, point: int, contract: int | None, month: date) -> bool:
    """And not opened again."""
    whose = period_close.c.contract.is_(None) if contract is None else period_close.c.contract == contract
    ours = period_close.c.point == point, period_close.c.month == month, whose, period_close.c.undone_at.is_(None)
    return bool(connection.execute(select(exists().where(*ours))).scalar_one())


def written(hindrances: Iterable[Hindered]) -> list[dict[str, Any]]:
    """As JSON."""
    return [
        {"what": one["what"].value, "days": [day.isoformat() for day in one["days"]]} for one in map(asdict, hindrances)
    ]


def hindrances_of(hindrances: Iterable[dict[str, Any]]) -> tuple[Hindered, ...]:
    """What `written` wrote."""
    return tuple(Hindered(Hindrance(one["what"]), tuple(map(date.fromisoformat, one["days"]))) for one in hindrances)


# ---- whose the month is


def _spans(connection: Connection, table: Any, points: Sequence[int]) -> dict[int, list[tuple[int | None, Period]]]:
    """Point -> validities there in order, each with its contract where it is one's."""
    found: dict[int, list[tuple[int | None, Period]]] = {key: [] for key in points}
    ours = given(connection.dialect.name, table.c.point)
    query = select(table).join_from(ours, table, table.c.point == ours.c.point).order_by(table.c.valid_from)
    for row in connection.execute(query, keys_of([(key,) for key in points])):
        until = row.valid_to if row.valid_to is not None else FOREVER
        found[row.point].append((getattr(row, "contract", None), Period(row.valid_from, until)))
    return found


def _joined(held: Iterable[tuple[int | None, Period]]) -> list[tuple[int | None, Period]]:
    """Validities of one contract that touch are one."""
    found: list[tuple[int | None, Period]] = []
    for contract, span in held:
        if found and found[-1][0] == contract and found[-1][1].until == span.since:
            span = Period(found.pop()[1].since, span.until)
        found.append((contract, span))
    return found


def _between(held: Iterable[tuple[int | None, Period]]) -> list[tuple[int | None, Period]]:
    """The time in no contract."""
    found: list[tuple[int | None, Period]] = []
    last = 0
    for _, span in held:
        if last < span.since:
            found.append((None, Period(last, span.since)))
        last = span.until
    return [*found, (None, Period(last, FOREVER))] if last < FOREVER else found


def _meets(span: Period, others: Iterable[tuple[int | None, Period]]) -> bool:
    return any(other.since < span.until and span.since < other.until for _, other in others)


# ---- what hinders


def _hindrances(
    connection: Connection, row: Row[Any], share: Share, views: Sequence[ReadingsView], now: int
) -> list[Hindered]:
    tz = row.tz
    month = day_of(share.spans[0].since, tz).replace(day=1)
    found = []
    if now < published_at(next_month(month) - ONE_DAY, tz):
        found.append(Hindered(Hindrance.NOT_OVER))
    if waits(connection, share.point, month):
        found.append(Hindered(Hindrance.WAITING))
    if any(view.cost is not None and (view.cost.unpriced or view.cost.unpriced_hours) for view in views):
        found.append(Hindered(Hindrance.UNPRICED))
    if any(view.totals is None or view.totals.total is None for view in views):
        found.append(Hindered(Hindrance.NOTHING))
    far = {
        day_of(moment, tz)
        for view, span in zip(views, share.spans, strict=True)
        for moment, wanted in _ends(view, span)
        if abs(moment - wanted) > FAR
    }
    days = [day for view in views if view.days is not None for day in view.days.days]
    nothing = any(one.what is Hindrance.NOTHING for one in found)
    lacking = {day.day for day in days if _lacks(day) and not nothing}
    suspect = {day.day for day in days if day.totals.suspect}
    for what, of in ((Hindrance.BOUNDARY, far), (Hindrance.INCOMPLETE, lacking)):
        if of:
            found.append(Hindered(what, tuple(sorted(of))))
    if suspect or any(term.rule is Taken.SUSPECT for view in views for term in _told(view)):
        found.append(Hindered(Hindrance.SUSPECT, tuple(sorted(suspect))))
    return found


def _lacks(day: DayView) -> bool:
    return day.completeness.missing > day.completeness.expected * DAY_LACKS


def _told(view: ReadingsView) -> list[RegisterTerm]:
    """All that the registers of active import say."""
    return [
        term
        for direction in view.directions
        if direction.channel == ACTIVE_IMPORT
        for one in (direction.total, *direction.zones)
        if one is not None
        for term in one.terms
    ]


def _ends(view: ReadingsView, span: Period) -> Iterable[tuple[int, int]]:
    """Moments of the readings that bill, each with the moment that it stands for."""
    for term in (term for readings in view.zones.values() for one in readings for term in one.terms):
        segment = term.segment
        yield term.start.moment, max(span.since, segment.since)
        yield term.end.moment, min(span.until, segment.until if segment.until is not None else span.until)


def _needs(view: ReadingsView, span: Period, reach: Period) -> Period:
    """As far as readings may be taken: another's time tells nothing."""
    wanted = _wanted(view, span)
    return Period(max(wanted.since, reach.since), min(wanted.until, reach.until))


def _wanted(view: ReadingsView, span: Period) -> Period:
    """Where a reading stands at the very end of the month none beside it can be nearer."""
    if view.billed_by == PROFILE:
        exact = view.point.zone_source == PROFILE and view.totals is not None
        return span if exact else Period(span.since - REACH, span.until + REACH)
    ends = list(_ends(view, span))
    early = any(wanted == span.since != moment for moment, wanted in ends)
    late = any(wanted == span.until != moment for moment, wanted in ends)
    return Period(span.since - REACH if early else span.since, span.until + REACH if late else span.until)


def _together(parts: Sequence[Working | None], of: str, unit: Unit) -> Working | None:
    known = [part for part in parts if part is not None]
    if len(known) < 2:
        return known[0] if known else None
    value = sum(
        (part.value for part in known if part.value is not None), Decimal("0.00") if unit is Unit.ROUBLES else 0
    )
    return Working(Rule.SUM, of, value, unit, parts=tuple(part for one in known for part in one.parts))
