"""`uchet-central replay` and `discard`: what becomes of messages that wait in quarantine.

`replay` gives messages to the worker once more, after what held them back has changed.

A foreign meter was adopted, a newer program knows a version or a column, the series was wiped (`--state done`). A
message that would be refused again stays where it is. Doing it twice changes nothing: projection is idempotent.
`discard` gives messages up: someone has looked at them and says why. They are kept as long as those that went through
(`replay --state given_up` takes them up again), and the audits count them apart.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import reduce, wraps
from pathlib import Path
from typing import Any

import click
from sqlalchemy import ColumnElement, Engine, and_, func, select, true, update

from central.accounts.audit import note
from central.audits import counting
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
    meter: str | None = None

    @property
    def said(self) -> str:
        """For the log of who did what."""
        named: tuple[tuple[str, object], ...] = (("reason", self.reason), ("edge", self.edge), ("meter", self.meter))
        narrowed = (*named, ("from", self.since), ("to", self.until))
        return " ".join([str(self.state), *(f"{name}={value}" for name, value in narrowed if value is not None)])

    @property
    def clause(self) -> ColumnElement[bool]:
        conditions = [inbox.c.state == self.state, inbox.c.channel.not_in(("void", "reply"))]
        named = ((inbox.c.reason, self.reason), (inbox.c.edge, self.edge), (inbox.c.name, self.meter))
        for column, value in named:
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
                if which.state is State.GIVEN_UP:
                    counting.given_up(connection, [one for one in messages if one.id in set(good)], -1)
            result.given += len(good)
        if not messages:
            return result
        after = messages[-1].id


def discard_messages(engine: Engine, which: Which, why: str, now: int, *, dry_run: bool = False) -> int:
    """Gives up messages in quarantine, or the rest of partial ones; returns how many. In chunks, as above."""
    if dry_run:
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(inbox).where(which.clause)) or 0
    given_up = {"state": State.GIVEN_UP, "detail": func.coalesce(inbox.c.detail, "") + f"; given up: {why}"}
    counted = (inbox.c[name] for name in ("id", "day", "edge", "store", "name", "entries", "projected"))
    oldest = select(*counted).where(which.clause).order_by(inbox.c.id).limit(CHUNK).with_for_update()
    number = 0
    while True:
        with writing(engine).begin() as connection:
            messages = connection.execute(oldest).all()
            if not messages:
                return number
            connection.execute(update(inbox).where(inbox.c.id.in_([one.id for one in messages])).values(given_up))
            counting.given_up(connection, messages)
            note(connection, now, None, "discard", which.said, f"{len(messages)} messages: {why}")
        number += len(messages)


def _seconds(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> int | None:
    return None if value is None else int(value.replace(tzinfo=UTC).timestamp())


def _words(*words: StrEnum) -> click.Choice[str]:
    """As SQL and the log have them; of an enumeration click would take the names."""
    return click.Choice([word.value for word in words])


def _narrowed(*states: State) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options by which both commands choose messages: the command gets `which` and `dry_run`."""
    options = (
        click.option("--state", type=_words(*states), default=State.QUARANTINED.value),
        click.option("--reason", type=_words(*Reason), help="Only those held back for this reason."),
        click.option("--edge", help="Only of this concentrator."),
        click.option("--meter", help="Only of this meter."),
        click.option("--from", "since", type=click.DateTime(), callback=_seconds, help="Arrived at or after, UTC."),
        click.option("--to", "until", type=click.DateTime(), callback=_seconds, help="Arrived before, UTC."),
        click.option("--dry-run", is_flag=True, help="Only count."),
    )

    def narrowed(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def chosen(
            state: str,
            reason: str | None,
            edge: str | None,
            since: int | None,
            until: int | None,
            meter: str | None,
            **others: Any,
        ) -> None:
            which = Which(State(state), Reason(reason) if reason else None, edge, since, until, meter)
            command(which=which, **others)

        return reduce(lambda made, option: option(made), reversed(options), chosen)

    return narrowed


@click.command()
@_narrowed(State.QUARANTINED, State.PARTIAL, State.DONE, State.GIVEN_UP)
@click.pass_obj
def replay(path: Path, which: Which, dry_run: bool) -> None:
    """Give messages of the inbox to the worker once more."""
    engine = connect(load(path).sql_url)
    result = replay_messages(engine, which, dry_run=dry_run)
    if not dry_run:
        with writing(engine).begin() as connection:
            note(connection, int(time.time()), None, "replay", which.said, f"{result.given} messages")
    engine.dispose()
    click.echo(f"{result.given} messages {'would go' if dry_run else 'go'} to the worker again")
    for why, number in sorted(result.refused.items()):
        click.echo(f"{number} stay: {why}")


@click.command()
@_narrowed(State.QUARANTINED, State.PARTIAL)
@click.option("--why", required=True, help="What was found when they were looked at; it is kept.")
@click.pass_obj
def discard(path: Path, which: Which, dry_run: bool, why: str) -> None:
    """Give up messages that wait: nothing will come of them."""
    if which == Which(which.state):
        raise click.UsageError("name one of --reason, --edge, --meter, --from, --to: all of quarantine is too much")
    engine = connect(load(path).sql_url)
    number = discard_messages(engine, which, why, int(time.time()), dry_run=dry_run)
    engine.dispose()
    click.echo(f"{number} messages {'would be' if dry_run else 'are'} given up")
