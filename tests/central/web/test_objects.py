"""One page per object with its history; what belongs to another organisation does not exist on any of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from central.db import writing
from central.faces.formats import kilo
from central.ingest.tables import edge_line, edge_meter
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import concentrator, mounting
from central.registry.tables import node as nodes
from central.timeseries.base import SeriesUnavailable
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.scene import Scene, build
from tests.central.sql import Sql
from tests.central.web.beside import STRANGER, second_company
from tests.central.web.forms import fields, made, said, save, send
from tests.central.web.parts import make_app, person, token


@dataclass
class Two:
    """A scene with a second company beside the first; `theirs`: word of a route -> key of what is the second's."""

    scene: Scene
    app: Flask
    theirs: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def two(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    scene = build(folder, days=20)
    app = make_app(folder)
    yield Two(scene, app, second_company(scene, folder))
    scene.close()


@pytest.fixture
def operator(two: Two) -> FlaskClient:
    return person(two.app, s.OPERATOR)


def test_no_route_of_an_object_opens_another_company_s(two: Two) -> None:
    operator = person(two.app, s.ADMINISTRATOR)  # who may do most
    sent = {"csrf_token": token(operator, "/console/concentrators/new"), "reason": "чужое"}
    tried = set()
    for rule in two.app.url_map.iter_rules():
        if not rule.arguments or not rule.endpoint.startswith("console."):
            continue
        word = rule.rule.split("/")[2]
        path = rule.rule.replace("<name>/<key>", "<key>")
        for argument in ("<int:key>", "<key>", "<name>", "<int:made>"):
            path = path.replace(argument, two.theirs[word])
        for answer in (operator.get(path, follow_redirects=True), operator.post(path, data=sent)):
            assert answer.status_code in (404, 405), path
            assert "СЕКРЕТ" not in answer.text, path
        assert operator.post(path, data=sent).status_code in (404, 405)
        tried.add(word)
    assert tried == set(two.theirs) - {"made"}  # files of reports are of no page of the console
    assert operator.get("/console/meters/SEC-2").status_code == 404
    for kind in ("point", "meter", "contract", "mounting", "change"):
        path = f"/console/documents/new?kind={kind}&key={two.theirs[f'{kind}s']}"
        assert operator.get(path).status_code == 404


def test_no_list_and_no_form_tells_of_another_company(two: Two, operator: FlaskClient) -> None:
    for path in (
        "/changes",
        "/schemes",
        "/foreign",
        "/organisation",
        "/edges",
        "/points",
        "/imports",
        "/concentrators/new",
    ):
        text = operator.get(f"/console{path}").text
        for word in ("СЕКРЕТ", "edge-secret", "чужая схема", "SEC-"):
            assert word not in text, path
    key = two.scene.points[s.FLAT]
    for path in ("mounting", "replacement", "terms", "contract", "correction"):
        assert "СЕКРЕТ" not in operator.get(f"/console/points/{key}/{path}").text
    stranger = person(two.app, STRANGER)
    for path in ("points/", "nodes/", "contracts/", "schemes/"):
        assert stranger.get(f"/console/{path}{two.theirs[path[:-1]]}").status_code == 200
    assert stranger.get(f"/console/points/{key}").status_code == 404


def test_keys_of_others_typed_into_a_form_are_unknown_there(two: Two, operator: FlaskClient) -> None:
    key = two.scene.points[s.FLAT]
    contract = send(operator, f"/console/points/{key}/contract", {"contract": "СЕКРЕТ-1", "reason": "проба"})
    assert "нет" in said(contract)["contract"]
    wanted = {"scheme": two.theirs["schemes"], "valid_from": "2026-11-24"}
    terms = send(operator, f"/console/points/{key}/terms", wanted)
    assert "из списка" in said(terms)["scheme"]
    node = send(operator, f"/console/points/{key}/correction", {"node": "ТП-СЕКРЕТ-2"})
    assert "в сети нет" in said(node)["node"]
    act = {"at-day": "2026-11-23", "at-time": "10:00", "act": "1", "reason": "проба", "meter": "SEC-1"}
    mounted = send(operator, f"/console/points/{key}/replacement", act | {"reg_start.ap0": "1"})
    assert "внесите новый" in said(mounted)["meter"]


def test_each_object_has_its_page(two: Two, operator: FlaskClient) -> None:
    for path, words in {
        f"points/{two.scene.points[s.FLAT]}": ("Т-45", "ТП-118\\ВРУ-0,4 кВ", s.FLAT, "100-1", "население, три зоны"),
        f"meters/MIL-{s.FLAT}": (s.FLAT, "Т-45", "edge-1", "Милур 107S", "10.02.2027"),
        f"meters/MIL-{s.NEXT_DOOR}": (s.NEXT_DOOR, "Поверка не внесена"),
        "contracts/1": ("100-1", "Анна Петрова", "Т-45", "Т-46"),
        "nodes/2": ("ВРУ-0,4 кВ", "ТП-118", "Т-45", s.DACHA),
        "schemes/1": ("8,42", "действует", "прежняя", "23:00–07:00", "пик\u00a0Т1"),
        "edges/edge-1": ("не внесён в реестр", "Внести концентратор", s.FLAT),
        "organisation": ("Энергосеть",),
    }.items():
        answer = operator.get(f"/console/{path}")
        assert answer.status_code == 200, path
        for word in words:
            assert word in answer.text, (path, word)


def test_a_concentrator_is_entered_with_its_lines_and_meters_in_one_change(two: Two, operator: FlaskClient) -> None:
    new = {"edge": "edge-7", "title": "ТП-7", "address": "ул. Луговая", "phone": "+7 900"}
    path = "/console/concentrators/new"
    assert "Строка 1" in said(send(operator, path, new | {"lines": "без адреса"}))["lines"]
    assert "serial:" in said(send(operator, path, new | {"lines": "Линия 1 = COM1"}))["lines"]
    assert "внесите новый" in said(send(operator, path, new | {"meters": "нет такого"}))["meters"]
    with writing(two.scene.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        for number in "12":
            enter.add_meter(act, f"NEW-{number}", serial=f"55{number}", type="т", maker="м")
    lines = "Линия 1 = serial:/dev/ttyUSB0?baud=9600\nЛиния 2 = tcp://192.168.0.7:4059\n"
    answer = save(operator, path, new | {"lines": lines, "meters": "551\r\nNEW-2\r\n"})
    assert answer.headers["Location"].startswith("/console/edges/edge-7?")
    page = operator.get("/console/edges/edge-7").text
    for word in ("ТП-7", "Линия 2", "№ 551", "№ 552", "Новый концентратор"):
        assert word in page
    assert "уже есть" in said(send(operator, path, new))["edge"]
    with two.scene.engine.connect() as connection:
        bound = connection.execute(select(edge_meter).where(edge_meter.c.edge == "edge-7")).all()
        first = connection.execute(select(edge_line.c.id).where(edge_line.c.edge == "edge-7")).scalars().first()
    early = said(send(operator, f"/console/entitlements/{bound[0].id}/release", {}))
    assert "окончание 24.11.2026 09:12 не позже начала" in early["at"]
    with writing(two.scene.engine).begin() as connection:
        connection.execute(edge_meter.update().values(valid_from=s.NOW - 86_400).where(edge_meter.c.edge == "edge-7"))
    save(operator, f"/console/entitlements/{bound[0].id}/release", {})
    wanted = {"meter": bound[0].meter, "line": str(first), "driver": "spodes"}
    assert "пересекается" in said(send(operator, "/console/edges/edge-7/meter", wanted | {"at-time": "00:00"}))["at"]
    save(operator, "/console/edges/edge-7/meter", wanted)
    save(operator, "/console/edges/edge-7/line", {"name": "Линия 3", "url": "tcp://192.168.0.8:4059"})
    save(operator, "/console/edges/edge-7/correction", {"phone": "+7 901"})
    with two.scene.engine.connect() as connection:
        phone = connection.execute(select(concentrator.c.phone).where(concentrator.c.edge == "edge-7")).scalar_one()
    assert phone == "+7 901"


def test_words_are_corrected_and_their_history_says_from_what_to_what(two: Two, operator: FlaskClient) -> None:
    for path, words, page in (
        ("nodes/1/name", {"name": "ТП-119"}, "nodes/2"),
        ("contracts/1/correction", {"phone": "+7 912 000-00-00"}, "contracts/1"),
        (f"meters/MIL-{s.FLAT}/correction", {"made_in": "2024"}, f"meters/MIL-{s.FLAT}"),
        ("organisation/correction", {"inn": "7700000000"}, "organisation"),
    ):
        key = made(save(operator, f"/console/{path}", words | {"reason": "сверка"}))
        text = operator.get(f"/console/{page}").text
        assert next(iter(words.values())) in text
        assert f'data-change="{key}"' in text
        assert "сверка" in operator.get(f"/console/changes/{key}").text
    assert "ТП-119\\ВРУ-0,4 кВ" in operator.get(f"/console/points/{two.scene.points[s.FLAT]}").text


def test_contacts_of_the_company_are_entered_told_and_undone(operator: FlaskClient) -> None:
    path, old = "/console/organisation/correction", {"mail": "help@example.org", "hours": "пн–пт с 8:00 до 20:00"}
    save(operator, path, old | {"reason": "для «О программе»"})
    key = made(save(operator, path, {"mail": "office@example.org", "hours": "", "reason": "новая почта"}))
    assert "office@example.org" in operator.get("/about").text
    assert old["hours"] not in operator.get("/about").text
    assert "mail" in said(send(operator, path, {"mail": "без собаки"}))
    save(operator, f"/console/changes/{key}/undoing", {"reason": "прежняя вернулась"})
    page = operator.get("/console/organisation").text
    for word in old.values():
        assert f"<dd>{word}</dd>" in page
        assert word in operator.get("/about").text


def test_the_journal_is_paged_and_filtered(two: Two, operator: FlaskClient) -> None:
    with writing(two.scene.engine).begin() as connection:
        for number in range(60):
            with entering(connection, at=s.NOW, kind="price", reason=f"причина {number}") as act:
                enter.set_price(
                    act,
                    two.scene.schemes["two"],
                    "day",
                    Decimal(number + 1),
                    date(2027, 1 + number // 28, 1 + number % 28),
                )
    first, second = (operator.get(f"/console/changes?kind=price&page={page}").text for page in (1, 2))
    assert "причина 59" in first
    assert "причина 59" not in second
    assert "причина 0<" in second
    assert "Исправление сведений</a>" not in first
    assert "Изменений нет" in operator.get("/console/changes?kind=никогда").text
    assert operator.get("/console/changes?page=999").status_code == 200


def test_a_node_and_a_point_are_entered_where_they_belong(two: Two, operator: FlaskClient) -> None:
    with two.scene.engine.connect() as connection:
        station = connection.execute(select(nodes.c.path).where(nodes.c.id == 1)).scalar_one()
    path = f"/console/nodes/new?node={station}"
    new = {"name": "РП-2", "kind": "switchboard"}
    node = save(operator, path, new).headers["Location"].split("?")[0]
    assert station in operator.get(node).text
    assert "уже есть" in said(send(operator, path, new))["name"]
    assert "в сети нет" in said(send(operator, path, new | {"node": "ТП-СЕКРЕТ-2"}))["node"]
    path = f"/console/points/new?node={station}\\РП-2"
    scheme = str(two.scene.schemes["three"])
    new = {"code": "Т-77", "name": "Ларёк", "address": "ул. Садовая, 20", "scheme": scheme, "power": "15"}
    point = save(operator, path, new).headers["Location"].split("?")[0]
    page = operator.get(point).text
    for word in ("Т-77", "Ларёк", f"{station}\\РП-2", "счётчика нет", "население, три зоны"):
        assert word in page
    assert "Новая точка учёта" in page  # its history begins with it
    assert "Т-77" in operator.get(node).text
    assert "Ларёк" in operator.get("/console/search?q=Т-77").text
    for name, wrong, sentence in (
        ("code", "Т-77", "уже есть"),
        ("tz", "Москва", "часовой пояс"),
        ("scheme", two.theirs["schemes"], "из списка"),
    ):
        assert sentence in said(send(operator, path, new | {"code": "Т-78", name: wrong}))[name]


def test_a_point_without_a_meter_offers_to_mount_one(two: Two, operator: FlaskClient) -> None:
    with writing(two.scene.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        three = two.scene.schemes["three"]
        current = enter.add_transformer(
            act, "current", serial="7", type="ТТ", primary=Decimal(200), secondary=Decimal(5)
        )
        key = enter.add_point(act, 1, "Т-99", name="Пусто", address="а", tz="Asia/Yekaterinburg", scheme=three)
        enter.place_transformer(act, current, key, "A", s.NOW - 86_400)
    page = operator.get(f"/console/points/{key}").text
    for word in ("счётчика нет", "Установить счётчик", "ни за кем не числится", "не стоял ни один счётчик"):
        assert word in page
    for path in ("replacement", "ratio", "dismounting"):
        assert operator.get(f"/console/points/{key}/{path}").status_code == 404
    act_of = {"at-day": "2026-11-24", "at-time": "08:00", "act": "1", "reason": "новый ввод", "reg_start.ap0": "3,25"}
    proposed = fields(operator.get(f"/console/points/{key}/mounting").text)
    assert (proposed["clock_offset"], proposed["ki"], proposed["ku"]) == ("300", "40", "1")
    new = {"which": "new", "serial": "42", "type": "Милур 107S", "maker": "Милур", "id": "MIL-42"}
    save(operator, f"/console/points/{key}/mounting", act_of | new)
    with two.scene.engine.connect() as connection:
        stands = connection.execute(select(mounting).where(mounting.c.point == key)).one()
    assert stands.valid_from == s.NOW - 12 * 60 - 3 * 3600  # 08:00 there is 06:00 in Moscow
    assert stands.reg_start == {"ap0": 3_250_000}
    save(operator, f"/console/points/{key}/contract", {"contract": "100-1"})
    assert "100-1" in operator.get(f"/console/points/{key}").text


def test_a_meter_tells_its_last_readings_or_that_the_series_is_silent(
    two: Two, operator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/console/meters/MIL-{s.FLAT}"
    last = two.scene.series.last_register(f"MIL-{s.FLAT}", (Kind.DAILY, Kind.NOW), s.NOW)
    assert last is not None
    with two.app.test_request_context():
        assert kilo(last.values["ap0"]) in operator.get(path).text

    def silent(*_: object) -> None:
        raise SeriesUnavailable("no")

    monkeypatch.setattr("central.console.meters.readings_around", silent)
    assert "Ряд показаний сейчас не отвечает" in operator.get(path).text
