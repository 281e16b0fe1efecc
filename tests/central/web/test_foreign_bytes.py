"""Fault 24: all routes with all keys there are, asked for by everybody: nobody is told a byte that is not his.

What is whose stands here by itself, as words that only the owner may read; the program's policy is not asked.
"""

import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from central.accounts import family, staff, texts
from central.accounts.people import add_account
from central.accounts.policy import Right
from central.accounts.texts import Kind
from central.db import writing
from central.handing.tables import hand_in, handed_in
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import point
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.beside import STRANGER, file_of, second_company
from tests.central.web.parts import make_app, person, token

DAYS = 25
GUEST, CLERK = "guest@example.org", "clerk@example.org"
FLAT, DACHA = {"кв. 45", "Т-45"}, {"04217801", "участок 7", "Т-46"}
SHOP = {"04217810", "Мастерская", "Т-47"}
ANNA, BORIS, FORMER = {"Анна Петрова", s.CONSUMER}, {"Борис Сидоров", s.NEIGHBOUR}, {"Прежний владелец", s.FORMER}
PETER = {"Пётр Гость", GUEST}
CONTRACTS = {"100-1", "100-2", "100-3"}
THEIRS = {"СЕКРЕТ", "edge-secret", "SEC-", "Посторонний", STRANGER}
OURS = FLAT | DACHA | SHOP | ANNA | BORIS | FORMER | PETER | CONTRACTS
ALL = OURS | THEIRS

VIEWERS: dict[str | None, set[str]] = {  # who -> what he may read
    None: set(),
    s.CONSUMER: FLAT | DACHA | ANNA | {"100-1"} | PETER,
    GUEST: FLAT | DACHA | {"Анна Петрова", "100-1"} | PETER,
    s.NEIGHBOUR: SHOP | BORIS | {"100-3"},
    s.FORMER: SHOP | FORMER | {"100-2"},
    CLERK: SHOP | {"Борис Сидоров", "Прежний владелец", "100-2", "100-3"},
    STRANGER: THEIRS,
    s.AUDITOR: OURS,
    s.OPERATOR: OURS,
    s.ADMINISTRATOR: OURS,
}
CODE = "7KQ2-9XWM-D41T-0ZPA"  # of Anna's document
WORDS = re.compile(r"<name>/<key>|<name>|<key>|<section>|<number>|<word>|<code>")
NUMBERS = range(1, 7)  # there are fewer of most
PROPER = {  # keys that are words
    "/console/meters/": (f"MIL-{s.FLAT}", f"MIL-{s.NEXT_DOOR}", "SEC-1"),
    "/console/edges/": ("edge-1", "edge-secret"),
    "/console/foreign/": ("edge-secret/SEC-9",),
    "/help/": ("start", "nothing"),
    "/reports/<": ("profile", "nothing"),
    "/check/": (CODE, "7KQ2-9XWM-D41T-0ZPB"),
    "/entry/": ("2411-0001", "2411-0002", "2411-0003"),
}
QUERIES = {  # of a page, beside none; what is looked for is never a whole word of what may not be read
    "cabinet.": [f"point={key}{more}" for key in range(1, 5) for more in ("", "&day=2026-11-20&time=00:00&by=reading")],
    "door.check": [f"code={CODE}"],
    "console.point_month": ["month=2026-10"],
    "console.exception_list": [f"point={key}" for key in range(1, 5)],
    "console.new_document": ["kind=point&key=1", "kind=point&key=3", "kind=meter&key=SEC-1", "kind=change&key=1"],
    "console.search": ["q=Петро", "q=Сидор", "q=СЕКР", "q=Садовая", "q=0421", "q=100"],
    "console.points": ["q=Петро", "q=СЕКР", "q=0421", "silent=1"],
    "console.people": ["q=Петро", "q=Посто", "q=example"],
    "console.actions": ["who=Петро", "who=Посто", "object=1", "object=С-"],
    "console.actions_file": ["form=csv", "form=xlsx"],
    "console.network": ["find=ТП", "open=1&open=2&open=3&open=4&open=5"],
}
UNSENT = {"door.logout", "cabinet.end_session"}  # whoever sends them is somebody else afterwards


