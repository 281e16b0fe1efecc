"""Our values in the form that the vectors are written in."""

import contextlib
from typing import Any

from protocol.dlms import acse, apdu, axdr, hdlc
from protocol.dlms.axdr import Compact, Data, Shape, Tag
from protocol.errors import RemoteError

_NAMES = {Tag.NULL: "null-data", Tag.DONT_CARE: "dont-care"}


def kind(tag: Tag) -> str:
    return _NAMES.get(tag, tag.name.lower().replace("_", "-"))


def value(data: Data) -> Any:
    content: Any = data.value
    if isinstance(content, Compact):
        content = {"type": shape(content.shape), "values": [value(item) for item in content.values]}
    elif isinstance(content, tuple):
        content = [value(item) for item in content]
    elif isinstance(content, bytes):
        content = content.hex().upper()
    return {kind(data.tag): content}


def shape(found: Shape) -> Any:
    return {kind(found.tag): [shape(item) for item in found.items]} if found.items else kind(found.tag)


def _hex(content: bytes | None) -> str | None:
    return None if content is None else content.hex().upper()


def _invoke(byte: int) -> str:
    return f"{byte:02X}"


def _attribute(item: apdu.Attribute) -> dict[str, Any]:
    selection = None
    if item.selection:
        selection = {"selector": item.selection[0], "data": value(axdr.decode(item.selection[1:]))}
    return {"class": item.class_id, "obis": str(item.obis), "attribute": item.attribute, "selection": selection}


def _result(result: apdu.Result) -> dict[str, Any]:
    if isinstance(result, int):
        return {"data-access-error": [result, apdu.access_name(result)]}
    return {"data": value(axdr.decode(result))}


def _given(**fields: Any) -> dict[str, Any]:
    """The fields that are there, with dashes in their names."""
    return {name.replace("_", "-"): content for name, content in fields.items() if content is not None}


def _aarq(found: acse.Aarq) -> dict[str, Any]:
    assert found.initiate is not None
    initiate = {
        "dedicated-key": _hex(found.initiate.dedicated_key),
        "response-allowed": found.initiate.response_allowed,
        "qos": found.initiate.qos,
        "dlms-version": found.initiate.version,
        "conformance": f"{found.initiate.conformance:06X}",
        "max-pdu": found.initiate.max_pdu,
    }
    return _given(
        application_context=found.context,
        calling_ap_title=_hex(found.calling_title),
        acse_requirements=_hex(found.requirements),
        mechanism=found.mechanism,
        authentication_value=_hex(found.secret),
        user_information={"initiate-request": initiate},
    )


def _aare(found: acse.Aare) -> dict[str, Any]:
    assert found.initiate is not None
    initiate = {
        "qos": found.initiate.qos,
        "dlms-version": found.initiate.version,
        "conformance": f"{found.initiate.conformance:06X}",
        "max-pdu": found.initiate.max_pdu,
        "vaa-name": f"{found.initiate.vaa_name:04X}",
    }
    return _given(
        application_context=found.context,
        result=found.result,
        result_source_diagnostic=[acse.SOURCES[found.source], found.diagnostic],
        acse_requirements=_hex(found.requirements),
        mechanism=found.mechanism,
        authentication_value=_hex(found.secret),
        user_information={"initiate-response": initiate},
    )


def any_apdu(raw: bytes) -> dict[str, Any]:
    """Raises RemoteError as the decoders do."""
    match raw[0]:
        case acse.AARQ:
            return {"aarq": _aarq(acse.decode_aarq(raw))}
        case acse.AARE:
            return {"aare": _aare(acse.decode_aare(raw))}
        case acse.RLRQ | acse.RLRE:
            return {"rlrq" if raw[0] == acse.RLRQ else "rlre": {"reason": acse.decode_release(raw, raw[0]).reason}}
    return _xdlms(apdu.decode(raw))


def _xdlms(found: apdu.Apdu) -> dict[str, Any]:
    match found:
        case apdu.GetRequest():
            return {"get-request-normal": {"invoke": _invoke(found.invoke), **_attribute(found.item)}}
        case apdu.GetNext():
            return {"get-request-next": {"invoke": _invoke(found.invoke), "block": found.block}}
        case apdu.GetList():
            items = [_attribute(item) for item in found.items]
            return {"get-request-with-list": {"invoke": _invoke(found.invoke), "items": items}}
        case apdu.GetResponse():
            return {"get-response-normal": {"invoke": _invoke(found.invoke), **_result(found.result)}}
        case apdu.GetBlock():
            head = {"invoke": _invoke(found.invoke), "last": found.last, "block": found.block}
            error = isinstance(found.result, int)
            part = {"data-access-error": found.result} if error else {"raw": found.result.hex().upper()}  # type: ignore[union-attr]
            return {"get-response-with-datablock": {**head, **part}}
        case apdu.GetListResponse():
            results = [_result(result) for result in found.results]
            return {"get-response-with-list": {"invoke": _invoke(found.invoke), "results": results}}
        case apdu.ExceptionResponse():
            return {"exception-response": {"state-error": found.state, "service-error": found.service}}
        case apdu.ServiceError():
            return {"confirmed-service-error": [found.service, found.kind, found.value]}
        case apdu.EventNotification():
            event = {"time": _hex(found.time), "class": found.class_id, "obis": str(found.obis)}
            return {
                "event-notification": {**event, "attribute": found.attribute, "value": value(axdr.decode(found.value))}
            }


def frame(found: hdlc.Frame) -> dict[str, Any]:
    """`apdu` is there when it is whole and one that we speak."""
    form: dict[str, Any] = {
        "segmented": found.segmented,
        "dest": _hex(found.dest),
        "src": _hex(found.src),
        "type": found.kind.value,
        "pf": found.pf,
        "info": _hex(found.info),
        "control": f"{found.control:02X}",
    }
    if found.kind is hdlc.Kind.I:
        form["ns"] = found.ns
    if found.kind in (hdlc.Kind.I, hdlc.Kind.RR):
        form["nr"] = found.nr
    if found.kind is hdlc.Kind.UA and found.info:
        given = hdlc.decode_parameters(found.info)
        form["parameters"] = _given(**{name: getattr(given, name) for name in given.__dataclass_fields__})
    llc = found.info[:3]
    if llc in (hdlc.LLC_COMMAND, hdlc.LLC_RESPONSE):
        form["llc"] = _hex(llc)
        with contextlib.suppress(RemoteError):
            form["apdu"] = any_apdu(found.info[3:])
    return form
