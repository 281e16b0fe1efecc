"""`uchet-edge read`: what it prints, where it stops, and its exit codes."""

import asyncio
import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from demo.meters.host import Link, serve
from demo.meters.model import Enterprise, Household, Sdm630, Site, SpodesSite
from edge.cli import main
from tests.edge.lines.peer import tcp_peer
from tests.edge.meters.spodes_parts import keep_from_us
from tests.parts import free_port

NOW = datetime(2026, 11, 24, 9, 10, tzinfo=UTC)
DAY = ["--from", "2026-11-23", "--to", "2026-11-24"]
QUICK = ["--timeout", "0.2", "--retries", "1"]
PASSWORD = "12345678"


def household(**settings: object) -> Household:
    return Household(serial="10200301", clock=NOW.timestamp, **settings)  # type: ignore[arg-type]


async def run(*arguments: str, password: str | None = PASSWORD) -> Result:
    """The command in a thread, so that the simulated meter can answer."""
    environment = {"UCHET_PASSWORD": password}
    return await asyncio.to_thread(CliRunner().invoke, main, ["read", *arguments], env=environment)


async def read(site: Site, *arguments: str, link: Link = "wrapper", password: str | None = PASSWORD) -> Result:
    async with await serve(site, "tcp://127.0.0.1:0", link) as running:
        kind = ["--link", link] if isinstance(site, SpodesSite) else ["--framing", link]
        return await run("--line", running.url, *kind, *arguments, password=password)


# ---- what is printed


@pytest.mark.quick
async def test_load_as_json() -> None:
    result = await read(household(), "--what", "load", *DAY, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    names = ["end", "span", "quality", "active_import", "active_export", "reactive_import", "reactive_export"]
    assert list(rows[0]) == names
    assert rows[0]["end"] == "2026-11-23T00:30:00Z"  # half-open: midnight itself is the day before's
    assert rows[-1]["end"] == "2026-11-24T00:00:00Z"
    assert all(isinstance(row["active_import"], int) for row in rows)
    assert sum(row["span"] for row in rows) == 86400


async def test_registers_add_up_to_the_intervals() -> None:
    load = await read(
        household(), "--what", "load", "--from", "2026-11-20T21:00", "--to", "2026-11-21T21:00Z", "--format", "json"
    )
    daily = await read(household(), "--what", "daily", "--from", "2026-11-20", "--to", "2026-11-22", "--format", "json")
    intervals = [json.loads(line) for line in load.stdout.splitlines()]
    days = [json.loads(line) for line in daily.stdout.splitlines()]
    assert [day["end"] for day in days] == ["2026-11-20T21:00:00Z", "2026-11-21T21:00:00Z"]
    assert days[0]["span"] == 0
    difference = days[1]["active_import_total"] - days[0]["active_import_total"]
    assert sum(row["active_import"] for row in intervals) == difference
    assert days[0]["active_import_total"] == sum(days[0][f"active_import_t{tariff}"] for tariff in range(1, 5))


async def test_times_may_carry_an_offset() -> None:
    result = await read(
        household(),
        "--what",
        "load",
        "--from",
        "2026-11-23T03:00+03:00",
        "--to",
        "2026-11-23T01:00Z",
        "--format",
        "csv",
    )
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["end"] for row in rows] == ["2026-11-23T00:30:00Z", "2026-11-23T01:00:00Z"]


async def test_the_table_is_for_people() -> None:
    result = await read(household(), "--what", "load", *DAY)
    head, first, *_ = result.stdout.splitlines()
    assert head.split()[:4] == ["end", "span", "quality", "active_import"]
    assert "kWh" in head
    assert first.split()[2] == "ok"
    assert 0 < float(first.split()[3]) < 10


async def test_events_have_words() -> None:
    result = await read(
        household(), "--what", "events", "--from", "2026-09-01", "--to", "2026-11-24", "--format", "json"
    )
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert events
    assert all(list(event) == ["time", "journal", "code", "text"] for event in events)


async def test_passport_now_and_clock_are_one_object() -> None:
    for what, member in (("passport", "serial"), ("now", "time"), ("clock", "ahead")):
        result = await read(Enterprise(serial="20200302"), "--what", what, "--format", "json", link="hdlc")
        assert result.exit_code == 0, result.output
        assert member in json.loads(result.stdout)
    assert abs(json.loads(result.stdout)["ahead"]) < 60


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
async def test_a_modbus_meter(framing: Link) -> None:
    arguments = ["--modbus", "eastron-sdm630", "--format", "json", "--serial", "7001234"]
    result = await read(Sdm630(serial="7001234"), *arguments, link=framing)
    found = json.loads(result.stdout)
    assert {"time", "voltage_a", "active_import_total"} <= found.keys()


async def test_over_a_pty(tmp_path: Path) -> None:
    async with await serve(household(), "pty", "hdlc") as running:
        result = await run("--line", running.url, "--what", "daily", "--format", "json", *DAY)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 1


async def test_the_trace_shows_the_line_but_not_the_password() -> None:
    result = await read(household(), "--what", "passport", "--trace", link="hdlc")
    assert " > 7e" in result.stderr
    assert " < 7e" in result.stderr
    assert PASSWORD.encode().hex(" ") not in result.stderr
    assert "** ** ** **" in result.stderr


