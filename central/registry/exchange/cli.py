"""`uchet-central registry`: the registry as a workbook: template, import, export, and the undoing of a change."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine, select

from central.accounts.audit import note
from central.config import load
from central.db import connect, writing
from central.registry.changes import entering
from central.registry.exchange import writing as workbook
from central.registry.exchange.importing import Book, Report, bring_in
from central.registry.refusals import Refused
from central.registry.tables import change, organisation
from central.registry.undo import undo

SHOWN = 50  # consequences


@click.group()
def registry() -> None:
    """The registry as a workbook of Excel."""


@registry.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def template(file: Path) -> None:
    """An empty workbook with captions, lists and examples."""
    workbook.template(file)


@registry.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--organisation", "name", help="Needed where there are several.")
@click.pass_obj
def export_command(path: Path, file: Path, name: str | None) -> None:
    """All that is entered, in the form that `import` takes."""
    with _database(path) as engine, engine.connect() as connection:
        workbook.export(connection, _organisation(engine, name), file, _say)


@registry.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--organisation", "name", help="Needed where there are several.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def import_command(path: Path, file: Path, name: str | None, dry_run: bool, yes: bool) -> None:
    """Tell what a workbook would change, ask, and do it: whole or not at all."""
    now = int(time.time())
    with _database(path) as engine:
        whose = _organisation(engine, name)
        if not yes or dry_run:
            _tell(_read(engine, file, whose, now, dry_run=True))
            if dry_run:
                return
            click.confirm("Внести?", abort=True)
        report = _read(engine, file, whose, now, dry_run=False)
        _tell(report)
        if report.change is None:
            click.echo("Ничего не изменено: всё уже так и есть")
            return
        with writing(engine).begin() as connection:
            note(connection, now, None, "import", f"change {report.change}", f"{report.changes} rows")
    click.echo(f"Внесено: изменение № {report.change}; отменить: uchet-central registry undo {report.change}")


@registry.command("undo")
@click.argument("number", type=int)
@click.pass_obj
def undo_command(path: Path, number: int) -> None:
    """Undo a change as a whole, while nothing depends on it."""
    now = int(time.time())
    with _database(path) as engine, writing(engine).begin() as connection:
        if connection.execute(select(change.c.id).where(change.c.id == number)).first() is None:
            raise click.ClickException(f"there is no change {number}")
        try:
            with entering(connection, at=now, kind="undo", undoes=number) as back:
                undo(back, number)
        except Refused as refused:
            raise click.ClickException(str(refused)) from None
        note(connection, now, None, "undo", f"change {number}")
    click.echo(f"Отменено: изменение № {number}")


def _read(engine: Engine, file: Path, whose: int, now: int, *, dry_run: bool) -> Report:
    """Ends the program with 1 where something is wrong: all of it is told."""
    try:
        report = bring_in(engine, Book(file, whose), now, dry_run=dry_run, say=_say)
    except Refused as refused:
        raise click.ClickException(f"{file.name}: {refused}") from None
    if report.wrong:
        for wrong in report.wrong:
            click.echo(str(wrong))
        if report.more_wrong:
            click.echo(f"… и ещё {report.more_wrong}")
        click.echo("Ничего не внесено")
        sys.exit(1)
    return report


def _tell(report: Report) -> None:
    for (sheet, fate), count in sorted(report.counts.items()):
        click.echo(f"{sheet}\t{fate}\t{count}")
    for one in report.consequences[:SHOWN]:
        click.echo(
            f"изменятся цифры: {one.code} {one.address}, {one.first:%d.%m.%Y}–{one.until:%d.%m.%Y}, суток: {one.days}"
        )
    if len(report.consequences) > SHOWN:
        click.echo(f"… и ещё {len(report.consequences) - SHOWN} точек")


def _say(sheet: str, rows: int) -> None:
    click.echo(f"{sheet}: {rows}", err=True)


def _organisation(engine: Engine, name: str | None) -> int:
    with engine.connect() as connection:
        known = {row.name: row.id for row in connection.execute(select(organisation.c.name, organisation.c.id))}
    if name is None and len(known) == 1:
        return int(next(iter(known.values())))
    if name not in known:
        raise click.ClickException(f"--organisation: one of {', '.join(sorted(known)) or 'none yet'}")
    return int(known[name])


@contextmanager
def _database(path: Path) -> Iterator[Engine]:
    engine = connect(load(path).sql_url)
    try:
        yield engine
    finally:
        engine.dispose()
