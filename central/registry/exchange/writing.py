"""The template, and the registry in the same form: what is written here is read again by reading.py.

Text never becomes a formula: a cell that begins with «=» is written as the text it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from sqlalchemy import Connection, Table, select

from central.ingest.tables import edge_line, edge_meter
from central.registry.exchange import sheets
from central.registry.exchange.cells import Choice, Kind, Text, wall
from central.registry.exchange.sheets import HELP, REGISTERS, SHEETS, Column
from central.registry.periods import COMPANY
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

BOLD = Font(bold=True)
ROWS_OF_LISTS = 20_000  # rows of the template that offer a list
LONGEST = 32_767  # characters of a cell
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
Values = Mapping[str, Any]


def template(path: Path) -> None:
    """An empty workbook with captions, lists, what to write where, and examples on a sheet of their own."""
    book = Workbook()
    about = book.active
    assert about is not None
    about.title = HELP
    about.append(["Лист", "Столбец", "Нужен", "Что писать", "Пример"])
    for sheet in SHEETS:
        about.append([sheet.caption, "", "", sheet.help, ""])
        for column in sheet.columns:
            words = ", ".join(column.kind.words.values()) if isinstance(column.kind, Choice) else ""
            told = "; ".join(text for text in (column.help, words) if text)
            about.append(["", column.caption, "да" if column.required else "", told, column.example])
        page = book.create_sheet(sheet.caption)
        for place, column in enumerate(sheet.columns, 1):
            cell = page.cell(1, place, _caption(column))
            cell.font = BOLD
            if column.help or column.example:
                cell.comment = Comment("\n".join(text for text in (column.help, column.example) if text), "Учёт")
            letter = get_column_letter(place)
            page.column_dimensions[letter].width = column.width
            page.column_dimensions[letter].number_format = column.kind.format
            if isinstance(column.kind, Choice):
                offered = DataValidation("list", formula1=f'"{",".join(column.kind.words.values())}"', allow_blank=True)
                offered.add(f"{letter}2:{letter}{ROWS_OF_LISTS}")
                page.add_data_validation(offered)
        page.freeze_panes = "A2"
    for row in about.iter_rows(max_row=1):
        for cell in row:
            cell.font = BOLD
    for letter, width in zip("ABCDE", (24, 34, 8, 60, 30), strict=True):
        about.column_dimensions[letter].width = width
    about.freeze_panes = "A2"
    book.save(path)


def export(
    connection: Connection, organisation: int, path: Path, say: Callable[[str, int], None] = lambda _sheet, _rows: None
) -> None:
    """All that the organisation has entered, a sheet after the other; memory does not grow with it."""
    book = Workbook(write_only=True)
    for sheet in SHEETS:
        page = book.create_sheet(sheet.caption)
        for place, column in enumerate(sheet.columns, 1):
            page.column_dimensions[get_column_letter(place)].width = column.width
        page.freeze_panes = "A2"
        page.append([_head(page, column) for column in sheet.columns])
        count = 0
        for values in READERS[sheet.name](connection, organisation):
            page.append([_cell(page, column.kind, values.get(column.name)) for column in sheet.columns])
            count += 1
        say(sheet.caption, count)
    book.save(path)


def _caption(column: Column) -> str:
    return f"{column.caption} *" if column.required else column.caption


def _head(page: Any, column: Column) -> Any:
    cell = WriteOnlyCell(page, _caption(column))
    cell.font = BOLD
    return cell


def _cell(page: Any, kind: Kind, value: Any) -> Any:
    if value is None or value == "":
        return None
    shown = kind.show(value)
    if not isinstance(shown, str):
        cell = WriteOnlyCell(page, shown)
        cell.number_format = kind.format
        return cell
    cell = WriteOnlyCell(page, _CONTROL.sub("", shown)[:LONGEST])
    cell.data_type = "s"  # «=1+1» is a text
    if isinstance(kind, Text):
        cell.number_format = "@"
    return cell


def _mapped(connection: Connection, query: Any) -> Iterator[Values]:
    for row in connection.execute(query).mappings():
        yield dict(row)


def _network(connection: Connection, organisation: int) -> Iterator[Values]:
    rows = select(node.c.path, node.c.kind).where(node.c.organisation == organisation).order_by(node.c.path)
    yield from _mapped(connection, rows)


def _types(connection: Connection, _organisation: int) -> Iterator[Values]:
    yield from _mapped(connection, select(meter_type).order_by(meter_type.c.maker, meter_type.c.name))


def _points(connection: Connection, organisation: int) -> Iterator[Values]:
    """With their first terms."""
    first = select(point_terms.c.id).where(point_terms.c.point == point.c.id)
    first = first.order_by(point_terms.c.valid_from).limit(1).correlate(point)
    query = _terms_of().where(point.c.organisation == organisation, point_terms.c.id == first.scalar_subquery())
    for row in connection.execute(query.order_by(point.c.code)).mappings():
        plain = ("code", "order_code", "name", "address", "tz", "path", "kind")
        yield _terms(row) | {name: row[name] for name in plain}


def _later_terms(connection: Connection, organisation: int) -> Iterator[Values]:
    earlier = point_terms.alias()
    before = (earlier.c.point == point_terms.c.point) & (earlier.c.valid_from < point_terms.c.valid_from)
    query = _terms_of().where(point.c.organisation == organisation, select(earlier.c.id).where(before).exists())
    for row in connection.execute(query.order_by(point.c.code, point_terms.c.valid_from)).mappings():
        yield _terms(row) | {"point": row["code"]}


def _terms_of() -> Any:
    return (
        select(point, point_terms, zone_scheme.c.name.label("scheme_name"), node.c.path)
        .join_from(point, point_terms, point_terms.c.point == point.c.id)
        .join(zone_scheme, zone_scheme.c.id == point_terms.c.scheme)
        .outerjoin(node, node.c.id == point.c.node)
    )


def _terms(row: Any) -> dict[str, Any]:
    """What is said of terms; an end is said by those that follow."""
    kilowatts = None if row["power_max"] is None else row["power_max"] / 1000
    told = {"scheme": row["scheme_name"], "zone_source": row["zone_source"], "tariffs": row["tariffs"]}
    return told | {"power_max": kilowatts, "coefficient": row["coefficient"], "terms_from": row["valid_from"]}


def _meters(connection: Connection, organisation: int) -> Iterator[Values]:
    """Those that stand or stood at its points, and those that nobody has yet."""
    ours = select(mounting.c.meter).join(point, point.c.id == mounting.c.point)
    mine = meter.c.id.in_(ours.where(point.c.organisation == organisation)) | meter.c.id.not_in(ours)
    query = select(meter, *_VERIFIED).select_from(meter).outerjoin(verification, _last_of("meter", meter)).where(mine)
    yield from _mapped(connection, query.order_by(meter.c.id))


def _transformers(connection: Connection, organisation: int) -> Iterator[Values]:
    query = (
        select(transformer, transformer_place, point.c.code, point.c.tz, *_VERIFIED)
        .join_from(transformer, transformer_place, transformer_place.c.transformer == transformer.c.id)
        .join(point, point.c.id == transformer_place.c.point)
        .outerjoin(verification, _last_of("transformer", transformer))
        .where(point.c.organisation == organisation)
        .order_by(transformer.c.id, transformer_place.c.valid_from)
    )
    for row in connection.execute(query).mappings():
        yield dict(row) | {"primary": (row["primary"], row["secondary"]), "point": row["code"]} | _span(row, row["tz"])


_VERIFIED = (verification.c.verified_on, verification.c.valid_until, verification.c.document)


def _last_of(column: str, table: Table) -> Any:
    """Of several verifications the last one; the others stand on a sheet of their own."""
    other = verification.alias()
    later = (other.c[column] == table.c.id) & (other.c.verified_on > verification.c.verified_on)
    return (verification.c[column] == table.c.id) & ~select(other.c.id).where(later).correlate(
        table, verification
    ).exists()


def _verifications(connection: Connection, _organisation: int) -> Iterator[Values]:
    """Those before the last."""
    query = (
        select(verification, transformer.c.kind, transformer.c.type, transformer.c.serial)
        .outerjoin(transformer, transformer.c.id == verification.c.transformer)
        .order_by(verification.c.meter, verification.c.transformer, verification.c.verified_on)
    )
    last: Any = None
    for row in connection.execute(query).mappings():
        if last is not None and (last["meter"], last["transformer"]) == (row["meter"], row["transformer"]):
            yield last
        last = row


def _mountings(connection: Connection, organisation: int) -> Iterator[Values]:
    query = select(mounting, point.c.code, point.c.tz).join(point, point.c.id == mounting.c.point)
    query = query.where(point.c.organisation == organisation).order_by(point.c.code, mounting.c.valid_from)
    for row in connection.execute(query).mappings():
        registers = _registers(row, "reg_start") | _registers(row, "reg_end")
        yield dict(row) | registers | {"point": row["code"]} | _span(row, row["tz"])


def _registers(row: Any, side: str) -> dict[str, Any]:
    found = row[side] or {}
    named = {f"{side}.{name}": found.get(name) for name in REGISTERS}
    return named | {side: {name: value for name, value in found.items() if name not in REGISTERS}}


def _contracts(connection: Connection, organisation: int) -> Iterator[Values]:
    query = select(contract).where(contract.c.organisation == organisation).order_by(contract.c.number)
    yield from _mapped(connection, query)


def _holdings(connection: Connection, organisation: int) -> Iterator[Values]:
    query = (
        select(contract_point, contract.c.number, point.c.code, point.c.tz)
        .join_from(contract_point, contract, contract.c.id == contract_point.c.contract)
        .join(point, point.c.id == contract_point.c.point)
        .where(point.c.organisation == organisation)
        .order_by(point.c.code, contract_point.c.valid_from)
    )
    for row in connection.execute(query).mappings():
        yield {"contract": row["number"], "point": row["code"]} | _span(row, row["tz"])


def _schemes(connection: Connection, _organisation: int) -> Iterator[Values]:
    yield from _mapped(connection, select(zone_scheme).order_by(zone_scheme.c.name))


def _of_scheme(table: Table, order: str) -> Callable[[Connection, int], Iterator[Values]]:
    def read(connection: Connection, _organisation: int) -> Iterator[Values]:
        query = select(table, zone_scheme.c.name.label("of")).join(zone_scheme, zone_scheme.c.id == table.c.scheme)
        for row in connection.execute(
            query.order_by(zone_scheme.c.name, table.c[order], table.c.valid_from, table.c.id)
        ).mappings():
            yield dict(row) | {"scheme": row["of"]}

    return read


def _hours(connection: Connection, _organisation: int) -> Iterator[Values]:
    query = select(hour_price, zone_scheme.c.name).join(zone_scheme, zone_scheme.c.id == hour_price.c.scheme)
    for row in connection.execute(query.order_by(zone_scheme.c.name, hour_price.c.hour)):
        yield {"scheme": row.name, "hour": wall(row.hour, COMPANY), "amount": row.amount}


def _edges(connection: Connection, organisation: int) -> Iterator[Values]:
    query = select(concentrator, node.c.path).outerjoin(node, node.c.id == concentrator.c.node)
    query = query.where(concentrator.c.organisation == organisation).order_by(concentrator.c.edge)
    yield from _mapped(connection, query)


def _lines(connection: Connection, organisation: int) -> Iterator[Values]:
    query = select(edge_line).join(concentrator, concentrator.c.edge == edge_line.c.edge)
    query = query.where(concentrator.c.organisation == organisation).order_by(edge_line.c.edge, edge_line.c.name)
    yield from _mapped(connection, query)


def _read_by(connection: Connection, organisation: int) -> Iterator[Values]:
    query = (
        select(edge_meter, edge_line.c.name)
        .join_from(edge_meter, concentrator, concentrator.c.edge == edge_meter.c.edge)
        .outerjoin(edge_line, edge_line.c.id == edge_meter.c.line)
        .where(concentrator.c.organisation == organisation)
        .order_by(edge_meter.c.edge, edge_meter.c.meter, edge_meter.c.valid_from)
    )
    for row in connection.execute(query).mappings():
        settings = {f"settings.{name}": value for name, value in (row["settings"] or {}).items()}
        yield dict(row) | settings | {"line": row["name"]} | _span(row, COMPANY)


def _span(row: Any, tz: str) -> dict[str, Any]:
    return {name: None if row[name] is None else wall(row[name], tz) for name in ("valid_from", "valid_to")}


READERS: Mapping[str, Callable[[Connection, int], Iterator[Values]]] = {
    sheets.NETWORK.name: _network,
    sheets.TYPES.name: _types,
    sheets.POINTS.name: _points,
    sheets.TERMS.name: _later_terms,
    sheets.METERS.name: _meters,
    sheets.TRANSFORMERS.name: _transformers,
    sheets.VERIFICATIONS.name: _verifications,
    sheets.MOUNTINGS.name: _mountings,
    sheets.CONTRACTS.name: _contracts,
    sheets.HOLDINGS.name: _holdings,
    sheets.SCHEMES.name: _schemes,
    sheets.PRICES.name: _of_scheme(price, "zone"),
    sheets.MONTHLY.name: _of_scheme(monthly_line, "name"),
    sheets.HOURS.name: _hours,
    sheets.EDGES.name: _edges,
    sheets.LINES.name: _lines,
    sheets.READ_BY.name: _read_by,
}
