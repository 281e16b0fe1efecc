"""The client of one meter: an association, GET, blocks, segments and recovery. Bytes in, bytes and events out.

    client = Client(link="hdlc", client=32, server=(1, 16), password=b"…")
    line.write(client.open())               # then for each chunk that comes:
    step = client.receive(chunk)            # step.send goes to the line, step.event is what happened
    line.write(client.get(8, CLOCK, 2))     # after Opened; its answer is one Value or Denied
    line.write(client.repeat())             # nothing came in time
    line.write(client.close())              # then Closed

One request at a time. An answer that belongs to an older request is dropped, never taken for the newer one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from protocol.dlms import acse, apdu, association, axdr
from protocol.dlms.acse import Diagnostic, Mechanism
from protocol.dlms.apdu import Attribute
from protocol.dlms.association import Machine, State
from protocol.dlms.link import HdlcPrimary, Incoming, Signal, WrapperLink
from protocol.dlms.profile import CaptureObject
from protocol.errors import AssociationRefused, Garbled, PasswordRefused, RemoteError, Unsupported
from protocol.obis import Obis

Link = Literal["hdlc", "wrapper"]

MAX_VALUE = 4 * 1024 * 1024  # bytes of one answer, all its blocks together
_CONFIRMED_HIGH = 0xC0  # invoke-id-and-priority without the id
_FIRST_INVOKE = 1
# diagnostics that speak of the secret
_AUTHENTICATION = frozenset(
    {
        Diagnostic.MECHANISM_NOT_RECOGNISED,
        Diagnostic.MECHANISM_REQUIRED,
        Diagnostic.AUTHENTICATION_FAILURE,
        Diagnostic.AUTHENTICATION_REQUIRED,
    }
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The association stands. `max_pdu` = largest APDU that the meter takes, `conformance` = 24 bits negotiated."""

    max_pdu: int
    conformance: int


@dataclass(frozen=True, slots=True)
class Value:
    """The answer: one whole A-XDR value, as `axdr.decode` and `profile` take it."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Denied:
    """The answer is a Data-Access-Result other than success."""

    code: int
    name: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The meter has let us go."""


Event = Opened | Value | Denied | Closed


class Step(NamedTuple):
    """What `receive` made of the bytes: what to send now (may be b""), and what has happened."""

    send: bytes
    event: Event | None