@pytest.fixture
def app(town: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


@pytest.fixture
def town(town: Scene, tmp_path: Path) -> Scene:
    """A second company, a branch with a clerk of its own, and a guest of Anna's."""
    with writing(town.engine).begin() as connection:
        with entering(connection, at=s.NOW, kind="test") as act:
            station = enter.add_node(act, 1, "substation", "ТП-205")
            enter.correct(act, point, town.points[s.NEXT_DOOR], node=station)
        for kind in Kind:
            texts.write(connection, town.viewer(s.ADMINISTRATOR), kind, f"Текст {kind} " * 40, s.NOW - 86_400)
        keys: dict[str, int] = {}
        about: dict[str, Any] = {"password": s.PASSWORD, "now": s.NOW}
        for mail, name, role in ((CLERK, "Клара", "operator"), (GUEST, "Пётр Гость", "consumer")):
            keys[mail] = add_account(connection, s.CHEAP, organisation=1, mail=mail, name=name, role=role, **about)
        clerk, owner = keys[CLERK], town.viewer(s.CONSUMER)
        staff.give(connection, clerk, Right, (station,), s.NOW, None)
        letter = family.invite(connection, owner, town.accounts["100-1"], GUEST, s.NOW + 86_400, s.NOW)
        assert letter.key is not None
        family.join(connection, letter.key, keys[GUEST], s.NOW)
        for mounting, (mail, serial) in enumerate(((s.CONSUMER, s.FLAT), (s.NEIGHBOUR, s.NEXT_DOOR)), 1):
            form = {"account": town.viewer(mail).account, "token": "", "made_at": s.NOW}
            read = {"mounting": mounting, "point": town.points[serial], "meter": f"MIL-{serial}"}
            read |= {"read_at": s.NOW, "registers": {"ap1": 1}, "warnings": {}, "enters_at": s.NOW, "reason": ""}
            handed = connection.execute(hand_in.insert().values(**form)).inserted_primary_key
            assert handed is not None
            read |= {"hand_in": handed[0], "month": date(2026, 11, 1), "state": "review"}
            connection.execute(handed_in.insert().values(**read))
    file_of(town, tmp_path / "scene", s.CONSUMER, "2026-11-23", code=CODE.replace("-", ""))
    file_of(town, tmp_path / "scene", s.NEIGHBOUR, "2026-11-23")
    file_of(town, tmp_path / "scene", s.FORMER, "2026-11-03", town.points[s.NEXT_DOOR])
    second_company(town, tmp_path / "scene")
    return town


def addresses(rule: Rule) -> list[str]:
    """With each key that there is, and some that there is not."""
    found = [rule.rule]
    for start, keys in PROPER.items():
        if rule.rule.startswith(start):
            found = [
                re.sub(r"<name>/<key>|<name>|<key>|<section>|<number>|<word>|<code>", key, rule.rule) for key in keys
            ]
    for name in re.findall(r"<int:(\w+)>", rule.rule):
        found = [path.replace(f"<int:{name}>", str(key)) for path in found for key in NUMBERS]
    assert not [path for path in found if "<" in path], rule
    return found


def asked(rule: Rule) -> list[str]:
    queries = [query for start, given in QUERIES.items() if rule.endpoint.startswith(start) for query in given]
    return [path if query is None else f"{path}?{query}" for path in addresses(rule) for query in (None, *queries)]


def told(answer: TestResponse) -> str:
    """All that stands in an answer, also in the parts of a workbook or an archive."""
    body = answer.get_data()
    if body[:2] == b"PK":
        with ZipFile(BytesIO(body)) as packed:
            body = b"\n".join([*map(str.encode, packed.namelist()), *map(packed.read, packed.namelist())])
    return body.decode(errors="replace")


@pytest.mark.parametrize("who", VIEWERS)
def test_nobody_is_told_a_byte_that_is_not_his(app: Flask, who: str | None) -> None:
    client, foreign = person(app, who), ALL - VIEWERS[who]
    requests = size = own = 0

    def look(answer: TestResponse, path: str) -> None:
        nonlocal requests, size, own
        text = told(answer)
        assert answer.status_code != 500, path
        said = [word for word in foreign if word in text and word not in path]  # an address may come back as it was
        assert not said, (path, answer.status_code)
        requests, size, own = requests + 1, size + len(text.encode()), own + any(word in text for word in VIEWERS[who])

    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    for rule in rules:
        if "GET" in (rule.methods or ()):
            for path in asked(rule):
                look(client.get(path), path)
    sent = {"csrf_token": token(client, "/me" if who else "/login")}
    for rule in rules:
        if "POST" in (rule.methods or ()) and rule.endpoint not in UNSENT:
            for path in addresses(rule):
                look(client.post(path, data=sent), path)
    assert requests > 400
    assert who is None or own > 10, "he is told of what is his"
    print(f"{who or 'nobody'}: {requests} requests, {size:,} bytes, {own} answers with what is his, 0 foreign words")
