"""What people of the company may change and where: an operator by his rights, below his nodes; an auditor nothing."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from central.accounts import staff
from central.accounts.people import add_account
from central.accounts.policy import Right
from central.db import writing
from central.faces.access import ACCESS, READS
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.tables import edge_meter
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import mounting, point
from tests.central import scene as s
from tests.central.parts import CENTRAL, Journal, load_body
from tests.central.scene import Scene
from tests.central.web.beside import second_company
from tests.central.web.crawl import crawl
from tests.central.web.forms import said, send
from tests.central.web.parts import address, make_app, person, token
from tests.central.web.test_access import TOLD

DAYS = 25
DAY = 86_400
CLERK = "clerk@example.org"
OWN = "ТП-205"
OTHERS = ["100-1", "Анна Петрова"]
OTHERS += [word for key in (s.FLAT, s.DACHA) for word in TOLD[key] if word != s.FLAT]  # it is an example of a form


@pytest.fixture
def town(town: Scene) -> Scene:
    """The workshop hangs on a station of its own."""
    with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        station = enter.add_node(act, 1, "substation", OWN)
        board = enter.add_node(act, 1, "switchboard", "ВРУ", station)
        enter.correct(act, point, town.points[s.NEXT_DOOR], node=board)
        town.accounts[OWN] = station
    return town


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def clerk(app: Flask, town: Scene, *rights: Right, branches: tuple[int, ...] = ()) -> FlaskClient:
    with writing(town.engine).begin() as connection:
        key = add_account(
            connection,
            s.CHEAP,
            organisation=1,
            mail=CLERK,
            name="Клара",
            password=s.PASSWORD,
            role="operator",
            now=s.NOW,
        )
        staff.give(connection, key, rights, branches, s.NOW, None)
    return person(app, CLERK)


def refused(app: Flask, client: FlaskClient) -> set[str]:
    """Endpoints of the console that take nothing from this person."""
    sent, found = {"csrf_token": token(client, "/me")}, set()
    for rule in app.url_map.iter_rules():
        ours = rule.endpoint.startswith("console.") and "POST" in (rule.methods or ())
        if ours and client.post(address(rule), data=sent).status_code == 403:
            found.add(rule.endpoint)
    return found


def sending(app: Flask, *rights: Right) -> set[str]:
    """Endpoints of the console that something is sent to, and that ask for one of these rights."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    ours = {rule.endpoint for rule in rules if rule.endpoint.startswith("console.")}
    asked = {name: {ACCESS[name].right, ACCESS[name].also} - {None} for name in ours}
    return {name for name in ours if not rights or (asked[name] and asked[name] <= set(rights))}


