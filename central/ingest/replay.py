"""`uchet-central replay`: gives messages to the worker once more, after what held them back has changed.

A foreign meter was adopted, a newer program knows a version or a column, the series was wiped (`--state done`). A
message that would be refused again stays where it is. Doing it twice changes nothing: projection is idempotent.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import ColumnElement, Engine, and_, select, true, update

from central.config import load
from central.db import connect, writing
from central.ingest.bindings import periods_of
from central.ingest.judge import Reason, judge
from central.ingest.tables import State, inbox
from protocol.messages.topics import RowTopic

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Which:
    """Messages of this state; the rest narrows it. Times are of arrival, seconds UTC, until excluded."""

    state: State = State.QUARANTINED
    reason: Reason | None = None
    edge: str | None = None
    since: int | None = None
    until: int | None = None

    @property
    def clause(self) -> ColumnElement[bool]:
        conditions = [inbox.c.state == self.state, inbox.c.channel.not_in(("void", "reply"))]
        for column, value in ((inbox.c.reason, self.reason), (inbox.c.edge, self.edge)):
            conditions.append(true() if value is None else column == value)
        conditions.append(true() if self.since is None else inbox.c.received_at >= self.since)
        conditions.append(true() if self.until is None else inbox.c.received_at < self.until)
        return and_(*conditions)


@dataclass(slots=True)
class Replayed:
    given: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by reason: they stay


def replay_messages(engine: Engine, which: Which, *, dry_run: bool = False) -> Replayed:
    """In chunks, each in one transaction, so ingest can go on meanwhile."""
    result, after = Replayed(), 0
    while True:
        with writing(engine).begin() as connection:
            query = select(inbox).where(which.clause, inbox.c.id > after).order_by(inbox.c.id).limit(CHUNK)
            messages = connection.execute(query).all()
            periods = periods_of(connection, ((message.edge, message.name) for message in messages))
            good = []
            for message in messages:
                topic = RowTopic(message.edge, message.channel, message.name, message.store, message.seq, message.prev)
                verdict = judge(topic, message.body, periods.get((message.edge, message.name), ()))
                if verdict.reason:
                    result.refused[verdict.reason] += 1
                else:
                    good.append(message.id)
            if good and not dry_run:
                anew = {"state": State.NEW, "reason": None, "detail": None}
                connection.execute(update(inbox).where(inbox.c.id.in_(good)).values(anew))
            result.given += len(good)
        if not messages:
            return result
        after = messages[-1].id


def _seconds(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> int | None:
    return None if value is None else int(value.replace(tzinfo=UTC).timestamp())


@click.command()
@click.option("--state", type=click.Choice([State.QUARANTINED, State.PARTIAL, State.DONE]), default=State.QUARANTINED)
@click.option("--reason", type=click.Choice(list(Reason)), help="Only those held back for this reason.")
@click.option("--edge", help="Only of this concentrator.")
@click.option("--from", "since", type=click.DateTime(), callback=_seconds, help="Arrived at or after, UTC.")
@click.option("--to", "until", type=click.DateTime(), callback=_seconds, help="Arrived before, UTC.")
@click.option("--dry-run", is_flag=True, help="Only count.")
@click.pass_obj
def replay(
    path: Path,
    state: State,
    reason: Reason | None,
    edge: str | None,
    since: int | None,
    until: int | None,
    dry_run: bool,
) -> None:
    """Give messages of the inbox to the worker once more."""
    engine = connect(load(path).sql_url)
    result = replay_messages(engine, Which(state, reason, edge, since, until), dry_run=dry_run)
    engine.dispose()
    click.echo(f"{result.given} messages {'would go' if dry_run else 'go'} to the worker again")
    for why, number in sorted(result.refused.items()):
        click.echo(f"{number} stay: {why}")