class Client:
    """`client`: 16 public, 32 reader, 48 configurator. `server`: (logical device, physical address or None).

    `password`: None = lowest security, else LLS. `max_pdu`: largest APDU we take. `max_info`: largest HDLC
    information field we propose (128 is the default of the standard and is not proposed, but assumed).
    `conformance`: the services we propose, 24 bits; the default is what the standard prints.
    """

    def __init__(
        self,
        *,
        link: Link,
        client: int,
        server: tuple[int, int | None],
        password: bytes | None = None,
        max_pdu: int = 1200,
        max_info: int = 128,
        conformance: int = 0x007E1F,
    ) -> None:
        self._hdlc = link == "hdlc"
        self._link = HdlcPrimary(client, server, max_info) if link == "hdlc" else WrapperLink(client, server[0])
        self._password = password
        self._initiate = acse.InitiateRequest(conformance, max_pdu)
        self._machine = Machine("client")
        self._invoke = _CONFIRMED_HIGH | _FIRST_INVOKE
        self._block = 0  # the last block that came
        self._value = bytearray()  # of the blocks so far

    @property
    def state(self) -> State:
        return self._machine.state

    def open(self) -> bytes:
        """SNRM (hdlc) or AARQ (wrapper); the rest follows by itself until Opened. Raises LocalError."""
        self._machine.ours(association.Event.OPEN)
        return self._link.connect() or self._associate()

    def get(self, class_id: int, obis: Obis, attribute: int, selection: bytes = b"") -> bytes:
        """A GET; `selection` by `by_range` or `by_entry`. Raises LocalError unless the association is open and idle."""
        self._machine.ours(association.Event.ASK)
        self._invoke = self._next_invoke()
        self._block = 0
        self._value.clear()
        item = Attribute(class_id, obis, attribute, selection)
        return self._link.send(apdu.encode(apdu.GetRequest(self._invoke, item)))

    def close(self) -> bytes:
        """DISC (hdlc, in any state) or RLRQ (wrapper); b"" when there is nothing to hang up."""
        if not self._hdlc and self.state is State.CLOSED:
            return b""
        self._machine.ours(association.Event.HANG_UP)
        return self._link.disconnect() or self._link.send(acse.encode_release(acse.RLRQ, acse.Release()))

    def repeat(self) -> bytes:
        """The last request again, after silence; b"" when nothing is under way."""
        return b"" if self.state in (State.CLOSED, State.READY) else self._link.repeat()

    def receive(self, data: bytes) -> Step:
        """Bytes from the line, in any chunks.

        Raises Garbled, AssociationRefused, PasswordRefused, Unsupported. After an error the request is over: the
        association goes on when it can (`state` is READY), or is CLOSED.
        """
        send, event, error = b"", None, None
        if self.state is State.CLOSED:
            return Step(send, event)
        try:
            for reply, incoming in self._link.receive(data):
                send += reply
                if incoming is None:
                    continue
                try:
                    answer, happened = self._take(incoming)
                except RemoteError as caught:
                    error = error or caught
                else:
                    send, event = send + answer, event or happened
        except Garbled as caught:  # the link cannot go on
            error = error or caught
            if self._machine.state is not State.CLOSED:
                self._machine.theirs(association.Event.GONE)
        if error:
            raise error
        return Step(send, event)

    def _next_invoke(self) -> int:
        """HDLC numbers its frames itself, and some meters answer every request with id 1: so theirs is always 1."""
        if self._hdlc:
            return _CONFIRMED_HIGH | _FIRST_INVOKE
        return _CONFIRMED_HIGH | (self._invoke + 1) & apdu.INVOKE_ID

    def _associate(self) -> bytes:
        self._machine.theirs(association.Event.CONNECTED)
        mechanism = None if self._password is None else Mechanism.PASSWORD
        return self._link.send(
            acse.encode_aarq(acse.Aarq(acse.Context.LOGICAL_NAME, self._initiate, mechanism, self._password))
        )

    def _take(self, incoming: Incoming) -> Step:
        if incoming is Signal.UP:
            return Step(self._associate(), None)
        if incoming is Signal.DOWN:
            return self._gone()
        assert isinstance(incoming, bytes)
        match self.state:
            case State.ASSOCIATING:
                return Step(b"", self._associated(incoming))
            case State.ASKING:
                return self._answered(incoming)
            case State.CLOSING if incoming[:1] in (bytes([acse.RLRE]), bytes([apdu.EXCEPTION])):
                return self._gone()
        return Step(b"", None)  # nobody asked: an answer that comes late

    def _gone(self) -> Step:
        asked = self.state is State.CLOSING
        self._machine.theirs(association.Event.GONE)
        if not asked:
            raise AssociationRefused("the meter has no link with us: it answered DM or FRMR")
        return Step(b"", Closed())

    # --- AARE ---

    def _associated(self, raw: bytes) -> Event | None:
        if raw[:1] != bytes([acse.AARE]) and raw[:1] not in (bytes([apdu.EXCEPTION]), bytes([apdu.SERVICE_ERROR])):
            return None  # an answer of an older association
        try:
            aare = self._aare(raw)
        except RemoteError:
            self._machine.theirs(association.Event.REFUSED)
            raise
        self._machine.theirs(association.Event.ASSOCIATED)
        return Opened(aare.max_pdu, aare.conformance)

    def _aare(self, raw: bytes) -> acse.InitiateResponse:
        """What was negotiated. Raises AssociationRefused, PasswordRefused, Garbled, Unsupported."""
        if raw[0] != acse.AARE:
            raise AssociationRefused(f"the association was answered by {apdu.decode(raw)}")
        aare = acse.decode_aare(raw)
        secret = aare.source == acse.USER and aare.diagnostic in _AUTHENTICATION
        if not aare.accepted or aare.diagnostic == Diagnostic.AUTHENTICATION_REQUIRED:
            kind = PasswordRefused if secret else AssociationRefused
            said = f"result {aare.result}, {acse.SOURCES[aare.source]} {aare.diagnostic}"
            raise kind(f"the meter refused the association: {said}", aare.result, aare.diagnostic)
        if aare.initiate is None:
            raise Garbled("an AARE that accepts without an InitiateResponse")
        return aare.initiate

    # --- answers to GET ---

    def _answered(self, raw: bytes) -> Step:
        """An answer of another request, and whatever nobody asked for, leaves the state as it is."""
        if raw[:1] not in _ANSWERS:
            if raw[:1] in _UNASKED:
                return Step(b"", None)
            self._machine.theirs(association.Event.ANSWERED)
            raise Unsupported(f"a GET was answered by APDU {raw[:1].hex() or '(empty)'}")
        try:
            step = self._answer(apdu.decode(raw))
        except RemoteError:
            self._machine.theirs(association.Event.ANSWERED)
            raise
        if step.event is not None:
            self._machine.theirs(association.Event.ANSWERED)
        elif step.send:
            self._machine.theirs(association.Event.MORE)
        return step

    def _answer(self, answer: apdu.Apdu) -> Step:
        match answer:
            case apdu.GetResponse(invoke=invoke) | apdu.GetBlock(invoke=invoke) if (
                invoke ^ self._invoke
            ) & apdu.INVOKE_ID:
                return Step(b"", None)
            case apdu.GetResponse(result=result):
                return Step(b"", _event(result))
            case apdu.GetBlock():
                return self._next_block(answer)
        raise Unsupported(f"a GET was answered by {answer}")

    def _next_block(self, answer: apdu.GetBlock) -> Step:
        if isinstance(answer.result, int):
            return Step(b"", _event(answer.result))
        if answer.block <= self._block:
            return Step(b"", None)  # repeated
        if answer.block != self._block + 1:
            raise Garbled(f"block {answer.block} after block {self._block}")
        if not answer.result and not answer.last:
            raise Garbled(f"block {answer.block} is empty and not the last")
        if len(self._value) + len(answer.result) > MAX_VALUE:
            raise Garbled(f"more than {MAX_VALUE} bytes in blocks")
        self._block = answer.block
        self._value += answer.result
        if not answer.last:
            return Step(self._link.send(apdu.encode(apdu.GetNext(self._invoke, self._block))), None)
        return Step(b"", _event(bytes(self._value)))


