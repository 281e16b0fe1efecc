"""The projection audit: what went through the inbox (14 days) against what the series holds.

Meter by meter, in memory one meter's messages: they are decoded anew, duplicates and conflicts are settled as the
worker does, counts and sums by kind and UTC day are compared with the series'. Only a day that differs is looked at
row by row: rows that the series has beside are older than the inbox, and no difference; a value that stood first is a
conflict, known since. What remains is a finding, and an alarm; `repair` gives its messages to the worker once more.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, Row, select, update

from central.audits.tables import FindingState, finding, traffic
from central.db import insert, writing
from central.figures.tables import conflict
from central.ingest.bindings import Periods, periods_of
from central.ingest.judge import judge, takes
from central.ingest.projection import Conflict, SeriesRow, kind, project, settle, stamp
from central.ingest.tables import State, inbox
from central.logs import about
from central.operation.alarms import Alarm
from central.timeseries.base import BILLED, DAY, DaySum, Series, wrapped
from protocol.messages.topics import RowTopic
from protocol.reading import Kind

log = logging.getLogger(__name__)

WENT_THROUGH = (State.DONE, State.PARTIAL)
CHUNK = 200  # messages a query
BEFORE = 3  # days that a message usually reaches back; older ones are compared row by row

_Day = tuple[Kind, int]  # kind, UTC day of the stamps


@dataclass(slots=True)
class Found:
    """One meter's day that differs. `messages`: ids in the inbox of those whose rows it lacks."""

    meter: str
    kind: Kind
    day: int
    inbox: tuple[int, int]  # rows, total
    series: tuple[int, int]
    missing: int
    differing: int
    messages: frozenset[int] = frozenset()


@dataclass(slots=True)
class Audited:
    meters: int = 0
    days: int = 0  # of a meter and kind
    findings: list[Found] = field(default_factory=list)
    repaired: int = 0  # findings of before that are none any more
    given: int = 0  # messages given to the worker again


