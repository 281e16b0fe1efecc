"""The meter's side: answers any number of clients of one logical device. Bytes in, bytes out.

A `Device` says who may come in and what its attributes are; everything between — link, association, blocks,
segments, repeated frames — is done here. Over HDLC, noise and frames for another address are ignored, so several
servers may share one bus; over the wrapper a broken header raises Garbled, and the stream is to be dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

from protocol.dlms import acse, apdu, axdr, hdlc, wrapper
from protocol.dlms.acse import Diagnostic, Mechanism
from protocol.dlms.apdu import Attribute, GetBlock
from protocol.dlms.association import Event, Machine
from protocol.dlms.axdr import Data
from protocol.dlms.link import HdlcSecondary, Signal
from protocol.errors import AccessRefused, Garbled, RemoteError
from protocol.obis import Obis

Link = Literal["hdlc", "wrapper"]

MAX_CLIENTS = 8  # links at the same time; a further client is told that there is none (DM) or not heard
BLOCK_TRANSFER = 0x001000
CONFORMANCE = BLOCK_TRANSFER | 0x000200 | 0x000010 | 0x000004  # multiple references, GET, selective access
_BLOCK_OVERHEAD = 12  # of a GET response with a block: tags, invoke-id, last, number, choice, length
_LEAST_PDU = 32
_NOT_ALLOWED = apdu.ExceptionResponse(1, 1)  # service not allowed: no association
_UNKNOWN = apdu.ExceptionResponse(2, 2)  # service unknown, not supported
_GARBLED = apdu.ExceptionResponse(1, 3)  # other reason


class Admission(Enum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    BAD_PASSWORD = "bad password"  # noqa: S105 - not a password


@dataclass(frozen=True, slots=True)
class Selection:
    """Selective access: selector 1 range, 2 entry; `data` as the client sent it."""

    selector: int
    data: Data


class Device(Protocol):
    """What is served."""

    def admit(self, client: int, mechanism: int, secret: bytes | None) -> Admission:
        """May this client in? `mechanism` 0 lowest, 1 LLS (then `secret` is the password)."""

    def get(self, client: int, class_id: int, obis: Obis, attribute: int, selection: Selection | None) -> bytes:
        """One attribute as an encoded A-XDR value. Raises AccessRefused."""


@dataclass(frozen=True, slots=True)
class _Negotiated:
    """What the AARQ brought: the largest APDU we may send, and the services."""

    max_pdu: int
    conformance: int


class _Session:
    """One client's association: APDUs in, APDUs out."""

    def __init__(self, device: Device, client: int, max_pdu: int) -> None:
        self._device, self._client, self._max_pdu = device, client, max_pdu
        self._machine = Machine("server")
        self._terms = _Negotiated(max_pdu, 0)
        self._long = b""  # the value that goes in blocks
        self._cut_at = 0  # how much of it has gone
        self._sent: GetBlock | None = None  # the last block, for a client that did not get it

    def connected(self) -> None:
        self._machine.theirs(Event.CONNECTED)
        self._forget()

    def answer(self, raw: bytes) -> bytes:
        """The answer to any bytes; never b"", never an error."""
        service = _SERVICES.get(raw[:1])
        if service is None:
            return apdu.encode(_UNKNOWN)
        try:
            return service(self, raw)
        except RemoteError:
            return apdu.encode(_GARBLED)

    def _forget(self) -> None:
        self._long, self._cut_at, self._sent = b"", 0, None

    # --- association ---

    def associate(self, raw: bytes) -> bytes:
        aarq = acse.decode_aarq(raw)
        self._forget()
        diagnostic = self._judge(aarq)
        initiate = aarq.initiate
        if diagnostic is not Diagnostic.NULL or initiate is None:
            self._machine.theirs(Event.REFUSED)
            return acse.encode_aare(acse.Aare(aarq.context, 1, diagnostic))
        self._machine.theirs(Event.ASSOCIATED)
        theirs = initiate.max_pdu or acse.NO_LIMIT
        self._terms = _Negotiated(max(_LEAST_PDU, min(theirs, self._max_pdu)), initiate.conformance & CONFORMANCE)
        accepted = acse.InitiateResponse(self._terms.conformance, self._max_pdu)
        return acse.encode_aare(acse.Aare(aarq.context, 0, diagnostic, accepted))

    def _judge(self, aarq: acse.Aarq) -> Diagnostic:
        if aarq.context != acse.Context.LOGICAL_NAME:
            return Diagnostic.CONTEXT_NOT_SUPPORTED
        if aarq.initiate is None or aarq.initiate.version != acse.DLMS_VERSION:
            return Diagnostic.NO_REASON
        mechanism = aarq.mechanism or Mechanism.LOWEST
        if mechanism not in (Mechanism.LOWEST, Mechanism.PASSWORD):
            return Diagnostic.MECHANISM_NOT_RECOGNISED
        return _DIAGNOSTICS[self._device.admit(self._client, mechanism, aarq.secret)]

    def release(self, raw: bytes) -> bytes:
        acse.decode_release(raw, acse.RLRQ)
        try:
            self._machine.theirs(Event.HANG_UP)
        except Garbled:
            return apdu.encode(_NOT_ALLOWED)
        self._forget()
        return acse.encode_release(acse.RLRE, acse.Release())

    # --- GET ---

    def get(self, raw: bytes) -> bytes:
        request = apdu.decode(raw)
        if isinstance(request, apdu.GetNext):
            return apdu.encode(self._next(request))
        try:
            self._machine.theirs(Event.ASK)
        except Garbled:
            return apdu.encode(_NOT_ALLOWED)
        self._forget()
        if isinstance(request, apdu.GetRequest):
            result = self._result(request.item)
            whole = apdu.encode(apdu.GetResponse(request.invoke, result))
            content = result if isinstance(result, bytes) else b""
        elif isinstance(request, apdu.GetList):
            results = tuple(self._result(item) for item in request.items)
            whole = apdu.encode(apdu.GetListResponse(request.invoke, results))
            content = apdu.encode_results(results)
        else:
            return apdu.encode(_UNKNOWN)
        if len(whole) <= self._terms.max_pdu:
            self._machine.theirs(Event.ANSWERED)
            return whole
        if not self._terms.conformance & BLOCK_TRANSFER:
            self._machine.theirs(Event.ANSWERED)
            return apdu.encode(apdu.GetResponse(request.invoke, apdu.OTHER_REASON))
        self._long = content
        return apdu.encode(self._cut(request.invoke, 1))

    def _result(self, item: Attribute) -> apdu.Result:
        selection = None
        if item.selection:
            selection = Selection(item.selection[0], axdr.decode(item.selection[1:]))
        try:
            return self._device.get(self._client, item.class_id, item.obis, item.attribute, selection)
        except AccessRefused as refused:
            return refused.code

    def _next(self, request: apdu.GetNext) -> GetBlock:
        sent = self._sent
        if sent is not None and request.block == sent.block - 1:
            return sent  # the client did not get it
        if sent is None or sent.last:
            return GetBlock(request.invoke, True, request.block, apdu.NO_LONG_GET)
        if request.block != sent.block:
            self._forget()
            self._machine.theirs(Event.ANSWERED)
            return GetBlock(request.invoke, True, request.block, apdu.BLOCK_NUMBER_INVALID)
        return self._cut(request.invoke, request.block + 1)

    def _cut(self, invoke: int, number: int) -> GetBlock:
        start, self._cut_at = self._cut_at, self._cut_at + self._terms.max_pdu - _BLOCK_OVERHEAD
        last = self._cut_at >= len(self._long)
        self._machine.theirs(Event.ANSWERED if last else Event.MORE)
        self._sent = GetBlock(invoke, last, number, self._long[start : self._cut_at])
        return self._sent


