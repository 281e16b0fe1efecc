"""«Откуда это»: any figure of a point as a calculation by hand, from the sum down to single readings, and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import groupby
from typing import Any

from central import figures
from central.faces import energy, registry_words, words
from central.faces.here import here, viewer
from central.faces.periods import Chosen
from central.figures import NotFound
from central.figures.bills import REGISTERS
from central.figures.source import ACTIVE_IMPORT
from central.figures.totals import together
from central.figures.views import ClosedLine, ClosedMonth, DecisionTold, Explained, Noted, Origin, PointView, RowKey
from central.metering.slots import Completeness
from central.metering.terms import MANUAL
from central.metering.workings import Rule, Working, as_data
from central.metering.zones import ANY, Calendar, month_start, next_month

TERMS = (Rule.DIFFERENCE, Rule.ROLL_OVER, Rule.SUSPECT)
BILL, PROFILE = "bill", "profile"
MOST_DAYS = 92  # that stand under each other: a longer period is told by its months, each of which opens to its days


@dataclass(frozen=True, slots=True)
class Leaf:
    """A reading or a row at the end of a calculation. `clock`: what the meter's own clock showed."""

    what: str  # «A+ Т1»
    serial: str
    value: int
    time: int
    clock: str | None
    kind: str
    quality: tuple[str, ...]
    origin: Origin | None
    noted: Noted | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """Two readings of one register of one meter: (end − start)·K."""

    zone: str
    tariff: int
    serial: str
    k: Fraction
    start: Leaf
    end: Leaf
    energy: int | None
    rule: Rule


@dataclass(frozen=True, slots=True)
class Closed:
    """A gap that a register closed: so much was left of its difference for so many places."""

    term: Term
    rest: int
    places: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the profile: what stands there, and the rows that it is made of, or the register that closed it."""

    start: int
    end: int
    zone: str
    state: str
    energy: int | None
    k: Fraction
    leaves: tuple[Leaf, ...]
    closed: Closed | None
    counted: bool
    decision: DecisionTold | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a period by its profile. `counts` None = how complete it was is not kept."""

    day: Any
    energy: int | None
    version: Any
    counts: Completeness | None


@dataclass(frozen=True, slots=True)
class Month:
    """The days of a longer period that lie in one month."""

    period: Chosen
    energy: int | None
    counts: Completeness | None


@dataclass(frozen=True, slots=True)
class Asked:
    """`found` None = the point is the viewer's, this time is not. `by`: bill | profile; a bill is of active import."""

    found: Explained | None
    by: str
    channel: str


def asked(point: PointView, period: Chosen, args: Mapping[str, str]) -> Asked:
    """Raises NotFound for a channel that there is not."""
    made, channel = here(), args.get("channel", ACTIVE_IMPORT)
    if channel not in words.CHANNELS:
        raise NotFound("channel")
    by = PROFILE if args.get("by", BILL) == PROFILE else BILL
    if by == BILL:
        channel = ACTIVE_IMPORT
    since, until = period.span(point.tz)
    about = made.source, viewer(), point.id
    try:
        if by == PROFILE:
            found = figures.explain_days(*about, period.first, period.until, channel, made.now)
        else:
            found = figures.explain_bill(*about, since, max(since, min(until, made.now)), made.now)
    except NotFound:
        return Asked(None, by, channel)
    return Asked(found, by, channel)


def data(point: PointView, period: Chosen, args: Mapping[str, str]) -> dict[str, Any]:
    """The same as JSON: exact, so that anybody may reckon it anew."""
    told = asked(point, period, args)
    found = told.found
    about: dict[str, Any] = {"point": point.code, "by": told.by, "channel": told.channel}
    about |= {"first": period.first.isoformat(), "until": period.until.isoformat()}
    if found is None:
        return about | {"closed": None, "energy": None, "cost": None, "origins": [], "revisions": []}
    return about | {
        "closed": _closed_data(found.closed),
        "energy": as_data(found.energy) if found.energy else None,
        "cost": as_data(found.cost) if found.cost else None,
        "origins": origins_data(found.origins),
        "revisions": [
            {
                "day": one.day.isoformat(),
                "before": one.before.total,
                "after": one.after.total,
                "version": one.after.version,
                "made_at": one.after.made_at,
                "cause": one.after.cause,
            }
            for one in found.revisions
        ],
    }


