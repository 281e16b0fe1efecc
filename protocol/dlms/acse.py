"""ACSE: AARQ, AARE, RLRQ, RLRE (IEC 62056-5-3), BER, with the xDLMS Initiate inside.

Fields that an association of mechanism 0 or 1 has no use for are passed over; those of other mechanisms are read
as they stand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from protocol.dlms.axdr import encode_length, length_at
from protocol.dlms.cursor import Cursor
from protocol.errors import Garbled, Unsupported

DLMS_VERSION = 6
VAA_NAME = 0x0007  # of logical name referencing
NO_LIMIT = 0xFFFF

AARQ, AARE, RLRQ, RLRE = 0x60, 0x61, 0x62, 0x63
_CONTEXT = bytes.fromhex("608574050801")
_MECHANISM = bytes.fromhex("608574050802")
_REQUIREMENTS = bytes.fromhex("0780")  # «authentication» asked for


class Context(IntEnum):
    LOGICAL_NAME = 1
    SHORT_NAME = 2
    LOGICAL_NAME_CIPHERED = 3
    SHORT_NAME_CIPHERED = 4


class Mechanism(IntEnum):
    LOWEST = 0
    PASSWORD = 1


class Diagnostic(IntEnum):
    """acse-service-user."""

    NULL = 0
    NO_REASON = 1
    CONTEXT_NOT_SUPPORTED = 2
    MECHANISM_NOT_RECOGNISED = 11
    MECHANISM_REQUIRED = 12
    AUTHENTICATION_FAILURE = 13
    AUTHENTICATION_REQUIRED = 14


# source of a diagnostic: its tag in the AARE
USER, PROVIDER = 0xA1, 0xA2
SOURCES = {USER: "acse-service-user", PROVIDER: "acse-service-provider"}


@dataclass(frozen=True, slots=True)
class InitiateRequest:
    conformance: int
    max_pdu: int
    dedicated_key: bytes | None = None
    response_allowed: bool = True
    qos: int | None = None
    version: int = DLMS_VERSION


@dataclass(frozen=True, slots=True)
class InitiateResponse:
    conformance: int
    max_pdu: int
    qos: int | None = None
    version: int = DLMS_VERSION
    vaa_name: int = VAA_NAME


@dataclass(frozen=True, slots=True)
class Aarq:
    """`initiate` is None when the user information is ciphered or absent; `mechanism` None = not named."""

    context: int
    initiate: InitiateRequest | None
    mechanism: int | None = None
    secret: bytes | None = None
    requirements: bytes | None = None
    calling_title: bytes | None = None


@dataclass(frozen=True, slots=True)
class Aare:
    """`initiate` is None when the meter gave none, or a confirmed-service-error in its place."""

    context: int
    result: int
    diagnostic: int
    initiate: InitiateResponse | None = None
    source: int = USER
    mechanism: int | None = None
    secret: bytes | None = None
    requirements: bytes | None = None

    @property
    def accepted(self) -> bool:
        return self.result == 0


@dataclass(frozen=True, slots=True)
class Release:
    """RLRQ or RLRE; `reason` 0 = normal, None = not given."""

    reason: int | None = 0


# --- BER ------------------------------------------------------------------------------------------------------


def _field(tag: int, content: bytes) -> bytes:
    return bytes([tag]) + encode_length(len(content)) + content


def _fields(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(raw):
        size, start = length_at(raw, at + 1)
        if size > len(raw) - start:
            raise Garbled(f"length {size} of field {raw[at]:02X}, only {len(raw) - start} bytes follow")
        yield raw[at], raw[start : start + size]
        at = start + size


def _whole(raw: bytes, tag: int) -> dict[int, bytes]:
    """The fields of the one APDU with this tag that `raw` is."""
    outer = list(_fields(raw))
    if len(outer) != 1 or outer[0][0] != tag:
        raise Garbled(f"not one APDU with tag {tag:02X}")
    return dict(_fields(outer[0][1]))


def _inner(content: bytes, tag: int) -> bytes:
    found = list(_fields(content))
    if len(found) != 1 or found[0][0] != tag:
        raise Garbled(f"tag {tag:02X} expected inside an ACSE field, got {content.hex()}")
    return found[0][1]


def _last_arc(oid: bytes, stem: bytes) -> int:
    if len(oid) != len(stem) + 1 or oid[:-1] != stem:
        raise Unsupported(f"object identifier {oid.hex()} is not of DLMS/COSEM")
    return oid[-1]


def _context(fields: dict[int, bytes]) -> int:
    if 0xA1 not in fields:
        raise Garbled("the application context is missing")
    return _last_arc(_inner(fields[0xA1], 0x06), _CONTEXT)


def _number(content: bytes) -> int:
    value = _inner(content, 0x02)
    if not 1 <= len(value) <= 4:
        raise Garbled(f"an integer of {len(value)} bytes")
    return int.from_bytes(value, "big")


def _secret(content: bytes | None) -> bytes | None:
    return None if content is None else _inner(content, 0x80)


# --- AARQ and AARE --------------------------------------------------------------------------------------------


def encode_aarq(aarq: Aarq) -> bytes:
    """Calling title, dedicated key and quality of service are never written: mechanisms 0 and 1 have none."""
    body = _field(0xA1, _field(0x06, _CONTEXT + bytes([aarq.context])))
    if aarq.mechanism is not None and aarq.secret is not None:
        body += _field(0x8A, _REQUIREMENTS)
        body += _field(0x8B, _MECHANISM + bytes([aarq.mechanism]))
        body += _field(0xAC, _field(0x80, aarq.secret))
    if aarq.initiate is not None:
        body += _field(0xBE, _field(0x04, _encode_request(aarq.initiate)))
    return _field(AARQ, body)


def decode_aarq(raw: bytes) -> Aarq:
    """Raises Garbled, Unsupported."""
    fields = _whole(raw, AARQ)
    return Aarq(
        context=_context(fields),
        initiate=_decode_request(_inner(fields[0xBE], 0x04)) if 0xBE in fields else None,
        mechanism=_last_arc(fields[0x8B], _MECHANISM) if 0x8B in fields else None,
        secret=_secret(fields.get(0xAC)),
        requirements=fields.get(0x8A),
        calling_title=_inner(fields[0xA6], 0x04) if 0xA6 in fields else None,
    )


def encode_aare(aare: Aare) -> bytes:
    body = _field(0xA1, _field(0x06, _CONTEXT + bytes([aare.context])))
    body += _field(0xA2, _field(0x02, bytes([aare.result])))
    body += _field(0xA3, _field(aare.source, _field(0x02, bytes([aare.diagnostic]))))
    if aare.initiate is not None:
        body += _field(0xBE, _field(0x04, _encode_response(aare.initiate)))
    return _field(AARE, body)


def decode_aare(raw: bytes) -> Aare:
    """Raises Garbled, Unsupported."""
    fields = _whole(raw, AARE)
    if 0xA2 not in fields or 0xA3 not in fields:
        raise Garbled("an AARE without result or diagnostic")
    sources = list(_fields(fields[0xA3]))
    if len(sources) != 1 or sources[0][0] not in SOURCES:
        raise Garbled(f"diagnostic {fields[0xA3].hex()} of an unknown source")
    source, diagnostic = sources[0]
    return Aare(
        context=_context(fields),
        result=_number(fields[0xA2]),
        diagnostic=_number(diagnostic),
        initiate=_decode_response(_inner(fields[0xBE], 0x04)) if 0xBE in fields else None,
        source=source,
        mechanism=_last_arc(fields[0x89], _MECHANISM) if 0x89 in fields else None,
        secret=_secret(fields.get(0xAA)),
        requirements=fields.get(0x88),
    )


# --- RLRQ and RLRE --------------------------------------------------------------------------------------------


def encode_release(tag: int, release: Release) -> bytes:
    """`tag` RLRQ or RLRE."""
    return _field(tag, b"" if release.reason is None else _field(0x80, bytes([release.reason])))


def decode_release(raw: bytes, tag: int) -> Release:
    """Raises Garbled."""
    reason = _whole(raw, tag).get(0x80)
    if reason is not None and len(reason) != 1:
        raise Garbled(f"a release reason of {len(reason)} bytes")
    return Release(None if reason is None else reason[0])


# --- Initiate -------------------------------------------------------------------------------------------------

_INITIATE_REQUEST, _INITIATE_RESPONSE, _SERVICE_ERROR = 0x01, 0x08, 0x0E
_CONFORMANCE = bytes.fromhex("5F1F0400")


def _conformance(cursor: Cursor) -> int:
    head = cursor.take(len(_CONFORMANCE))
    if head != _CONFORMANCE:
        raise Garbled(f"conformance block: {head.hex()}")
    return cursor.number(3)


def _optional(cursor: Cursor) -> int | None:
    return cursor.number() if cursor.choice("an optional field") else None


def _encode_request(request: InitiateRequest) -> bytes:
    return (
        bytes([_INITIATE_REQUEST, 0, 0, 0, request.version])
        + _CONFORMANCE
        + request.conformance.to_bytes(3, "big")
        + request.max_pdu.to_bytes(2, "big")
    )


def _decode_request(raw: bytes) -> InitiateRequest | None:
    if raw[:1] != bytes([_INITIATE_REQUEST]):
        return None  # ciphered: whoever needs it refuses the association
    cursor = Cursor(raw[1:])
    key = cursor.take(cursor.length()) if cursor.choice("a dedicated key") else None
    allowed, qos = _optional(cursor), _optional(cursor)
    version, conformance, max_pdu = cursor.number(), _conformance(cursor), cursor.number(2)
    cursor.end()
    return InitiateRequest(conformance, max_pdu, key, allowed is None or bool(allowed), qos, version)


def _encode_response(response: InitiateResponse) -> bytes:
    return (
        bytes([_INITIATE_RESPONSE, 0, response.version])
        + _CONFORMANCE
        + response.conformance.to_bytes(3, "big")
        + response.max_pdu.to_bytes(2, "big")
        + response.vaa_name.to_bytes(2, "big")
    )


def _decode_response(raw: bytes) -> InitiateResponse | None:
    if raw[:1] == bytes([_SERVICE_ERROR]):
        return None
    if raw[:1] != bytes([_INITIATE_RESPONSE]):
        raise Unsupported(f"user information {raw.hex()} is neither an InitiateResponse nor a confirmed-service-error")
    cursor = Cursor(raw[1:])
    qos, version, conformance = _optional(cursor), cursor.number(), _conformance(cursor)
    max_pdu, vaa_name = cursor.number(2), cursor.number(2)
    cursor.end()
    return InitiateResponse(conformance, max_pdu, qos, version, vaa_name)