_SERVICES: dict[bytes, Callable[[_Session, bytes], bytes]] = {
    bytes([acse.AARQ]): _Session.associate,
    bytes([acse.RLRQ]): _Session.release,
    bytes([apdu.GET_REQUEST]): _Session.get,
}
_DIAGNOSTICS = {
    Admission.ACCEPTED: Diagnostic.NULL,
    Admission.REFUSED: Diagnostic.NO_REASON,
    Admission.BAD_PASSWORD: Diagnostic.AUTHENTICATION_FAILURE,
}


class Server:
    """`server`: (logical device, physical address or None). Over the wrapper only the logical device counts.

    `max_pdu`: largest APDU we send and take. `max_info`: largest HDLC information field.
    """

    def __init__(
        self,
        device: Device,
        *,
        link: Link,
        server: tuple[int, int | None],
        max_pdu: int = 1024,
        max_info: int = 128,
    ) -> None:
        self._device, self._address = device, server
        self._max_pdu, self._max_info = max(_LEAST_PDU, max_pdu), max_info
        self._hdlc = link == "hdlc"
        self._frames, self._packets = hdlc.Receiver(), wrapper.Receiver()
        self._sessions: dict[int, _Session] = {}
        self._links: dict[int, HdlcSecondary] = {}

    def receive(self, data: bytes) -> bytes:
        """Bytes from the line, in any chunks; what to answer. Raises Garbled for a broken wrapper header only."""
        return self._receive_frames(data) if self._hdlc else self._receive_packets(data)

    def _receive_packets(self, data: bytes) -> bytes:
        answers = []
        for packet in self._packets.feed(data):
            if packet.destination == self._address[0] and (session := self._packet_session(packet.source)):
                answer = session.answer(packet.apdu)
                answers.append(wrapper.encode(wrapper.Packet(packet.destination, packet.source, answer)))
        return b"".join(answers)

    def _packet_session(self, client: int) -> _Session | None:
        if client not in self._sessions and len(self._sessions) < MAX_CLIENTS:
            self._sessions[client] = self._new_session(client)
        return self._sessions.get(client)

    def _new_session(self, client: int) -> _Session:
        session = _Session(self._device, client, self._max_pdu)
        session.connected()
        return session

    def _receive_frames(self, data: bytes) -> bytes:
        return b"".join(
            self._answer_frame(frame, hdlc.parse_address(frame.src)[0])
            for frame in self._frames.feed(data)
            if len(frame.src) == 1 and hdlc.parse_address(frame.dest) == self._address
        )

    def _answer_frame(self, frame: hdlc.Frame, client: int) -> bytes:
        link = self._links.get(client)
        if link is None or frame.kind is hdlc.Kind.SNRM:
            link = HdlcSecondary(frame.src, frame.dest, self._max_info)
            if client not in self._links and len(self._links) == MAX_CLIENTS:
                return link.refuse(frame)
        answer, incoming = link.take(frame)
        if incoming is Signal.UP:
            self._links[client], self._sessions[client] = link, self._new_session(client)
        elif incoming is Signal.DOWN:
            del self._links[client], self._sessions[client]
        elif isinstance(incoming, bytes):
            answer += link.send(self._sessions[client].answer(incoming))
        return answer