def origins_data(origins: Mapping[RowKey, Origin]) -> list[dict[str, Any]]:
    return [
        {"meter": meter, "kind": kind, "time": time, **asdict(origin)}
        for (meter, kind, time), origin in sorted(origins.items())
    ]


def _closed_data(closed: ClosedMonth | None) -> dict[str, Any] | None:
    if closed is None:
        return None
    corrections = [
        {
            "number": one.id,
            "made_at": one.made_at,
            "change": one.change[0] if one.change else None,
            "charged_in": f"{one.charged_in:%Y-%m}",
            "energy": one.energy,
            "amount": str(one.amount),
            "lines": [
                {name: _line_data(getattr(line, name)) for name in ("before", "after")}
                | {"energy": line.energy, "amount": str(line.amount)}
                for line in one.lines
            ],
        }
        for one in closed.corrections
    ]
    told = {"made_at": closed.made_at, "energy": closed.energy, "total": str(closed.total)}
    return told | {"lines": [_line_data(line) for line in closed.lines], "corrections": corrections}


def _line_data(line: ClosedLine | None) -> dict[str, Any] | None:
    if line is None:
        return None
    days = {name: day.isoformat() if day else None for name, day in (("first", line.first), ("until", line.until))}
    money = {"rate": str(line.rate) if line.rate is not None else None, "amount": str(line.amount)}
    return {"zone": line.zone, **days, "energy": line.energy, **money, "by_days": line.by_days}


def page(point: PointView, period: Chosen, args: Mapping[str, str]) -> dict[str, object]:
    """Raises NotFound for a channel that there is not."""
    told = asked(point, period, args)
    found, by, channel = told.found, told.by, told.channel
    common = {"point": point, "period": period, "told": found, "by": by, "channel": channel}
    if found is None:
        return common
    terms = list(_terms(found)) if _billed_by(found) == REGISTERS else []
    places = list(_places(found)) if found.intervals is not None else []
    days = _days(found)
    calendar = found.bill.calendar if found.bill else found.intervals.calendar if found.intervals else None
    return common | {
        "unit": words.UNITS[channel],
        "zones": {zone.name: zone for zone in energy.zones_of(point.zones)},
        "query": {"point": point.id, **period.named},
        "terms": terms,
        "places": places,
        "days": days,
        "months": list(_months(days, period)) if period.days > MOST_DAYS else [],
        "leaves": _distinct([leaf for term in terms for leaf in (term.start, term.end)]),
        "hours": {zone: hours(calendar, zone, period) for zone in point.zones} if calendar else {},
        "lines": list(found.cost.parts) if found.cost else [],
        "ranged": any(line.rule is Rule.LINE and line.parts[0].rule is Rule.RANGE for line in found.cost.parts)
        if found.cost
        else False,
        "check": _check(found),
        "counts": found.days.completeness if found.days else None,
        "counted": words.counted(found.days.completeness, 0) if found.days else [],
        "gaps": [day.day for day in found.days.days if day.completeness.missing] if found.days else [],
    }


def _billed_by(found: Explained) -> str | None:
    if found.closed is not None:
        return found.closed.billed_by
    return found.bill.billed_by if found.bill is not None else None


def _days(found: Explained) -> list[Day]:
    """Of a period by its profile; of a closed month the days as they stood then."""
    if found.closed is not None and found.energy is not None:
        kept = [one for one in found.energy.leaves() if one.of == "day"]
        return [
            Day(one.facts["day"], None if one.value is None else int(one.value), one.facts["version"], None)
            for one in kept
        ]
    days = found.days.days if found.days is not None else ()
    return [Day(one.day, one.totals.total, one.version, one.completeness) for one in days]


def _months(days: Sequence[Day], period: Chosen) -> Iterator[Month]:
    for month, its in groupby(days, lambda one: month_start(one.day)):
        first, until = max(month, period.first), min(next_month(month), period.until)
        whole = (first, until) == (month, next_month(month))
        found = list(its)
        known = [one.energy for one in found if one.energy is not None]
        counts = [one.counts for one in found if one.counts is not None]
        asked = Chosen("month" if whole else "own", first, until, period.today)
        yield Month(asked, sum(known) if known else None, together(counts) if counts else None)


