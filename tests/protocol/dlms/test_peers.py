"""Two clients that are not ours read our meter, over both links; the profiles they see are the ones we see."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from dlms_cosem import client as dc_client
from dlms_cosem import cosem, enumerations, security
from dlms_cosem.cosem import capture_object
from dlms_cosem.cosem.selective_access import RangeDescriptor
from dlms_cosem.io import HdlcTransport, TcpTransport
from gurux_dlms import GXByteBuffer, GXDLMSClient, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType
from gurux_dlms.GXDLMSException import GXDLMSException
from gurux_dlms.objects import GXDLMSData, GXDLMSProfileGeneric, GXDLMSRegister

from protocol import cosem_time
from protocol.dlms import axdr
from protocol.dlms.server import Server
from protocol.obis import Obis
from tests.protocol.dlms.pipe import PASSWORD, Meter

pytestmark = pytest.mark.quick

LINKS = pytest.mark.parametrize("link", ["hdlc", "wrapper"])
CLOCK, ENERGY, NAME, LOAD = (Obis.parse(code) for code in ("0.0.1.0.0", "1.0.1.8.0", "0.0.42.0.0", "1.0.99.1.0"))
START = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
ROWS = 96


def _captured(class_id: int, obis: Obis) -> axdr.Data:
    return axdr.structure(axdr.u16(class_id), axdr.octets(bytes(obis)), axdr.i8(2), axdr.u16(0))


def _row(number: int) -> axdr.Data:
    return axdr.structure(axdr.octets(cosem_time.encode(START + 1800 * (number + 1), 0)), axdr.u32(number))


class Profiled(Meter):
    """A meter with a load profile that heeds selections."""

    def get(self, client: int, class_id: int, obis: Obis, attribute: int, selection: Any) -> bytes:
        if (class_id, obis, attribute) != (7, LOAD, 2):
            return super().get(client, class_id, obis, attribute, selection)
        numbers = range(ROWS)
        if selection is not None and selection.selector == 2:
            first, last, _, _ = axdr.plain(selection.data)
            numbers = range(first - 1, last)
        elif selection is not None:
            _, since, until, _ = axdr.plain(selection.data)
            low, high = (cosem_time.decode(raw).to_utc(0) for raw in (since, until))
            numbers = [number for number in numbers if low <= START + 1800 * (number + 1) <= high]
        return axdr.encode(axdr.array(_row(number) for number in numbers))


def meter() -> Meter:
    columns = axdr.array([_captured(8, CLOCK), _captured(3, ENERGY)])
    return Profiled(
        {
            (1, NAME, 2): axdr.encode(axdr.octets(b"UCH0000000000001")),
            (3, ENERGY, 2): axdr.encode(axdr.u32(123_456)),
            (3, ENERGY, 3): axdr.encode(axdr.structure(axdr.i8(-1), axdr.enum(30))),
            (7, LOAD, 3): axdr.encode(columns),
        }
    )


# --- gurux-dlms ---


class Gurux:
    """Its client, joined to our server by a function call."""

    def __init__(self, link: str, receive: Callable[[bytes], bytes], *, client: int, password: bytes | None) -> None:
        kind = InterfaceType.HDLC if link == "hdlc" else InterfaceType.WRAPPER
        server = GXDLMSClient.getServerAddress(1, 16) if link == "hdlc" else 1
        authentication = Authentication.NONE if password is None else Authentication.LOW
        self.client = GXDLMSClient(True, client, server, authentication, password, kind)
        self._receive = receive

    def ask(self, frames: Any) -> GXReplyData:
        reply = GXReplyData()
        for frame in frames if isinstance(frames, list) else [frames]:
            reply.clear()
            self._exchange(frame, reply)
            while reply.isMoreData():
                self._exchange(self.client.receiverReady(reply), reply)
        return reply

    def _exchange(self, frame: bytes, reply: GXReplyData) -> None:
        notify = GXReplyData()
        assert self.client.getData(GXByteBuffer(self._receive(bytes(frame))), reply, notify)
        if reply.error:
            raise GXDLMSException(reply.error)

    def open(self) -> None:
        if snrm := self.client.snrmRequest():
            self.client.parseUAResponse(self.ask(snrm).data)
        self.client.parseAareResponse(self.ask(self.client.aarqRequest()).data)

    def read(self, what: Any, attribute: int) -> Any:
        reply = self.ask(self.client.read(what, attribute)[0])
        return self.client.updateValue(what, attribute, reply.value)

    def close(self) -> None:
        self.ask(self.client.releaseRequest())
        if self.client.interfaceType == InterfaceType.HDLC:
            self.ask(self.client.disconnectRequest())


@LINKS
@pytest.mark.parametrize(("client", "password"), [(16, None), (32, PASSWORD)])
@pytest.mark.parametrize(("max_pdu", "max_info"), [(1024, 128), (128, 128), (4000, 2030)])
def test_gurux_reads_values_lists_and_profiles(
    link: str, client: int, password: bytes | None, max_pdu: int, max_info: int
) -> None:
    server = Server(meter(), link=link, server=(1, 16), max_pdu=max_pdu, max_info=max_info)  # type: ignore[arg-type]
    peer = Gurux(link, server.receive, client=client, password=password)
    peer.client.hdlcSettings.maxInfoRX = peer.client.hdlcSettings.maxInfoTX = max_info
    peer.open()
    assert bytes(peer.read(GXDLMSData(str(NAME)), 2)) == b"UCH0000000000001"
    register = GXDLMSRegister(str(ENERGY))
    peer.read(register, 3)
    assert (register.scaler, int(register.unit)) == (0.1, 30)
    assert peer.read(register, 2) == pytest.approx(12_345.6)

    profile = GXDLMSProfileGeneric(str(LOAD))
    peer.read(profile, 3)
    assert [str(captured.logicalName) for captured, _ in profile.captureObjects] == [str(CLOCK), str(ENERGY)]
    peer.read(profile, 2)
    assert [row[1] for row in profile.buffer] == list(range(ROWS))
    assert _wall(profile.buffer[0][0]) == datetime(2026, 11, 23, 0, 30)

    by_entry = peer.ask(peer.client.readRowsByEntry(profile, 11, 10))
    assert [row[1] for row in by_entry.value] == list(range(10, 20))
    since, until = datetime(2026, 11, 23, 6, 0), datetime(2026, 11, 23, 8, 0)
    by_range = peer.ask(peer.client.readRowsByRange(profile, since, until))
    assert [row[1] for row in by_range.value] == list(range(11, 16))

    both = [(register, 2), (register, 3)]
    (message,) = peer.client.readList(both)
    peer.client.updateValues(both, peer.ask(message).value)
    assert (register.value, register.scaler) == (pytest.approx(12_345.6), 0.1)
    peer.close()


def _wall(time: Any) -> datetime:
    """What the clock showed; gurux-dlms gives it with a zone of its own."""
    found = getattr(time, "value", time)
    assert isinstance(found, datetime)
    return found.replace(tzinfo=None)


@LINKS
def test_gurux_is_refused_with_a_wrong_password(link: str) -> None:
    server = Server(meter(), link=link, server=(1, 16))  # type: ignore[arg-type]
    peer = Gurux(link, server.receive, client=32, password=b"wrong")
    with pytest.raises(GXDLMSException):
        peer.open()


# --- dlms-cosem ---


class Pipe:
    """The line that dlms-cosem expects, joined to our server."""

    def __init__(self, receive: Callable[[bytes], bytes]) -> None:
        self._receive = receive
        self._waiting = b""

    def connect(self) -> None: ...

    def disconnect(self) -> None: ...

    def send(self, data: bytes) -> None:
        self._waiting += self._receive(bytes(data))

    def recv(self, amount: int = 1) -> bytes:
        found, self._waiting = self._waiting[:amount], self._waiting[amount:]
        assert found, "our server has said nothing more"
        return found

    def recv_until(self, end: bytes) -> bytes:
        found = self.recv()
        while not found.endswith(end):
            found += self.recv()
        return found


def dlms_cosem(link: str, server: Server, client: int, password: bytes | None) -> dc_client.DlmsClient:
    pipe = Pipe(server.receive)
    if link == "hdlc":
        transport: Any = HdlcTransport(client, 1, pipe, server_physical_address=16)
    else:
        transport = TcpTransport(client, 1, pipe)
    manager = (
        security.NoSecurityAuthentication() if password is None else security.LowLevelSecurityAuthentication(password)
    )
    return dc_client.DlmsClient(transport, manager, block_transfer=True, max_pdu_size=512)


@LINKS
@pytest.mark.parametrize(("client", "password"), [(16, None), (32, PASSWORD)])
def test_dlms_cosem_reads_values_and_profiles(link: str, client: int, password: bytes | None) -> None:
    server = Server(meter(), link=link, server=(1, 16))  # type: ignore[arg-type]
    peer = dlms_cosem(link, server, client, password)
    kinds = enumerations.CosemInterface
    attribute = lambda kind, obis, number: cosem.CosemAttribute(kind, cosem.Obis.from_bytes(bytes(obis)), number)  # noqa: E731
    with peer.session() as talk:
        assert talk.get(attribute(kinds.DATA, NAME, 2)) == axdr.encode(axdr.octets(b"UCH0000000000001"))
        assert talk.get(attribute(kinds.REGISTER, ENERGY, 2)) == axdr.encode(axdr.u32(123_456))
        whole = talk.get(attribute(kinds.PROFILE_GENERIC, LOAD, 2))
        assert whole == axdr.encode(axdr.array(_row(number) for number in range(ROWS)))
        clock = capture_object.CaptureObject(attribute(kinds.CLOCK, CLOCK, 2), 0)
        since, until = (datetime(2026, 11, 23, hour, 0, tzinfo=UTC) for hour in (6, 8))
        part = talk.get(attribute(kinds.PROFILE_GENERIC, LOAD, 2), RangeDescriptor(clock, since, until))
        assert [row[1] for row in axdr.plain(axdr.decode(part))] == list(range(11, 16))


@LINKS
def test_dlms_cosem_is_refused_with_a_wrong_password(link: str) -> None:
    server = Server(meter(), link=link, server=(1, 16))  # type: ignore[arg-type]
    peer = dlms_cosem(link, server, 32, b"wrong")
    with pytest.raises(Exception, match="Unable to perform Association"), contextlib.ExitStack() as stack:
        stack.enter_context(peer.session())
