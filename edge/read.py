"""`uchet-edge read`: one meter, one question, from a terminal. No configuration, no network, no database.

Exit codes: 0 all read · 1 part of it (what was read is printed) · 2 wrong arguments · 3 no answer, or no line ·
4 association refused · 5 another meter · 6 garbled · 7 password refused. The reason stands on stderr.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from edge.lines import make_line
from edge.lines.base import Line, LineDown
from edge.lines.trace import Trace
from edge.lines.url import BadUrl
from edge.meters import open_meter, templates
from edge.meters.base import Driver, Meter, MeterFault, ModbusMeter, NotGiven, SpodesMeter
from edge.meters.windows import step, walk
from edge.output import FORMATS, Output
from protocol.errors import LocalError
from protocol.reading import Kind, Readings
from protocol.spodes.events import JOURNALS

DAY = 86400
NO_LINE = 3
PART = 1
ARCHIVES = {"load": Kind.LOAD, "daily": Kind.DAILY, "monthly": Kind.MONTHLY}
WHAT = (*ARCHIVES, "events", "now", "passport", "clock")
MODBUS_WHAT = ("now", "passport")
_SERVER = re.compile(r"(\d{1,5})(?:/(\d{1,5}))?")
_HIGHEST_ADDRESS = 0x3FFF
_PIECES = {Kind.DAILY: 366 * DAY, Kind.MONTHLY: 3660 * DAY}


class Moment(click.ParamType[int]):
    """A date, or a date and time; UTC unless it carries an offset. Seconds UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r}: allowed is 2026-11-24, 2026-11-24T10:30 or 2026-11-24T10:30+03:00", param, ctx)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