def _terms(found: Explained) -> Iterator[Term]:
    for zone in found.energy.parts if found.energy else ():
        yield from (_term(one, str(zone.facts["zone"]), found) for one in _those(zone, TERMS))


def _those(tree: Working, rules: Sequence[Rule]) -> Iterator[Working]:
    if tree.rule in rules:
        yield tree
    else:
        for part in tree.parts:
            yield from _those(part, rules)


def _term(one: Working, zone: str, found: Explained) -> Term:
    start, end = (_leaf(part, found) for part in one.parts)
    facts = one.facts
    value = None if one.value is None else int(one.value)
    tariff = int(str(facts["tariff"]))
    return Term(zone, tariff, str(facts["serial"]), Fraction(str(facts["k"])), start, end, value, one.rule)


def _places(found: Explained) -> Iterator[Place]:
    if found.intervals is None or found.energy is None:
        return
    counted = [place for zone in found.energy.parts for place in zone.parts]
    for one, inside in sorted(
        [*((place, True) for place in counted), *((place, False) for place in found.energy.beside)],
        key=lambda pair: int(str(pair[0].facts["start"])),
    ):
        facts = one.facts
        leaves = tuple(_leaf(leaf, found) for leaf in one.leaves() if leaf.rule is Rule.ROW)
        k = next((Fraction(str(part.facts["k"])) for part in _those(one, (Rule.TIMES,))), Fraction(1))
        value = None if one.value is None else int(one.value)
        start, end = int(str(facts["start"])), int(str(facts["end"]))
        decision = found.decisions.get(int(str(facts["decision"]))) if "decision" in facts else None
        told = str(facts["zone"]), str(facts["state"]), value, k, leaves, _closed(one, found)
        yield Place(start, end, *told, inside, decision)


def _closed(one: Working, found: Explained) -> Closed | None:
    if one.rule is not Rule.CLOSED:
        return None
    term, weights = _term(one.parts[0], str(one.facts["zone"]), found), one.facts["weights"]
    rest = max((term.energy or 0) - int(str(one.facts["known"])), 0)
    return Closed(term, rest, len(weights) if isinstance(weights, tuple) else 0)


def _leaf(one: Working, found: Explained) -> Leaf:
    return leaf(one, found.origins, found.noted)


def leaf(one: Working, origins: Mapping[RowKey, Origin], noted: Mapping[tuple[int, int], Noted]) -> Leaf:
    facts = one.facts
    time, kind = int(str(facts["time"])), str(facts["kind"])
    origin = origins.get((str(facts["meter"]), kind, time))
    clock = None
    if origin is not None and origin.offset is not None:
        clock = f"{datetime.fromtimestamp(time + 60 * origin.offset, UTC):%d.%m.%Y %H:%M:%S}"
    what = registry_words.register(str(facts["field"])) if "field" in facts else ""
    marks = tuple(str(word) for bit, word in words.QUALITY.items() if int(str(facts["quality"])) & bit)
    by = noted.get((int(str(facts["mounting"])), time)) if kind == MANUAL else None
    return Leaf(what, str(facts["serial"]), int(one.value or 0), time, clock, kind, marks, origin, by)


def _distinct(leaves: Sequence[Leaf]) -> list[Leaf]:
    return list({(leaf.serial, leaf.what, leaf.time): leaf for leaf in leaves}.values())


def hours(calendar: Calendar, zone: str, period: Chosen) -> str:
    """«07–10, 17–21» of a zone on the first day of a period; "" where workdays and weekends differ."""
    rules = [
        rule
        for rule in calendar.rules
        if rule.zone == zone
        and rule.valid_from <= period.first
        and (rule.valid_to is None or period.first < rule.valid_to)
        and rule.months >> (period.first.month - 1) & 1
    ]
    if any(rule.day_kind != ANY for rule in rules):
        return ""
    return ", ".join(f"{_clock(rule.start)}–{_clock(rule.end)}" for rule in sorted(rules, key=lambda rule: rule.start))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}" + (f":{minutes % 60:02}" if minutes % 60 else "")


def _check(found: Explained) -> object:
    """Zones against the total register, or intervals against the registers; None = nothing to compare."""
    if found.intervals is not None:
        return found.intervals.check
    if found.bill is not None:
        return next((one.check for one in found.bill.directions if one.channel == ACTIVE_IMPORT), None)
    return None
