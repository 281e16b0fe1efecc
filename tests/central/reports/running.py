"""A report run over a scene, and the pages that its figures open."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from central.faces.formats import kilo
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.description import Address, Cell, Column, Role, Row
from central.reports.making import document, making
from tests.central.scene import Scene

TODAY = date(2026, 11, 24)


class Told(NamedTuple):
    """A report that was run. `rows`: those of the table, each by the names of its columns."""

    columns: Sequence[Column]
    rows: list[tuple[Row, dict[str, Cell]]]
    notes: list[str]
    digits: int

    def of(self, *roles: Role) -> list[tuple[Row, dict[str, Cell]]]:
        return [(row, cells) for row, cells in self.rows if row.role in roles]


def run(scene: Scene, word: str, mail: str, **words: Any) -> Told:
    report = reports()[word]
    found = asked(report, MultiDict(words), TODAY)
    made = document(making(scene.source, scene.viewer(mail), scene.now, report, found), "АО «Энергосеть»")
    names = [column.name for column in made.columns]
    rows = [(row, dict(zip(names, row.cells, strict=True))) for row in made.rows]
    return Told(made.columns, rows, made.notes, made.digits)


def opened(app: Flask, client: FlaskClient, told: Told) -> set[str]:
    """The columns whose figures open a page; each page shows its figure, parts of a sum among its terms."""
    found = set()
    profiles: dict[str, list[int]] = {}
    for row, cells in told.of(Role.ROW, Role.PART):
        for name, address in row.opens.items():
            found.add(name)
            value = cells[name]
            assert isinstance(value, int)
            if address.endpoint == "cabinet.reading":
                assert value in readings_of(data(app, client, address, by="reading")), (row, name)
            elif address.query.get("by") == "bill":
                assert {one["value"] for one in data(app, client, address)["energy"]["parts"]} >= {value}, (row, name)
            elif address.query.get("by") == "profile":
                profiles.setdefault(str(address.query), [data(app, client, address)["energy"]["value"]]).append(value)
            else:
                with app.test_request_context():
                    page = client.get(url_for(address.endpoint, **address.query))
                assert page.status_code == 200
                assert kilo(value) in page.text, (row, name)
    for page_s, *values in profiles.values():
        assert sum(values) == page_s, "its zones together"
    return found


def data(app: Flask, client: FlaskClient, address: Address, **more: str) -> Mapping[str, Any]:
    """The page as JSON."""
    with app.test_request_context():
        url = url_for("cabinet.explain_data", **address.query, **more)
    found = client.get(url)
    assert found.status_code == 200
    made = found.get_json()
    assert isinstance(made, dict)
    return made


def readings_of(found: Mapping[str, Any]) -> set[int]:
    return {
        one["reading"]["value"] for meter in found["meters"] for one in meter["registers"] if one["reading"] is not None
    }
