"""Views as workings: how each figure of a bill, of days, of intervals came about, down to readings and prices.

Pure: what a view was made from stands in it, and is only put in order here.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from central.figures.source import ACTIVE_IMPORT, FIELDS
from central.figures.totals import portions_of
from central.figures.views import BilledPart, DaysView, DayView, IntervalView, ReadingsView, ZoneReading
from central.metering.consumption import RegisterTerm, moved
from central.metering.consumption import Rule as Taken
from central.metering.cost import Cost, CostLine, Portion, Price
from central.metering.hourly import HourlyLine, HourTerm
from central.metering.monthly import MonthlyLine
from central.metering.slots import Part, Slot
from central.metering.terms import Reading, Segment, State
from central.metering.workings import Fact, Rule, Unit, Working
from central.metering.zones import day_of
from protocol.reading import Kind

Facts = dict[str, Fact]
_DIFFERENCE = {Taken.DIFFERENCE: Rule.DIFFERENCE, Taken.ROLL_OVER: Rule.ROLL_OVER, Taken.SUSPECT: Rule.SUSPECT}


def of_cost(view: ReadingsView) -> Working | None:
    """What a period costs; None where there is no figure."""
    if view.cost is None or view.cost.total is None:
        return None
    if view.days is not None:
        return _cost(view.cost, _days_told((*view.days.before, *view.days.days)))
    parts = {part.portion: _of_part(part) for part in (*view.before, *view.parts)}
    return _cost(view.cost, parts | _days_told(view.days_before))


def of_energy(view: ReadingsView) -> Working | None:
    """What was used in a period, by the figures that bill; None where there is no figure."""
    if view.totals is None or view.totals.total is None:
        return None
    if view.days is not None:
        return of_days(view.days)
    zones = [_sum("zone", [_of_reading(one) for one in readings], zone=zone) for zone, readings in view.zones.items()]
    return _sum("energy", zones)


def of_days(view: DaysView) -> Working | None:
    """The sum of days by the profile; each opens into its intervals (`of_intervals`)."""
    if view.totals.total is None:
        return None
    days = [_of_day(day, None) for day in view.days]
    return _sum("energy", [day for day in days if day.value is not None], [day for day in days if day.value is None])


def of_intervals(view: IntervalView) -> Working | None:
    """The sum of the places of a profile, by zones; beside it what is not in it."""
    if view.totals.total is None:
        return None
    return of_places(view.slots, tuple(view.totals.zones), view.point.tz, view.channel)


def of_places(slots: Sequence[Slot], zones: Sequence[str], tz: str, channel: str = ACTIVE_IMPORT) -> Working:
    """The same of places alone; the zones in this order."""
    places = [_of_slot(slot, before, channel) for slot, before in zip(slots, _carried(slots, tz), strict=True)]
    told = list(zip(slots, places, strict=True))
    sums = [
        _sum("zone", [one for slot, one in told if _counts(slot) and slot.zone == zone], zone=zone) for zone in zones
    ]
    return _sum("energy", sums, [one for slot, one in told if not _counts(slot)])


def of_term(term: RegisterTerm, tariff: int, channel: str = ACTIVE_IMPORT) -> Working:
    """The consumption of one meter by one register."""
    segment = term.segment
    facts: Facts = {
        "k": segment.k,
        "meter": segment.meter,
        "serial": segment.serial,
        "tariff": tariff,
        "whole": term.whole,
    }
    if term.rule is Taken.ROLL_OVER:
        facts |= {"register_end": segment.register_end}
    parts = tuple(_leaf(segment, reading, f"{FIELDS[channel]}{tariff}") for reading in (term.start, term.end))
    return Working(_DIFFERENCE[term.rule], "segment", term.energy, facts=facts, parts=parts)


def _leaf(segment: Segment, reading: Reading, field: str) -> Working:
    facts: Facts = {"meter": segment.meter, "serial": segment.serial, "field": field, "kind": reading.kind}
    facts |= {"time": reading.moment, "quality": reading.quality, "mounting": segment.mounting}
    return Working(Rule.READING, "reading", reading.value, facts=facts)


def of_standing(segment: Segment, reading: Reading, field: str) -> Working:
    """A register as it stood."""
    return _leaf(segment, reading, field)


def of_moved(segment: Segment, reading: Reading, field: str, slots: Sequence[Slot], moment: int) -> Working:
    """A register at a moment, by another of its readings and the places between."""
    rows = [_shown(slot, part) for slot in slots for part in slot.parts]
    back = moment < reading.moment
    used = sum(part.value for slot in slots for part in slot.parts)
    facts: Facts = {"meter": segment.meter, "serial": segment.serial, "field": field, "time": moment, "back": back}
    if segment.register_end is not None:
        facts |= {"register_end": segment.register_end}
    value = moved(segment, reading.value, -used if back else used)
    return Working(Rule.MOVED, "register", value, facts=facts, parts=(_leaf(segment, reading, field), *rows))


def _of_reading(reading: ZoneReading) -> Working:
    terms = [of_term(term, reading.tariff) for term in reading.terms]
    return terms[0] if len(terms) == 1 else _sum("register", terms, tariff=reading.tariff)


def _of_part(part: BilledPart) -> Working:
    below = tuple(_of_reading(reading) for reading in part.readings)
    facts: Facts = {"zone": part.portion.zone, "first": part.portion.first, "until": part.portion.until}
    if part.spans:
        facts |= {"spans": part.spans, "number": part.number}
        return Working(Rule.DIVIDED, "portion", part.portion.energy, facts=facts, parts=below)
    return below[0] if len(below) == 1 else Working(Rule.SUM, "portion", part.portion.energy, facts=facts, parts=below)


def of_cost_of_days(view: DaysView) -> Working | None:
    """What days cost by the profile; None where there is no figure."""
    if view.cost is None or view.cost.total is None:
        return None
    return _cost(view.cost, _days_told((*view.before, *view.days)))


def of_cost_of_day(found: Cost | None, day: Working, before: Sequence[DayView]) -> Working | None:
    """What a day costs by its intervals; `day` as `of_intervals` tells it, `before`: those that filled the ranges."""
    if found is None or found.total is None:
        return None
    zones = {one.facts["zone"]: one for one in day.parts}
    told = {portion: zones[line.zone] for line in found.lines for portion in line.portions}
    return _cost(found, told | _days_told(before))


Told = dict[Portion, Working]  # of a bill: how the energy of each came about


def _days_told(days: Iterable[DayView]) -> Told:
    return {portion: _of_day(day, portion.zone) for day in days for portion in portions_of([day])}


def _cost(found: Cost, told: Told) -> Working:
    lines = (_line(line, _energy(line, told)) for line in found.lines)
    hourly = (_hourly(found.hourly),) if found.hourly is not None else ()
    parts = (*lines, *hourly, *map(_monthly, found.monthly))
    return Working(Rule.SUM, "cost", found.total, Unit.ROUBLES, parts=parts)


def _hourly(line: HourlyLine) -> Working:
    """Hour by hour; the energy of an hour opens into its intervals."""
    return Working(Rule.HOURS, "hours", line.amount, Unit.ROUBLES, parts=tuple(_hour(one) for one in line.hours))


def _hour(one: HourTerm) -> Working:
    hour: Facts = {"start": one.price.hour}
    energy = Working(Rule.STORED, "hour", one.energy, facts=hour)
    price = Working(Rule.PRICE, "price", one.price.amount, Unit.PRICE, hour | {"version": one.price.version})
    return Working(Rule.HOUR, "hour", one.amount, Unit.ROUBLES, hour, (energy, price))


def _energy(line: CostLine, told: Told) -> Working:
    """Of a line; a range shows all that fills it."""
    if line.step is None:
        return _sum("energy", [told[portion] for portion in line.portions], zone=line.zone)
    step = line.step
    facts: Facts = {"zone": line.zone, "lower": step.lower, "upper": step.upper}
    facts |= {"limits": step.limits, "number": step.number}
    filled = _sum("filled", [told[portion] for portion in step.filled])
    zones = [_sum("zone", [told[one] for one in of_zone], zone=of_zone[0].zone) for of_zone in step.shared]
    return Working(Rule.RANGE, "range", line.energy, facts=facts, parts=(filled, *zones))


def _monthly(line: MonthlyLine) -> Working:
    facts: Facts = {"name": line.name, "first": line.first, "days": line.days, "of": line.of}
    price = line.price
    dates: Facts = {"version": price.version, "valid_from": price.valid_from, "valid_to": price.valid_to}
    return Working(
        Rule.MONTHLY,
        "monthly",
        line.amount,
        Unit.ROUBLES,
        facts,
        (Working(Rule.PRICE, "price", price.amount, Unit.MONTHLY, dates),),
    )


def _of_day(day: DayView, zone: str | None) -> Working:
    """All zones of a day, or one."""
    facts: Facts = {"day": day.day, "zone": zone, "version": day.version, "made_at": day.made_at, "whole": day.whole}
    value = day.totals.total if zone is None else day.totals.zones.get(zone)
    return Working(Rule.STORED, "day", value, facts=facts)


def _line(line: CostLine, energy: Working) -> Working:
    facts: Facts = {"zone": line.zone, "first": line.first, "until": line.until, "by_days": line.by_days}
    return Working(Rule.LINE, "line", line.amount, Unit.ROUBLES, facts, (energy, _price(line.price)))


def _price(price: Price) -> Working:
    facts: Facts = {
        "zone": price.zone,
        "version": price.version,
        "valid_from": price.valid_from,
        "valid_to": price.valid_to,
    }
    made = Working(Rule.PRICE, "price", price.amount, Unit.PRICE, facts)
    if price.coefficient == 1:
        return made
    return Working(Rule.TIMES, "price", price.rate, Unit.PRICE, {"k": price.coefficient}, (made,))


def _counts(slot: Slot) -> bool:
    return slot.energy is not None and slot.state is not State.SUSPECT


def _carried(slots: Sequence[Slot], tz: str) -> list[Fraction]:
    """What the places of the same day before each one came to, exactly."""
    found: list[Fraction] = []
    day, exact = None, Fraction(0)
    for slot in slots:
        if day_of(slot.start, tz) != day:
            day, exact = day_of(slot.start, tz), Fraction(0)
        found.append(exact)
        exact += sum((part.value * part.segment.k for part in slot.parts), Fraction(0))
    return found


def _of_slot(slot: Slot, before: Fraction, channel: str) -> Working:
    facts: Facts = {
        "start": slot.start,
        "end": slot.end,
        "zone": slot.zone,
        "state": slot.state.value,
        "quality": slot.quality,
    }
    if slot.decision is not None:
        facts |= {"decision": slot.decision}
    if slot.energy is None:
        return Working(Rule.NOTHING, "place", None, facts=facts)
    if slot.closing is not None:
        closing = slot.closing
        facts |= {"known": closing.known, "weights": closing.weights, "number": closing.number}
        term = of_term(closing.term, closing.tariff, channel)
        return Working(Rule.CLOSED, "place", slot.energy, facts=facts, parts=(term,))
    if slot.state in (State.SUBSTITUTED, State.MANUAL):
        return Working(Rule.DECIDED, "place", slot.energy, facts=facts)
    if not slot.parts and slot.state in (State.ESTIMATED, State.COMPUTED):
        return Working(Rule.STORED, "place", slot.energy, facts=facts)
    if not slot.parts:
        return Working(Rule.OFF, "place", slot.energy, facts=facts)
    parts = tuple(_of_row(slot, part) for part in slot.parts)
    if len(parts) == 1 and parts[0].rule is Rule.ROW and before.denominator == 1:
        return Working(Rule.SUM, "place", slot.energy, facts=facts, parts=parts)
    return Working(Rule.CARRIED, "place", slot.energy, facts=facts | {"before": before}, parts=parts)


def _of_row(slot: Slot, part: Part) -> Working:
    """A row, or what of it lies in the place, times K where there is one."""
    found, segment = _shown(slot, part), part.segment
    if segment.k == 1:
        return found
    return Working(Rule.TIMES, "primary", part.value * segment.k, facts={"k": segment.k}, parts=(found,))


def _shown(slot: Slot, part: Part) -> Working:
    """The same as the meter shows it, before K."""
    sample, segment = part.sample, part.segment
    facts: Facts = {"meter": sample.meter, "serial": segment.serial, "kind": Kind.LOAD.value, "time": sample.end}
    facts |= {"span": sample.span, "quality": sample.quality, "mounting": segment.mounting}
    found = Working(Rule.ROW, "row", sample.value, facts=facts)
    if not part.whole:
        begin = sample.end - sample.span
        cut: Facts = {
            "begin": begin,
            "end": sample.end,
            "since": max(slot.start, begin),
            "until": min(slot.end, sample.end),
        }
        found = Working(Rule.CUT, "share", part.value, facts=cut, parts=(found,))
    return found


def _sum(of: str, parts: Sequence[Working], beside: Sequence[Working] = (), **facts: str | int) -> Working:
    total = sum(int(part.value) for part in parts if part.value is not None)
    return Working(Rule.SUM, of, total, facts=facts, parts=tuple(parts), beside=tuple(beside))
