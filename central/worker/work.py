"""One message on its way out of the inbox: what it says, and what becomes of it."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from central.audits.counting import shape_of
from central.ingest.bindings import Periods
from central.ingest.judge import Reason, judge, printable, takes, takes_all
from central.ingest.projection import Conflict, Projection, SeriesRow, project
from central.ingest.tables import State
from protocol.messages.topics import RowTopic
from protocol.reading import Kind

DAY = 86_400

Place = tuple[str, Kind]  # meter, kind


@dataclass(slots=True)
class Work:
    """One message and what becomes of it."""

    id: int
    topic: RowTopic
    received_at: int
    state: State = State.DONE
    reason: Reason | None = None
    detail: str | None = None
    projection: Projection = field(default_factory=Projection)
    writes: list[SeriesRow] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    day: int = 0  # these three as the inbox has them: central.audits.counting
    entries: int = 0
    projected: int = 0
    shape: tuple[int, int] | None = None  # day and entries, by a program that can read it

    @property
    def counts(self) -> dict[str, int]:
        """Day, entries, projected, as the inbox has them from now on. What went on once has gone on."""
        day, entries = self.shape if self.shape and self.entries else (self.day, self.entries)
        gone_on = len(self.projection.rows) + len(self.projection.events)
        return {"day": day, "entries": entries, "projected": min(entries, max(self.projected, gone_on))}

    def refuse(self, reason: Reason, detail: str) -> None:
        """None of it goes anywhere: it waits in quarantine."""
        self.state, self.reason, self.detail = State.QUARANTINED, reason, detail
        self.projection, self.writes, self.conflicts = Projection(), [], []


def judged(message: Row[Any], periods: Periods) -> Work:
    """The edge was entitled to the meter in these periods."""
    topic = RowTopic(message.edge, message.channel, message.name, message.store, message.seq, message.prev)
    counted = {"day": message.day, "entries": message.entries, "projected": message.projected}
    work = Work(message.id, topic, message.received_at, **counted)
    verdict = judge(topic, message.body, periods)
    if verdict.reason:
        work.refuse(verdict.reason, verdict.detail or "")
    elif verdict.body:
        work.shape = shape_of(verdict.body)
        whole = takes_all(topic, verdict.body, periods)
        work.projection = project(topic.name, verdict.body, None if whole else lambda at: takes(topic, at, periods))
        if work.projection.foreign:
            work.state, work.reason = State.PARTIAL, Reason.FOREIGN_METER
            work.detail = f"{work.projection.foreign} of {len(verdict.body.rows)} rows of a time when it was not its"
        if work.projection.unknown:
            work.state, work.reason = State.PARTIAL, Reason.UNKNOWN_COLUMNS
            work.detail = printable(", ".join(work.projection.unknown))
    return work