class Server(click.ParamType[tuple[int, int | None]]):
    """Logical device, or logical/physical address."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int | None]:
        found = _SERVER.fullmatch(value)
        numbers = [int(number) for number in found.groups() if number] if found else []
        if not numbers or max(numbers) > _HIGHEST_ADDRESS:
            self.fail(f"{value!r}: allowed is a logical device, or logical/physical, 0 to 16383: 1/16", param, ctx)
        return numbers[0], numbers[1] if len(numbers) == 2 else None


@dataclass(frozen=True, slots=True)
class Question:
    what: str
    since: int
    until: int


@click.command()
@click.option("--line", "url", required=True, help="tcp://host:port or serial:/dev/ttyUSB0?baud=9600")
@click.option("--what", type=click.Choice(WHAT), default="now", show_default=True)
@click.option("--link", type=click.Choice(["hdlc", "wrapper"]), default="hdlc", show_default=True)
@click.option("--client", type=click.IntRange(1, 127), default=32, show_default=True, help="16 public, 32 reader")
@click.option("--server", type=Server(), default="1/16", show_default=True, help="logical[/physical] address")
@click.option("--password", help="of the client; or UCHET_PASSWORD")
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--serial", help="number of the meter that is expected")
@click.option("--from", "since", type=Moment(), help="UTC unless it carries an offset; default: a day before --to")
@click.option("--to", "until", type=Moment(), help="default: now")
@click.option(
    "--offset",
    type=click.IntRange(-840, 840),
    default=180,
    show_default=True,
    help="minutes east of UTC that the meter's clock runs at",
)
@click.option(
    "--period",
    type=click.IntRange(60, DAY),
    default=1800,
    show_default=True,
    help="of the load profile, seconds, when the meter does not tell",
)
@click.option("--modbus", "template", help="a Modbus meter: name of a template, or the path of one")
@click.option("--device", type=click.IntRange(1, 247), default=1, show_default=True, help="Modbus address")
@click.option(
    "--framing", type=click.Choice(["tcp", "rtu"]), default="tcp", show_default=True, help="Modbus over tcp://"
)
@click.option("--timeout", type=click.FloatRange(0.05, 600), help="seconds; default 5, Modbus 1")
@click.option("--retries", type=click.IntRange(0, 10), default=2, show_default=True)
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="table", show_default=True)
@click.option("--trace", is_flag=True, help="show what goes over the line, on stderr")
def read(url: str, what: str, since: int | None, until: int | None, style: str, trace: bool, **given: Any) -> None:
    """Read one meter and print what it says."""
    line = _line(url, trace)
    until = int(time.time()) if until is None else until
    since = until - DAY if since is None else since
    if since >= until:
        raise click.BadParameter("must be later than --from", param_hint="--to")
    meter = _meter(url, what, given)
    output = FORMATS[style](sys.stdout)
    sys.exit(asyncio.run(_run(meter, line, Question(what, since, until), output)))


async def _run(meter: Meter, line: Line, question: Question, output: Output) -> int:
    """The exit code; what can be printed is."""
    try:
        async with open_meter(meter, line) as driver:
            await _ANSWERS.get(question.what, _archive)(driver, meter, question, output)
    except (MeterFault, LineDown) as error:
        output.end()
        click.echo(f"uchet-edge read: {error}", err=True)
        if output.printed:
            return PART
        return error.exit_code if isinstance(error, MeterFault) else NO_LINE
    finally:
        line.close()
    output.end()
    return 0


# ---- the questions


async def _archive(driver: Driver, meter: Meter, question: Question, output: Output) -> None:
    kind = ARCHIVES[question.what]
    async for readings in _pieces(driver, kind, meter.period, question):
        if not readings.columns:
            click.echo(f"uchet-edge read: the meter keeps no {kind} profile", err=True)
            return
        output.readings(readings)


async def _pieces(driver: Driver, kind: Kind, period: int, question: Question) -> AsyncIterator[Readings]:
    """In pieces, so that rows are printed as they come."""

    async def fetch(since: int, until: int) -> list[Readings]:
        found = await driver.archive(kind, since, until)
        return [found] if found.rows or not found.columns else []

    async for part in walk(fetch, question.since, question.until, _PIECES.get(kind, step(period))):
        for readings in part:
            yield readings


async def _events(driver: Driver, meter: Meter, question: Question, output: Output) -> None:
    """A journal that is refused takes no other with it, and is told at the end."""
    refused: list[NotGiven] = []

    async def fetch(since: int, until: int) -> list[Any]:
        found: list[Any] = []
        for number in JOURNALS:
            try:
                found += await driver.events([number], since, until)
            except NotGiven as error:
                refused.append(error)
        return sorted(found, key=lambda event: event.time)

    async for part in walk(fetch, question.since, question.until, 30 * DAY):
        for event in part:
            output.event(event)
    if refused:
        raise refused[0]


async def _now(driver: Driver, meter: Meter, question: Question, output: Output) -> None:
    registers = await driver.now()
    (row,) = registers.rows
    found: dict[str, Any] = {"time": _iso(row.end), **await driver.live()}
    output.object(found | dict(zip(registers.columns, row.values, strict=True)))


async def _passport(driver: Driver, meter: Meter, question: Question, output: Output) -> None:
    output.object(await driver.passport())


async def _clock(driver: Driver, meter: Meter, question: Question, output: Output) -> None:
    reading = await driver.clock()
    if reading is None:
        click.echo("uchet-edge read: the meter has no clock", err=True)
        return
    output.object(
        {
            "meter": _iso(reading.meter),
            "edge": _iso(reading.edge),
            "ahead": round(reading.ahead, 2),
            "doubtful": reading.doubtful,
        }
    )


_ANSWERS = {"events": _events, "now": _now, "passport": _passport, "clock": _clock}


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# ---- the arguments


def _line(url: str, trace: bool) -> Line:
    try:
        return make_line(url, url, Trace((lambda text: click.echo(text, err=True)) if trace else None))
    except BadUrl as error:
        raise click.BadParameter(str(error), param_hint="--line") from None


def _meter(url: str, what: str, given: dict[str, Any]) -> Meter:
    serial = given["serial"]
    name = f"meter {serial}" if serial else "the meter"
    common: dict[str, Any] = {key: given[key] for key in ("serial", "offset", "period", "retries")}
    if given["timeout"] is not None:
        common["timeout"] = given["timeout"]
    if given["template"] is None:
        password = _password(given["password"], given["password_file"])
        own = {key: given[key] for key in ("link", "client", "server")}
        return SpodesMeter(id=name, line=url, password=password, **own, **common)
    if what not in MODBUS_WHAT:
        allowed = ", ".join(MODBUS_WHAT)
        raise click.BadParameter(
            f"{what!r}: a Modbus meter remembers nothing; allowed are {allowed}", param_hint="--what"
        )
    try:
        templates.load(given["template"])
    except LocalError as error:
        raise click.BadParameter(str(error), param_hint="--modbus") from None
    own = {key: given[key] for key in ("template", "device", "framing")}
    return ModbusMeter(id=name, line=url, **own, **common)


def _password(password: str | None, file: Path | None) -> str | None:
    if password is not None and file is not None:
        raise click.BadParameter("either --password or --password-file", param_hint="--password")
    if file is not None:
        return file.read_text().strip()
    return password if password is not None else os.environ.get("UCHET_PASSWORD")
