"""What SQL keeps of messages whose rows the series has confirmed.

Their state in the inbox, events, conflicts, how far each meter is, and which days are to be computed anew.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, case, select, tuple_, update

from central.audits import counting
from central.db import insert, insert_of
from central.figures.tables import conflict
from central.ingest.projection import kind, stamp
from central.ingest.tables import State, event, inbox, meter_seen, tip
from central.logs import about
from central.notices import marks
from central.operation.alarms import Alarm
from central.sparingly import Sparingly
from central.worker.figures import Figures
from central.worker.work import DAY, Place, Work
from protocol.messages.topics import SELF

log = logging.getLogger(__name__)


class Records:
    """Rows are written in the order of their keys, so that two transactions never wait for each other."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._sparingly = Sparingly()

    def keep(self, connection: Connection, works: Sequence[Work], now: int) -> None:
        """All of it, in this transaction."""
        by_id = update(inbox).where(inbox.c.id == bindparam("key"))
        results = [
            {"key": work.id, "state": work.state, "reason": work.reason, "detail": work.detail, **work.counts}
            for work in works
        ]
        connection.execute(by_id, results)
        counting.projected(connection, works)
        for work in works:
            said = (work.reason, work.topic.edge, work.topic.name)
            if work.state is State.QUARANTINED and self._sparingly.may_say(said, now):
                ids = {"reason": work.reason, "edge": work.topic.edge, "meter": work.topic.name, "seq": work.topic.seq}
                log.warning("a message is quarantined: %s", work.detail, extra=about(Alarm.QUARANTINE, **ids))
        _save_events(connection, works, now)
        self._save_conflicts(connection, works, now)
        self._save_progress(connection, works, now)

    def _save_conflicts(self, connection: Connection, works: Sequence[Work], now: int) -> None:
        """Each once: the same row may come again."""
        for work in works:
            for found in work.conflicts:
                key = (found.row.meter, kind(found.row).value, stamp(found.row))
                same = select(conflict.c.came).where(tuple_(conflict.c.meter, conflict.c.kind, conflict.c.stamp) == key)
                if found.came in connection.scalars(same).all():
                    continue
                names = dict(zip(("meter", "kind", "stamp"), key, strict=True))
                values = {"kept": found.kept, "came": found.came, "at": now, "state": "open"}
                connection.execute(conflict.insert().values(**names, **values))
                if self._sparingly.may_say(("conflict", found.row.meter), now):
                    log.warning("two values for one stamp; the first stays", extra=about(Alarm.CONFLICT, **names))

    def _save_progress(self, connection: Connection, works: Sequence[Work], now: int) -> None:
        stamps: dict[str, set[int]] = defaultdict(set)
        tips: dict[Place, int] = {}
        heard: dict[str, tuple[int, int]] = {}
        for work in works:
            for line in work.projection.events:  # an outage told later than its gap changes what the gap is
                stamps[work.topic.name].add(line.time)
            rows = work.projection.rows
            if not rows:
                continue
            # its days, though the series may have had it: who wrote it may have died before its transaction, and SQL
            # that was restored knows nothing of it
            meter, place, found = rows[0].meter, (rows[0].meter, kind(rows[0])), {stamp(row) for row in rows}
            stamps[meter] |= found
            if possible := [at for at in found if at <= now + DAY]:
                last, before = max(possible), heard.get(meter, (0, 0))
                tips[place] = max(last, tips.get(place, 0))
                heard[meter] = max(last, before[0]), max(work.received_at, before[1])
        _raise_all(
            connection, tip, [{"meter": meter, "kind": what.value, "last": at} for (meter, what), at in tips.items()]
        )
        _raise_all(
            connection,
            meter_seen,
            [{"meter": meter, "last_stamp": at, "last_received_at": came} for meter, (at, came) in heard.items()],
        )
        self._figures.mark(connection, stamps)


def _save_events(connection: Connection, works: Sequence[Work], now: int) -> None:
    found = [
        {
            "meter": work.topic.name,
            "edge": work.topic.edge if work.topic.name == SELF else "",
            "time": line.time,
            "journal": line.journal,
            "code": line.code,
            "uptime": -1 if line.uptime is None else line.uptime,
            "received_at": work.received_at,
        }
        for work in works
        for line in work.projection.events
    ]
    if found:
        connection.execute(insert(connection, event).on_conflict_do_nothing(), found)
    lines: dict[str, list[marks.Line]] = defaultdict(list)
    for work in works:
        if work.topic.name != SELF and work.projection.events:
            lines[work.topic.name] += [(line.time, line.journal, line.code) for line in work.projection.events]
    marks.mark(connection, lines, now)


def _raise_all(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Rows of one shape; a column that stands higher already stays."""
    if rows:
        key = [column.name for column in table.primary_key]
        rows.sort(key=lambda row: [row[name] for name in key])
        connection.execute(_raise(connection.dialect.name, table, tuple(rows[0])), rows)


@cache
def _raise(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    upsert = insert_of(dialect, table)
    higher = {
        name: case((table.c[name] > upsert.excluded[name], table.c[name]), else_=upsert.excluded[name])
        for name in names
        if not table.c[name].primary_key
    }
    return upsert.on_conflict_do_update(index_elements=list(table.primary_key), set_=higher)
