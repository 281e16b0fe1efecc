"""HDLC frames of IEC 62056-46, type 3: 7E, format and length, two addresses, control, HCS, information, FCS, 7E.

There is no transparency in this protocol: a 7E may stand inside a frame, only length and check sums tell. `decode`
takes one frame and refuses it by name («length», «hcs», «fcs», «format», «address», «control»). `Receiver` finds
frames in a stream: what is no frame is noise and is skipped.
"""

from binascii import crc_hqx
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from protocol.errors import Garbled, LocalError

FLAG = 0x7E
MAX_LENGTH = 0x7FF  # between the flags
_MIN_LENGTH = 7  # format 2, addresses 1 + 1, control 1, check sum 2
_MAX_HEADER = 2 + 4 + 4 + 1 + 2
LLC_COMMAND = bytes.fromhex("E6E600")
LLC_RESPONSE = bytes.fromhex("E6E700")
DEFAULT_INFO = 128  # largest information field when nothing else is negotiated
MAX_INFO = 2030
MODULUS = 8

# The machine's CRC-CCITT starts at the other end of each byte: turn the bits round, before and after.
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def crc(data: bytes) -> int:
    """CRC-16/X-25; goes on the wire low byte first."""
    found = crc_hqx(data.translate(_TURNED), 0xFFFF) ^ 0xFFFF
    return _TURNED[found & 0xFF] << 8 | _TURNED[found >> 8]


def _check_bytes(data: bytes) -> bytes:
    return crc(data).to_bytes(2, "little")


class Kind(StrEnum):
    I = "I"  # noqa: E741 - its name in the standard
    RR = "RR"
    RNR = "RNR"
    SNRM = "SNRM"
    DISC = "DISC"
    UA = "UA"
    DM = "DM"
    FRMR = "FRMR"
    UI = "UI"


