"""Lines to meters. `make_line(name, url)` -> a Line (contract in `base`)."""

from edge.lines.base import Line
from edge.lines.serial import SerialLine
from edge.lines.tcp import TcpLine
from edge.lines.trace import Trace
from edge.lines.url import TcpUrl, parse


def make_line(name: str, url: str, trace: Trace | None = None) -> Line:
    """Opens nothing yet. Raises BadUrl."""
    where = parse(url)
    trace = trace or Trace()
    return TcpLine(name, url, where, trace) if isinstance(where, TcpUrl) else SerialLine(name, url, where, trace)
