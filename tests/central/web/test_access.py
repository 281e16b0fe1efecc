"""Who may open what: every route stands in the table, a foreign point does not exist, names are only text."""

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from central.accounts.tables import account, audit
from central.db import writing
from central.faces.access import ACCESS
from central.registry.tables import contract, meter, organisation, point
from tests.central import scene as s
from tests.central.scene import Scene, build
from tests.central.web.parts import address, make_app, person

PEOPLE = {
    None: "guest",
    s.CONSUMER: "consumer",
    s.OPERATOR: "operator",
    s.AUDITOR: "auditor",
    s.ADMINISTRATOR: "administrator",
}


NOTHING_THERE = {  # what these would show the scene has not: 404
    "door.join",
    "door.register",  # the texts that are agreed to are not written: 503
    "cabinet.legal_text",
    "console.application",
    "cabinet.receipt",  # nothing was handed in
    "cabinet.photo",
    "cabinet.personal_report",  # none was kept
    "cabinet.remove_personal",
    "cabinet.made_report",  # no file was made
    "cabinet.made_file",
    "door.check_code",
    "console.one_handed_in",
    "console.member",  # 1 is a consumer
    "console.adopt",
    "console.new_document",
    "console.document",
    "console.remove_document",
    "console.workbook",
    "console.check_limits",  # without the name of one
    "cabinet.explain_data",  # staff have no point of their own
    "cabinet.data_file",
    "cabinet.events_file",
    "cabinet.network_file",
    "cabinet.data_line",
    "console.news_item",
    "console.release",
    "console.verify_transformer",
    "console.correct_edge",
    "console.new_line",
    "console.entitle",
}


def test_every_route_has_an_entry_and_every_entry_a_route(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ACCESS)


def test_a_route_without_an_entry_is_refused(scene: Scene, scene_folder: Path) -> None:
    app = make_app(scene_folder)
    app.add_url_rule("/overlooked", "overlooked", lambda: "secret")
    for mail in PEOPLE:
        answer = person(app, mail).get("/overlooked")
        assert answer.status_code == 404
        assert "secret" not in answer.text


@pytest.mark.parametrize("mail", PEOPLE)
def test_each_role_opens_what_the_table_says(app: Flask, mail: str | None) -> None:
    client, role = person(app, mail), PEOPLE[mail]
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        answer = client.get(address(rule))
        if role in ACCESS[rule.endpoint].roles:
            assert answer.status_code in (200, 302) or rule.endpoint in NOTHING_THERE, rule
            begun = rule.endpoint == "door.second_step"  # of a login that was begun
            assert begun or "/login" not in answer.headers.get("Location", ""), rule
        else:
            assert answer.status_code == (302 if role == "guest" else 403), rule


@pytest.mark.parametrize("mail", PEOPLE)
def test_the_address_of_a_form_leads_to_the_page_where_it_stands(app: Flask, mail: str | None) -> None:
    """Whoever reloads it, or has it from somebody: never to a bare word, and never further than he may go."""
    client, role, pages = person(app, mail), PEOPLE[mail], 0
    looked_at = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    for rule in app.url_map.iter_rules():
        if rule.rule in looked_at:
            continue
        path = address(rule)
        answer = client.get(f"{path}?next=//evil.example")
        assert answer.status_code == 302, path
        page = answer.headers["Location"]
        assert page == "/" or path.startswith(f"{page}/"), path
        shown = client.get(page)
        if role in ACCESS[rule.endpoint].roles and role != "guest":
            assert shown.status_code in (200, 302, 404), path
            pages += shown.status_code == 200
        assert client.get(path, headers={"Authorization": "Bearer x"}).status_code == 405, "a program is told so"
    assert pages > 5 or role == "guest"


@pytest.mark.parametrize("number", ["9" * 18, "9" * 20, "٣", "-1"])
def test_a_number_that_nothing_has_is_a_page_that_there_is_not(app: Flask, number: str) -> None:
    client = person(app, s.ADMINISTRATOR)
    for rule in app.url_map.iter_rules():
        if "<int:" in rule.rule:
            path = re.sub(r"<(?:int:)?\w+>", number, rule.rule)
            answer = client.get(path) if "GET" in (rule.methods or ()) else client.post(path)
            assert answer.status_code in (404, 400), path  # 400: a post without its token


OWN = {s.CONSUMER: (s.FLAT, s.DACHA), s.NEIGHBOUR: (s.NEXT_DOOR,)}
TOLD = {  # what only the owner of a point may read, anywhere
    s.FLAT: ("04217795", "кв. 45", "Т-45"),
    s.DACHA: ("04217801", "участок 7", "Т-46"),
    s.NEXT_DOOR: ("04217810", "Мастерская", "Т-47", "Сидоров"),
}


