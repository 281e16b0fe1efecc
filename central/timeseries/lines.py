"""Line protocol: one row of the series as one line of text, and back. Milliseconds: a repeat stands n ms later.

The same lines go to InfluxDB and into backups. Names are ours ([0-9A-Za-z-], `check` saw to it): nothing is escaped.
"""

import math
from collections.abc import Mapping

from central.timeseries.base import LIVE, AnyRow, LiveRow, LoadRow, RegisterRow
from protocol.reading import Kind

LOAD, REGISTER = "load", "register"  # measurements; live values' is LIVE


def line(row: AnyRow) -> str:
    match row:
        case LoadRow():
            fields = [*_integers(row.values), f"span={row.span}i", f"q={row.quality}i"]
            return f"{LOAD},meter={row.meter} {','.join(fields)} {row.end * 1000 + row.repeat}"
        case RegisterRow():
            fields = [*_integers(row.values), f"q={row.quality}i"]
            tags = f"kind={row.kind.value},meter={row.meter}"
            return f"{REGISTER},{tags} {','.join(fields)} {row.time * 1000 + row.repeat}"
        case LiveRow():
            floats = ",".join(f"{name}={value!r}" for name, value in row.values.items())
            return f"{LIVE},meter={row.meter} {floats} {row.time * 1000}"


def parse(text: str) -> AnyRow:
    """Raises ValueError for a line that `line` did not write."""
    try:
        key, fields, stamp = text.split(" ")
        measurement, *tags = key.split(",")
        tag = dict(pair.split("=") for pair in tags)
        time, repeat = divmod(int(stamp), 1000)
        values = dict(pair.split("=") for pair in fields.split(","))
        if measurement == LIVE:
            return LiveRow(tag["meter"], time, {name: _float(value) for name, value in values.items()})
        integers = {name: _integer(value) for name, value in values.items()}
        quality = integers.pop("q")
        if measurement == LOAD:
            return LoadRow(tag["meter"], time, integers.pop("span"), quality, integers, repeat)
        if measurement == REGISTER:
            return RegisterRow(tag["meter"], time, Kind(tag["kind"]), quality, integers, repeat)
    except (ValueError, KeyError):
        pass
    raise ValueError(f"not a line of the series: {text[:200]!r}")


def _integers(values: Mapping[str, int]) -> list[str]:
    return [f"{name}={value}i" for name, value in values.items()]


def _integer(text: str) -> int:
    if not text.endswith("i"):
        raise ValueError(text)
    return int(text[:-1])


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
