"""What `uchet-edge read` prints: a table for people, JSON (one object a line) or CSV for programs.

JSON and CSV carry integer mWh and mvarh; the table shows kWh and kvarh. Everything is printed as it comes.
"""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TextIO

from protocol.quantities import BY_NAME
from protocol.reading import Event, Quality, Readings
from protocol.spodes.events import event_text

_MILLI = 1_000_000  # mWh in a kWh


class Output(ABC):
    """`printed`: whether anything was."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.printed = False

    def readings(self, readings: Readings) -> None:
        for row in readings.rows:
            self._record(
                {
                    "end": _stamp(row.end),
                    "span": row.span,
                    "quality": row.quality,
                    **dict(zip(readings.columns, row.values, strict=True)),
                }
            )

    def event(self, event: Event) -> None:
        text = event_text(event.journal, event.code)
        self._record({"time": _stamp(event.time), "journal": event.journal, "code": event.code, "text": text})

    def object(self, found: Mapping[str, Any]) -> None:
        """One thing, not a row of many."""
        self._record(found)

    def _record(self, record: Mapping[str, Any]) -> None:
        self._print(record)
        self.printed = True
        self._out.flush()

    @abstractmethod
    def _print(self, record: Mapping[str, Any]) -> None: ...

    def end(self) -> None:
        """Nothing more comes."""
        self._out.flush()


class Json(Output):
    def _print(self, record: Mapping[str, Any]) -> None:
        self._out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


class Csv(Output):
    def _print(self, record: Mapping[str, Any]) -> None:
        writer = csv.writer(self._out, lineterminator="\n")
        if not self.printed:
            writer.writerow(record)
        writer.writerow("" if value is None else value for value in record.values())


class Table(Output):
    """Columns as wide as the widest that may come; an object is one line a value."""

    def object(self, found: Mapping[str, Any]) -> None:
        heads = [_head(name) for name in found]
        width = max(map(len, heads), default=0)
        for head, (name, value) in zip(heads, found.items(), strict=True):
            self._out.write(f"{head:<{width}}  {_shown(name, value)}\n")
        self.printed = True

    def _print(self, record: Mapping[str, Any]) -> None:
        if not self.printed:
            self._line(record, [_head(name) for name in record])
        self._line(record, [_shown(name, value) for name, value in record.items()])

    def _line(self, record: Mapping[str, Any], cells: Sequence[str]) -> None:
        padded = (f"{cell:>{_width(name)}}" for name, cell in zip(record, cells, strict=True))
        self._out.write("  ".join(padded).rstrip() + "\n")


FORMATS: dict[str, type[Output]] = {"table": Table, "json": Json, "csv": Csv}


def _stamp(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _width(name: str) -> int:
    return {"end": 20, "time": 20, "span": 5, "quality": 26, "journal": 7, "code": 4, "text": 0}.get(
        name, max(12, len(_head(name)))
    )


def _head(name: str) -> str:
    """«active_import kWh»"""
    quantity = BY_NAME.get(name)
    if quantity is None:
        return name
    unit = {"mWh": "kWh", "mvarh": "kvarh", "1": ""}.get(quantity.unit, quantity.unit)
    return f"{name} {unit}".strip()


def _shown(name: str, value: object) -> str:
    quantity = BY_NAME.get(name)
    if value is None:
        return "—"
    if name == "quality" and isinstance(value, int):
        return _quality(value)
    if quantity is None:
        return str(value)
    if quantity.integer:
        return f"{(Decimal(str(value)) / _MILLI).normalize():f}"
    return f"{float(str(value)):.6g}"


def _quality(bits: int) -> str:
    return "+".join(flag.name.lower().replace("_", "-") for flag in Quality if flag & bits and flag.name) or "ok"
