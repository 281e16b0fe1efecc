"""The measuring complex of a point: what stands on the wall, when it is verified next, by which hours it counts, and
what stood there before; each as far as it belongs to the time of the one who looks.

Of a meter that stood there before he came he sees the meter and since when it stands, not the act: the readings in it
are another's. Of one that stood there after he went he sees nothing. Documents and their files are the company's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, select

from central.accounts.policy import Viewer
from central.commands import asking_now
from central.figures.source import Opened, Source, opened
from central.figures.views import Period
from central.ingest.tables import event
from central.metering.checks.journal import RELAY_OFF, RELAY_ON, SWITCHING
from central.metering.rounding import MWH_PER_KWH
from central.metering.timetable import DayTable, clocks, timetable
from central.metering.zones import Calendar, day_of
from central.registry.complexes import Verified, last_verified, mounted, placed
from central.registry.look import Terms, calendar_of

PRIMARY = "primary"
SOON = 90  # days: a verification that ends within them is told ahead


@dataclass(frozen=True, slots=True)
class Act:
    """A meter was put up or taken down. `registers`: field of the series -> mWh, as the act reads them."""

    at: int
    number: str
    reason: str | None
    registers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stand:
    """A meter at the point with one ratio. `since`: as the registry has it, also before the viewer's time.

    `put`, `taken` None = there is none, or it lies outside the viewer's time. `whole`: digits before the comma of its
    registers, None = not known; `fraction`: after it. `clock_offset` in minutes east of UTC, `period` in seconds.
    """

    meter: str
    serial: str
    type: str
    maker: str
    made_in: int | None
    whole: int | None
    fraction: int
    wires: int
    ki: Decimal
    ku: Decimal
    primary: bool
    clock_offset: int
    period: int
    seals: str | None
    since: int
    put: Act | None
    taken: Act | None
    verified: Verified | None

    @property
    def k(self) -> Decimal:
        """Ki·Ku; what its values are multiplied with, unless they are primary."""
        return self.ki * self.ku


@dataclass(frozen=True, slots=True)
class Core:
    """An instrument transformer. `kind`: current | voltage; `phase`: A | B | C | ABC; A or V. `until` None = it stands
    there still, as far as the viewer may know."""

    kind: str
    serial: str
    type: str
    primary: Decimal
    secondary: Decimal
    accuracy: str
    phase: str
    since: int
    until: int | None
    verified: Verified | None


@dataclass(frozen=True, slots=True)
class Relay:
    """The switch of the load, by the meter's own journal, or `asked`: by what it showed when it was asked."""

    closed: bool
    at: int
    asked: bool = False


@dataclass(frozen=True, slots=True)
class ComplexView:
    """`at`: the moment it is told for, the last that is the viewer's; `over`: that is past, so nothing runs out ahead.

    `standing` None = no meter then. `earlier`: before it, the newest first. `hours`: of the terms of that day, by
    `clock`; `hourly`: each hour has a price of its own instead.
    """

    at: int
    day: date
    over: bool
    begun: int  # of the viewer's time
    standing: Stand | None
    earlier: tuple[Stand, ...]
    transformers: tuple[Core, ...]
    removed: tuple[Core, ...]
    relay: Relay | None
    terms: Terms
    hours: tuple[DayTable, ...]
    clock: str
    hourly: bool

    @property
    def devices(self) -> Sequence[Stand | Core]:
        """The meter and the transformers that stand there."""
        return (*((self.standing,) if self.standing is not None else ()), *self.transformers)

    @property
    def next(self) -> Stand | Core | None:
        """The one whose verification ends first, of those that have one entered."""
        known = [(one.verified.until, place) for place, one in enumerate(self.devices) if one.verified is not None]
        return self.devices[min(known)[1]] if known else None


