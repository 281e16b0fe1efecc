"""Every form of every page survives what people and programs type: it is refused in words or saved, never a defect."""

import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import pytest
from flask import Flask

from central.metering.zones import midnight
from central.timeseries.base import LoadRow
from tests.central import scene as s
from tests.central.scene import build
from tests.central.sql import Sql
from tests.central.web.parts import address, make_app, person

NONSENSE = (
    "",
    "9" * 30,
    "-1",
    "NaN",
    "1e999",
    "٣٣",
    "abc'\"<b>",
    "я" * 3_000,
    "a\0b",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "2026-03-29T24:61",
)
PARTS = 7  # the rest in the long form
PLAUSIBLE = {  # so that a form is refused, or saved, for the one field that is not
    "code": "Т-1000",
    "name": "Новое",
    "address": "ул. Новая, 1",
    "reason": "акт 1",
    "act": "акт 1",
    "why": "акт 1",
    "number": "200-1",
    "holder": "Новый абонент",
    "document": "свидетельство 1",
    "serial": "777",
    "type": "МИР",
    "maker": "МИР",
    "id": "MIR-777",
    "edge": "edge-77",
    "ki": "1",
    "ku": "1",
    "power": "15",
    "amount": "5,00",
    "energy": "1,5",
    "kind": "substitute",
    "zone": "day",
    "at-day": "2026-11-23",
    "at-time": "10:00",
    "since-day": "2026-11-23",
    "since-time": "10:00",
    "valid_from-day": "2026-11-01",
    "valid_from-time": "00:00",
    "valid_from": "2026-12-01",
    "signed_on": "2026-11-01",
    "verified_on": "2026-11-01",
    "valid_until": "2036-11-01",
}
ASKED = ["/console/checks/limits?check=over_power&kind=household", "/console/exceptions/list?state=open"]


@pytest.fixture(scope="module")
def app(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Of three days, and one thing that a check has found."""
    folder = tmp_path_factory.mktemp("nonsense")
    scene = build(folder, days=3)
    meter, end = f"MIL-{s.FLAT}", midnight(date(2026, 11, 23), s.TZ) + 12 * 3600
    scene.arrive(meter, LoadRow(meter, end, s.PERIOD, 0, {"ap": 90_000_000, "am": 0, "rp": 0, "rm": 0}))
    scene.recompute()
    yield make_app(folder)
    scene.close()


def forms(page: str) -> Iterator[tuple[str | None, dict[str, str]]]:
    """Where each posted form of a page's main part goes, None = here, and what it holds as it opens."""
    for attributes, body in re.findall(
        r"<form\b([^>]*)>(.*?)</form>", page.split("<main")[-1].split("</main>")[0], re.S
    ):
        if 'method="post"' not in attributes:
            continue
        action = re.search(r'action="([^"]*)"', attributes)
        held: dict[str, str] = {}
        for tag in re.findall(r"<(?:input|textarea|select|button)\b[^>]*>", body):
            name, value = re.search(r'\bname="([^"]+)"', tag), re.search(r'\bvalue="([^"]*)"', tag)
            if name is not None and (name[1] not in held or " checked" in tag):
                held[name[1]] = unescape(value[1]) if value else ""
        for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', body, re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]+)"', options)
            held[name] = unescape(chosen[1]) if chosen else ""
        yield (unescape(action[1]) if action else None), held


def pages(app: Flask) -> list[str]:
    found = {address(rule) for rule in app.url_map.iter_rules() if {"GET"} <= (rule.methods or set())}
    return sorted(found - {"/login"}) + ASKED


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, PARTS))])
def test_nonsense_in_a_field_is_refused_in_words(app: Flask, part: int) -> None:
    """Each value in all fields of a form at once, and a part of them, each time others, in each field alone."""
    client = person(app, s.ADMINISTRATOR)
    turn = sent = 0
    for path in pages(app):
        page = client.get(path)
        if page.status_code != 200 or "text/html" not in page.content_type:
            continue
        for action, held in forms(page.text):
            usual = {name: held[name] or PLAUSIBLE.get(name, "") for name in held}
            names = [name for name in held if name not in ("csrf_token", "once")]
            for changed in (names, *([name] for name in names)):
                for value in NONSENSE:
                    turn += 1
                    if (turn + part) % PARTS and changed is not names:
                        continue
                    answer = client.post(action or path, data=usual | dict.fromkeys(changed, value))
                    usual_answers = (200, 303, 404, 413, 422, 400) if "\0" in value else (200, 303, 404, 413, 422)
                    assert answer.status_code in usual_answers, (path, changed, value)
                    sent += 1
    assert sent > 200