_SUPERVISORY = {0x1: Kind.RR, 0x5: Kind.RNR}
_UNNUMBERED = {
    0x83: Kind.SNRM,
    0x43: Kind.DISC,
    0x63: Kind.UA,
    0x0F: Kind.DM,
    0x87: Kind.FRMR,
    0x03: Kind.UI,
}
_SUPERVISORY_CODES = {kind: code for code, kind in _SUPERVISORY.items()}
_UNNUMBERED_CODES = {kind: code for code, kind in _UNNUMBERED.items()}
_PF = 0x10


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Addresses as on the wire; `ns` for I, `nr` for I, RR and RNR; `pf` the poll/final bit."""

    dest: bytes
    src: bytes
    kind: Kind
    info: bytes = b""
    ns: int = 0
    nr: int = 0
    pf: bool = True
    segmented: bool = False  # more segments follow

    @property
    def control(self) -> int:
        pf = _PF if self.pf else 0
        if self.kind is Kind.I:
            return self.nr << 5 | pf | self.ns << 1
        if self.kind in _SUPERVISORY_CODES:
            return self.nr << 5 | pf | _SUPERVISORY_CODES[self.kind]
        return _UNNUMBERED_CODES[self.kind] | pf


def encode(frame: Frame) -> bytes:
    """The frame with its flags. Raises LocalError when it is too long."""
    head_length = 2 + len(frame.dest) + len(frame.src) + 1
    length = head_length + 2 + (len(frame.info) + 2 if frame.info else 0)
    if length > MAX_LENGTH:
        raise LocalError(f"a frame of {length} bytes, at most {MAX_LENGTH}")
    form = 0xA000 | (0x0800 if frame.segmented else 0) | length
    head = form.to_bytes(2, "big") + frame.dest + frame.src + bytes([frame.control])
    body = head + _check_bytes(head)
    if frame.info:
        body += frame.info
        body += _check_bytes(body)
    return bytes([FLAG]) + body + bytes([FLAG])


def decode(raw: bytes) -> Frame:
    """One frame with its flags. Raises Garbled, naming the check that failed."""
    if len(raw) < _MIN_LENGTH + 2 or raw[0] != FLAG or raw[-1] != FLAG:
        raise Garbled("length: not a frame between two flags")
    length = _format(raw[1:3])
    if length != len(raw) - 2:
        raise Garbled(f"length: the frame says {length}, it has {len(raw) - 2} bytes")
    head_length = _header(raw[1:-1], length)
    assert head_length is not None
    return _frame(raw[1:-1], head_length)


def _format(form: bytes | bytearray) -> int:
    """The length that the format field says."""
    if form[0] & 0xF0 != 0xA0:
        raise Garbled(f"format: {form.hex()} is not frame type 3")
    length = int.from_bytes(form, "big") & MAX_LENGTH
    if length < _MIN_LENGTH:
        raise Garbled(f"length: {length} bytes are no frame")
    return length


def _header(head: bytes, length: int) -> int | None:
    """Bytes of format, addresses and control, once the check sum after them is right; None = more bytes are needed.

    In a frame without information that check sum is the FCS.
    """
    middle = _address_end(head, 2)
    end = None if middle is None else _address_end(head, middle)
    if end is None or len(head) < end + 3:
        if len(head) < length:
            return None
        raise Garbled("length: the header is longer than the frame")
    end += 1  # control
    if end + 2 > length:
        raise Garbled("length: the header is longer than the frame")
    if head[end : end + 2] != _check_bytes(head[:end]):
        raise Garbled("fcs: the check sum of the frame is wrong" if end + 2 == length else "hcs: the header is damaged")
    return end


def _address_end(head: bytes, start: int) -> int | None:
    """None = more bytes are needed."""
    for size, byte in enumerate(head[start : start + 4], 1):
        if byte & 1:
            if size == 3:
                break
            return start + size
    else:
        if len(head) < start + 4:
            return None
    raise Garbled("address: not of 1, 2 or 4 bytes")


def _frame(body: bytes, head_length: int) -> Frame:
    """The frame whose header is already checked."""
    info = body[head_length + 2 : -2]
    if len(body) > head_length + 2:
        if len(body) < head_length + 4:
            raise Garbled("length: no room for the check sum")
        if body[-2:] != _check_bytes(body[:-2]):
            raise Garbled("fcs: the check sum of the frame is wrong")
    middle = _address_end(body, 2)
    assert middle is not None
    control = body[head_length - 1]
    dest, src = body[2:middle], body[middle : head_length - 1]
    pf, segmented = bool(control & _PF), bool(body[0] & 0x08)
    if control & 1 == 0:
        return Frame(dest, src, Kind.I, info, control >> 1 & 7, control >> 5, pf, segmented)
    if kind := _SUPERVISORY.get(control & 0x0F):
        return Frame(dest, src, kind, info, 0, control >> 5, pf, segmented)
    if kind := _UNNUMBERED.get(control & ~_PF):
        return Frame(dest, src, kind, info, 0, 0, pf, segmented)
    raise Garbled(f"control: {control:02X} is no frame that we know")


class Receiver:
    """Frames out of a stream, in any chunks. Keeps at most one frame's bytes.

    A header is believed only when its check sum is right, so noise cannot make it wait for bytes that never come.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def reset(self) -> None:
        """Forget a frame that has begun: the line was silent since."""
        self._buffer.clear()

    def feed(self, data: bytes) -> Iterator[Frame]:
        buffer = self._buffer
        buffer += data
        at = 0
        while (at := buffer.find(FLAG, at)) >= 0:
            try:
                frame, end = self._at(at)
            except Garbled:
                at += 1  # what follows this flag is noise
                continue
            del buffer[:end]
            if frame is None:
                return
            at = 0
            yield frame
        buffer.clear()

    def _at(self, at: int) -> tuple[Frame | None, int]:
        """The frame that the flag at `at` opens, and the place of its closing flag; None = more bytes are needed.

        Raises Garbled when this flag opens no frame.
        """
        buffer = self._buffer
        have = len(buffer) - at - 1
        if have < 2:
            if have == 1 and buffer[at + 1] & 0xF0 != 0xA0:
                raise Garbled("format")
            return None, at
        length = _format(buffer[at + 1 : at + 3])
        head_length = _header(bytes(buffer[at + 1 : at + 1 + _MAX_HEADER]), length)
        if head_length is None or have < length + 1:
            return None, at
        if buffer[at + 1 + length] != FLAG:
            raise Garbled("length: no flag where the frame should end")
        return _frame(bytes(buffer[at + 1 : at + 1 + length]), head_length), at + 1 + length


