"""xDLMS APDUs of GET (IEC 62056-5-3): normal, next block, with list, their answers, and the two error APDUs.

Values inside stay encoded A-XDR: `data` is what `axdr.decode` takes. `invoke` is the whole invoke-id-and-priority
byte; its low four bits tell one request from another.
"""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.dlms import axdr
from protocol.dlms.cursor import Cursor
from protocol.errors import LocalError, Unsupported
from protocol.obis import Obis

GET_REQUEST, GET_RESPONSE, EVENT_NOTIFICATION = 0xC0, 0xC4, 0xC2
EXCEPTION, SERVICE_ERROR = 0xD8, 0x0E
INVOKE_ID = 0x0F

SUCCESS = 0
ACCESS_RESULTS = {
    SUCCESS: "success",
    1: "hardware-fault",
    2: "temporary-failure",
    3: "read-write-denied",
    4: "object-undefined",
    9: "object-class-inconsistent",
    11: "object-unavailable",
    12: "type-unmatched",
    13: "scope-of-access-violated",
    14: "data-block-unavailable",
    15: "long-get-aborted",
    16: "no-long-get-in-progress",
    17: "long-set-aborted",
    18: "no-long-set-in-progress",
    19: "data-block-number-invalid",
    250: "other-reason",
}
NO_LONG_GET, BLOCK_NUMBER_INVALID, OTHER_REASON = 16, 19, 250


