"""«Показание на дату»: what the meter showed at a moment, fixed then or reckoned, and how."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from central import figures
from central.cabinet.explain import Leaf, leaf, origins_data
from central.cabinet.room import last_day
from central.faces import energy
from central.faces.here import here, viewer
from central.figures import NotFound
from central.figures.views import PointView, ReadingAt, RegisterAt
from central.metering.terms import Segment
from central.metering.workings import Rule, as_data
from central.metering.zones import day_of

EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Register:
    """A line of the page. `value` None = no such reading; `moved`: from `start` on, or, less than nothing, back."""

    channel: str
    zone: str | None
    tariff: int
    value: int | None
    start: Leaf | None
    moved: int | None


def asked(point: PointView, args: Mapping[str, str]) -> tuple[date, time]:
    """`day` and `time` of the address in the point's zone; what is not understood is the last one, midnight."""
    today = day_of(here().now, point.tz)
    try:
        day = min(max(date.fromisoformat(args.get("day", "")), EARLIEST), today)
    except ValueError:
        day = last_day(point)
    try:
        return day, time.fromisoformat(args.get("time", "")).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return day, time()


def page(point: PointView, args: Mapping[str, str]) -> dict[str, object]:
    day, clock, found = _found(point, args)
    meters = [(segment, list(_lines(found, registers))) for segment, registers in found.meters] if found else []
    told = [one for _, lines in meters for one in lines]
    return {
        "point": point,
        "day": day,
        "clock": clock,
        "today": day_of(here().now, point.tz),
        "now": here().now,
        "found": found,
        "meters": [(segment, _by_channel(lines)) for segment, lines in meters],
        "lacking": any(one.value is None for one in told),
        "leaves": list({(one.start.serial, one.start.time): one.start for one in told if one.start}.values()),
        "zones": {zone.name: zone for zone in energy.zones_of(point.zones)},
    }


def _by_channel(lines: list[Register]) -> dict[str, list[Register]]:
    found: dict[str, list[Register]] = {}
    for one in lines:
        found.setdefault(one.channel, []).append(one)
    return found


def data(point: PointView, args: Mapping[str, str]) -> dict[str, Any]:
    """The same as JSON: exact, so that anybody may reckon it anew."""
    day, clock, found = _found(point, args)
    about = {"point": point.code, "by": "reading", "day": day.isoformat(), "time": f"{clock:%H:%M}"}
    meters = [_meter_data(*one) for one in found.meters] if found else []
    return about | {"meters": meters, "origins": origins_data(found.origins) if found else []}


def _meter_data(segment: Segment, registers: tuple[RegisterAt, ...]) -> dict[str, Any]:
    told = [
        {
            "channel": one.channel,
            "zone": one.zone,
            "tariff": one.tariff,
            "reading": as_data(one.working) if one.working is not None else None,
        }
        for one in registers
    ]
    return {"meter": segment.meter, "serial": segment.serial, "registers": told}


def _found(point: PointView, args: Mapping[str, str]) -> tuple[date, time, ReadingAt | None]:
    """None = the point is the viewer's, this time is not."""
    made, (day, clock) = here(), asked(point, args)
    moment = int(datetime.combine(day, clock, ZoneInfo(point.tz)).timestamp())
    try:
        return day, clock, figures.reading_at(made.source, viewer(), point.id, moment, made.now)
    except NotFound:
        return day, clock, None


def _lines(found: ReadingAt, registers: tuple[RegisterAt, ...]) -> Iterator[Register]:
    for one in registers:
        about = one.channel, one.zone, one.tariff
        if one.working is None:
            yield Register(*about, None, None, None)
            continue
        moved = one.working.rule is Rule.MOVED
        start = leaf(one.working.parts[0] if moved else one.working, found.origins, found.noted)
        value = int(one.working.value or 0)
        between = sum(int(part.value or 0) for part in one.working.parts[1:]) if moved else None
        yield Register(*about, value, start, between)
