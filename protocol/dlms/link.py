"""Links: APDUs over HDLC or the wrapper, with numbering, segments, repetition; no idea of what an APDU means.

`HdlcPrimary` and `WrapperLink` carry a client; `HdlcSecondary` is one client's link inside a server. A link yields
(what to send, what came): Up, Down or one whole APDU. HDLC: window 1, an answer is taken only when its N(S) is the
one expected and its N(R) confirms our last frame, so neither a repeated nor an older answer can pass for a new one.
"""

from collections import deque
from collections.abc import Iterator
from enum import Enum

from protocol.dlms import hdlc, wrapper
from protocol.dlms.hdlc import Frame, Kind, Parameters
from protocol.errors import Garbled

MAX_APDU = 0xFFFF


class Signal(Enum):
    UP = "up"
    DOWN = "down"


Incoming = Signal | bytes
Came = tuple[bytes, Incoming | None]
NOTHING: Came = (b"", None)


class _Numbered:
    """Numbers and segments of one side of a numbered HDLC exchange with window 1."""

    def __init__(self, dest: bytes, src: bytes, llc_out: bytes, llc_in: bytes) -> None:
        self.dest, self.src = dest, src
        self._llc_out, self._llc_in = llc_out, llc_in
        self.max_out = hdlc.DEFAULT_INFO
        self.reset()

    def reset(self) -> None:
        self.ns = self.nr = 0  # N(S) of our next frame; N(S) we expect
        self.waiting: deque[bytes] = deque()  # segments not yet sent
        self.last = b""  # our last I frame
        self._assembled = bytearray()

    def start(self, apdu: bytes) -> bytes:
        """The first frame of an APDU."""
        info, size = self._llc_out + apdu, self.max_out
        self.waiting = deque(info[at : at + size] for at in range(0, len(info), size))
        self._assembled.clear()
        return self.next_segment()

    def next_segment(self) -> bytes:
        info = self.waiting.popleft()
        frame = Frame(self.dest, self.src, Kind.I, info, self.ns, self.nr, segmented=bool(self.waiting))
        self.ns = (self.ns + 1) % hdlc.MODULUS
        self.last = hdlc.encode(frame)
        return self.last

    def ready(self) -> bytes:
        return self.short(Kind.RR, nr=self.nr)

    def short(self, kind: Kind, info: bytes = b"", nr: int = 0) -> bytes:
        return hdlc.encode(Frame(self.dest, self.src, kind, info, nr=nr))

    def take(self, frame: Frame) -> bytes | None:
        """The APDU that this expected I frame completes, None while segments are missing. Raises Garbled."""
        self.nr = (self.nr + 1) % hdlc.MODULUS
        self._assembled += frame.info
        if len(self._assembled) > MAX_APDU + len(self._llc_in):
            self._assembled.clear()
            raise Garbled(f"more than {MAX_APDU} bytes in segments")
        if frame.segmented:
            return None
        info = bytes(self._assembled)
        self._assembled.clear()
        if not info.startswith(self._llc_in):
            raise Garbled(f"LLC header {info[:3].hex()}, not {self._llc_in.hex()}")
        return info[len(self._llc_in) :]


def _limit(ours: int, theirs: int | None) -> int:
    """The largest information field to send: at most what the other side takes."""
    return max(1, min(ours, hdlc.DEFAULT_INFO if theirs is None else theirs, hdlc.MAX_INFO))


class HdlcPrimary:
    """The client's link. `server`: (logical, physical or None)."""

    def __init__(self, client: int, server: tuple[int, int | None], max_info: int) -> None:
        self._max_info = max_info
        self._receiver = hdlc.Receiver()
        self._numbers = _Numbered(
            hdlc.server_address(*server), hdlc.client_address(client), hdlc.LLC_COMMAND, hdlc.LLC_RESPONSE
        )
        self._expected: frozenset[Kind] = frozenset()
        self._ua = Signal.UP  # what a UA would mean now
        self._sent = b""  # the last frame, whatever it was
        self._repeats = 0
        self._patience = 0  # frames that we may still send again without a new silence

    def connect(self) -> bytes:
        wanted = self._max_info if self._max_info != hdlc.DEFAULT_INFO else None
        self._numbers.reset()
        self._numbers.max_out = hdlc.DEFAULT_INFO
        self._ua = Signal.UP
        info = hdlc.encode_parameters(Parameters(wanted, wanted))
        return self._request(self._numbers.short(Kind.SNRM, info), {Kind.UA, Kind.DM})

    def disconnect(self) -> bytes:
        self._ua = Signal.DOWN
        return self._request(self._numbers.short(Kind.DISC), {Kind.UA, Kind.DM})

    def send(self, apdu: bytes) -> bytes:
        return self._request(self._numbers.start(apdu), {Kind.I, Kind.RR, Kind.DM, Kind.FRMR})

    def repeat(self) -> bytes:
        """By turns our last frame and a poll: one finds a lost request, the other a lost answer."""
        self._receiver.reset()
        self._repeats += 1
        self._patience = 1
        poll = Kind.RR in self._expected and self._repeats % 2 == 0
        return self._numbers.ready() if poll else self._sent

    def receive(self, data: bytes) -> Iterator[Came]:
        for frame in self._receiver.feed(data):
            if frame.dest == self._numbers.src and frame.src == self._numbers.dest and frame.kind in self._expected:
                yield self._take(frame)

    def _request(self, frame: bytes, expected: set[Kind]) -> bytes:
        self._receiver.reset()  # what came before cannot be its answer
        self._expected = frozenset(expected)
        self._repeats, self._patience = 0, 1
        self._sent = frame
        return frame

    def _take(self, frame: Frame) -> Came:
        if frame.kind is Kind.RR:
            return self._ready(frame), None
        if frame.kind is Kind.I:
            return self._information(frame)
        self._expected = frozenset()
        if frame.kind is Kind.UA:
            if self._ua is Signal.UP:
                self._numbers.max_out = _limit(self._max_info, hdlc.decode_parameters(frame.info).max_info_rx)
            return b"", self._ua
        return b"", Signal.DOWN  # DM, FRMR: the link is gone

    def _information(self, frame: Frame) -> Came:
        numbers = self._numbers
        if frame.ns != numbers.nr or frame.nr != numbers.ns or numbers.waiting:
            return NOTHING  # repeated, or older than our request
        before, self._expected = self._expected, frozenset()
        apdu = numbers.take(frame)
        if apdu is not None:
            return b"", apdu
        self._expected = before
        self._repeats, self._patience = 0, 1
        self._sent = numbers.ready()
        return (self._sent if frame.pf else b""), None

    def _ready(self, frame: Frame) -> bytes:
        """RR: our segment is confirmed, or an answer or our request was lost."""
        numbers = self._numbers
        if frame.nr == numbers.ns and numbers.waiting:
            self._repeats, self._patience = 0, 1
            self._sent = numbers.next_segment()
            return self._sent
        if not self._patience:
            return b""
        self._patience -= 1
        return numbers.ready() if frame.nr == numbers.ns else numbers.last


