"""Fault 7, the well-formed kind: right JSON with values that nobody expects, in any place of any message.

PostgreSQL refuses what SQLite takes (NUL in a text, a text that is too long, an integer that is too wide), and says so
only when it is asked to write. No such value may get that far.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from central.commands.tables import command
from central.db import writing
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.tables import State, inbox, stray
from central.timeseries.sqlite import SqliteSeries
from central.worker import Worker
from tests.central.parts import CENTRAL, NOW, NoFigures, database
from tests.central.sql import Sql

TEXTS = ["\0", "a\0b", "\x7f", "я" * 50, "\u2028", "x" * 5000, "'--", "%s", ":a", "9999-12-31T23:59:59Z"]
ODD = [*TEXTS, "0001-01-01T00:00:00Z", 2**31, 2**63 - 1, -(2**63), 2**64, -1, 0, 1.5, None, True, [], {}]
BODY = {"v": 1, "made": "2025-11-24T16:00:00Z", "offset": 180, "t0": "2025-11-24T00:00:00Z"}
ROWS: dict[str, list[dict[str, Any]]] = {
    "archive": [
        {**BODY, "kind": "load", "cols": ["active_import", "reactive_import"], "rows": [[0, 1800, 0, 5, 6]]},
        {**BODY, "kind": "daily", "cols": ["active_import_total"], "rows": [[0, 0, 128, 99]]},
    ],
    "event": [{**BODY, "kind": "event", "cols": ["journal", "code", "uptime"], "rows": [[0, 0, 0, 2, 1, 77]]}],
    "reply": [{"v": 1, "id": "c1", "status": 0, "at": "2025-11-24T16:00:00Z", "detail": "d", "result": {"a": "b"}}],
    "void": [{"hash": "none"}],
}
ABOUT: dict[str, dict[str, Any]] = {
    "about": {"store": "s1", "low": 1, "next": 5, "central": CENTRAL, "software": "1", "config": "c", "meters": {}},
    "state": {"state": "online", "since": "2025-11-24T16:00:00Z"},
    "health": {
        "time": "2025-11-24T16:00:00Z",
        "waiting": 0,
        "oldest": None,
        "days_left": 1.5,
        "clock": "trusted",
        "meters": {"A-1": {"last_success": "2025-11-24T16:00:00Z", "fault": "f", "overwritten_from": None}},
        "store": "s1",
        "counts": {"A-1": [[NOW // 86_400, 5, 5, 5]]},
    },
}


def spoilt(message: dict[str, Any], chance: random.Random) -> bytes:
    """One to three of its values, or names, are others."""
    made: Any = json.loads(json.dumps(message))
    for _ in range(chance.randint(1, 3)):
        place = made
        while place:
            key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if isinstance(place[key], dict | list) and chance.random() < 0.7:
                place = place[key]
            elif isinstance(place, dict) and chance.random() < 0.2:
                place[chance.choice(TEXTS)] = place.pop(key)
                break
            else:
                place[key] = chance.choice(ODD)
                break
    return json.dumps(made).encode()


def stream(count: int, chance: random.Random) -> list[Message]:
    makers: list[Callable[[int], Message]] = [
        lambda seq: _row(chance.choice(list(ROWS)), seq, chance),
        lambda _seq: _about(chance.choice(list(ABOUT)), chance),
    ]
    return [chance.choices(makers, [3, 2])[0](seq) for seq in range(1, count + 1)]


def _row(channel: str, seq: int, chance: random.Random) -> Message:
    name = "c1" if channel == "reply" else chance.choice(["A-1", "A-1", "self", "B-9"])
    prev = chance.choice("0f") * 16
    return Message(f"uchet/1/edge-1/up/{channel}/{name}/s1/{seq}/{prev}", spoilt(chance.choice(ROWS[channel]), chance))


def _about(what: str, chance: random.Random) -> Message:
    return Message(f"uchet/1/edge-1/up/{what}", spoilt(ABOUT[what], chance))


@pytest.mark.parametrize("count", [2000, pytest.param(20_000, marks=pytest.mark.long)])
def test_sql_never_has_to_refuse_what_came(sql: Sql, tmp_path: Path, count: int) -> None:
    engine = database(tmp_path, "A-1")
    asked = {"id": "c1", "edge": "edge-1", "counter": 1, "command": "backfill", "arguments": {}, "payload": b""}
    with writing(engine).begin() as connection:
        connection.execute(command.insert().values(**asked, author="", made_at=0, expires_at=2**40, state="open"))
    receiver = Receiver(engine, CENTRAL)
    worker = Worker(engine, SqliteSeries(tmp_path / "series.sqlite"), NoFigures())
    messages = stream(count, random.Random(count))
    for start in range(0, count, 25):
        receiver.take(messages[start : start + 25], NOW)
        while worker.step(NOW):
            pass
    with engine.connect() as connection:
        rows = connection.scalar(select(func.count()).select_from(inbox))
        new = connection.scalar(select(func.count()).select_from(inbox).where(inbox.c.state == State.NEW))
        refused = [
            *connection.scalars(select(stray.c.detail).where(stray.c.detail.startswith("SQL refuses"))),
            *connection.scalars(select(inbox.c.detail).where(inbox.c.detail.startswith("SQL refuses"))),
        ]
    assert refused == []
    assert (rows, new) == (sum("/s1/" in message.topic for message in messages), 0)