_ANSWERS = frozenset(bytes([tag]) for tag in (apdu.GET_RESPONSE, apdu.EXCEPTION, apdu.SERVICE_ERROR))
_DATA_NOTIFICATION = 0x0F
_UNASKED = frozenset(bytes([tag]) for tag in (acse.AARE, acse.RLRE, apdu.EVENT_NOTIFICATION, _DATA_NOTIFICATION))


def _event(result: apdu.Result) -> Event:
    """A value without the one stray byte that some meters (Меркурий 203) send after it. Raises Garbled."""
    if isinstance(result, int):
        return Denied(result, apdu.access_name(result))
    end = axdr.measure(result)
    if len(result) - end > 1:
        raise Garbled(f"trailing: {len(result) - end} bytes after the value")
    return Value(result[:end])


CLOCK = CaptureObject(8, Obis(bytes([0, 0, 1, 0, 0, 255])), 2, 0)


def by_range(since: bytes, until: bytes, columns: Sequence[CaptureObject] = ()) -> bytes:
    """Selector 1: rows whose clock lies in [since, until], 12 bytes each (`cosem_time.encode`); () = all columns."""
    wanted = axdr.array(_captured(column) for column in columns)
    return b"\x01" + axdr.encode(axdr.structure(_captured(CLOCK), axdr.octets(since), axdr.octets(until), wanted))


def by_entry(from_entry: int, to_entry: int, from_column: int = 1, to_column: int = 0) -> bytes:
    """Selector 2: entries counted from 1; 0 as an end = the last. Raises LocalError."""
    return b"\x02" + axdr.encode(
        axdr.structure(axdr.u32(from_entry), axdr.u32(to_entry), axdr.u16(from_column), axdr.u16(to_column))
    )


def _captured(column: CaptureObject) -> axdr.Data:
    return axdr.structure(
        axdr.u16(column.class_id),
        axdr.octets(bytes(column.obis)),
        axdr.i8(column.attribute),
        axdr.u16(column.element),
    )
