"""Two DLMS clients that others wrote, behind one face: connect, associate with a password, GET, let go.

Values come decoded by the judge's own decoder, as plain lists, numbers, bytes and strings. They block: call them in a
thread, while the simulated meter runs in the loop.
"""

import logging
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from dlms_cosem import cosem, enumerations, utils
from dlms_cosem.client import DlmsClient
from dlms_cosem.cosem.capture_object import CaptureObject
from dlms_cosem.cosem.selective_access import RangeDescriptor
from dlms_cosem.hdlc import frames, state
from dlms_cosem.io import BlockingTcpIO, HdlcTransport, TcpTransport
from dlms_cosem.security import LowLevelSecurityAuthentication
from gurux_dlms import GXByteBuffer, GXDateTime, GXDLMSClient, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType, ObjectType
from gurux_dlms.objects import GXDLMSProfileGeneric

READER = 32
_CLOCK = (8, "0.0.1.0.0.255", 2)
_SECONDS = 10

Range = tuple[datetime, datetime]

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # dlms-cosem tells all


class Judge(ABC):
    @abstractmethod
    def open(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def get(self, class_id: int, obis: str, attribute: int, between: Range | None = None) -> Any:
        """`between`: the meter's own time, both ends included."""


class Gurux(Judge):
    def __init__(self, port: int, link: str, password: str) -> None:
        wrapper = link == "wrapper"
        self._client = GXDLMSClient(
            True,
            READER,
            1 if wrapper else GXDLMSClient.getServerAddress(1, 16),
            Authentication.LOW,
            password,
            InterfaceType.WRAPPER if wrapper else InterfaceType.HDLC,
        )
        self._socket = socket.create_connection(("127.0.0.1", port), _SECONDS)

    def open(self) -> None:
        snrm = self._client.snrmRequest()
        if snrm:
            self._client.parseUAResponse(self._ask(snrm).data)
        for request in self._client.aarqRequest():
            self._client.parseAareResponse(self._ask(request).data)

    def close(self) -> None:
        for request in self._client.releaseRequest() or []:
            self._ask(request)
        last = self._client.disconnectRequest()
        if last:
            self._ask(last)
        self._socket.close()

    def get(self, class_id: int, obis: str, attribute: int, between: Range | None = None) -> Any:
        if between is None:
            requests = self._client._read(obis, ObjectType(class_id), attribute)
        else:
            requests = self._client.readRowsByRange(GXDLMSProfileGeneric(obis), *map(GXDateTime, between))
        (request,) = requests
        value = self._ask(request).value
        return [] if value is None else _plain(value)  # an empty array is None to this judge

    def _ask(self, request: bytes) -> GXReplyData:
        reply = GXReplyData()
        self._exchange(request, reply)
        while reply.isMoreData():
            self._exchange(self._client.receiverReady(reply), reply)
        if reply.error:
            raise RuntimeError(f"gurux: {reply.getErrorMessage()}")
        return reply

    def _exchange(self, request: bytes, reply: GXReplyData) -> None:
        if reply.isStreaming():
            request = b""
        self._socket.sendall(bytes(request))
        received = GXByteBuffer()
        notify = GXReplyData()
        while not self._client.getData(received, reply, notify):
            data = self._socket.recv(4096)
            if not data:
                raise ConnectionError("gurux: the meter has hung up")
            received.set(data)


class _WholeFrames(BlockingTcpIO):
    """HDLC frames by their length: the library's own reading ends at any byte 7E, which may stand inside a frame."""

    def recv_until(self, end: bytes) -> bytes:
        head = self.recv(3)
        assert head[:1] == end
        size = int.from_bytes(head[1:], "big") & 0x7FF
        return bytes(head + self.recv(size - 1))  # the format field counts, the second flag does not


class _Hdlc(HdlcTransport):
    """Looks at every 7E that came before it waits for more."""

    def next_event(self) -> Any:
        link = self.hdlc_connection
        while (event := link.next_event()) is state.NEED_DATA:
            if frames.HDLC_FLAG not in link.buffer[link.buffer_search_position :]:
                link.receive_data(self.recv_frame())
        return event


class DlmsCosem(Judge):
    def __init__(self, port: int, link: str, password: str) -> None:
        io = (BlockingTcpIO if link == "wrapper" else _WholeFrames)("127.0.0.1", port, timeout=_SECONDS)
        if link == "wrapper":
            transport = TcpTransport(READER, 1, io)
        else:
            transport = _Hdlc(READER, 1, io, server_physical_address=16)
        self._client = DlmsClient(
            transport,
            LowLevelSecurityAuthentication(password.encode()),
            block_transfer=True,
            max_pdu_size=1200,
        )

    def open(self) -> None:
        self._client.connect()
        self._client.associate()

    def close(self) -> None:
        self._client.release_association()
        self._client.disconnect()

    def get(self, class_id: int, obis: str, attribute: int, between: Range | None = None) -> Any:
        item = _attribute(class_id, obis, attribute)
        selection = None
        if between is not None:
            selection = RangeDescriptor(CaptureObject(_attribute(*_CLOCK)), between[0], between[1])
        return _plain(utils.parse_as_dlms_data(self._client.get(item, selection)))


def _attribute(class_id: int, obis: str, attribute: int) -> cosem.CosemAttribute:
    name = cosem.Obis(*(int(part) for part in obis.split(".")))
    return cosem.CosemAttribute(enumerations.CosemInterface(class_id), name, attribute)


JUDGES = {"gurux-dlms": Gurux, "dlms-cosem": DlmsCosem}


@contextmanager
def judge(name: str, port: int, link: str, password: str) -> Iterator[Judge]:
    """An associated judge; let go at the end."""
    found = JUDGES[name](port, link, password)
    found.open()
    yield found
    found.close()


def _plain(value: Any) -> Any:
    """Lists, numbers, bytes and strings, whatever classes the judge dresses them in."""
    if isinstance(value, bytes | bytearray | GXByteBuffer):
        return bytes(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    return value
