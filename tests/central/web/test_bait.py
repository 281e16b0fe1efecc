"""Faults 26, 27: what people type is text on every page and in every file: no markup, no formula."""

import csv
import re
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, update

from central.accounts import family, texts, tokens
from central.accounts.tables import application, audit
from central.accounts.texts import Kind
from central.db import metadata, writing
from central.handing.tables import hand_in, handed_in
from central.news import board
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.crawl import crawl
from tests.central.web.parts import make_app, person

DAYS = 25
BAIT = "=1+1\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"
TYPED = {  # table -> columns that somebody types, or a device says
    "account": ("name",),
    "session": ("device",),
    "token": ("name",),
    "transformer": ("serial", "type", "accuracy"),
    "verification": ("document",),
    "application": ("reason",),
    "invitation": ("mail",),
    "organisation": ("name", "inn", "phone", "mail", "address", "hours"),
    "node": ("name", "path"),
    "point": ("name", "address"),
    "meter": ("serial", "type", "maker"),
    "mounting": ("act", "reason", "seals", "end_act", "end_reason"),
    "contract": ("holder", "phone", "mail"),
    "concentrator": ("title", "address", "serial", "phone"),
    "zone_scheme": ("name",),
    "monthly_line": ("name",),
    "change": ("reason",),
    "handed_in": ("reason",),
    "legal_text": ("text",),
    "news": ("title", "text"),
    "document": ("name",),
    "command": ("detail",),
    "personal_report": ("name",),
}


@pytest.fixture
def town(town: Scene) -> Scene:
    with writing(town.engine).begin() as connection:
        administrator, owner = town.viewer(s.ADMINISTRATOR), town.viewer(s.CONSUMER)
        for kind in Kind:
            texts.write(connection, administrator, kind, f"Текст {kind} " * 40, s.NOW)
        board.write(connection, administrator, None, date(2026, 11, 24), None, "т", "т", s.NOW)
        tokens.make(connection, owner, "т", 30, s.NOW)
        family.invite(connection, owner, town.accounts["100-1"], "son@example.org", s.NOW + 86_400, s.NOW)
        asked = {"account": owner.account, "number": "=7", "state": "waiting", "made_at": s.NOW, "due_at": s.NOW}
        connection.execute(insert(application).values(**asked, reason=""))
        rows = {"at": s.NOW, "account": administrator.account, "action": BAIT[:40], "subject": BAIT, "detail": BAIT}
        connection.execute(insert(audit).values(**rows))
        connection.execute(insert(hand_in).values(account=owner.account, token="1" * 32, made_at=s.NOW))
        handed = {"hand_in": 1, "point": town.points[s.FLAT], "mounting": 1, "meter": f"MIL-{s.FLAT}"}
        handed |= {"read_at": s.NOW, "registers": {"ap1": 1}, "warnings": {"ap1": ["lower"]}, "enters_at": s.NOW}
        connection.execute(insert(handed_in).values(**handed, month=date(2026, 11, 1), state="declined", reason=""))
        bait(connection)
    return town


def bait(connection: Connection) -> None:
    for name, columns in TYPED.items():
        table = metadata.tables[name]
        key = next(iter(table.primary_key.columns))
        for row in connection.execute(select(key)).all():
            tail = f"{row[0]}"  # some are unique
            values = {column: BAIT[: (table.c[column].type.length or 10_000) - len(tail)] + tail for column in columns}
            connection.execute(update(table).where(key == row[0]).values(**values))


@pytest.mark.parametrize("who", [s.CONSUMER, s.OPERATOR, s.AUDITOR, s.ADMINISTRATOR])
def test_it_is_text_on_every_page_and_in_every_file(town: Scene, tmp_path: Path, who: str) -> None:
    client = person(make_app(tmp_path / "scene"), who)
    starts = (
        ["/", "/data", "/readings", "/entry", "/complexes", "/me", "/me/family"]
        if who == s.CONSUMER
        else ["/console/points", "/console/people/1", "/console/handed-in?state=declined"]
    )
    escaped = cells = 0
    for path, text in crawl(client, *starts).items():
        if text.startswith("<!doctype"):
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
            assert "49" not in re.findall(r"onerror=alert\(2\)&gt;(\d*)", text), path
            escaped += text.count("&lt;script&gt;alert(1)")
        if "form=csv" in path or path.endswith(".csv"):
            for row in csv.reader(StringIO(text.lstrip("\ufeff")), delimiter=";"):
                for cell in row:
                    assert not re.match(r"[=+@\t\r]|-(?![\d,.]+$)", cell), (path, cell)
                    cells += 1
        assert "<f>" not in text, f"a formula in {path}"
    assert escaped > 20
    assert cells > 100 or who == s.OPERATOR