def test_every_route_that_changes_something_asks_for_a_right(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console.") and set(rule.methods or ()) - set(READS):
            entry = ACCESS[rule.endpoint]
            assert entry.right is not None or entry.roles == {"administrator"}, rule.endpoint


def test_an_auditor_reads_all_and_changes_nothing(app: Flask, town: Scene) -> None:
    client = person(app, s.AUDITOR)
    assert refused(app, client) == sending(app)
    pages = crawl(client)
    assert len(pages) > 20
    for path, text in pages.items():
        forms = re.findall(r'<form[^>]*method="post"[^>]*>', text)
        if path.startswith("/console"):
            assert not [one for one in forms if not re.search(r'action="/(logout|theme|language)"', one)], path
    assert client.get("/console/applications").status_code == 200
    assert client.get("/console/texts").status_code == 403


@pytest.mark.parametrize("right", Right)
def test_an_operator_changes_what_is_his_right_alone(app: Flask, town: Scene, right: Right) -> None:
    client = clerk(app, town, right)
    assert sending(app) - refused(app, client) == sending(app, right)
    assert client.get("/console/people").status_code == (200 if right is Right.PEOPLE else 403)
    assert client.get("/console/points").status_code == 200
    assert len(crawl(client)) > 20, "no link leads to a refusal"


def test_an_operator_without_any_right_reads(app: Flask, town: Scene) -> None:
    client = clerk(app, town)
    assert refused(app, client) == sending(app)
    assert client.get(f"/console/points/{town.points[s.FLAT]}").status_code == 200


def test_of_a_branch_one_sees_what_is_below_it_and_nothing_else(app: Flask, town: Scene) -> None:
    client = clerk(app, town, *Right, branches=(town.accounts[OWN],))
    pages = crawl(client)
    assert any("Мастерская" in text for text in pages.values())
    for path, text in pages.items():
        assert not [word for word in OTHERS if word in text], path
    listed = client.get("/console/points").text
    assert "Т-47" in listed
    assert client.get("/console/network?find=ТП").text.count("ТП-205") > 0
    for serial in (s.FLAT, s.DACHA):
        key = town.points[serial]
        for path in (
            f"/console/points/{key}",
            f"/data?point={key}",
            f"/console/points/{key}/mounting",
            "/console/nodes/2",
        ):
            assert client.get(path).status_code == 404, path
        assert client.get(f"/console/meters/MIL-{serial}").status_code == 404
    for path in ("/console/contracts/1", "/console/nodes/1", "/console/nodes/2"):
        assert client.get(path).status_code == 404, path
    for word in ("Петрова", "Садовая, 12", s.FLAT, "100-1", "118"):
        found = client.get("/console/search", query_string={"q": word}).text
        assert not [one for one in OTHERS if one != word and one in found], word
    for path in ("/console/applications", "/console/months", "/console/changes", "/console/imports", "/console/audit"):
        assert client.get(path).status_code == 403, path


def test_nothing_is_put_outside_of_one_s_branch(app: Flask, town: Scene) -> None:
    client = clerk(app, town, *Right, branches=(town.accounts[OWN],))
    own = town.points[s.NEXT_DOOR]
    for path, values, field in (
        (f"/console/points/{own}/correction", {"node": "ТП-118"}, "node"),
        (f"/console/points/{own}/correction", {"node": ""}, "node"),
        ("/console/points/new", {"code": "Т-99", "name": "Дом", "address": "ул.", "node": ""}, "node"),
        ("/console/nodes/new", {"name": "ТП-9", "node": ""}, "node"),
        ("/console/concentrators/new", {"edge": "edge-9", "node": ""}, "node"),
        (f"/console/points/{own}/contract", {"contract": "100-1", "reason": "проба"}, "contract"),
    ):
        assert field in said(send(client, path, values)), path


def test_a_branch_below_another_is_part_of_it(town: Scene) -> None:
    with writing(town.engine).begin() as connection:
        station, board = 1, 2
        key = town.viewer(s.OPERATOR).account
        staff.give(connection, key, (), (station, board), s.NOW, None)
    assert town.viewer(s.OPERATOR).branches == {station}


def test_who_loses_the_last_right_keeps_the_branch(app: Flask, town: Scene) -> None:
    client = clerk(app, town, Right.EDGES, branches=(town.accounts[OWN],))
    administrator, key = person(app, s.ADMINISTRATOR), town.viewer(CLERK).account
    sent = {"csrf_token": token(administrator, "/me"), "deed": "rights", "role": "operator", "branches": OWN}
    assert administrator.post(f"/console/staff/{key}", data=sent).status_code == 303
    assert town.viewer(CLERK).branches == {town.accounts[OWN]}
    assert client.get(f"/console/points/{town.points[s.FLAT]}").status_code == 404


def test_a_concentrator_that_reads_a_meter_of_the_branch_is_seen_and_not_changed(app: Flask, town: Scene) -> None:
    with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        enter.add_concentrator(act, 1, "edge-1", title="Чужой", address="ул.", node=2)
    client = clerk(app, town, Right.EDGES, branches=(town.accounts[OWN],))
    with town.engine.connect() as connection:
        bound = connection.scalar(select(edge_meter.c.id).where(edge_meter.c.meter == f"MIL-{s.FLAT}"))
    assert client.get("/console/edges/edge-1").status_code == 200
    for path in (f"/console/entitlements/{bound}/release", "/console/edges/edge-1/correction"):
        for answer in (client.get(path), client.post(path, data={"csrf_token": token(client, "/me"), "title": "мой"})):
            assert answer.status_code == 404, path


def test_a_meter_that_went_to_another_place_is_nobody_s_to_read_or_change_here(app: Flask, town: Scene) -> None:
    with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        place = {"name": "Дом", "address": "ул.", "tz": s.TZ, "scheme": 1}
        old = enter.add_point(act, 1, "СВОЯ", node=town.accounts[OWN], **place)
        enter.add_concentrator(act, 1, "edge-own", title="Мой", address="ул.", node=town.accounts[OWN])
        moved = update(mounting).where(mounting.c.meter == f"MIL-{s.FLAT}")
        connection.execute(moved.values(valid_from=s.NOW - 10 * DAY))
        enter.mount(act, old, f"MIL-{s.FLAT}", s.NOW - 30 * DAY, s.NOW - 10 * DAY, act="1")
    client = clerk(app, town, *Right, branches=(town.accounts[OWN],))
    page = client.get(f"/console/meters/MIL-{s.FLAT}")
    assert (page.status_code, "Последние показания" in page.text, "Т-45" in page.text) == (200, False, False)
    for path in ("correction", "verification"):
        assert client.get(f"/console/meters/MIL-{s.FLAT}/{path}").status_code == 404
    entitled = send(client, "/console/edges/edge-own/meter", {"meter": f"MIL-{s.FLAT}", "reason": "проба"})
    assert "meter" in said(entitled)
    mounted = send(client, f"/console/points/{old}/mounting", {"meter": f"MIL-{s.FLAT}", "act": "1", "reason": "x"})
    assert "Т-45" not in mounted.text


def test_another_company_s_concentrator_is_not_seen_for_what_stood_here_once(
    app: Flask, town: Scene, tmp_path: Path
) -> None:
    second_company(town, tmp_path / "scene")
    with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        place = {"name": "Дом", "address": "ул.", "tz": s.TZ, "scheme": 1}
        here = enter.add_point(act, 1, "Т-50", node=town.accounts[OWN], **place)
        enter.mount(act, here, "SEC-1", s.NOW - 30 * DAY, s.NOW - 20 * DAY, act="1")
    client = clerk(app, town, *Right, branches=(town.accounts[OWN],))
    for path in ("", "/correction", "/line"):
        assert client.get(f"/console/edges/edge-secret{path}").status_code == 404, path


def test_a_meter_bound_to_another_company_s_concentrator_is_not_taken(app: Flask, town: Scene, tmp_path: Path) -> None:
    second_company(town, tmp_path / "scene")
    with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        enter.add_meter(act, "SEC-77", serial="77", type="т", maker="м")
        bound = enter.entitle(act, "edge-secret", "SEC-77", 0)
        enter.add_concentrator(act, 1, "edge-1", title="Наш", address="ул.", node=2)
    topic, body = Journal("edge-1").append(load_body((s.NOW - 3600, 1)), "SEC-77")
    Receiver(town.engine, CENTRAL).take([Message(str(topic), body)], s.NOW)
    path = "/console/foreign/edge-1/SEC-77"
    assert clerk(app, town, Right.REGISTRY).get(path).status_code == 403, "it is entitled too"
    client = person(app, s.OPERATOR)
    page = client.get(path)
    assert "edge-secret" not in page.text
    answer = send(client, path, {"point": "Т-45", "act": "1", "take": "1"})
    assert "edge-secret" not in answer.text
    with town.engine.connect() as connection:
        assert connection.scalar(select(edge_meter.c.valid_to).where(edge_meter.c.id == bound)) is None
