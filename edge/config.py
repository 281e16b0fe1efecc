"""edge.toml: what may stand in it, what it means, and a plain word on what is wrong with it.

A wrong setting stops the program at the start with file, line, key, value and what is allowed. Nothing is guessed: an
unknown key is an error that names the nearest known one. Lines, meters and schedule that central sends are read by the
same rules, and refused with the same words.
"""

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from edge import toml_lines
from edge.lines.url import BadUrl, parse
from edge.meters import templates
from edge.meters.base import Meter, ModbusMeter, SpodesMeter
from edge.toml_lines import Path as KeyPath
from protocol.errors import LocalError
from protocol.messages import command
from protocol.messages.configuration import Settings
from protocol.messages.topics import check_edge, valid_name

DAY = 86400
NAMES = "1 to 40 of 0-9 A-Z a-z and «-»"

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[int, Meta(ge=0, le=DAY)]
Positive = Annotated[float, Meta(gt=0, le=600)]
Offset = Annotated[int, Meta(ge=-14 * 60, le=14 * 60)]
Period = Annotated[int, Meta(ge=60, le=DAY)]
Retries = Annotated[int, Meta(ge=0, le=10)]
Days = Annotated[int, Meta(ge=1, le=3660)]


class ConfigError(Exception):
    """The configuration cannot be used; the message is for the person who edits the file."""


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Edge(_Table, frozen=True):
    name: str
    data: str
    title: str = ""
    journal_mib: Annotated[int, Meta(ge=1, le=1 << 20)] = 512


class Tls(_Table, frozen=True):
    ca: str
    cert: str | None = None
    key: str | None = None


class Uplink(_Table, frozen=True):
    host: str
    central: str
    port: Port = 1883
    username: str | None = None
    password: str | None = None
    password_file: str | None = None
    tls: Tls | None = None
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    command_key: str | None = None

    @property
    def key(self) -> bytes | None:
        """Central's public key; without it neither a command nor a configuration is taken."""
        return None if self.command_key is None else command.key(self.command_key)

    @property
    def secret(self) -> str | None:
        return _secret(self.password, self.password_file)


class Page(_Table, frozen=True):
    listen: str = "127.0.0.1:8118"

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Line(_Table, frozen=True):
    name: str
    url: str


class Spodes(_Table, frozen=True, tag_field="driver", tag="spodes"):
    id: str
    line: str
    serial: str | None = None
    title: str = ""
    link: Literal["hdlc", "wrapper"] = "hdlc"
    client: Annotated[int, Meta(ge=1, le=127)] = 32
    server: str = "1/16"
    password: str | None = None
    password_file: str | None = None
    offset: Offset = 180
    period: Period = 1800
    timeout: Positive = 5.0
    retries: Retries = 2

    def meter(self) -> SpodesMeter:
        logical, _, physical = self.server.partition("/")
        return SpodesMeter(
            id=self.id,
            line=self.line,
            serial=self.serial,
            link=self.link,
            client=self.client,
            server=(int(logical), int(physical) if physical else None),
            password=_secret(self.password, self.password_file),
            offset=self.offset,
            period=self.period,
            timeout=self.timeout,
            retries=self.retries,
        )


class Modbus(_Table, frozen=True, tag_field="driver", tag="modbus"):
    id: str
    line: str
    template: str
    title: str = ""
    device: Annotated[int, Meta(ge=1, le=247)] = 1
    framing: Literal["rtu", "tcp"] = "tcp"
    serial: str | None = None
    offset: Offset = 180
    period: Period = 1800
    timeout: Positive = 1.0
    retries: Retries = 2

    def meter(self) -> ModbusMeter:
        return ModbusMeter(
            id=self.id,
            line=self.line,
            template=self.template,
            device=self.device,
            framing=self.framing,
            serial=self.serial,
            offset=self.offset,
            period=self.period,
            timeout=self.timeout,
            retries=self.retries,
        )


class Schedule(_Table, frozen=True):
    """How often, seconds; 0 = never. `load` 0 = at the end of each period of the meter."""

    delay: Seconds = 60  # after the end of a period, so that the meter has closed it
    load: Seconds = 0
    daily: Seconds = 3600  # until the day's row is there
    monthly: Seconds = 3600
    events: Seconds = 900
    now: Seconds = 3600
    live: Seconds = 300
    depth: Days = 90  # days of the past that meters keep
    reread: Annotated[int, Meta(ge=0, le=90)] = 3  # days read again every night


