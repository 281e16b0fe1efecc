"""Logs: one line an event on stderr, logfmt or JSON; systemd's journal keeps and bounds them.

    ts=2026-11-25T00:40:12Z level=warning room=central.ingest.mqtt msg="SQL takes nothing: …" alarm=sql_refuses

Ids stand in fields of their own: `log.info("a job is done", extra=about(job=17))`. No personal data and no secrets:
whoever logs does not say them, and what slips into an error is cut here: of a database's error only the first line
(the next ones quote values), and whatever looks like a mail address or the credentials of a URL.
"""

import json
import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

from sqlalchemy.exc import DBAPIError

from central.config import Log
from central.operation.alarms import Alarm

log = logging.getLogger(__name__)

_MAIL = re.compile(r"[^\s@<>\"'(),;=:/]+@[^\s@<>\"'(),;:/]+\.[^\s@<>\"'(),;:/]+")
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")
_BARE = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f]+")
_ESCAPED = {"\\": "\\\\", '"': '\\"'}
_QUIET = (
    "paho",
    "waitress",
    "alembic",
    "urllib3",
    "influxdb_client",
    "sqlalchemy",
    "werkzeug",
)  # only when it is wrong


def about(alarm: Alarm | None = None, **ids: Any) -> dict[str, Any]:
    """`extra` of a line: the ids it is about, and the alarm it is."""
    return {"about": ({"alarm": str(alarm)} if alarm else {}) | ids}


def setup(settings: Log, verbose: bool = False) -> None:
    """From now on, for the whole process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line(settings.format))
    level = logging.DEBUG if verbose else settings.level.upper()
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("central").setLevel(level)
    logging.getLogger("demo").setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def catch() -> None:
    """What nobody caught goes into the log too, in the whole process: Python would print the values of statements."""

    def ends(kind: type[BaseException], error: BaseException | None, *_: object) -> None:
        log.critical("nobody caught %s", kind.__name__, exc_info=error)

    sys.excepthook = ends
    threading.excepthook = lambda said: ends(said.exc_type, said.exc_value)


class Line(logging.Formatter):
    """`form`: logfmt or json."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "room": record.name,
            "msg": cut(record.getMessage()),
            **{name: _plain(value) for name, value in getattr(record, "about", {}).items()},
        }
        if record.exc_info and record.exc_info[1]:
            fields["error"] = told(record.exc_info[1])
            fields["trace"] = "\n".join(_trace(record.exc_info[1]))
        return json.dumps(fields, ensure_ascii=False) if self._form == "json" else _logfmt(fields)


def told(error: BaseException) -> str:
    """An error for the log: its kind and the first line of its words. A database quotes values in the next ones."""
    words = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    first = words.partition("\n")[0]
    return cut(f"{type(error).__name__}: {first}" if first else type(error).__name__)


def cut(text: str) -> str:
    """The text without mail addresses and credentials."""
    return _MAIL.sub("<mail>", _CREDENTIALS.sub("<credentials>@", text)) if "@" in text else text


def _trace(error: BaseException) -> Iterator[str]:
    """Where it came from: places and kinds, the cause first."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _trace(earlier)
        yield told(earlier)
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} {frame.name}"


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | None) else cut(str(value))


def _logfmt(fields: dict[str, Any]) -> str:
    return " ".join(f"{name}={_quoted(name, value)}" for name, value in fields.items())


def _quoted(name: str, value: Any) -> str:
    text = str(value)
    if name != "msg" and _BARE.fullmatch(text):
        return text
    return '"' + "".join(_ESCAPED.get(letter) or _printable(letter) for letter in text) + '"'


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()
