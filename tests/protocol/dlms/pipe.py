"""A client and a server joined without a line, and a meter to serve."""

from collections.abc import Callable
from dataclasses import dataclass, field

from protocol.dlms import axdr
from protocol.dlms.client import Client, Event
from protocol.dlms.server import Admission, Selection, Server
from protocol.errors import AccessRefused
from protocol.obis import Obis

PASSWORD = b"secret"
CLOCK = Obis.parse("0.0.1.0.0.255")


@dataclass
class Meter:
    """Attributes by (class, code, attribute); `asked` remembers every GET."""

    attributes: dict[tuple[int, Obis, int], bytes] = field(default_factory=dict)
    password: bytes = PASSWORD
    asked: list[tuple[int, int, Obis, int, Selection | None]] = field(default_factory=list)

    def admit(self, client: int, mechanism: int, secret: bytes | None) -> Admission:
        if client == 16 and mechanism == 0:
            return Admission.ACCEPTED
        if client == 48:
            return Admission.REFUSED
        return Admission.ACCEPTED if secret == self.password else Admission.BAD_PASSWORD

    def get(self, client: int, class_id: int, obis: Obis, attribute: int, selection: Selection | None) -> bytes:
        self.asked.append((client, class_id, obis, attribute, selection))
        try:
            return self.attributes[class_id, obis, attribute]
        except KeyError:
            raise AccessRefused(4, "object-undefined") from None


def long_value(count: int) -> bytes:
    return axdr.encode(axdr.array(axdr.u32(number) for number in range(count)))


def talk(client: Client, server: Callable[[bytes], bytes], sent: bytes) -> Event:
    """The event that this request comes to; fails when the talk ends without one."""
    for _ in range(20_000):
        step = client.receive(server(sent))
        if step.event is not None:
            assert step.send == b""
            return step.event
        sent = step.send
        assert sent, "the talk has ended without an event"
    raise AssertionError("no end")


def joined(link: str, meter: Meter | None = None, **settings: object) -> tuple[Client, Server, Meter]:
    """A reader with password and a server 1/16; settings with `server_` go there, the others to the client."""
    meter = meter or Meter()
    ours = {"client": 32, "password": PASSWORD, "server": (1, 16)}
    ours |= {name: value for name, value in settings.items() if not name.startswith("server_")}
    theirs = {name[7:]: value for name, value in settings.items() if name.startswith("server_")}
    client = Client(link=link, **ours)  # type: ignore[arg-type]
    return client, Server(meter, link=link, server=(1, 16), **theirs), meter  # type: ignore[arg-type]