class Config(_Table, frozen=True):
    edge: Edge
    uplink: Uplink
    line: list[Line] = []
    meter: list[Spodes | Modbus] = []
    page: Page = Page()
    schedule: Schedule = Schedule()

    @property
    def meters(self) -> list[Meter]:
        return [meter.meter() for meter in self.meter]

    @property
    def titles(self) -> dict[str, str]:
        """What a person calls the meter: «кв. 52»."""
        return {meter.id: meter.title for meter in self.meter}

    @property
    def hash(self) -> str:
        """Of the settings in force, secrets left out: 16 hex digits."""
        return hashlib.sha256(msgspec.json.encode(_open(msgspec.to_builtins(self)))).hexdigest()[:16]

    @property
    def journal(self) -> Path:
        return Path(self.edge.data) / "journal.db"


def _open(value: Any) -> Any:
    """The same without passwords."""
    if isinstance(value, dict):
        return {key: _open(inner) for key, inner in value.items() if key != "password"}
    return [_open(inner) for inner in value] if isinstance(value, list) else value


def _secret(password: str | None, file: str | None) -> str | None:
    return Path(file).read_text().strip() if file is not None else password


# ---- reading the file


def load(path: Path) -> Config:
    """Raises ConfigError: «FILE:LINE: key = value: what is allowed»."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = found.group(1) if found else len(text.splitlines())
        raise ConfigError(f"{path}:{line}: not TOML: {error}") from None
    return _read(_Source(data, path, text))


def configured(base: Config, settings: Settings, passwords: Mapping[str, str]) -> Config:
    """`base`, reading what central wants instead of its own lines and meters. Raises ConfigError: «key: what is
    allowed».

    What central leaves out of the schedule stays as it is in `base`. `passwords` by meter.
    """
    meters: list[dict[str, Any]] = [dict(meter) for meter in settings.meter]
    whole = msgspec.to_builtins(base)
    source = _Source(
        whole | {"line": settings.line, "meter": meters, "schedule": whole["schedule"] | settings.schedule}
    )
    for number, meter in enumerate(meters):
        for key in ("password", "password_file"):
            if key in meter:
                raise ConfigError(source.message(("meter", number, key), "central sends secrets sealed, and no files"))
        if str(meter.get("template", "")).endswith(".toml"):
            raise ConfigError(source.message(("meter", number, "template"), "the name of a template, not of a file"))
        if meter.get("id") in passwords:
            meter["password"] = passwords[str(meter["id"])]
    return _read(source)


@dataclass(frozen=True)
class _Source:
    """Where settings were written: in a file, or nowhere that a line could be named of."""

    data: Any
    path: Path | None = None
    text: str = ""

    def message(self, keys: KeyPath, allowed: str) -> str:
        place = "" if self.path is None else f"{self.path}:{toml_lines.line(self.text, keys)}: "
        value = toml_lines.value(self.data, keys)
        secret = keys and keys[-1] == "password"
        shown = "" if isinstance(value, dict | list) or value is None else f" = {'***' if secret else repr(value)}"
        return f"{place}{toml_lines.name(keys).rstrip(':')}{shown}: {allowed}"

    def explain(self, error: str) -> str:
        """msgspec's «what - at `$.meter[2].period`» in the terms of the settings."""
        what, _, where = error.partition(" - at `")
        keys: KeyPath = tuple(
            int(number) if number else key for key, number in re.findall(r"\.([^.\[]+)|\[(\d+)\]", where.rstrip("`"))
        )
        field = re.search(r"field `([^`]+)`", what)
        if field and "unknown" in what:
            known = _known(keys, toml_lines.value(self.data, keys))
            near = difflib.get_close_matches(field.group(1), known, 1)
            hint = f"did you mean «{near[0]}»?" if near else f"known here: {', '.join(known)}"
            return self.message((*keys, field.group(1)), f"no such setting; {hint}")
        if field:
            return self.message(keys, f"«{field.group(1)}» is missing")
        if keys and keys[-1] == "driver":
            what = "spodes or modbus"
        return self.message(keys, what[0].lower() + what[1:])