class WrapperLink:
    """The client's link over TCP or UDP: nothing to connect, nothing to disconnect."""

    def __init__(self, client: int, logical: int) -> None:
        self._client, self._logical = client, logical
        self._receiver = wrapper.Receiver()
        self._sent = b""

    def connect(self) -> bytes:
        self._receiver = wrapper.Receiver()
        return b""

    def disconnect(self) -> bytes:
        return b""

    def send(self, apdu: bytes) -> bytes:
        self._sent = wrapper.encode(wrapper.Packet(self._client, self._logical, apdu))
        return self._sent

    def repeat(self) -> bytes:
        return self._sent

    def receive(self, data: bytes) -> Iterator[Came]:
        for packet in self._receiver.feed(data):
            if packet.source == self._logical and packet.destination == self._client:
                yield b"", packet.apdu


class HdlcSecondary:
    """One client's link inside a server. Addresses as the client wrote them."""

    def __init__(self, client: bytes, server: bytes, max_info: int) -> None:
        self._max_info = max_info
        self._numbers = _Numbered(client, server, hdlc.LLC_RESPONSE, hdlc.LLC_COMMAND)
        self.connected = False

    def take(self, frame: Frame) -> Came:
        """Answers a frame of this client; an APDU that does not begin as one is confirmed and dropped."""
        if frame.kind is Kind.SNRM:
            return self._connect(frame)
        if frame.kind is Kind.DISC:
            return self._disconnect()
        if not self.connected:
            return self.refuse(frame), None
        if frame.kind is Kind.I:
            return self._information(frame)
        return (self._ready(frame) if frame.kind is Kind.RR else b""), None

    def refuse(self, frame: Frame) -> bytes:
        """«There is no link» (DM), to a frame that wants an answer."""
        return self._numbers.short(Kind.DM) if frame.pf and frame.kind is not Kind.UI else b""

    def send(self, apdu: bytes) -> bytes:
        return self._numbers.start(apdu)

    def _connect(self, frame: Frame) -> Came:
        try:
            wanted = hdlc.decode_parameters(frame.info)
        except Garbled:
            return self._numbers.short(Kind.DM), None
        self.connected = True
        self._numbers.reset()
        self._numbers.max_out = _limit(self._max_info, wanted.max_info_rx)
        accepted = Parameters(self._numbers.max_out, _limit(self._max_info, wanted.max_info_tx), 1, 1)
        return self._numbers.short(Kind.UA, hdlc.encode_parameters(accepted)), Signal.UP

    def _disconnect(self) -> Came:
        if not self.connected:
            return self._numbers.short(Kind.DM), None
        self.connected = False
        return self._numbers.short(Kind.UA), Signal.DOWN

    def _information(self, frame: Frame) -> Came:
        numbers = self._numbers
        if frame.ns == (numbers.nr - 1) % hdlc.MODULUS:  # repeated: our answer was lost
            return (numbers.last or numbers.ready()), None
        before = (numbers.ns - 1) % hdlc.MODULUS
        if frame.ns != numbers.nr or frame.nr not in (numbers.ns, before):
            return numbers.ready(), None
        numbers.ns = frame.nr
        numbers.waiting.clear()
        numbers.last = b""
        try:
            apdu = numbers.take(frame)
        except Garbled:
            apdu = None
        return (numbers.ready(), None) if apdu is None else (b"", apdu)

    def _ready(self, frame: Frame) -> bytes:
        numbers = self._numbers
        if frame.nr != numbers.ns:
            return numbers.last
        return numbers.next_segment() if numbers.waiting else numbers.ready()
