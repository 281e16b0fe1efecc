"""The check of a document: whoever has its code sees what it is and whether a file is it, and nothing of a person."""

import hashlib
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from central.accounts import attempts
from central.db import writing
from central.door import check
from central.reports.made import codes
from central.reports.tables import report_file
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene
from tests.central.web.parts import Clock, make_app, person, token

DAY = {"length": "day", "day": "2026-11-23"}


@pytest.fixture
def scene(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    made = copy_of(25, tmp_path / "scene")
    yield made
    made.close()


@pytest.fixture
def app(scene: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


@pytest.fixture
def guest(app: Flask) -> FlaskClient:
    return person(app, None)


@pytest.fixture
def document(app: Flask) -> tuple[str, bytes]:
    """Its code as it stands in it, and the file."""
    anna = person(app, s.CONSUMER)
    data = {"csrf_token": token(anna, "/me"), "form": "csv", **DAY}
    content = anna.get(anna.post("/reports/profile/make", data=data).headers["Location"]).data
    found = re.search(rb"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", content)
    assert found is not None
    return found[0].decode(), content


def compare(client: FlaskClient, code: str, content: bytes | None) -> TestResponse:
    data = {"csrf_token": token(client, f"/check/{code}")}
    file = {"file": (BytesIO(content), "отчёт.csv")} if content is not None else {}
    return client.post(f"/check/{code}", data=data | file, content_type="multipart/form-data")


def shown(page: str) -> tuple[bool, bool]:
    """Same, other."""
    return tuple(f'id="{one}"' in page and f'id="{one}" hidden' not in page for one in ("same", "other"))  # type: ignore[return-value]


def test_the_page_tells_of_the_document_and_nothing_of_its_person(
    guest: FlaskClient, document: tuple[str, bytes]
) -> None:
    code, content = document
    page = guest.get(f"/check/{code}").text
    for told in (
        "Профиль нагрузки",
        "Энергосеть",
        "23 ноября 2026",
        "24.11.2026",
        hashlib.sha256(content).hexdigest(),
    ):
        assert told in page
    assert re.search(r"<dt>Точек учета</dt><dd>2</dd>", page)
    for personal in ("Анна", "Петрова", "Квартира", "Т-45", "100-1", s.CONSUMER, "Садовая", s.FLAT, "/reports/made/"):
        assert personal not in page
    assert shown(page) == (False, False)


def test_a_code_is_typed_as_people_type(guest: FlaskClient, document: tuple[str, bytes]) -> None:
    code, _content = document
    cyrillic = code.translate(str.maketrans("ABEKMHPCTX", "АВЕКМНРСТХ"))
    plain, spaced = code.replace("-", ""), code.replace("-", " ")
    other = code.replace("0", "O").replace("1", "l")
    for typed in (code.lower(), plain, spaced, f" {code} ", code.replace("-", " — "), cyrillic, other):
        answer = guest.get("/check", query_string={"code": typed}, follow_redirects=True)
        assert (answer.status_code, "Такой документ есть" in answer.text) == (200, True), typed


@pytest.mark.parametrize(
    "typed", ["", "-", "0" * 15, "0" * 17, "U" * 16, "АБВГ" * 4, "../" * 5, "<b>" * 5, "%00", "I" * 500]
)
def test_nonsense_is_no_code(guest: FlaskClient, document: tuple[str, bytes], typed: str) -> None:
    answer = guest.get("/check", query_string={"code": typed}, follow_redirects=True)
    assert answer.status_code in (200, 400, 404)
    assert "Такой документ есть" not in answer.text
    assert "<b><b>" not in answer.text


def test_a_code_that_there_is_not_and_one_that_is_none_are_answered_alike(
    app: Flask, guest: FlaskClient, document: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "CHECKS", 10_000)
    took: dict[str, list[float]] = {"there is not": [], "is none": []}
    words = {}
    for _time in range(30):
        for name, code in (("there is not", codes.shown(codes.new())), ("is none", "UUUU-UUUU-UUUU-UUUU")):
            begun = perf_counter()
            answer = guest.get(f"/check/{code}")
            took[name].append(perf_counter() - begun)
            assert answer.status_code == 404
            plain = answer.text.replace(code, "")
            words[name] = re.sub(r'(name="csrf_token" value=")[^"]+|back" value="[^"]+|next=[^"]+', "", plain)
    assert words["there is not"] == words["is none"]
    assert "Документа с таким кодом нет" in words["is none"]
    first, second = (median(one) for one in took.values())
    assert max(first, second) < 2 * min(first, second)


def test_without_scripts_a_file_is_sent_and_compared(guest: FlaskClient, document: tuple[str, bytes]) -> None:
    code, content = document
    assert shown(compare(guest, code, content).text) == (True, False)
    assert shown(compare(guest, code, content + b"\n").text) == (False, True)
    assert shown(compare(guest, code, b"").text) == (False, True)
    nothing = compare(guest, code, None)
    assert (nothing.status_code, "Выберите файл" in nothing.text, shown(nothing.text)) == (422, True, (False, False))
    assert guest.post(f"/check/{code}").status_code == 400, "without its token"


def test_a_file_that_is_too_large_is_told_in_words(
    guest: FlaskClient, document: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, content = document
    monkeypatch.setattr(check, "LARGEST", len(content) - 1)
    answer = compare(guest, code, content)
    assert (answer.status_code, "Файл больше" in answer.text) == (422, True)
    assert compare(guest, code, b"0" * (25 * 1024 * 1024)).status_code == 413


def test_who_tries_codes_is_stopped_for_an_hour(guest: FlaskClient, document: tuple[str, bytes], clock: Clock) -> None:
    for _time in range(attempts.CHECKS):
        assert guest.get(f"/check/{codes.new()}").status_code == 404
    answer = guest.get(f"/check/{document[0]}")
    assert (answer.status_code, "Подождите час" in answer.text) == (429, True)
    assert "Профиль" not in answer.text
    clock.now += attempts.WITHIN
    assert guest.get(f"/check/{document[0]}").status_code == 200


def test_the_holder_finds_the_way_to_his_file(app: Flask, scene: Scene, document: tuple[str, bytes]) -> None:
    code, _content = document
    anna, boris = person(app, s.CONSUMER), person(app, s.NEIGHBOUR)
    assert 'href="/reports/made/1"' in anna.get(f"/check/{code}").text
    assert "/reports/made/1" not in boris.get(f"/check/{code}").text
    with writing(scene.engine).begin() as connection:
        connection.execute(update(report_file).values(state="gone"))
    page = anna.get(f"/check/{code}").text
    assert "/reports/made/1" not in page
    assert "Такой документ есть" in page, "the proof outlives the file"


def test_what_was_never_finished_has_no_proof(app: Flask, scene: Scene, document: tuple[str, bytes]) -> None:
    with writing(scene.engine).begin() as connection:
        connection.execute(update(report_file).values(state="failed", sha256=None))
    assert person(app, None).get(f"/check/{document[0]}").status_code == 404


def test_codes_are_not_guessed() -> None:
    found = {codes.new() for _number in range(1000)}
    assert len(found) == 1000
    assert all(codes.typed(codes.shown(one).lower()) == one for one in found)
    assert len(codes.ALPHABET) ** codes.LENGTH >= 2**60