# --- addresses ------------------------------------------------------------------------------------------------


def client_address(client: int) -> bytes:
    """Raises LocalError."""
    if not 0 < client < 0x80:
        raise LocalError(f"client {client} is not in 1…127")
    return bytes([client << 1 | 1])


def server_address(logical: int, physical: int | None = None, width: int = 0) -> bytes:
    """1 byte without physical address, else 2 or 4, as the numbers need or `width` asks. Raises LocalError."""
    if physical is None:
        if not 0 < logical < 0x80:
            raise LocalError(f"logical device {logical} does not fit one byte")
        return bytes([logical << 1 | 1])
    if not (0 <= logical < 0x4000 and 0 <= physical < 0x4000):
        raise LocalError(f"server {logical}/{physical} does not fit four bytes")
    if not width:
        width = 2 if logical < 0x80 and physical < 0x80 else 4
    if width == 2 and logical < 0x80 and physical < 0x80:
        return bytes([logical << 1, physical << 1 | 1])
    if width != 4:
        raise LocalError(f"server {logical}/{physical} does not fit {width} bytes")
    return bytes([logical >> 6 & 0xFE, logical << 1 & 0xFE, physical >> 6 & 0xFE, physical << 1 & 0xFE | 1])


def parse_address(raw: bytes) -> tuple[int, int | None]:
    """(logical, physical or None) of 1, 2 or 4 bytes; a client is the logical part of one byte. Raises Garbled."""
    if len(raw) == 1:
        return raw[0] >> 1, None
    if len(raw) == 2:
        return raw[0] >> 1, raw[1] >> 1
    if len(raw) == 4:
        return (raw[0] >> 1) << 7 | raw[1] >> 1, (raw[2] >> 1) << 7 | raw[3] >> 1
    raise Garbled("address: not of 1, 2 or 4 bytes")


# --- parameters of SNRM and UA --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameters:
    """Negotiated at SNRM/UA, seen by the sender; None = not named, the default holds (128 bytes, window 1)."""

    max_info_tx: int | None = None
    max_info_rx: int | None = None
    window_tx: int | None = None
    window_rx: int | None = None


_PARAMETERS_HEAD = b"\x81\x80"
_PARAMETERS = {5: "max_info_tx", 6: "max_info_rx", 7: "window_tx", 8: "window_rx"}
_WIDTH = {5: 2, 6: 2, 7: 4, 8: 4}  # as most meters write them


def encode_parameters(parameters: Parameters) -> bytes:
    """The information field; b"" when nothing is named."""
    body = b""
    for code, name in _PARAMETERS.items():
        value = getattr(parameters, name)
        if value is not None:
            body += bytes([code, _WIDTH[code]]) + value.to_bytes(_WIDTH[code], "big")
    return _PARAMETERS_HEAD + bytes([len(body)]) + body if body else b""


def decode_parameters(info: bytes) -> Parameters:
    """Unknown parameters are passed over. Raises Garbled."""
    if not info:
        return Parameters()
    if info[:2] != _PARAMETERS_HEAD or len(info) < 3 or info[2] != len(info) - 3:
        raise Garbled(f"parameters: {info.hex()} is no list of HDLC parameters")
    found: dict[str, int] = {}
    at = 3
    while at < len(info):
        code, width = info[at], info[at + 1] if at + 1 < len(info) else 0
        value = info[at + 2 : at + 2 + width]
        if width == 0 or len(value) != width or width > 4:
            raise Garbled(f"parameters: {info.hex()} ends inside parameter {code}")
        if code in _PARAMETERS:
            found[_PARAMETERS[code]] = int.from_bytes(value, "big")
        at += 2 + width
    return Parameters(**found)
