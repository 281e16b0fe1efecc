"""A row of a sheet against the registry: it is new, changes something, says what stands, or is refused.

`take` enters it by the functions of `enter`, in the caller's change. What is looked up often is read once: `Known`.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Row, Table, select

from central.ingest.tables import edge_line, edge_meter
from central.registry import enter
from central.registry.changes import Change
from central.registry.enter.network import EARLIEST
from central.registry.exchange import sheets
from central.registry.exchange.cells import seconds
from central.registry.periods import COMPANY, said
from central.registry.refusals import Refused
from central.registry.tables import (
    concentrator,
    contract,
    contract_point,
    hour_price,
    meter,
    meter_type,
    monthly_line,
    mounting,
    node,
    point,
    point_terms,
    price,
    transformer,
    transformer_place,
    verification,
    zone_scheme,
)

W_PER_KW = 1000
Values = Mapping[str, Any]


class Fate(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class Known:
    """What rows refer to, by the names that people write."""

    def __init__(self, connection: Connection, organisation: int) -> None:
        self.organisation = organisation
        ours = select(point.c.id, point.c.code, point.c.tz).where(point.c.organisation == organisation)
        self.points: dict[str, tuple[int, str]] = {row.code: (row.id, row.tz) for row in connection.execute(ours)}
        paths = select(node.c.path, node.c.id).where(node.c.organisation == organisation)
        self.nodes: dict[str, int] = {row.path: row.id for row in connection.execute(paths)}
        self.meters: set[str] = set()
        self.serials: dict[str, set[str]] = defaultdict(set)
        for row in connection.execute(select(meter.c.id, meter.c.serial)):
            self.add_meter(row.id, row.serial)
        numbers = select(contract.c.number, contract.c.id).where(contract.c.organisation == organisation)
        self.contracts = {row.number: row.id for row in connection.execute(numbers)}
        self.schemes: dict[str, int] = {
            row.name: row.id for row in connection.execute(select(zone_scheme.c.name, zone_scheme.c.id))
        }
        self.lines = {(row.edge, row.name): row.id for row in connection.execute(select(edge_line))}

    def add_meter(self, key: str, serial: str) -> None:
        self.meters.add(key)
        self.serials[serial].add(key)

    def point(self, values: Values, field: str = "point") -> tuple[int, str]:
        """Its key and zone."""
        if values[field] not in self.points:
            raise Refused(field, _l("Точки %(code)s нет ни в базе, ни в этом файле", code=values[field]))
        return self.points[values[field]]

    def node(self, values: Values, field: str = "path") -> int | None:
        if field not in values:
            return None
        if values[field] not in self.nodes:
            raise Refused(field, _l("Узла «%(path)s» нет ни в базе, ни на листе «Сеть»", path=values[field]))
        return self.nodes[values[field]]

    def meter(self, values: Values, field: str = "meter") -> str:
        """By its name or by its serial."""
        text = str(values[field])
        if text in self.meters:
            return text
        found = self.serials.get(text, set())
        if len(found) == 1:
            return next(iter(found))
        if found:
            raise Refused(field, _l("Номер %(serial)s у нескольких счётчиков: напишите имя", serial=text))
        raise Refused(field, _l("Счётчика %(id)s нет ни в базе, ни в этом файле", id=text))

    def scheme(self, values: Values) -> int:
        if values["scheme"] not in self.schemes:
            known = ", ".join(sorted(self.schemes))
            sentence = _l("Тарифной схемы «%(name)s» нет; есть: %(known)s", name=values["scheme"], known=known)
            raise Refused("scheme", sentence)
        return self.schemes[values["scheme"]]


def take(change: Change, known: Known, sheet: sheets.Sheet, values: Values) -> Fate:
    """Enters the row. Raises Refused."""
    return HANDLERS[sheet.name](change, known, values)


def _network(change: Change, known: Known, values: Values) -> Fate:
    path = values["path"]
    if path in known.nodes:
        _stands(change, node, known.nodes[path], {"kind": values["kind"]})
        return Fate.SAME
    above, _, name = path.rpartition("\\")
    if above and above not in known.nodes:
        raise Refused("path", _l("Узла «%(path)s», в который входит этот, нет", path=above))
    parent = known.nodes.get(above)
    known.nodes[path] = enter.add_node(change, known.organisation, values["kind"], name, parent)
    return Fate.NEW


def _types(change: Change, known: Known, values: Values) -> Fate:
    found = _one(change, meter_type, maker=values["maker"], name=values["name"])
    plain = _some(values, "code", "serial_form", "digits", "verified_for")
    if found is not None:
        return _plain(change, meter_type, found, plain)
    enter.add_meter_type(change, values["maker"], values["name"], **plain)
    return Fate.NEW


def _points(change: Change, known: Known, values: Values) -> Fate:
    code, hung = values["code"], known.node(values)
    if code in known.points:
        key, tz = known.points[code]
        if values["tz"] != tz:
            raise Refused("tz", _l("У точки часовой пояс %(tz)s, и он не меняется", tz=tz))
        _same_terms(change, known, key, values)
        plain = _some(values, "name", "address", "order_code", "kind") | ({"node": hung} if hung is not None else {})
        return _plain(change, point, _by_key(change, point, key), plain)
    told = _some(values, "name", "address", "tz", "order_code", "kind") | _terms(known, values)
    if "terms_from" in values:
        told["terms_from"] = values["terms_from"]
    known.points[code] = (enter.add_point(change, known.organisation, code, node=hung, **told), values["tz"])
    return Fate.NEW


def _same_terms(change: Change, known: Known, key: int, values: Values) -> None:
    """The terms beside a point are those that it began with."""
    query = select(point_terms).where(point_terms.c.point == key).order_by(point_terms.c.valid_from).limit(1)
    first = change.connection.execute(query).one()
    for name, value in _terms(known, values).items():
        if getattr(first, name) != value:
            sentence = _l("Точка начала с других условий; новые условия вносятся на лист «Условия точек» с их датой")
            raise Refused(name, sentence)


def _terms(known: Known, values: Values) -> dict[str, Any]:
    told = {"scheme": known.scheme(values)} | _some(values, "zone_source", "tariffs")
    if "power_max" in values:
        told["power_max"] = int(values["power_max"] * W_PER_KW)
    if "coefficient" in values:
        told["coefficient"] = values["coefficient"] if values["coefficient"] != 1 else None
    return told


def _later_terms(change: Change, known: Known, values: Values) -> Fate:
    key, _tz = known.point(values)
    since = values.get("terms_from", EARLIEST)
    found = _one(change, point_terms, point=key, valid_from=since)
    if found is not None:
        _stands(change, point_terms, found.id, _terms(known, values))
        return Fate.SAME
    enter.set_terms(change, key, since, values.get("terms_to"), **_terms(known, values))
    return Fate.NEW


def _meters(change: Change, known: Known, values: Values) -> Fate:
    key = values.get("id") or _name_of(change, values)
    if key in known.meters:
        found = _by_key(change, meter, key)
        _stands(change, meter, key, _some(values, "serial", "register_end", "resolution"))
        fate = _plain(change, meter, found, _some(values, "type", "maker", "made_in"))
    else:
        told = _some(values, "serial", "type", "maker", "register_end", "resolution", "made_in")
        enter.add_meter(change, key, **told)
        known.add_meter(key, values["serial"])
        fate = Fate.NEW
    return _verified(change, values, fate, meter_id=key)


def _name_of(change: Change, values: Values) -> str:
    """<meter> of the topics, by the code of its type."""
    found = _one(change, meter_type, maker=values["maker"], name=values["type"])
    if found is None or not found.code:
        raise Refused("id", _l("Код завода для типа «%(type)s» не известен: напишите имя", type=values["type"]))
    return f"{found.code}-{values['serial']}"


def _verified(change: Change, values: Values, fate: Fate, **whose: Any) -> Fate:
    if "verified_on" not in values:
        return fate
    column = {"meter_id": "meter", "transformer_id": "transformer"}
    which = {column[name]: key for name, key in whose.items()}
    if "valid_until" not in values:
        raise Refused("valid_until", _l("не заполнено"))
    found = _one(change, verification, verified_on=values["verified_on"], **which)
    if found is not None:
        _stands(change, verification, found.id, _some(values, "valid_until", "document"))
        return fate
    told = (values["verified_on"], values["valid_until"], values.get("document", ""))
    enter.verified(change, *told, **whose)
    return Fate.CHANGED if fate is Fate.SAME else fate


def _transformers(change: Change, known: Known, values: Values) -> Fate:
    primary, secondary = values["primary"]
    same = _some(values, "kind", "type", "serial")
    found = _one(change, transformer, **same)
    if found is None:
        told = same | {"primary": primary, "secondary": secondary} | _some(values, "accuracy")
        kind = told.pop("kind")
        key, fate = enter.add_transformer(change, kind, **told), Fate.NEW
    else:
        key = found.id
        _stands(change, transformer, key, {"primary": primary, "secondary": secondary})
        fate = _plain(change, transformer, found, _some(values, "accuracy"))
    fate = _verified(change, values, fate, transformer_id=key)
    if "point" not in values:
        return fate
    at, tz = known.point(values)
    for name in ("phase", "valid_from"):
        if name not in values:
            raise Refused(name, _l("не заполнено"))
    since, until = _moments(values, tz)
    placed = _one(change, transformer_place, transformer=key, point=at, valid_from=since)
    if placed is None:
        enter.place_transformer(change, key, at, values["phase"], since, until)
    elif until is not None and placed.valid_to is None:
        enter.take_transformer(change, placed.id, until)
    else:
        _stands(
            change, transformer_place, placed.id, {"phase": values["phase"]} | ({"valid_to": until} if until else {})
        )
        return fate
    return Fate.CHANGED if fate is Fate.SAME else fate


def _verifications(change: Change, known: Known, values: Values) -> Fate:
    if "meter" in values:
        return _verified(change, values, Fate.SAME, meter_id=known.meter(values))
    same = _some(values, "kind", "type", "serial")
    found = _one(change, transformer, **same) if len(same) == 3 else None
    if found is None:
        raise Refused("meter", _l("Укажите счётчик или известный трансформатор: вид, тип и номер"))
    return _verified(change, values, Fate.SAME, transformer_id=found.id)


PLACE = ("ki", "ku", "wires", "values_are", "period", "clock_offset")
WORDS = ("act", "seals", "reason", "end_act", "end_reason")


def _mountings(change: Change, known: Known, values: Values) -> Fate:
    at, tz = known.point(values)
    key = known.meter(values)
    since, until = _moments(values, tz)
    start, end = _registers(values, "reg_start"), _registers(values, "reg_end")
    found = _one(change, mounting, point=at, valid_from=since)
    if found is not None:
        return _standing(change, found, values, key, until, start, end)
    told = _some(values, *PLACE, "act", "seals", "reason")
    rows = change.connection.execute(select(mounting).where(mounting.c.point == at)).all()
    before = next((row for row in rows if _covers(row, since)), None)
    if before is None:
        ends = _some(values, "end_act", "end_reason")
        enter.mount(change, at, key, since, until, reg_start=start, reg_end=end, **told, **ends)
        return Fate.NEW
    act = {"act": told.pop("act", ""), "reason": told.pop("reason", ""), "seals": told.pop("seals", None)}
    if before.meter == key:
        ratio = {"ki": told.get("ki", before.ki), "ku": told.get("ku", before.ku)}
        made = enter.change_ratio(change, at, since, meter_id=key, registers=start, **ratio, **act)
    else:
        made = enter.replace_meter(change, at, key, since, old_meter=before.meter, reg_start=start, **act, **told)
    if until is not None:
        enter.correct_mounting(change, made, valid_to=until, reg_end=end, **_some(values, "end_act", "end_reason"))
    return Fate.NEW


def _standing(
    change: Change, found: Row[Any], values: Values, key: str, until: int | None, start: Any, end: Any
) -> Fate:
    """A tenure that is there: it may be ended, nothing else of it changes by a file."""
    told = {"meter": key} | _some(values, *PLACE, "act", "seals", "reason") | ({"reg_start": start} if start else {})
    _stands(change, mounting, found.id, told)
    if until is not None and found.valid_to is None:
        act = {"act": values.get("end_act", ""), "reason": values.get("end_reason", "")}
        enter.dismount(change, found.point, until, meter_id=key, reg_end=end, **act)
        return Fate.CHANGED
    ends = _some(values, "end_act", "end_reason") | ({"reg_end": end} if end else {})
    _stands(change, mounting, found.id, ends | ({"valid_to": until} if until is not None else {}))
    return Fate.SAME


def _covers(row: Row[Any], moment: int) -> bool:
    """It began before and has not ended then."""
    return row.valid_from < moment and (row.valid_to is None or moment < row.valid_to)


def _registers(values: Values, side: str) -> dict[str, int] | None:
    found = {name.partition(".")[2]: value for name, value in values.items() if name.startswith(f"{side}.")}
    return (found | values.get(side, {})) or None


def _contracts(change: Change, known: Known, values: Values) -> Fate:
    number, plain = values["number"], _some(values, "holder", "phone", "mail", "signed_on")
    if number in known.contracts:
        return _plain(change, contract, _by_key(change, contract, known.contracts[number]), plain)
    known.contracts[number] = enter.add_contract(change, known.organisation, number, **plain)
    return Fate.NEW


def _holdings(change: Change, known: Known, values: Values) -> Fate:
    if values["contract"] not in known.contracts:
        raise Refused("contract", _l("Договора %(number)s нет ни в базе, ни в этом файле", number=values["contract"]))
    held, (at, tz) = known.contracts[values["contract"]], known.point(values)
    since, until = _moments(values, tz)
    found = _one(change, contract_point, point=at, valid_from=since)
    if found is not None:
        _stands(change, contract_point, found.id, {"contract": held})
        if until is not None and found.valid_to is None:
            enter.detach(change, found.id, until)
            return Fate.CHANGED
        _stands(change, contract_point, found.id, {"valid_to": until} if until is not None else {})
        return Fate.SAME
    rows = change.connection.execute(select(contract_point).where(contract_point.c.point == at)).all()
    if any(_covers(row, since) for row in rows):
        made = enter.hand_over(change, at, held, since)
        if until is not None:
            enter.detach(change, made, until)
    else:
        enter.attach(change, held, at, since, until)
    return Fate.NEW


def _prices(change: Change, known: Known, values: Values) -> Fate:
    scheme = known.scheme(values)
    above = values.get("above") or None
    found = _one(change, price, scheme=scheme, zone=values["zone"], valid_from=values["valid_from"], above=above)
    if found is not None:
        _stands(change, price, found.id, {"amount": values["amount"]} | _some(values, "valid_to"))
        return Fate.SAME
    told = (scheme, values["zone"], values["amount"], values["valid_from"], values.get("valid_to"))
    enter.set_price(change, *told, above=above)
    return Fate.NEW


def _monthly(change: Change, known: Known, values: Values) -> Fate:
    scheme = known.scheme(values)
    found = _one(change, monthly_line, scheme=scheme, name=values["name"], valid_from=values["valid_from"])
    if found is not None:
        _stands(change, monthly_line, found.id, {"amount": values["amount"]} | _some(values, "valid_to"))
        return Fate.SAME
    told = (scheme, values["name"], values["amount"], values["valid_from"], values.get("valid_to"))
    enter.set_monthly_line(change, *told)
    return Fate.NEW


def _hours(change: Change, known: Known, values: Values) -> Fate:
    scheme, hour = known.scheme(values), _instant(values, "hour", COMPANY) or 0
    there = _one(change, hour_price, scheme=scheme, hour=hour)
    if not enter.set_hour_price(change, scheme, hour, values["amount"]):
        return Fate.SAME
    return Fate.NEW if there is None else Fate.CHANGED


def _edges(change: Change, known: Known, values: Values) -> Fate:
    hung = known.node(values)
    plain = _some(values, "title", "address", "serial", "phone") | ({"node": hung} if hung is not None else {})
    found = _one(change, concentrator, edge=values["edge"])
    if found is not None:
        if found.organisation != known.organisation:
            raise Refused("edge", _l("Концентратор %(name)s другой организации", name=values["edge"]))
        return _plain(change, concentrator, found, plain)
    enter.add_concentrator(change, known.organisation, values["edge"], **plain)
    return Fate.NEW


def _lines(change: Change, known: Known, values: Values) -> Fate:
    key = (values["edge"], values["name"])
    if _one(change, concentrator, edge=values["edge"], organisation=known.organisation) is None:
        raise Refused("edge", _l("Концентратора %(name)s нет", name=values["edge"]))
    if key in known.lines:
        return _plain(change, edge_line, _by_key(change, edge_line, known.lines[key]), _some(values, "url"))
    known.lines[key] = enter.add_line(change, *key, values["url"])
    return Fate.NEW


def _read_by(change: Change, known: Known, values: Values) -> Fate:
    if _one(change, concentrator, edge=values["edge"], organisation=known.organisation) is None:
        raise Refused("edge", _l("Концентратора %(name)s нет", name=values["edge"]))
    key = known.meter(values)
    since, until = _moments(values, COMPANY)
    told: dict[str, Any] = {}
    if "line" in values:
        line = known.lines.get((values["edge"], values["line"]))
        if line is None:
            raise Refused("line", _l("Линии «%(line)s» нет: внесите её на лист «Линии»", line=values["line"]))
        told = {"line": line} | _some(values, "driver")
        settings = {
            name.partition(".")[2]: _scalar(one) for name, one in values.items() if name.startswith("settings.")
        }
        told |= {"settings": settings} if settings else {}
    found = _one(change, edge_meter, edge=values["edge"], meter=key, valid_from=since)
    if found is None:
        enter.entitle(change, values["edge"], key, since, until, **told)
        return Fate.NEW
    ended = {"valid_to": until} if until is not None else {}
    if all(getattr(found, name) == value for name, value in (told | ended).items()):
        return Fate.SAME
    enter.correct_entitlement(change, found.id, **told, **ended)
    return Fate.CHANGED


def _scalar(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _moments(values: Values, tz: str) -> tuple[int, int | None]:
    return _instant(values, "valid_from", tz) or 0, _instant(values, "valid_to", tz)


def _instant(values: Values, name: str, tz: str) -> int | None:
    moment: datetime | None = values.get(name)
    if moment is None:
        return None
    try:
        return seconds(moment, tz)
    except Refused as refused:
        raise Refused(name, refused.sentence) from None


def _plain(change: Change, table: Table, found: Row[Any], values: Values) -> Fate:
    """Words that may be corrected by a file."""
    if all(getattr(found, name) == value for name, value in values.items()):
        return Fate.SAME
    enter.correct(change, table, next(iter(found)), **values)
    return Fate.CHANGED


def _stands(change: Change, table: Table, key: Any, values: Values) -> None:
    """What decides on figures must be as it stands: other values are refused, with what stands."""
    found = _by_key(change, table, key)
    for name, value in values.items():
        there = getattr(found, name)
        if there != value:
            shown = said(there, COMPANY) if name in ("valid_from", "valid_to") and there is not None else there
            sentence = _l("В базе здесь %(there)s; исправление вносится в карточке, с причиной", there=shown)
            raise Refused(name, sentence)


def _some(values: Values, *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _one(change: Change, table: Table, **values: Any) -> Row[Any] | None:
    where = [table.c[name] == value for name, value in values.items()]
    return change.connection.execute(select(table).where(*where)).first()


def _by_key(change: Change, table: Table, key: Any) -> Row[Any]:
    return change.connection.execute(select(table).where(next(iter(table.primary_key.columns)) == key)).one()


HANDLERS: Mapping[str, Callable[[Change, Known, Values], Fate]] = {
    "network": _network,
    "types": _types,
    "points": _points,
    "terms": _later_terms,
    "meters": _meters,
    "transformers": _transformers,
    "verifications": _verifications,
    "mountings": _mountings,
    "contracts": _contracts,
    "holdings": _holdings,
    "prices": _prices,
    "monthly": _monthly,
    "hours": _hours,
    "edges": _edges,
    "lines": _lines,
    "read_by": _read_by,
}
