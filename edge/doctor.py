"""`uchet-edge doctor`: looks at what the concentrator stands on and says what to do. Changes nothing."""

import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.clock import SystemClock, synchronised
from edge.config import Config, Uplink
from edge.journal.check import trouble
from edge.lines.url import TcpUrl, parse
from edge.status import ask

LEAST_FREE = 256 * 2**20  # bytes
REACH_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    well: bool
    what: str
    do: str = ""


def examine(config: Config) -> Iterator[Finding]:
    yield from _disk(Path(config.edge.data))
    yield _journal(config.journal)
    yield _clock(config.journal)
    for line in config.line:
        yield _line(line.name, line.url)
    yield _uplink(config.uplink)
    yield from _running(config)


def _disk(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding(False, f"{folder} is not there", f"make it: install -d -o uchet-edge {folder}")
        return
    if not os.access(folder, os.W_OK):
        yield Finding(
            False, f"{folder} cannot be written by this user", "run as the service's user, or change its owner"
        )
    free = shutil.disk_usage(folder).free
    text = f"{free // 2**20} MiB free in {folder}"
    yield Finding(free >= LEAST_FREE, text, "make room, or lower edge.journal_mib")


def _journal(path: Path) -> Finding:
    if not path.exists():
        return Finding(True, f"{path}: no journal yet, it is made at the first start")
    reason = trouble(path)
    if reason is None:
        return Finding(True, f"{path}: sound")
    return Finding(False, f"{path}: {reason}", "start the service: it keeps the file aside and saves the good rows")


def _clock(journal: Path) -> Finding:
    last = None
    if journal.exists():
        try:
            with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
                last = connection.execute("SELECT at FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        except sqlite3.Error:
            last = None
    trusted = SystemClock(last and last[0]).trusted()
    how = "synchronised" if synchronised() else "not synchronised"
    return Finding(trusted, f"clock {how}, {'' if trusted else 'not '}trusted", "set it, or let NTP do so")


def _line(name: str, url: str) -> Finding:
    where = parse(url)
    if isinstance(where, TcpUrl):
        return _reach(f"line {name}", where.host, where.port, "is the converter powered, is the address right?")
    if not Path(where.device).exists():
        return Finding(
            False, f"line {name}: no {where.device}", "is the adapter plugged in? ls /dev/ttyUSB* /dev/ttyS*"
        )
    well = os.access(where.device, os.R_OK | os.W_OK)
    return Finding(well, f"line {name}: {where.device}", "add the service's user to the group dialout")


def _uplink(uplink: Uplink) -> Finding:
    return _reach("broker", uplink.host, uplink.port, "is there a network? does a firewall let this port out?")


def _reach(what: str, host: str, port: int, do: str) -> Finding:
    try:
        socket.create_connection((host, port), REACH_SECONDS).close()
    except OSError as error:
        return Finding(False, f"{what}: {host}:{port}: {error}", do)
    return Finding(True, f"{what}: {host}:{port} can be reached")


def _running(config: Config) -> Iterator[Finding]:
    state = ask(config.page.address)
    if state is None:
        yield Finding(False, "the service does not answer", "systemctl start uchet-edge; journalctl -u uchet-edge")
        return
    uplink = state["uplink"]
    do = uplink["trouble"] or "is `uchet-central ingest` running, and is this edge known there?"
    yield Finding(
        uplink["answering"],
        f"central {'answers' if uplink['answering'] else 'does not answer'}",
        do,
    )
    for meter in state["meters"]:
        if meter["state"] in ("silent", "late"):
            yield Finding(
                False, f"meter {meter['id']}: {meter['fault'] or meter['state']}", "uchet-edge read … shows more"
            )