@pytest.mark.parametrize("mail", [None, s.CONSUMER, s.NEIGHBOUR])
def test_no_page_of_any_point_tells_of_a_foreign_one(app: Flask, scene: Scene, mail: str | None) -> None:
    client = person(app, mail)
    foreign = [serial for serial in TOLD if serial not in OWN.get(mail or "", ())]
    pages = 0
    for path in (
        "/",
        "/data",
        "/readings",
        "/explain",
        "/explain.json",
        "/data/file",
        "/console/points",
        "/console/edges",
    ):
        for key in ("", *scene.points.values(), 0, -1, 999, 10**30, "1 or 1=1", "٣", "../1"):
            for more in ({}, {"length": "day", "day": "2026-11-04"}, {"length": "month", "day": "2026-10-05"}):
                query = {**({"point": str(key)} if key != "" else {}), **more}
                answer = client.get(path, query_string=query)
                own = key == "" or key in [scene.points[serial] for serial in OWN.get(mail or "", ())]
                if mail is not None and not path.startswith("/console"):
                    assert answer.status_code == (200 if own else 404), (path, query)
                for serial in foreign:
                    assert not [word for word in TOLD[serial] if word in answer.text], (path, query)
                pages += 1
    assert pages > 100


def test_a_foreign_point_and_none_are_the_same_answer(app: Flask, scene: Scene) -> None:
    client = person(app, s.CONSUMER)

    def body(key: int) -> str:
        text = client.get(f"/data?point={key}").text.replace(f"point={key}", "")
        return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", text)

    assert body(scene.points[s.NEXT_DOOR]) == body(999)


def test_the_old_tenant_s_time_is_not_the_new_one_s(app: Flask, scene: Scene) -> None:
    new, old = person(app, s.NEIGHBOUR), person(app, s.FORMER)
    query = {"point": scene.points[s.NEXT_DOOR], "length": "day"}
    before, after = {**query, "day": "2026-11-03"}, {**query, "day": "2026-11-07"}
    assert "data-mwh" not in new.get("/data", query_string=before).text
    assert "data-mwh" in new.get("/data", query_string=after).text
    assert "data-mwh" in old.get("/data", query_string=before).text
    assert "data-mwh" not in old.get("/data", query_string=after).text


def test_staff_who_open_a_consumer_s_point_are_noted(app: Flask, scene: Scene) -> None:
    person(app, s.OPERATOR).get("/data", query_string={"point": scene.points[s.FLAT]})
    with scene.engine.connect() as connection:
        query = select(audit.c.subject, account.c.mail).join(account, account.c.id == audit.c.account)
        rows = connection.execute(query.where(audit.c.action == "point opened")).all()
    assert ("Т-45", s.OPERATOR) in [tuple(row) for row in rows]


BAIT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


@pytest.mark.usefixtures("sql")
def test_names_are_text_wherever_they_stand(tmp_path: Path) -> None:
    scene = build(tmp_path, days=25)
    with writing(scene.engine).begin() as connection:
        connection.execute(point.update().values(name=BAIT, address=BAIT))
        connection.execute(meter.update().values(type=BAIT, serial=BAIT[:40]))
        connection.execute(contract.update().values(holder=BAIT))
        connection.execute(organisation.update().values(name=BAIT))
        connection.execute(account.update().values(name=BAIT))
    app = make_app(tmp_path)
    seen = 0
    for mail in (s.CONSUMER, s.OPERATOR):
        client = person(app, mail)
        for path in (
            "/",
            "/data?point=1",
            "/data?point=1&day=2026-11-10",
            "/explain?point=1&by=profile&day=2026-11-10",
            "/readings?point=1",
            "/explain?point=1",
            "/console/points",
            "/console/edges",
            "/console/points/1",
            "/console/points/1/replacement",
            "/console/points/1/contract",
            "/console/contracts/1",
            f"/console/meters/MIL-{s.FLAT}",
            "/console/nodes/2",
            "/console/edges/edge-1",
            "/console/organisation",
            "/console/changes",
            f"/console/points?q={BAIT}",
            f"/data?channel={BAIT}",
        ):
            text = client.get(path, follow_redirects=True).text
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
            assert "49" not in re.findall(r"onerror=alert\(2\)&gt;(\d*)", text), path
            seen += text.count("&lt;script&gt;alert(1)")
    scene.close()
    assert seen > 10