def _read(source: _Source) -> Config:
    """Raises ConfigError."""
    try:
        config = msgspec.convert(source.data, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(source.explain(str(error))) from None
    for keys, allowed in _wrong(config):
        raise ConfigError(source.message(keys, allowed))
    return config


def _known(keys: KeyPath, table: Any) -> list[str]:
    """Names that may stand in the table at `keys`."""
    drivers = {"spodes": Spodes, "modbus": Modbus}
    driver = drivers.get(str(table.get("driver")), Spodes) if isinstance(table, dict) else Spodes
    names = tuple(key for key in keys if isinstance(key, str))
    structs: dict[tuple[str, ...], Any] = {
        (): Config,
        ("edge",): Edge,
        ("uplink",): Uplink,
        ("uplink", "tls"): Tls,
        ("page",): Page,
        ("schedule",): Schedule,
        ("line",): Line,
        ("meter",): driver,
    }
    extra = ["driver"] if names == ("meter",) else []
    return [field.name for field in msgspec.structs.fields(structs[names])] + extra


def _wrong(config: Config) -> Iterator[tuple[KeyPath, str]]:
    """What the types cannot say: (where, what is allowed)."""
    try:
        check_edge(config.edge.name)
    except LocalError as error:
        yield ("edge", "name"), str(error)
    if not config.uplink.central:
        yield ("uplink", "central"), "the id of the central server, as `uchet-central migrate` printed it"
    try:
        config.uplink.key  # noqa: B018 it is checked here
    except LocalError as error:
        yield ("uplink", "command_key"), f"central's public key, as `uchet-central migrate` printed it: {error}"
    yield from _wrong_secret(("uplink",), config.uplink.password, config.uplink.password_file)
    if config.uplink.tls is not None:
        for key in ("ca", "cert", "key"):
            file = getattr(config.uplink.tls, key)
            if file is not None and not Path(file).is_file():
                yield ("uplink", "tls", key), "no such file"
    if not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}", config.page.listen):
        yield ("page", "listen"), "host:port, for example 127.0.0.1:8118"
    if config.uplink.command_key is None:
        for key in ("line", "meter"):
            if not getattr(config, key):
                yield (), f"«{key}» is missing; only with [uplink] command_key may central give them"
    yield from _wrong_lines(config)
    yield from _wrong_meters(config)


def _wrong_lines(config: Config) -> Iterator[tuple[KeyPath, str]]:
    seen: set[str] = set()
    for number, line in enumerate(config.line):
        if line.name in seen:
            yield ("line", number, "name"), "another line has this name"
        seen.add(line.name)
        try:
            parse(line.url)
        except BadUrl as error:
            yield ("line", number, "url"), str(error)


def _wrong_meters(config: Config) -> Iterator[tuple[KeyPath, str]]:
    lines = [line.name for line in config.line]
    seen: set[str] = set()
    for number, meter in enumerate(config.meter):
        at: KeyPath = ("meter", number)
        if not valid_name(meter.id) or meter.id == "self":
            yield (*at, "id"), f"maker's code and serial: {NAMES}; «self» is the edge itself"
        if meter.id in seen:
            yield (*at, "id"), "another meter has this id"
        seen.add(meter.id)
        if meter.line not in lines:
            yield (*at, "line"), f"no such line; there are: {', '.join(lines) or 'none'}"
        if DAY % meter.period:
            yield (*at, "period"), "seconds that divide a day: 60, 180, 300, 900, 1800, 3600"
        if isinstance(meter, Spodes):
            if not re.fullmatch(r"\d{1,5}(/\d{1,5})?", meter.server):
                yield (*at, "server"), "logical device, or logical/physical address, for example 1/16"
            yield from _wrong_secret(at, meter.password, meter.password_file)
        else:
            try:
                templates.load(meter.template)
            except LocalError as error:
                yield (*at, "template"), str(error)


def _wrong_secret(at: KeyPath, password: str | None, file: str | None) -> Iterator[tuple[KeyPath, str]]:
    if password is not None and file is not None:
        yield (*at, "password"), "either password or password_file, not both"
    if file is not None:
        try:
            _secret(None, file)
        except (OSError, UnicodeDecodeError) as error:
            yield (*at, "password_file"), f"cannot be read: {error}"
