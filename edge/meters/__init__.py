"""Drivers of meters. `open_meter(meter, line)` begins a conversation (contract in `base`)."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from edge.lines.base import Line
from edge.meters.base import Driver, Meter, ModbusMeter
from edge.meters.modbus import open_modbus
from edge.meters.spodes import open_spodes


def open_meter(meter: Meter, line: Line, wall: Callable[[], float] = time.time) -> AbstractAsyncContextManager[Driver]:
    """`wall`: seconds UTC, for the moments of what is read. Raises MeterFault or LineDown on entering."""
    if isinstance(meter, ModbusMeter):
        return open_modbus(meter, line, wall)
    return open_spodes(meter, line, wall)