def access_name(code: int) -> str:
    """The name of a Data-Access-Result; one that the standard does not know keeps its number."""
    return ACCESS_RESULTS.get(code, f"unknown {code}")


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a GET asks for; `selection` = selector byte and encoded parameters, b"" = all."""

    class_id: int
    obis: Obis
    attribute: int
    selection: bytes = b""


@dataclass(frozen=True, slots=True)
class GetRequest:
    invoke: int
    item: Attribute


@dataclass(frozen=True, slots=True)
class GetNext:
    invoke: int
    block: int


@dataclass(frozen=True, slots=True)
class GetList:
    invoke: int
    items: tuple[Attribute, ...]


# One result of a GET: an encoded value, or the code of a Data-Access-Result.
Result = bytes | int


@dataclass(frozen=True, slots=True)
class GetResponse:
    invoke: int
    result: Result


@dataclass(frozen=True, slots=True)
class GetBlock:
    """A part of the encoded value, or the code of a Data-Access-Result."""

    invoke: int
    last: bool
    block: int
    result: Result


@dataclass(frozen=True, slots=True)
class GetListResponse:
    invoke: int
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class ExceptionResponse:
    """`state` 1 service not allowed, 2 service unknown; `service` 1 not possible, 2 not supported, 3 other reason…"""

    state: int
    service: int


@dataclass(frozen=True, slots=True)
class ServiceError:
    """confirmed-service-error: service (1 initiate, 5 read…), kind of error, its value."""

    service: int
    kind: int
    value: int


@dataclass(frozen=True, slots=True)
class EventNotification:
    time: bytes | None
    class_id: int
    obis: Obis
    attribute: int
    value: bytes


Apdu = (
    GetRequest
    | GetNext
    | GetList
    | GetResponse
    | GetBlock
    | GetListResponse
    | ExceptionResponse
    | ServiceError
    | EventNotification
)


# --- writing --------------------------------------------------------------------------------------------------


def encode(apdu: Apdu) -> bytes:
    """Raises LocalError when a number does not fit its place."""
    try:
        return _WRITERS[type(apdu)](apdu)
    except (OverflowError, ValueError) as error:
        raise LocalError(f"{apdu}: {error}") from None


def _attribute(item: Attribute) -> bytes:
    selection = b"\x01" + item.selection if item.selection else b"\0"
    return item.class_id.to_bytes(2, "big") + bytes(item.obis) + bytes([item.attribute]) + selection


def encode_result(result: Result) -> bytes:
    """A Get-Data-Result: 00 and the value, or 01 and the code."""
    return bytes([1, result]) if isinstance(result, int) else b"\0" + result


def encode_results(results: tuple[Result, ...]) -> bytes:
    """The list of a GET-with-list answer, as it stands in one APDU or, cut, in blocks."""
    return axdr.encode_length(len(results)) + b"".join(encode_result(result) for result in results)


def _block(apdu: GetBlock) -> bytes:
    head = bytes([GET_RESPONSE, 2, apdu.invoke, apdu.last]) + apdu.block.to_bytes(4, "big")
    if isinstance(apdu.result, int):
        return head + bytes([1, apdu.result])
    return head + b"\0" + axdr.encode_length(len(apdu.result)) + apdu.result


def _event(apdu: EventNotification) -> bytes:
    time = b"\0" if apdu.time is None else b"\x01" + axdr.encode_length(len(apdu.time)) + apdu.time
    item = apdu.class_id.to_bytes(2, "big") + bytes(apdu.obis) + bytes([apdu.attribute])
    return bytes([EVENT_NOTIFICATION]) + time + item + apdu.value


_WRITERS: dict[type, Callable[..., bytes]] = {
    GetRequest: lambda it: bytes([GET_REQUEST, 1, it.invoke]) + _attribute(it.item),
    GetNext: lambda it: bytes([GET_REQUEST, 2, it.invoke]) + it.block.to_bytes(4, "big"),
    GetList: lambda it: (
        bytes([GET_REQUEST, 3, it.invoke])
        + axdr.encode_length(len(it.items))
        + b"".join(_attribute(item) for item in it.items)
    ),
    GetResponse: lambda it: bytes([GET_RESPONSE, 1, it.invoke]) + encode_result(it.result),
    GetBlock: _block,
    GetListResponse: lambda it: bytes([GET_RESPONSE, 3, it.invoke]) + encode_results(it.results),
    ExceptionResponse: lambda it: bytes([EXCEPTION, it.state, it.service]),
    ServiceError: lambda it: bytes([SERVICE_ERROR, it.service, it.kind, it.value]),
    EventNotification: _event,
}


# --- reading --------------------------------------------------------------------------------------------------


def decode(raw: bytes) -> Apdu:
    """Raises Garbled; Unsupported for a service that is not of this module."""
    cursor = Cursor(raw)
    tag = cursor.number()
    reader = _READERS.get(tag)
    if reader is None:
        raise Unsupported(f"APDU {tag:02X} is not spoken here")
    return reader(cursor)


def _read_attribute(cursor: Cursor) -> Attribute:
    class_id, obis, attribute = cursor.number(2), Obis(cursor.take(6)), cursor.number()
    selection = cursor.take(1) + cursor.value() if cursor.choice("selective access") else b""
    return Attribute(class_id, obis, attribute, selection)


def _get_request(cursor: Cursor) -> Apdu:
    kind, invoke = cursor.number(), cursor.number()
    found: Apdu
    if kind == 1:
        found = GetRequest(invoke, _read_attribute(cursor))
    elif kind == 2:
        found = GetNext(invoke, cursor.number(4))
    elif kind == 3:
        found = GetList(invoke, tuple(_read_attribute(cursor) for _ in range(cursor.length())))
    else:
        raise Unsupported(f"GET request of kind {kind}")
    cursor.end()
    return found


def _get_response(cursor: Cursor) -> Apdu:
    kind, invoke = cursor.number(), cursor.number()
    if kind == 1:
        refused = cursor.choice("a GET result")
        return GetResponse(invoke, cursor.number() if refused else cursor.rest())
    if kind == 2:
        return _get_block(cursor, invoke)
    if kind == 3:
        results = read_results(cursor.rest())
        return GetListResponse(invoke, results)
    raise Unsupported(f"GET response of kind {kind}")


def _get_block(cursor: Cursor, invoke: int) -> GetBlock:
    last, block = bool(cursor.number()), cursor.number(4)
    if cursor.choice("a block"):
        return GetBlock(invoke, last, block, cursor.number())
    content = cursor.take(cursor.length())
    cursor.end()
    return GetBlock(invoke, last, block, content)


def read_results(raw: bytes) -> tuple[Result, ...]:
    """The list of a GET-with-list answer. Raises Garbled."""
    cursor = Cursor(raw)
    results: list[Result] = []
    for _ in range(cursor.length()):
        refused = cursor.choice("a GET result")
        results.append(cursor.number() if refused else cursor.value())
    cursor.end()
    return tuple(results)


def _exception(cursor: Cursor) -> Apdu:
    return ExceptionResponse(cursor.number(), cursor.number())  # later editions append a counter: passed over


def _service_error(cursor: Cursor) -> Apdu:
    return ServiceError(cursor.number(), cursor.number(), cursor.number())


def _event_notification(cursor: Cursor) -> Apdu:
    # some meters write the type of the time (09) where the standard has «present» (01)
    time = cursor.take(cursor.length()) if cursor.number() else None
    class_id, obis, attribute = cursor.number(2), Obis(cursor.take(6)), cursor.number()
    return EventNotification(time, class_id, obis, attribute, cursor.rest())


_READERS: dict[int, Callable[[Cursor], Apdu]] = {
    GET_REQUEST: _get_request,
    GET_RESPONSE: _get_response,
    EXCEPTION: _exception,
    SERVICE_ERROR: _service_error,
    EVENT_NOTIFICATION: _event_notification,
}