def audit(
    engine: Engine,
    series: Series,
    first: int,
    last: int,
    now: int,
    *,
    meter: str | None = None,
    repair: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Audited:
    """Messages made on UTC days first … last. `check` is called between meters. Raises SeriesUnavailable."""
    result = Audited()
    with engine.connect() as connection:
        query = select(traffic.c.meter).where(traffic.c.day.between(first, last)).distinct()
        meters = [meter] if meter is not None else sorted(connection.scalars(query))
    standing = None if meter is not None else Standing(series, (first - BEFORE) * DAY - 1, (last + 2) * DAY - 1)
    for name in meters:
        check()
        with engine.connect() as connection:
            expected = expect(connection, name, first, last)
        sums = _own(series, name, expected) if standing is None else standing.of(name)
        compared = (_compare(series, engine, expected, key, sums.get(key)) for key in expected.days)
        found = [one for one in compared if one is not None]
        result.meters += 1
        result.days += len(expected.days)
        result.findings += found
        messages = sorted({id for one in found for id in one.messages}) if repair else []
        with writing(engine).begin() as connection:
            result.repaired += _keep(connection, name, expected.days, found, now)
            for start in range(0, len(messages), CHUNK):
                anew = update(inbox).where(inbox.c.id.in_(messages[start : start + CHUNK]))
                connection.execute(anew.where(inbox.c.state.in_(WENT_THROUGH)).values(state=State.NEW))
        result.given += len(messages)
    return result


class Place(NamedTuple):
    """A row of the series, and the message that brought it."""

    row: SeriesRow
    message: int


@dataclass(slots=True)
class Expected:
    """What one meter's messages must have left in the series."""

    meter: str
    days: dict[_Day, dict[tuple[int, int], Place]] = field(default_factory=dict)  # by stamp and repeat

    def sum_of(self, key: _Day) -> tuple[int, int]:
        rows = self.days[key].values()
        return len(rows), wrapped(sum(sum(place.row.values.values()) for place in rows))


def expect(connection: Connection, meter: str, first: int, last: int) -> Expected:
    """By the messages that went through, in the order they came."""
    days: dict[_Day, dict[int, dict[int, Place]]] = defaultdict(lambda: defaultdict(dict))
    periods: dict[tuple[str, str], Periods] = {}
    for message in _messages(connection, meter, first, last):
        key = (message.edge, meter)
        if key not in periods:
            periods[key] = periods_of(connection, [key]).get(key, ())
        for row in _rows(message, periods[key]):
            here = days[kind(row), stamp(row) // DAY][stamp(row)]
            settled = settle(row, {repeat: place.row for repeat, place in here.items()})
            if settled is not None and not isinstance(settled, Conflict):
                before = here.get(settled.repeat)
                values = {**(before.row.values if before else {}), **settled.values}
                here[settled.repeat] = Place(replace(settled, values=values), message.id)
    flat = {
        day: {(at, repeat): place for at, here in stamps.items() for repeat, place in here.items()}
        for day, stamps in days.items()
    }
    return Expected(meter, flat)


def _messages(connection: Connection, meter: str, first: int, last: int) -> Iterator[Row[Any]]:
    """Oldest first."""
    where = (inbox.c.name == meter, inbox.c.day.between(first, last), inbox.c.state.in_(WENT_THROUGH))
    ids = sorted(connection.scalars(select(inbox.c.id).where(*where, inbox.c.channel == "archive")))
    for start in range(0, len(ids), CHUNK):
        yield from connection.execute(
            select(inbox).where(inbox.c.id.in_(ids[start : start + CHUNK])).order_by(inbox.c.id)
        ).all()


def _rows(message: Row[Any], periods: Periods) -> Sequence[SeriesRow]:
    topic = RowTopic(message.edge, message.channel, message.name, message.store, message.seq, message.prev)
    body = judge(topic, message.body, periods).body
    return project(topic.name, body, lambda at: takes(topic, at, periods)).rows if body else ()


class Standing:
    """The sums of the series, meter by meter in the order of names, these kinds side by side."""

    def __init__(
        self, series: Series, since: int, until: int, kinds: Sequence[Kind] = BILLED, meter: str | None = None
    ) -> None:
        self._kinds = {
            kind_: groupby(series.sums(kind_, since, until, meter), key=lambda found: found.meter) for kind_ in kinds
        }
        self._next: dict[Kind, tuple[str, list[DaySum]]] = {}

    def of(self, meter: str) -> dict[_Day, DaySum]:
        """Of a meter that is not before the last one asked for."""
        found = {}
        for kind_ in self._kinds:
            name, days = self._at(kind_, meter)
            if name == meter:
                found.update({(kind_, day.day): day for day in days})
        return found

    def _at(self, kind_: Kind, meter: str) -> tuple[str, list[DaySum]]:
        name, days = self._next.get(kind_, ("", []))
        while name < meter:
            name, group = next(self._kinds[kind_], (_NO_MORE, iter(())))
            days = list(group)
        self._next[kind_] = name, days
        return name, days


_NO_MORE = "~"  # after every name


def _own(series: Series, meter: str, expected: Expected) -> dict[_Day, DaySum]:
    found = {}
    for kind_ in {key[0] for key in expected.days}:
        days = [day for other, day in expected.days if other is kind_]
        since, until = min(days) * DAY - 1, (max(days) + 1) * DAY - 1
        found.update({(kind_, one.day): one for one in series.sums(kind_, since, until, meter)})
    return found


def _compare(series: Series, engine: Engine, expected: Expected, key: _Day, there: DaySum | None) -> Found | None:
    here = expected.sum_of(key)
    if there is not None and here == (there.rows, there.total):
        return None
    kind_, day = key
    since, until = day * DAY - 1, (day + 1) * DAY - 1
    rows: Sequence[SeriesRow] = (
        series.load(expected.meter, since, until)
        if kind_ is Kind.LOAD
        else series.registers(expected.meter, [kind_], since, until)
    )
    standing = {(stamp(row), row.repeat): row for row in rows}
    missing = {at: place for at, place in expected.days[key].items() if at not in standing}
    other = {at: place for at, place in expected.days[key].items() if at in standing and _lacks(place, standing[at])}
    if other:
        known = _conflicts(engine, expected.meter, kind_, since, until)
        other = {at: place for at, place in other.items() if at[0] not in known}
    if not missing and not other:
        return None
    total = wrapped(sum(sum(row.values.values()) for row in rows))
    messages = frozenset(place.message for place in (*missing.values(), *other.values()))
    return Found(expected.meter, kind_, day, here, (len(rows), total), len(missing), len(other), messages)


def _lacks(place: Place, row: SeriesRow) -> bool:
    return any(row.values.get(name) != value for name, value in place.row.values.items())


def _conflicts(engine: Engine, meter: str, kind_: Kind, since: int, until: int) -> set[int]:
    query = select(conflict.c.stamp).where(
        conflict.c.meter == meter, conflict.c.kind == kind_.value, conflict.c.stamp.between(since + 1, until)
    )
    with engine.connect() as connection:
        return set(connection.scalars(query))


def _keep(connection: Connection, meter: str, days: dict[_Day, Any], found: Sequence[Found], now: int) -> int:
    """Findings as they are now; returns how many of before are none any more."""
    open_ = (finding.c.meter == meter, finding.c.state == FindingState.OPEN)
    differ = {(one.kind.value, one.day) for one in found}
    stood = connection.execute(select(finding.c.id, finding.c.kind, finding.c.day).where(*open_)).all()
    agree = [row.id for row in stood if (row.kind, row.day) not in differ and (Kind(row.kind), row.day) in days]
    if agree:
        mended = {"state": FindingState.REPAIRED, "seen_at": now}
        connection.execute(update(finding).where(finding.c.id.in_(agree)).values(mended))
    for one in found:
        log.warning(
            "%d rows of the inbox are not in the series, %d stand otherwise",
            one.missing,
            one.differing,
            extra=about(Alarm.SERIES_DIFFERS, meter=one.meter, kind=one.kind.value, day=one.day),
        )
        key = {"meter": one.meter, "kind": one.kind.value, "day": one.day}
        values = {
            "inbox_rows": one.inbox[0],
            "inbox_total": one.inbox[1],
            "series_rows": one.series[0],
            "series_total": one.series[1],
            "missing": one.missing,
            "differing": one.differing,
            "state": FindingState.OPEN,
            "seen_at": now,
        }
        new = insert(connection, finding).values(**key, **values, found_at=now)
        connection.execute(new.on_conflict_do_update(index_elements=list(key), set_=values))
    return len(agree)
