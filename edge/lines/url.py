"""The address of a line: tcp://host:port or serial:/dev/ttyUSB0?baud=9600&parity=N&stop=1&bits=8."""

from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

EXAMPLES = "tcp://192.168.0.7:4059 or serial:/dev/ttyUSB0?baud=9600"
BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
# setting -> what may stand there
_ALLOWED: dict[str, tuple[str, ...]] = {
    "baud": tuple(map(str, BAUDS)),
    "parity": ("N", "E", "O"),
    "stop": ("1", "2"),
    "bits": ("7", "8"),
}


class BadUrl(ValueError):
    """The text is not the address of a line; the message says what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class TcpUrl:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SerialUrl:
    """RS-485: 9600 8N1 unless told otherwise."""

    device: str
    baud: int = 9600
    parity: str = "N"  # N, E, O
    stop: int = 1
    bits: int = 8

    @property
    def byte_time(self) -> float:
        """Seconds that one byte takes on the wire."""
        return (1 + self.bits + (self.parity != "N") + self.stop) / self.baud


LineUrl: TypeAlias = TcpUrl | SerialUrl


def parse(text: str) -> LineUrl:
    """Raises BadUrl."""
    parts = urlsplit(text)
    if parts.scheme == "tcp":
        return _tcp(text)
    if parts.scheme == "serial":
        return _serial(text)
    raise BadUrl(f"{text!r} is not a line: {EXAMPLES}")


def _tcp(text: str) -> TcpUrl:
    parts = urlsplit(text)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = parts.hostname, None
    if not host:
        raise BadUrl(f"{text!r} names no host: tcp://host:port")
    if not port:
        raise BadUrl(f"{text!r} names no port, 1 to 65535: tcp://host:port")
    if parts.path or parts.query or parts.username:
        raise BadUrl(f"{text!r} has something after the port: tcp://host:port")
    return TcpUrl(host, port)


def _serial(text: str) -> SerialUrl:
    parts = urlsplit(text)
    if parts.netloc or not parts.path.startswith("/"):
        raise BadUrl(f"{text!r} names no device: serial:/dev/ttyUSB0?baud=9600")
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name, value in settings.items():
        if name not in _ALLOWED:
            raise BadUrl(f"{text!r}: no such setting {name!r}; there are {', '.join(_ALLOWED)}")
        if value.upper() not in _ALLOWED[name]:
            raise BadUrl(f"{text!r}: {name}={value}: allowed are {', '.join(_ALLOWED[name])}")
    numbers = {name: int(settings[name]) for name in ("baud", "stop", "bits") if name in settings}
    return SerialUrl(parts.path, parity=settings.get("parity", "N").upper(), **numbers)