async def test_a_password_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    result = await read(household(), "--what", "passport", "--password-file", str(file), password=None)
    assert result.exit_code == 0


# ---- how it ends


def silent(site: SpodesSite) -> None:
    site.faults.silent = True


def refusing(site: SpodesSite) -> None:
    site.faults.refuse = True


def another(site: SpodesSite) -> None:
    site.faults.serial = "777"


def sound(site: SpodesSite) -> None:
    pass


FAULTS: list[tuple[str, Callable[[SpodesSite], None], str, int, str]] = [
    ("silent", silent, PASSWORD, 3, "no answer, asked 2 times"),
    ("refusing", refusing, PASSWORD, 4, "refused"),
    ("another", another, PASSWORD, 5, "serial number 777 answers, 10200301 is expected"),
    ("wrong password", sound, "wrong", 7, "the password is refused"),
]


@pytest.mark.parametrize("link", ["wrapper", "hdlc"])
@pytest.mark.parametrize(("name", "break_it", "password", "code", "says"), FAULTS, ids=[fault[0] for fault in FAULTS])
async def test_each_fault_has_its_code_and_words(
    link: Link, name: str, break_it: Callable[[SpodesSite], None], password: str, code: int, says: str
) -> None:
    site = household()
    break_it(site)
    result = await read(site, "--serial", "10200301", "--what", "passport", *QUICK, link=link, password=password)
    assert (result.exit_code, result.stdout) == (code, "")
    assert "uchet-edge read: meter 10200301 on line tcp://" in result.stderr
    assert says in result.stderr
    assert "; check " in result.stderr
    assert PASSWORD not in result.stderr


async def test_garbage_is_garbled() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(256):
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    for link in ("wrapper", "hdlc"):
        async with tcp_peer(babble) as url:
            result = await run("--line", url, "--link", link, *QUICK)
        assert (result.exit_code, result.stdout) == (6, "")
        assert "cannot be understood" in result.stderr


@pytest.mark.quick
async def test_a_line_that_cannot_be_opened_has_its_own_words() -> None:
    for url in (f"tcp://127.0.0.1:{free_port()}", "serial:/dev/no-such-device"):
        result = await run("--line", url)
        assert result.exit_code == 3
        assert f"line {url}: " in result.stderr
        assert "no answer" not in result.stderr


@pytest.mark.parametrize("link", ["wrapper", "hdlc"])
async def test_what_was_read_before_a_fault_stays_printed(link: Link) -> None:
    site = household()
    site.faults.cut = 9000
    result = await read(
        site, "--what", "load", "--from", "2026-10-01", "--to", "2026-11-24", "--format", "json", *QUICK, link=link
    )
    assert result.exit_code == 1
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert 48 <= len(rows) < 54 * 48
    assert rows[0]["end"] == "2026-10-01T00:30:00Z"
    assert result.stderr.startswith("uchet-edge read: ")


@pytest.mark.quick
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing option '--line'"),
        (["--line", "tcp://x"], "--line: 'tcp://x' names no port, 1 to 65535"),
        (["--line", "tcp://x:1", "--server", "a"], "'a': allowed is a logical device"),
        (["--line", "tcp://x:1", "--client", "0"], "0 is not in the range 1<=x<=127"),
        (["--line", "tcp://x:1", "--what", "all"], "'all' is not one of 'load', 'daily'"),
        (["--line", "tcp://x:1", "--from", "yesterday"], "'yesterday': allowed is 2026-11-24"),
        (["--line", "tcp://x:1", "--from", "2026-11-24", "--to", "2026-11-24"], "--to: must be later than --from"),
        (["--line", "tcp://x:1", "--offset", "900"], "900 is not in the range"),
        (["--line", "tcp://x:1", "--modbus", "sdm"], "--modbus: no template 'sdm'; there are abb-b2x"),
        (["--line", "tcp://x:1", "--modbus", "abb-b2x", "--what", "load"], "--what: 'load': a Modbus meter remembers"),
    ],
)
async def test_wrong_arguments_are_named_with_what_is_allowed(arguments: list[str], says: str) -> None:
    result = await run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in " ".join(result.stderr.split())


async def test_a_journal_that_is_refused_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    since = ("--from", "2026-09-01", "--to", "2026-11-24")
    whole = await read(household(), "--what", "events", *since, "--format", "json")
    keep_from_us(monkeypatch, 2)
    part = await read(household(), "--what", "events", *since, "--format", "json")
    assert (whole.exit_code, part.exit_code) == (0, 1)
    assert "0.0.99.98.2.255: read-write-denied" in part.stderr
    expected = [line for line in whole.stdout.splitlines() if json.loads(line)["journal"] != 2]
    assert expected == part.stdout.splitlines() != whole.stdout.splitlines()


async def test_the_table_of_a_moment_shows_units() -> None:
    result = await read(household(), "--what", "now")
    shown = {line.rsplit(maxsplit=1)[0].strip() for line in result.stdout.splitlines()}
    assert {"voltage_a V", "active_import_total kWh", "power_factor"} <= shown