def complex_of(source: Source, viewer: Viewer, point_id: int, now: int) -> ComplexView:
    """Raises NotFound when the point was never the viewer's."""
    with opened(source, viewer, point_id, 0, now + 1) as point:
        visible, connection = point.visible, point.connection
        at = min(now, visible.until - 1)
        day = day_of(at, point.tz)
        mountings = mounted(connection, point.id, visible.since, visible.until)
        places = placed(connection, point.id, visible.since, visible.until)
        meters, cores = {row.meter for row in mountings}, {row.transformer for row in places}
        of_meters, of_cores = last_verified(connection, meters, cores, day)
        stands = [_stand(row, visible, of_meters.get(row.meter)) for row in mountings]
        holds = [row.valid_from <= at and (row.valid_to is None or row.valid_to > at) for row in mountings]
        standing = next((one for one, held in zip(stands, holds, strict=True) if held), None)
        found = [_core(row, visible, at, of_cores.get(row.transformer)) for row in places]
        terms = point.terms_on(day)
        calendar = calendar_of(connection, terms.scheme)
        return ComplexView(
            at=at,
            day=day,
            over=visible.until <= now,
            begun=visible.since,
            standing=standing,
            earlier=tuple(one for one, held in zip(stands, holds, strict=True) if not held),
            transformers=tuple(one for one in found if one.until is None),
            removed=tuple(one for one in found if one.until is not None),
            relay=_relay(point, standing, at) if standing is not None else None,
            terms=terms,
            hours=timetable(calendar, day),
            clock=_clock(calendar, day, point.tz),
            hourly=terms.scheme in point.entries.hourly,
        )


def next_verified(source: Source, viewer: Viewer, point_id: int, now: int) -> Verified | None:
    """Of what stands there now the verification that ends first. Raises NotFound when it is not the viewer's now."""
    with opened(source, viewer, point_id, now, now + 1) as point:
        meters = {row.meter for row in mounted(point.connection, point.id, now, now + 1)}
        cores = {row.transformer for row in placed(point.connection, point.id, now, now + 1)}
        found = last_verified(point.connection, meters, cores, day_of(now, point.tz))
        return min((one for kind in found for one in kind.values()), key=lambda one: one.until, default=None)


def _stand(row: Row[Any], visible: Period, verified: Verified | None) -> Stand:
    put = Act(row.valid_from, row.act, row.reason, row.reg_start or {}) if row.valid_from >= visible.since else None
    taken = None
    if row.valid_to is not None and row.valid_to <= visible.until:
        taken = Act(row.valid_to, row.end_act or "", row.end_reason, row.reg_end or {})
    whole = row.digits
    if row.register_end is not None:
        whole = len(str(row.register_end // MWH_PER_KWH)) - 1
    return Stand(
        meter=row.meter,
        serial=row.serial,
        type=row.type,
        maker=row.maker,
        made_in=row.made_in,
        whole=whole,
        fraction=max(0, len(str(MWH_PER_KWH // row.resolution)) - 1),
        wires=row.wires,
        ki=row.ki,
        ku=row.ku,
        primary=row.values_are == PRIMARY,
        clock_offset=row.clock_offset,
        period=row.period,
        seals=row.seals,
        since=row.valid_from,
        put=put,
        taken=taken,
        verified=verified,
    )


def _core(row: Row[Any], visible: Period, at: int, verified: Verified | None) -> Core:
    gone = row.valid_to if row.valid_to is not None and row.valid_to <= min(at, visible.until) else None
    about = (row.kind, row.serial, row.type, row.primary, row.secondary, row.accuracy, row.phase)
    return Core(*about, row.valid_from, gone, verified)


def _relay(point: Opened, standing: Stand, at: int) -> Relay | None:
    """By the last line of its journal that says so, or by its last reply to «read now», the later of the two; None:
    neither does in the viewer's time."""
    since = max(point.visible.since, standing.since)
    row = point.connection.execute(_SWITCHED, {"meter": standing.meter, "since": since, "until": at + 1}).first()
    found = None if row is None else Relay(row.code in RELAY_ON, row.time)
    asking = asking_now.last(point.connection, standing.meter)
    shown = asking.shown if asking is not None else None
    if shown is None or shown.relay is None:
        return found
    moment = int(shown.time.timestamp())
    later = since <= moment <= at and (found is None or found.at < moment)
    return Relay(shown.relay, moment, asked=True) if later else found


def _clock(calendar: Calendar, day: date, tz: str) -> str:
    own = clocks(calendar, day)
    return own[0] if len(own) == 1 else tz


_SWITCHED = (
    select(event.c.time, event.c.code)
    .where(event.c.meter == bindparam("meter"), event.c.edge == "")
    .where(event.c.time >= bindparam("since"), event.c.time < bindparam("until"))
    .where(event.c.journal == SWITCHING, event.c.code.in_(RELAY_OFF | RELAY_ON))
    .order_by(event.c.time.desc(), event.c.uptime.desc())
    .limit(1)
)
