"""What a point used by the steps that were asked for: half-hours, hours, days or months, and how a step is written."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from msgspec import Struct

from central.faces import formats, words
from central.figures.source import ACTIVE_IMPORT
from central.figures.steps import Step, steps, steps_of_days, steps_of_months
from central.figures.views import DayView, PointView
from central.metering.slots import NO_MAXIMUM, Slot
from central.metering.terms import State
from central.metering.zones import day_of, local, month_start, next_month
from central.reports import profiles
from central.reports.asked import Asked
from central.reports.description import Address, Cell, Column, Kind, Mark
from central.reports.making import Making
from central.reports.marks import of_step
from central.reports.profiles import HALF_HOUR, HOUR, ONE_DAY

SECONDS = {"half_hour": HALF_HOUR, "hour": HOUR}  # other steps are of whole days
UNSURE = frozenset({State.MISSING, State.SUSPECT, State.NOT_DUE, State.ESTIMATED, State.ESTIMATED_OPEN})


class Stepped(Struct, frozen=True, gc=False):
    """[first, until): the local days that it lies in. `whole`: it may be compared with others: of shorter steps those
    that were measured through, of days and months those that lack nothing. `partly`: of some of it the meter tells
    nothing of this channel."""

    step: Step
    first: date
    until: date
    whole: bool
    partly: bool = False

    @property
    def untold(self) -> bool:
        """The meter tells of active energy then, and nothing of this channel."""
        return profiles.tells_nothing(self.step.energies, self.step.completeness)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Of what stands in it, and of what does not."""
        return of_step(self.step, lacks=self.partly)


def stepped(made: Making, one: PointView, first: date, until: date) -> Iterator[Stepped]:
    """Of local days [first, until) of a point, which begin and end with a month where months are asked for; a meter's
    own intervals where they are longer than the steps."""
    asked = made.asked
    if asked.step in SECONDS:
        for since, end in profiles.parts(made, one, first, until):
            for piece in profiles.places(made, one, since, end, {asked.channel, ACTIVE_IMPORT}):
                slots = piece.get(asked.channel) or profiles.untold(piece[ACTIVE_IMPORT])
                yield from _of_places(slots, one, asked)
        return
    days = profiles.days(made, one, first, until, asked.channel)
    found = steps_of_days(days, one.tz)
    if asked.step == "day":
        for day, step in zip(days, found, strict=True):
            yield Stepped(step, day.day, day.day + ONE_DAY, whole(day))
        return
    by_month: dict[date, list[DayView]] = defaultdict(list)
    for day in days:
        by_month[month_start(day.day)].append(day)
    for (month, inside), step in zip(by_month.items(), steps_of_months(found, one.tz), strict=True):
        after = next_month(month)
        there = len(inside) == (after - month).days and all(map(whole, inside))
        silent = any(profiles.tells_nothing(day.energies, day.completeness) for day in inside)
        first_day, after_last = max(month, asked.period.first), min(after, asked.period.until)
        yield Stepped(step, first_day, after_last, there, silent and bool(step.energies))


def _of_places(slots: Sequence[Slot], one: PointView, asked: Asked) -> Iterator[Stepped]:
    silent = [slot.start for slot in slots if profiles.is_untold(slot)]
    unsure = sorted([*silent, *(slot.start for slot in slots if slot.state in UNSURE or _uneven(slot))])
    for step in steps(slots, SECONDS[asked.step], one.tz):
        day = local(step.start, one.tz).date()
        partly = bool(step.energies) and _any(silent, step)
        yield Stepped(step, day, day + ONE_DAY, not _any(unsure, step), partly)


def _any(starts: Sequence[int], step: Step) -> bool:
    return bisect_left(starts, step.start) != bisect_left(starts, step.end)


def _uneven(slot: Slot) -> bool:
    """Of a part of it, or of more than it."""
    return slot.state is not State.POWER_OFF and bool(slot.quality & NO_MAXIMUM)


def whole(day: DayView) -> bool:
    """Over, the viewer's all through, and nothing of it lacks."""
    counts = day.completeness
    untold = profiles.tells_nothing(day.energies, counts)
    return day.whole and not (counts.missing or counts.not_due or counts.suspect or untold)


def columns(asked: Asked, beside: str = "") -> tuple[Column, ...]:
    """When a step is. `beside`: the column whose greatest and least they tell the time of."""
    if asked.step == "month":
        return (Column("start", _l("Месяц"), fixed=True, width=16, beside=beside),)
    if asked.step == "day":
        return (Column("start", _l("Сутки"), Kind.DAY, fixed=True, width=12, beside=beside),)
    return (
        Column("start", _l("Начало"), Kind.MOMENT, fixed=True, width=17, beside=beside),
        Column("end", _l("Конец"), Kind.MOMENT, width=17, beside=beside),
    )


def cells(asked: Asked, one: Stepped, tz: str) -> tuple[Cell, ...]:
    if asked.step == "month":
        month = formats.month_name(one.first)
        if one.first == month_start(one.first) and one.until == next_month(one.first):
            return (month,)
        return (f"{month}, {one.first.day}–{(one.until - ONE_DAY).day}",)
    if asked.step == "day":
        return (one.first,)
    return local(one.step.start, tz), local(one.step.end, tz)


def opens(one: PointView, asked: Asked, found: Stepped) -> Address:
    return profiles.explained(one, asked.channel, found.first, found.until)


def remark(asked: Asked, found: Stepped) -> str:
    """Why there is no figure, or what stands beside it."""
    if found.untold:
        return str(_("счётчик этот канал не ведёт"))
    suspect = [states[State.SUSPECT] for states in found.step.energies.values() if State.SUSPECT in states]
    if not suspect:
        return ""
    energy = f"{formats.kilo(sum(suspect), asked.digits)} {words.UNITS[asked.channel]}"
    return str(_("не вошло %(energies)s", energies=energy))


def sizes(made: Making) -> Iterator[int]:
    """How many steps each point has."""
    step = made.asked.step
    for one, there in profiles.tenures(made):
        if step in SECONDS:
            yield sum(tenure.places(SECONDS[step]) for tenure in there)
        elif step == "day":
            yield profiles.days_of(there, one.tz)
        else:
            first, last = (day_of(moment, one.tz) for moment in (there[0].since, there[-1].until - 1))
            yield 12 * (last.year - first.year) + last.month - first.month + 1
