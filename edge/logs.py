"""Logs as logfmt on stderr: `ts=… level=… room=… msg="…"`; systemd's journal keeps and bounds them."""

import logging
import sys
import time


class Logfmt(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        quoted = message.replace("\\", "\\\\").replace('"', "'").replace("\n", "\\n")
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        return f'ts={stamp} level={record.levelname.lower()} room={record.name} msg="{quoted}"'


def setup(verbose: bool) -> None:
    """The libraries below us speak only when something is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Logfmt())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("edge").setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in ("pymodbus", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
