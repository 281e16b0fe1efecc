"""The state of the concentrator as plain data: one picture for the page, /state.json and `uchet-edge status`. Pure."""

from datetime import UTC, datetime
from typing import Any

from edge.config import Config
from edge.health import Board, LineState, MeterState
from edge.uplink.pump import UplinkState

# state of a meter -> how soon a person should look at it
TROUBLE = {"silent": 0, "late": 1, "clock": 2, "new": 3, "well": 4}
CLOCK_OFF = 5.0  # seconds


def state(config: Config, board: Board, uplink: UplinkState, now: int, trusted: bool) -> dict[str, Any]:
    """Times: seconds UTC."""
    down = {line.name for line in board.lines.values() if line.fault is not None}
    found = (_meter(meter, now, meter.line in down) for meter in board.meters.values())
    in_order = list(found)
    meters = sorted(in_order, key=lambda meter: TROUBLE[meter["state"]])
    waiting, running = board.waiting, board.configuration
    return {
        "edge": config.edge.name,
        "title": config.edge.title,
        "now": now,
        "clock_trusted": trusted,
        "uplink": {
            "connected": uplink.connected,
            "answering": uplink.answering,
            "since": uplink.since,
            "trouble": uplink.trouble,
            "last_ack": uplink.last_ack,
            "stranger": uplink.stranger,
        },
        "journal": {
            "rows": waiting.total,
            "waiting": waiting.rows,
            "oldest": waiting.oldest,
            "days_left": waiting.days_left,
        },
        "configuration": {
            "version": running.version,  # of central's; 0 = edge.toml's own lines and meters
            "sha256": running.sha256,
            "refused": running.refused and {"version": running.refused.version, "why": running.refused.why},
        },
        "notices": [
            *board.notices,
            *(f"dropped {datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}: {why}" for why, at in board.dropped.items()),
            *([board.journal_fault] if board.journal_fault else []),
        ],
        "lines": [_line(line, in_order) for line in board.lines.values()],
        "meters": meters,
    }


def _line(line: LineState, meters: list[dict[str, Any]]) -> dict[str, Any]:
    mine = [meter for meter in meters if meter["line"] == line.name]
    answering = sum(1 for meter in mine if meter["state"] not in ("silent", "new"))
    return {
        "name": line.name,
        "url": line.url,
        "fault": line.fault,
        "since": line.since,
        "answering": answering,
        "count": len(mine),
        "meters": [{"id": meter["id"], "state": meter["state"]} for meter in mine],  # as they stand in edge.toml
    }


def _meter(meter: MeterState, now: int, down: bool) -> dict[str, Any]:
    return {
        "id": meter.id,
        "line": meter.line,
        "title": meter.title,
        "serial": meter.serial,
        "state": _word(meter, now, down),
        "last_success": meter.last_success,
        "fault": meter.fault,
        "fault_since": meter.fault_since,
        "ahead": meter.ahead,
        "read_to": meter.load_mark,
        "gap_days": round(meter.gap_days, 1),
    }


def _word(meter: MeterState, now: int, down: bool) -> str:
    if down or meter.fault is not None:
        return "silent"
    if meter.last_success is None:
        return "new"
    if meter.late(now):
        return "late"
    return "clock" if meter.ahead is not None and abs(meter.ahead) > CLOCK_OFF else "well"
