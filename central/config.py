"""`central.toml`: one typed structure, read once at start.

A wrong setting stops the program with file, line, key, value and what is allowed (`ConfigError`). Paths are relative
to the folder of the file. A secret may stand in a file of its own: `password_file` instead of `password`.
"""

import re
import tomllib
from email.utils import parseaddr
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

DEFAULT_PATH = Path("/etc/uchet/central.toml")

Port = Annotated[int, Meta(ge=1, le=65535)]
Text = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+(/\S*)?$")]
Listen = Annotated[str, Meta(pattern=r"^[^\s]+:[0-9]{1,5}$")]
Watched = Annotated[str, Meta(pattern=r"^$|^[^\s]+:[0-9]{1,5}$")]


class ConfigError(Exception):
    """The message names file, line, key, value and what is allowed."""


class Central(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    data: Text  # folder of everything this program keeps on disk
    public_url: Url = "http://127.0.0.1:8080"  # how people reach the cabinet: links in mail, cookies


class Sql(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Annotated[str, Meta(pattern=r"^$|^sqlite:///.+|^postgresql\+psycopg://.+")] = ""  # "" = SQLite in `data`


class Tls(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ca: Text
    certificate: str = ""
    key: str = ""


class Mqtt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: Text = "127.0.0.1"
    port: Port = 1883
    username: str = ""
    password: str = ""
    password_file: str = ""
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    tls: Tls | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Literal["sqlite", "influxdb"] = "sqlite"
    url: Url = "http://127.0.0.1:8086"
    database: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,64}$")] = "uchet"
    username: str = ""  # InfluxDB 1.x
    password: str = ""
    password_file: str = ""
    token: str = ""  # InfluxDB 2 and 3
    token_file: str = ""
    ca: str = ""  # authorities that an https address is checked against; "" = the machine's
    retention_days: Annotated[int, Meta(ge=0)] = 1830  # of the database when we create it; 0 = for ever
    live_days: Annotated[int, Meta(ge=1)] = 90  # of instantaneous values
    timeout: Annotated[float, Meta(gt=0, le=300)] = 10.0  # seconds


class Backup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    folder: str = ""  # where backups are made and looked for, unless the command names another
    keep: Annotated[int, Meta(ge=1)] = 14  # so many of them; older ones are removed


class Web(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    listen: Listen = "127.0.0.1:8080"
    threads: Annotated[int, Meta(ge=1, le=64)] = 8
    secret_file: str = ""  # "" = `secret` in `data`; made by `migrate`
    behind_proxy: bool = False  # believe X-Forwarded-For and -Proto of exactly one proxy
    staff_second_factor: Literal["required", "optional"] = "required"  # of operators and administrators, at login
    components: bool = False  # the page /ui, where all that pages are made of is seen together


class Worker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    time_zone: Text = "Europe/Moscow"  # of the company: whose night the nightly jobs run in
    lease: Annotated[float, Meta(ge=1, le=600)] = 20.0  # seconds until another worker takes over from one that stopped


class Keeping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    point_day_years: Annotated[int, Meta(ge=0, le=100)] = 0  # days of points, with all their versions; 0 = for ever
    withdrawn_days: Annotated[int, Meta(ge=1, le=30)] = 30  # from the withdrawal of a consent (152-ФЗ, ст. 21 ч. 5)
    rejected_days: Annotated[int, Meta(ge=0, le=3650)] = 30  # people whose application was declined; 0 = for ever
    blocked_days: Annotated[int, Meta(ge=0, le=3650)] = 365  # people who may not log in; 0 = for ever


class Documents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Acts and photos that are attached to what the registry holds."""

    megabytes: Annotated[int, Meta(ge=1, le=100)] = 10  # of one file
    most: Annotated[int, Meta(ge=1, le=1000)] = 50  # at one object

    @property
    def largest(self) -> int:
        """Bytes of one file."""
        return self.megabytes * 1024 * 1024


class Audits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of the concentrators for readings that are missing."""

    depth: Annotated[int, Meta(ge=1, le=400)] = 90  # days that are looked at: what meters keep
    backfills: Annotated[int, Meta(ge=0, le=100)] = 4  # commands open at once at one concentrator; 0 = none
    days: Annotated[int, Meta(ge=0, le=10_000)] = 60  # of the load profile, in one night at one concentrator


class Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: Literal["logfmt", "json"] = "logfmt"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Metrics(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where each program answers Prometheus and whoever watches its health; "" = nowhere."""

    ingest: Watched = ""
    worker: Watched = ""
    web: Watched = ""
    serve: Watched = ""

    def address(self, program: str) -> tuple[str, int] | None:
        """Host and port; `program` is one of the names above."""
        text: str = getattr(self, program)
        return _host_and_port(text) if text else None


class Mail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: Text
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca: str = ""  # "" = those that this machine trusts
    username: str = ""  # "" = the server asks for none
    password: str = ""
    password_file: str = ""
    sender: Text  # an address, or «Name <address>»
    timeout: Annotated[float, Meta(gt=0, le=300)] = 20.0  # seconds


class Push(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages to phones, by the services of their browsers. Nobody else is ever asked."""

    services: tuple[Annotated[str, Meta(pattern=r"^(\*\.)?[0-9a-z-]+(\.[0-9a-z-]+)*(:[0-9]{1,5})?$")], ...] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "*.push.apple.com",
        "*.notify.windows.com",
    )
    contact: Annotated[str, Meta(pattern=r"^$|^(mailto:[^@\s]+@|https://)\S+$")] = ""  # "" = public_url
    ca: str = ""  # "" = those that this machine trusts


class CentralConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `folder` = where it lies."""

    central: Central
    sql: Sql = Sql()
    mqtt: Mqtt = Mqtt()
    series: Series = Series()
    backup: Backup = Backup()
    web: Web = Web()
    worker: Worker = Worker()
    keeping: Keeping = Keeping()
    audits: Audits = Audits()
    documents: Documents = Documents()
    mail: Mail | None = None  # None: mail waits
    push: Push | None = None  # None: no phone is told anything
    log: Log = Log()
    metrics: Metrics = Metrics()
    folder: str = msgspec.field(default="", name="(folder)")  # a name that cannot stand in the file

    @property
    def data(self) -> Path:
        return self.path(self.central.data)

    @property
    def documents_folder(self) -> Path:
        """Outside of anything that a web server hands out."""
        return self.data / "documents"

    @property
    def reports_folder(self) -> Path:
        """Files of reports, also those that letters carry; outside of it too."""
        return self.data / "reports"

    @property
    def sql_url(self) -> str:
        return self.sql.url or f"sqlite:///{self.data / 'central.sqlite'}"

    @property
    def secret_file(self) -> Path:
        return self.path(self.web.secret_file) if self.web.secret_file else self.data / "secret"

    @property
    def https(self) -> bool:
        """Cookies are Secure."""
        return self.central.public_url.startswith("https:")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the web listens on."""
        return _host_and_port(self.web.listen)

    def path(self, text: str) -> Path:
        return Path(self.folder) / text

    def secret(self, value: str, file: str) -> str:
        """A secret given as itself or by its file. Raises ConfigError when the file cannot be read."""
        return self._read(self.path(file)) if file else value

    @property
    def web_secret(self) -> str:
        """Key of cookies and forms. Raises ConfigError: `migrate` makes it."""
        return self._read(self.secret_file)

    @staticmethod
    def _read(path: Path) -> str:
        try:
            return path.read_text("utf-8").strip()
        except OSError as error:
            raise ConfigError(f"cannot read the secret in {path}: {error.strerror}") from None


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def load(path: Path) -> CentralConfig:
    """Raises ConfigError."""
    try:
        text = path.read_text("utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        config = msgspec.convert(table | {"(folder)": str(path.absolute().parent)}, CentralConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(path, text, table, str(error))) from None
    _check(path, text, config)
    return config


def _check(path: Path, text: str, config: CentralConfig) -> None:
    """What one field alone cannot say."""
    if urlsplit(config.series.url).username:
        raise ConfigError(_at(path, text, "series.url", "credentials stand in username and password, not in the URL"))
    if not 1 <= config.address[1] <= 65535:
        raise ConfigError(_at(path, text, "web.listen", f"port {config.address[1]}: 1 to 65535 is allowed"))
    for program in config.metrics.__struct_fields__:
        address = config.metrics.address(program)
        if address and not 1 <= address[1] <= 65535:
            where = f"metrics.{program}"
            raise ConfigError(_at(path, text, where, f"port {address[1]}: 1 to 65535 is allowed"))
    if not _is_zone(config.worker.time_zone):
        zone = config.worker.time_zone
        raise ConfigError(_at(path, text, "worker.time_zone", "a name like Europe/Moscow is allowed", f" = {zone!r}"))
    if config.mail and not _is_address(config.mail.sender):
        raise ConfigError(_at(path, text, "mail.sender", "an address, or a name and <address>"))
    for section in ("mqtt", "series", "mail"):
        settings = getattr(config, section)
        if settings and settings.password and settings.password_file:
            raise ConfigError(_at(path, text, f"{section}.password", "either password or password_file"))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_address(text: str) -> bool:
    _, address = parseaddr(text)
    return re.fullmatch(r"[^@\s]+@[^@\s]+", address) is not None


_PATH = re.compile(r"(?P<what>.*) - at `\$\.?(?P<key>[^`]*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")
_SECRETS = ("password", "token", "url")


def _explain(path: Path, text: str, table: dict[str, Any], message: str) -> str:
    """msgspec's sentence with the line of the file and the value that stands there."""
    match = _PATH.fullmatch(message)
    what, key = (match["what"], match["key"]) if match else (message, "")
    if unknown := _UNKNOWN.fullmatch(what):
        known = ", ".join(name for name in _fields(key.split(".")) if name != "folder")
        key = ".".join(part for part in (key, unknown["field"]) if part)
        return _at(path, text, key, f"there is no such setting; known here: {known}")
    if what.startswith("Invalid enum"):
        section, _, name = key.rpartition(".")
        what = f"allowed: {', '.join(map(repr, get_args(_fields(section.split('.'))[name])))}"
    value: Any = table
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    shown = "" if value is None or key.rpartition(".")[2] in _SECRETS else f" = {value!r}"
    return _at(path, text, key, what, shown)


def _at(path: Path, text: str, key: str, what: str, shown: str = "") -> str:
    section, _, name = key.rpartition(".")
    here = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            here = header[1].strip()
            if here == key:
                return f"{path}, line {number}: [{key}]: {what}"
        elif here == section and re.match(rf"\s*{re.escape(name)}\s*=", line):
            return f"{path}, line {number}: {key}{shown}: {what}"
    return f"{path}: {key}{shown}: {what}" if key else f"{path}: {what}"


def _fields(section: list[str]) -> dict[str, Any]:
    """Names and types of the settings of a section; [""] = the sections themselves."""
    found: Any = CentralConfig
    for part in filter(None, section):
        found = get_type_hints(found)[part]
        found = next((kind for kind in get_args(found) if kind is not NoneType), found)
    return get_type_hints(found)
