"""`uchet-central audit`: do all steps of a reading's way agree, and is all there that should be?

Exit code 0: all agree. 1: something differs, and the output says where. What waits at an edge or for the worker is
under way; what is in quarantine is counted apart: neither is a difference.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from central.audits import completeness as complete
from central.audits import ledger
from central.audits import projection as projected
from central.audits.ledger import Line, Step, Verdict
from central.audits.tables import FindingState, finding
from central.commands import keys
from central.config import CentralConfig, load
from central.db import connect
from central.migrations.command import central_id
from central.timeseries.base import DAY, Series, SeriesError
from central.timeseries.stores import open_series

DEFAULT = 14  # days
INBOX = 14  # days that it keeps

_WHERE = {
    Step.EDGE: "lost at the concentrator, between reading and sending",
    Step.DELIVERY: "acknowledged and not received",
    Step.SURPLUS: "received, and never held by the concentrator",
    Step.CENTRAL: "lost between the inbox and the series",
}
_DATE = click.DateTime(["%Y-%m-%d"])
_HEAD = ("day", "edge", "meter", "read", "journal", "sent", "received", "projected", "quarantine", "waiting", "void")


@click.group(invoke_without_command=True)
@click.option("--day", type=_DATE, help="One UTC day.")
@click.option("--from", "since", type=_DATE, help="First UTC day; two weeks ago unless told.")
@click.option("--to", "until", type=_DATE, help="Last UTC day; today unless told.")
@click.option("--meter", help="Only of this meter.")
@click.option("--edge", help="Only of this concentrator.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_context
def audit(
    context: click.Context,
    day: datetime | None,
    since: datetime | None,
    until: datetime | None,
    meter: str | None,
    edge: str | None,
    form: str,
) -> None:
    """Readings read = journal = sent = received = projected, per meter and day; exit code 1 where they differ.

    A day is the UTC day on which the concentrator made the message. «-» = the concentrator does not say.
    """
    if context.invoked_subcommand is not None:
        return
    first, last = _range(day, since, until, DEFAULT)
    config = load(context.obj)
    with _opened(config) as engine:
        differ = _print(ledger.lines(engine, first, last, meter=meter, edge=edge), form)
        findings = _findings(engine, first, last, meter) if edge is None else []
    for one in findings:
        click.echo(_told(one), err=form == "json")
    sys.exit(1 if differ or findings else 0)


@audit.command()
@click.option("--from", "since", type=_DATE, help="First UTC day on which messages were made.")
@click.option("--to", "until", type=_DATE, help="Last UTC day; today unless told.")
@click.option("--meter", help="Only of this meter.")
@click.option("--repair", is_flag=True, help="Give the messages of what is missing to the worker once more.")
@click.pass_obj
def projection(path: Path, since: datetime | None, until: datetime | None, meter: str | None, repair: bool) -> None:
    """What the inbox holds (14 days) against what the series holds; exit code 1 where the series lacks something."""
    first, last = _range(None, since, until, INBOX)
    config = load(path)
    with _opened(config) as engine, _series(config) as series:
        began = time.monotonic()
        found = projected.audit(engine, series, first, last, int(time.time()), meter=meter, repair=repair)
        pace = found.days / max(time.monotonic() - began, 0.001)
    for one in found.findings:
        click.echo(
            f"{_day(one.day)} {one.meter} {one.kind.value}: inbox {one.inbox[0]} rows, sum {one.inbox[1]}; "
            f"series {one.series[0]} rows, sum {one.series[1]}; missing {one.missing}, otherwise {one.differing}"
        )
    click.echo(
        f"{found.meters} meters, {found.days} days of a meter and kind ({pace:.0f} a second): "
        f"{len(found.findings)} differ, {found.repaired} agree again"
    )
    if repair:
        click.echo(f"{found.given} messages go to the worker again")
    sys.exit(1 if found.findings else 0)


@audit.command()
@click.option("--meter", help="Only of this meter.")
@click.option("--dry-run", is_flag=True, help="Only look: nothing is written, nobody is asked.")
@click.pass_obj
def completeness(path: Path, meter: str | None, dry_run: bool) -> None:
    """What should have come against what came; gaps are asked for. Exit code 1 where readings are missing."""
    config = load(path)
    now = int(time.time())
    with _opened(config) as engine, _series(config) as series:
        found = complete.audit(engine, series, config.audits, now, meter=meter, dry_run=dry_run)
        asked = [] if dry_run else complete.ask(engine, keys.private_key(config), config.audits, now)
    for one in found.lacking:
        click.echo(
            f"{one.meter} {one.kind.value}: {len(one.stamps)} missing, {_at(one.stamps[0])} to {_at(one.stamps[-1])}"
        )
    click.echo(
        f"{found.meters} meters, {found.missing} readings are missing; "
        f"gaps: {found.found} new, {found.filled} filled, {found.lost} lost; {len(asked)} asked for"
    )
    sys.exit(1 if found.missing else 0)


# ---- inside


def _range(day: datetime | None, since: datetime | None, until: datetime | None, days: int) -> tuple[int, int]:
    if day is not None and (since or until):
        raise click.UsageError("either --day, or --from and --to")
    last = _number(day or until) if day or until else int(time.time()) // DAY
    first = _number(day or since) if day or since else last - days + 1
    if first > last:
        raise click.UsageError("--from must not be after --to")
    return first, last


def _number(day: datetime | None) -> int:
    assert day is not None
    return int(day.replace(tzinfo=UTC).timestamp()) // DAY


def _day(number: int) -> str:
    return datetime.fromtimestamp(number * DAY, UTC).strftime("%Y-%m-%d")


def _at(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _print(lines: Iterable[Line], form: str) -> int:
    """Returns how many differ."""
    found: list[Line] = []
    count = 0
    if form == "table":
        click.echo("{:10}  {:16} {:20} {:>8} {:>8} {:>8} {:>8} {:>9} {:>10} {:>8} {:>5}".format(*_HEAD))
    for line in lines:
        count += 1
        click.echo(_json(line) if form == "json" else _row(line))
        if line.verdict is Verdict.DIFFERS:
            found.append(line)
    if form == "table":
        losses = "; ".join(f"{number} {_WHERE[step]}" for step, number in sorted(ledger.lost(found).items()))
        click.echo(f"{count} lines, {len(found)} differ" + (f": {losses}" if losses else ""))
    return len(found)


def _row(line: Line) -> str:
    told = ["-" if value is None else str(value) for value in (line.read, line.journal, line.sent)]
    figures = [*told, line.received, line.projected, line.quarantined, line.waiting, line.void]
    text = "{:10}  {:16} {:20} {:>8} {:>8} {:>8} {:>8} {:>9} {:>10} {:>8} {:>5}".format(
        _day(line.day), line.edge, line.meter, *figures
    )
    return f"{text}  {_remark(line)}".rstrip()


def _remark(line: Line) -> str:
    said = [f"DIFFERS: {number} {_WHERE[step]}" for step, number in line.losses]
    if line.at_edge:
        said.append(f"{line.at_edge} wait at the concentrator")
    if not said and line.newer and line.journal is not None and line.received > line.journal:
        said.append("newer than the concentrator's last word")
    return "; ".join(said)


def _json(line: Line) -> str:
    values: dict[str, Any] = asdict(line) | {"day": _day(line.day), "at_edge": line.at_edge}
    del values["before"], values["newer"]
    values["verdict"] = line.verdict.name.lower()
    values["losses"] = {step.value: number for step, number in line.losses}
    return json.dumps(values)


def _findings(engine: Engine, first: int, last: int, meter: str | None) -> list[Any]:
    query = select(finding).where(finding.c.state == FindingState.OPEN, finding.c.day.between(first, last))
    if meter is not None:
        query = query.where(finding.c.meter == meter)
    with engine.connect() as connection:
        return list(connection.execute(query.order_by(finding.c.day.desc(), finding.c.meter)))


def _told(row: Any) -> str:
    return (
        f"{_day(row.day)} {row.meter} {row.kind}: the series lacks {row.missing} rows that the inbox has, "
        f"{row.differing} stand otherwise (found {_at(row.found_at)}; `audit projection --repair`)"
    )


@contextmanager
def _opened(config: CentralConfig) -> Iterator[Engine]:
    """What goes wrong inside is one line and exit code 2: nothing was found out."""
    engine = connect(config.sql_url)
    try:
        central_id(engine)  # says so when `migrate` was not run
        yield engine
    except (SeriesError, DBAPIError) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        click.echo(f"uchet-central: {said}", err=True)
        sys.exit(2)
    finally:
        engine.dispose()


@contextmanager
def _series(config: CentralConfig) -> Iterator[Series]:
    series = open_series(config)
    try:
        yield series
    finally:
        series.close()
