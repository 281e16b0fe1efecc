"""The table of questions, and the command that asks them."""

import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import Engine, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from central.config import CentralConfig, ConfigError, load
from central.db import connect
from central.logs import told
from central.operation.doctor import actions, links, machine, stores, work
from central.operation.doctor.findings import Finding, Patient, Question, examine
from central.operation.probes import NoAnswer, within

SQL_SECONDS = 5.0
SQL = "проверьте, что база запущена (systemctl status postgresql), url в [sql], права и место на диске"
STORE = "проверьте, что хранилище рядов запущено (systemctl status influxdb), url, database и пароль в [series]"
AGAIN = "повторите, когда база и диск будут свободнее"

QUESTIONS = (
    Question("данные", machine.folder, "проверьте папку данных из [central] data"),
    Question("часы", machine.clock, "проверьте службу времени: timedatectl"),
    Question("база SQL", stores.sql, SQL, needs_sql=True),
    Question("разделы", stores.weeks, SQL, needs_sql=True),
    Question("целостность", stores.files, AGAIN, seconds=300),
    Question("ряды", stores.series, STORE, seconds=30),
    Question("брокер", links.broker, links.REACH, seconds=20),
    Question("почта", links.mail, "проверьте [mail] и почтовый сервер", seconds=30),
    Question("телефоны", links.push, "проверьте [push] и файл secret в папке данных"),
    Question("программы", links.programs, "проверьте службы: systemctl status 'uchet-*'", seconds=60),
    Question("часы", work.edges, SQL, needs_sql=True),
    Question("очереди", work.work, SQL, seconds=60, needs_sql=True),
    Question("уведомления", work.notices, SQL, seconds=60, needs_sql=True),
    Question("журнал действий", actions.journal, SQL, seconds=60, needs_sql=True),
    Question("копия", machine.backup, "проверьте папку [backup] folder"),
    Question("ключ команд", machine.command_key, "верните command.key из резервной копии", needs_sql=True),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of {part, well, what, do}.")
@click.pass_obj
def doctor(path: Path, as_json: bool) -> None:
    """Look at everything central stands on: what is wrong, and what to do. Exit code 1 when something is wrong."""
    found = []
    for finding in _look(path, int(time.time())):
        found.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        told = [dataclasses.asdict(finding) | {"well": finding.well} for finding in found]
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    wrong = sum(not finding.well for finding in found)
    if not as_json:
        click.echo(f"\nтребуют внимания: {wrong}" if wrong else "\nвсё в порядке")
    sys.exit(1 if wrong else 0)


def _show(finding: Finding) -> None:
    click.echo(f"{'в порядке' if finding.well else 'ПЛОХО    '}  {finding.part}: {finding.what}")
    if finding.do:
        click.echo(f"           что делать: {finding.do}")


def _look(path: Path, now: int) -> Iterator[Finding]:
    try:
        config = load(path)
    except ConfigError as error:
        yield Finding("настройки", str(error), "исправьте названную строку и запустите doctor снова")
        return
    yield Finding("настройки", f"{path} прочитан")
    engine, silent = _sql(config)
    if silent:
        yield silent
    try:
        yield from examine(Patient(config, engine, now), QUESTIONS)
    finally:
        if engine is not None:
            engine.dispose()


def _sql(config: CentralConfig) -> tuple[Engine | None, Finding | None]:
    """An engine that answers, or why there is none. A file of SQLite that is not there is not made."""
    url = make_url(config.sql_url)
    file = url.database if url.get_backend_name() == "sqlite" else None
    if file and not Path(file).is_file():
        return None, Finding("база SQL", f"нет файла {file}", "выполните `uchet-central migrate` или restore из копии")
    engine = connect(config.sql_url)
    try:
        within(SQL_SECONDS, lambda: _answers(engine))
    except NoAnswer:
        return None, Finding("база SQL", f"не отвечает {SQL_SECONDS:.0f} с", SQL)
    except SQLAlchemyError as error:
        return None, Finding("база SQL", f"не отвечает: {told(error)}", SQL)
    return engine, None


def _answers(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(select(1))
