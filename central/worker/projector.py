"""The projection: messages of the inbox, oldest first, into the time series and what SQL keeps of them.

A message is `done` only after the series confirmed its rows; a crash anywhere drives it again, and driving it again
changes nothing. One process does it at a time: the fence it is given says so before anything is written.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DataError

from central.db import writing
from central.ingest.bindings import periods_of
from central.ingest.judge import Reason, printable
from central.ingest.projection import Conflict, SeriesRow, kind, settle, stamp
from central.ingest.tables import State, inbox, tip
from central.jobs.leases import Fence
from central.logs import told
from central.operation.metrics import worker as metrics
from central.timeseries.base import Series, SeriesRefused
from central.worker.figures import Figures
from central.worker.records import Records
from central.worker.work import DAY, Place, Work, judged
from protocol.reading import Kind

BATCH = 200  # messages a step


class Projector:
    def __init__(self, engine: Engine, series: Series, figures: Figures) -> None:
        self._engine = engine
        self._series = series
        self._records = Records(figures)
        # the tips tell all that stands in the series, as long as this term lasts: not after a step that broke off, nor
        # when another worker may have been between
        self._sure: Hashable = object()

    def step(self, now: int, fence: Fence) -> int:
        """Takes the oldest messages that wait; returns how many. Raises SeriesUnavailable, DBAPIError, LeaseLost."""
        sure, self._sure = self._sure == fence.term, object()
        with self._engine.connect() as connection:
            waiting = select(inbox).where(inbox.c.state == State.NEW).order_by(inbox.c.id).limit(BATCH)
            messages = connection.execute(waiting).all()
            periods = periods_of(connection, ((message.edge, message.name) for message in messages))
            tips = _tips(connection, {message.name for message in messages}) if sure else {}
        if messages:
            works = [judged(message, periods.get((message.edge, message.name), ())) for message in messages]
            self._settle(works, tips, sure, now)
            fence.check()
            self._write(works)
            self._keep(works, now, fence)
            metrics.MESSAGES.inc(len(works))
            metrics.CONFLICTS.inc(sum(len(work.conflicts) for work in works))
        self._sure = fence.term
        return len(messages)

    def _keep(self, works: Sequence[Work], now: int, fence: Fence) -> None:
        """What SQL will never take (it said so of the data) keeps nothing else from it."""
        try:
            with writing(self._engine).begin() as connection:
                fence.fence(connection)
                self._records.keep(connection, works, now)
        except DataError as error:
            if len(works) > 1:
                for work in works:
                    self._keep([work], now, fence)
            elif works[0].state is State.QUARANTINED:  # it is refused already: this is no fault of the message
                raise
            else:
                works[0].refuse(Reason.UNREADABLE, printable(f"SQL refuses it: {told(error)}"))
                self._keep(works, now, fence)

    def _settle(self, works: Sequence[Work], tips: dict[Place, int], sure: bool, now: int) -> None:
        """Which rows are written: those above the tip unread, the others after a look at what stands there."""
        planned: dict[Place, dict[int, dict[int, SeriesRow]]] = defaultdict(lambda: defaultdict(dict))
        for work in works:
            by_place: dict[Place, list[SeriesRow]] = defaultdict(list)
            for row in work.projection.rows:
                by_place[row.meter, kind(row)].append(row)
            for place, rows in by_place.items():
                last = tips.get(place, -1)
                unread = range(last + 1, now + DAY + 1) if sure else range(0)
                standing = self._standing(place, [stamp(row) for row in rows if stamp(row) not in unread])
                planned_here = planned[place]
                for row in rows:
                    at = stamp(row)
                    if row.repeat == 0 and at in unread and at not in planned_here:
                        work.writes.append(row)
                        planned_here[at][0] = row
                        continue
                    here = planned_here[at]
                    settled = settle(row, standing.get(stamp(row), {}) | here)
                    if isinstance(settled, Conflict):
                        work.conflicts.append(settled)
                    elif settled is not None:
                        work.writes.append(settled)
                        before = here.get(settled.repeat) or standing.get(stamp(row), {}).get(settled.repeat)
                        values = {**(before.values if before else {}), **settled.values}
                        here[settled.repeat] = replace(settled, values=values)

    def _standing(self, place: Place, stamps: Sequence[int]) -> dict[int, dict[int, SeriesRow]]:
        if not stamps:
            return {}
        meter, kind_ = place
        since, until = min(stamps) - 1, max(stamps)
        found: Sequence[SeriesRow] = (
            self._series.load(meter, since, until)
            if kind_ is Kind.LOAD
            else self._series.registers(meter, [kind_], since, until)
        )
        standing: dict[int, dict[int, SeriesRow]] = defaultdict(dict)
        for row in found:
            standing[stamp(row)][row.repeat] = row
        return dict(standing)

    def _write(self, works: Sequence[Work]) -> None:
        """All at once; when the series refuses, message by message, so that only the guilty one is set aside."""
        rows = [row for work in works for row in work.writes]
        try:
            if rows:
                with metrics.WRITE.time():
                    self._series.write(rows)
                metrics.ROWS.inc(len(rows))
        except SeriesRefused:
            for work in works:
                try:
                    self._series.write(work.writes)
                except SeriesRefused as error:
                    work.refuse(Reason.SERIES_REFUSED, str(error))
                    metrics.REFUSED.inc()


def _tips(connection: Connection, meters: Iterable[str]) -> dict[Place, int]:
    rows = connection.execute(select(tip).where(tip.c.meter.in_(sorted(meters))))
    return {(row.meter, Kind(row.kind)): row.last for row in rows}
