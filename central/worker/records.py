"""What SQL keeps of messages whose rows the series has confirmed.

Their state in the inbox, events, conflicts, how far each meter is, and which days are to be computed anew.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, bindparam, case, select, tuple_, update

from central.audits import counting
from central.db import insert
from central.figures.tables import conflict
from central.ingest.projection import kind, stamp
from central.ingest.tables import State, event, inbox, meter_seen, tip
from central.logs import about
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
        _save_events(connection, works)
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
        heard: dict[str, _Heard] = {}
        for work in works:
            for line in work.projection.events:  # an outage told later than its gap changes what the gap is
                stamps[work.topic.name].add(line.time)
            for row in work.projection.rows:
                at, place = stamp(row), (row.meter, kind(row))
                # its day, though the series may have had it: who wrote it may have died before its transaction, and SQL
                # that was restored knows nothing of it
                stamps[row.meter].add(at)
                if at <= now + DAY:
                    tips[place] = max(at, tips.get(place, 0))
                    before = heard.get(row.meter, _Heard(0, 0))
                    heard[row.meter] = _Heard(max(at, before.stamp), max(work.received_at, before.received_at))
        for (meter, kind_), last in sorted(tips.items()):
            _raise_to(connection, tip, {"meter": meter, "kind": kind_.value}, {"last": last})
        for meter, newest in sorted(heard.items()):
            values = {"last_stamp": newest.stamp, "last_received_at": newest.received_at}
            _raise_to(connection, meter_seen, {"meter": meter}, values)
        for meter, touched in sorted(stamps.items()):
            self._figures.mark(connection, meter, sorted(touched))


def _save_events(connection: Connection, works: Sequence[Work]) -> None:
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


class _Heard(NamedTuple):
    stamp: int
    received_at: int


def _raise_to(connection: Connection, table: Table, key: dict[str, str], values: dict[str, int]) -> None:
    """Sets the columns, unless they stand higher already."""
    upsert = insert(connection, table).values(**key, **values)
    higher = {
        name: case((table.c[name] > upsert.excluded[name], table.c[name]), else_=upsert.excluded[name])
        for name in values
    }
    connection.execute(upsert.on_conflict_do_update(index_elements=list(key), set_=higher))
