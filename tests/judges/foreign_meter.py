"""A meter that is not ours: APDUs by the codecs of gurux-dlms, HDLC frames by those of dlms-cosem.

It keeps a load profile in an order of its own, with a column that nobody knows, energy in tenths of a watt hour, and
stamps left out where they are one period later (null-data). It answers with the whole buffer whatever range is asked.
"""

import asyncio
from typing import Any

from dlms_cosem.hdlc import frames
from dlms_cosem.hdlc.address import HdlcAddress
from gurux_dlms import GXByteBuffer, GXDLMSSettings
from gurux_dlms._GXAPDU import _GXAPDU
from gurux_dlms.enums import AssociationResult, Authentication, DataType, SourceDiagnostic
from gurux_dlms.internal._GXCommon import _GXCommon

SERIAL = "00071234"
PERIOD = 1800
FIRST = bytes.fromhex("07EA0B1801001E00008000 00")  # 24 November 2026 00:30:00 of its own time
ROWS = ((FIRST, 7, 12345, 3), (None, 8, 20, 0), (None, 9, 0, 1))  # stamp, unknown, A+, A− in 0.1 Wh
_COLUMNS = ((3, "0.0.96.77.7.255"), (3, "1.0.1.29.0.255"), (8, "0.0.1.0.0.255"), (3, "1.0.2.29.0.255"))
_UNDEFINED = 4
_SNRM, _DISC = 0x93, 0x53


class ForeignMeter:
    def __init__(self, link: str, password: bytes) -> None:
        self.link = link
        self.password = password

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (self._wrapper(reader, writer) if self.link == "wrapper" else self._hdlc(reader, writer))

    async def _wrapper(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        settings = GXDLMSSettings(True, None)
        try:
            while True:
                head = await reader.readexactly(8)
                answer = self._answer(settings, await reader.readexactly(int.from_bytes(head[6:], "big")))
                turned = head[:2] + head[4:6] + head[2:4] + len(answer).to_bytes(2, "big")
                writer.write(turned + answer)
        except asyncio.IncompleteReadError:
            return

    async def _hdlc(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Two bytes of server address, no segments: every answer fits into one frame."""
        ends = HdlcAddress(32, None, "client"), HdlcAddress(1, 16, "server")
        settings, sent, received = GXDLMSSettings(True, None), 0, 0
        try:
            while True:
                head = await reader.readexactly(3)
                size = int.from_bytes(head[1:], "big") & 0x7FF  # all but the flags
                frame = head[1:] + (await reader.readexactly(size - 1))[:-1]
                control = frame[5]
                if control in (_SNRM, _DISC):
                    sent = received = 0
                    writer.write(frames.UnNumberedAcknowledgmentFrame(*ends).to_bytes())
                    continue
                received = (received + 1) % 8
                answer = b"\xe6\xe7\x00" + self._answer(settings, frame[11:-2])
                writer.write(
                    frames.InformationFrame(
                        *ends,
                        payload=answer,
                        send_sequence_number=sent,
                        receive_sequence_number=received,
                        segmented=False,
                        final=True,
                    ).to_bytes()
                )
                sent = (sent + 1) % 8
        except asyncio.IncompleteReadError:
            return

    def _answer(self, settings: Any, apdu: bytes) -> bytes:
        if apdu[0] == 0x60:
            return self._associate(settings, apdu)
        if apdu[0] == 0x62:
            return b"\x63\x03\x80\x01\x00"
        assert apdu[:2] == b"\xc0\x01", apdu.hex()
        obis = ".".join(str(byte) for byte in apdu[5:11])
        value = _VALUES.get((int.from_bytes(apdu[3:5], "big"), obis, apdu[11]))
        if value is None:
            return bytes([0xC4, 1, apdu[2], 1, _UNDEFINED])
        return bytes([0xC4, 1, apdu[2], 0]) + value

    def _associate(self, settings: Any, apdu: bytes) -> bytes:
        _GXAPDU.parsePDU(settings, None, GXByteBuffer(apdu), None)
        right = settings.authentication == Authentication.LOW and bytes(settings.password) == self.password
        data = GXByteBuffer()
        result = AssociationResult.ACCEPTED if right else AssociationResult.PERMANENT_REJECTED
        diagnostic = SourceDiagnostic.NONE if right else SourceDiagnostic.AUTHENTICATION_FAILURE
        _GXAPDU.generateAARE(settings, data, result, diagnostic, None, None, None)
        return bytes(data.array())


def _coded(kind: DataType, value: Any) -> bytes:
    data = GXByteBuffer()
    _GXCommon.setData(None, data, kind, value)
    return bytes(data.array())


def _group(tag: int, parts: list[bytes]) -> bytes:
    return bytes([tag, len(parts)]) + b"".join(parts)


def _structure(*parts: bytes) -> bytes:
    return _group(2, list(parts))


def _scale(scaler: int, unit: int) -> bytes:
    return _structure(_coded(DataType.INT8, scaler), _coded(DataType.ENUM, unit))


def _object(class_id: int, obis: str) -> bytes:
    name = bytes(int(part) for part in obis.split("."))
    return _structure(
        _coded(DataType.UINT16, class_id),
        _coded(DataType.OCTET_STRING, name),
        _coded(DataType.INT8, 2),
        _coded(DataType.UINT16, 0),
    )


def _row(stamp: bytes | None, unknown: int, imported: int, exported: int) -> bytes:
    return _structure(
        _coded(DataType.UINT16, unknown),
        _coded(DataType.UINT32, imported),
        _coded(DataType.NONE, None) if stamp is None else _coded(DataType.OCTET_STRING, stamp),
        _coded(DataType.UINT32, exported),
    )


def _correction() -> bytes:
    """The clock was set from 00:29:00 to 00:30:00."""
    old = FIRST[:6] + bytes([29]) + FIRST[7:]
    return _structure(*(_coded(DataType.OCTET_STRING, stamp) for stamp in (FIRST, FIRST, old)))


_LOAD, _CORRECTIONS = "1.0.99.1.0.255", "0.0.99.98.13.255"
_VALUES = {
    (1, "0.0.96.1.0.255", 2): _coded(DataType.STRING, SERIAL),
    (3, "1.0.1.29.0.255", 3): _scale(-1, 30),
    (3, "1.0.2.29.0.255", 3): _scale(-1, 30),
    (7, _LOAD, 2): _group(1, [_row(*row) for row in ROWS]),
    (7, _LOAD, 3): _group(1, [_object(*column) for column in _COLUMNS]),
    (7, _LOAD, 4): _coded(DataType.UINT32, PERIOD),
    (7, _CORRECTIONS, 2): _group(1, [_correction()]),
    (7, _CORRECTIONS, 3): _group(1, [_object(8, f"0.0.1.0.{field}.255") for field in (0, 0, 1)]),
}
