"""What central speaks to: the broker, the mail server; and its own programs, by their health."""

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator

from sqlalchemy import Engine, func, select

from central.config import CentralConfig
from central.ingest.mqtt import Connection
from central.ingest.tables import edge
from central.mail.send import connected
from central.operation.doctor.findings import Finding, Patient
from central.push import keys
from central.push.tables import push as message
from central.push.tables import push_delivery, push_device, push_key

RETAINED = 2.0  # seconds in which the broker gives what it keeps
DAY = 86_400
RECENT = 180  # seconds: an edge says its health each minute
IN_FLIGHT = 500
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands before our own programs

ACCOUNT = "проверьте username и password_file в [mqtt] (или сертификат) и учётную запись брокера"
REACH = "проверьте, что брокер запущен (systemctl status mosquitto), host и port в [mqtt], сеть и сертификаты"
RULES = "проверьте правила брокера (acl): центру нужно чтение uchet/1/+/up/#"


def broker(patient: Patient) -> Iterator[Finding]:
    """Connects as ingest does, and subscribes; acknowledges nothing. Raises ConfigError."""
    settings = patient.config.mqtt
    place = f"{settings.host}:{settings.port}"
    try:
        connection = Connection(patient.config)
        connection.open()
    except ConnectionRefusedError as error:
        said = str(error)
        do = ACCOUNT if said.startswith("refused") else RULES if said.startswith("subscription") else REACH
        yield Finding("брокер", f"{place}: {said}", do)
        return
    except OSError as error:
        yield Finding("брокер", f"{place}: {error}", REACH)
        return
    try:
        heard = bool(connection.intake.take(1, RETAINED))
    finally:
        connection.close()
    if not heard and _some_edge_is_online(patient):
        yield Finding("брокер", f"{place}: подписка принята, но сообщения не приходят", RULES)
    else:
        hint = f"max_inflight_messages у него должно быть не меньше {IN_FLIGHT}"
        yield Finding("брокер", f"{place}: вход и подписка приняты; {hint}")


def _some_edge_is_online(patient: Patient) -> bool:
    """Then the broker keeps its `state`."""
    if patient.engine is None:
        return False
    online = (edge.c.state == "online", edge.c.last_at > patient.now - RECENT)
    with patient.engine.connect() as connection:
        return bool(connection.scalar(select(func.count()).select_from(edge).where(*online)))


def mail(patient: Patient) -> Iterator[Finding]:
    """Greeted and logged in; nothing is sent. Raises ConfigError."""
    settings = patient.config.mail
    if settings is None:
        yield Finding("почта", "не настроена: письма ждут в очереди")
        return
    place = f"{settings.host}:{settings.port}"
    try:
        with connected(patient.config, settings) as server:
            server.noop()
    except smtplib.SMTPAuthenticationError as error:
        yield Finding("почта", f"{place}: вход не принят ({error.smtp_code})", "проверьте username и пароль в [mail]")
    except (smtplib.SMTPException, OSError) as error:
        do = "проверьте host, port, security и ca в [mail], сеть и работу почтового сервера"
        yield Finding("почта", f"{place}: {type(error).__name__}", do)
    else:
        yield Finding("почта", f"{place}: соединение и вход приняты")


def push(patient: Patient) -> Iterator[Finding]:
    """Whether phones are told, by what, and how it went; no service is asked. Raises ConfigError, DBAPIError."""
    settings = patient.config.push
    if settings is None:
        yield Finding("телефоны", "раздела [push] нет: уведомления на телефоны не отправляются")
        return
    contact = settings.contact or patient.config.central.public_url
    if not contact.startswith(("https://", "mailto:")):
        do = 'задайте [push] contact = "mailto:…" или public_url с https: без этого сервисы откажут'
        yield Finding("телефоны", f"[push] contact: {contact}", do)
    if patient.engine is not None:
        yield _phones(patient.engine, patient.config.web_secret, patient.now)


def _phones(engine: Engine, secret: str, now: int) -> Finding:
    waits = push_delivery.c.due_at.is_not(None), push_delivery.c.tries > 0, message.c.told_at > now - DAY
    with engine.connect() as connection:
        phones = connection.scalar(select(func.count()).select_from(push_device)) or 0
        late = connection.scalar(select(func.count()).select_from(push_delivery.join(message)).where(*waits)) or 0
        closed = connection.scalar(select(push_key.c.closed))
    if closed is not None:
        try:
            keys.opened(secret, closed)
        except keys.OtherSecret:
            do = "верните прежний файл secret из копии; если его нет — `uchet-central push new-key`"
            return Finding("телефоны", "ключ запечатан другим секретом [web]", do)
    do = "проверьте выход worker в сеть по https к адресам из [push] services" if late else ""
    return Finding("телефоны", f"включены у {phones}, повторяется сообщений {late}", do)


def programs(patient: Patient) -> Iterator[Finding]:
    """`serve` where it runs, else each of the three: alive and ready, by their own word."""
    addresses = {name: _url(patient.config, name) for name in ("serve", "ingest", "worker", "web")}
    if not any(addresses.values()):
        yield Finding("программы", "в [metrics] нет адресов: состояние программ не опрошено")
        return
    together = addresses.pop("serve")
    if together and (found := _health(together)) is not None:
        yield _program("serve", found)
        return
    if not any(addresses.values()):
        yield _program("serve", None)
    for name, url in addresses.items():
        if url:
            yield _program(name, _health(url))


def _program(name: str, reasons: list[str] | None) -> Finding:
    if reasons is None:
        do = f"запустите: systemctl start uchet-{name}; почему не работает: journalctl -u uchet-{name}"
        return Finding("программы", f"{name} не отвечает", do)
    if reasons:
        do = "устраните причину; она видна и в других строках doctor"
        return Finding("программы", f"{name} работает, но не готова: {'; '.join(reasons)}", do)
    return Finding("программы", f"{name} работает")


def _url(config: CentralConfig, program: str) -> str | None:
    address = config.metrics.address(program)
    if address is None:
        return None
    host, port = address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where to ask, not where to listen
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/health/ready"


def _health(url: str) -> list[str] | None:
    """Why the program is not ready; None = nobody answers."""
    try:
        with _direct.open(url, timeout=15) as answer:
            return list(json.load(answer)["reasons"])
    except urllib.error.HTTPError as error:
        try:
            return list(json.load(error)["reasons"])
        except (ValueError, KeyError):
            return [f"ответ {error.code}"]
    except (OSError, ValueError, KeyError):
        return None
