"""The meter's face photographed: kept beside the reading, without what the camera wrote into it, for who may see it."""

import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from central.accounts import staff
from central.accounts.policy import Right
from central.db import writing
from central.faces import requests
from central.figures import NotFound
from central.handing import photos
from central.handing.tables import hand_in, handed_in, handed_photo
from central.registry import documents, enter
from central.registry.changes import entering
from central.registry.refusals import Refused
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person, token

NUMBER = "2411-0001"
SECRET = b"GPS 55.7512 37.6184, Anna's iPhone"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(*telling: bytes, scan: bytes = b"\x00\x11\xff\x00\x22", behind: bytes = b"") -> bytes:
    """As a camera makes it: JFIF, what it tells, tables, the scan, the end."""
    head = segment(0xE0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")
    tables = segment(0xDB, bytes(65)) + segment(0xC0, bytes(15)) + segment(0xC4, bytes(20))
    return b"\xff\xd8" + head + b"".join(telling) + tables + segment(0xDA, bytes(10)) + scan + b"\xff\xd9" + behind


PICTURE = jpeg()


@pytest.fixture
def village(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """Anna handed in a reading of the flat, Boris one of his shop."""
    made = copy_of(11, tmp_path / "scene")
    with writing(made.engine).begin() as connection:
        for mounting, (mail, serial) in enumerate(((s.CONSUMER, s.FLAT), (s.NEIGHBOUR, s.NEXT_DOOR)), 1):
            form = {"account": made.viewer(mail).account, "token": "", "made_at": s.NOW}
            key = connection.execute(hand_in.insert().values(**form)).inserted_primary_key
            assert key is not None
            row: dict[str, Any] = {"hand_in": key[0], "point": made.points[serial], "mounting": mounting, "reason": ""}
            row |= {"meter": f"MIL-{serial}", "read_at": s.NOW, "registers": {"ap1": 1}, "warnings": {"ap1": ["high"]}}
            row |= {"enters_at": s.NOW, "month": date(2026, 11, 1), "state": "review"}
            connection.execute(handed_in.insert().values(**row))
    yield made
    made.close()


@pytest.fixture
def app(village: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def attach(client: FlaskClient, content: bytes, line: str = "1", number: str = NUMBER) -> TestResponse:
    about = {"csrf_token": token(client, "/entry"), "line": line, "photo": (BytesIO(content), "снимок.jpg")}
    return client.post(f"/entry/{number}/photo", data=about, content_type="multipart/form-data")


def test_it_stands_on_the_receipt_and_before_the_operator_who_decides(app: Flask) -> None:
    anna = person(app, s.CONSUMER)
    assert attach(anna, PICTURE).status_code == 303
    assert 'src="/photo/1"' in anna.get(f"/entry/{NUMBER}").text
    answer = anna.get("/photo/1")
    assert answer.mimetype == "image/jpeg"
    assert answer.data == PICTURE
    operator = person(app, s.OPERATOR)
    assert 'src="/photo/1"' in operator.get("/console/handed-in/1").text
    assert operator.get("/photo/1").data == PICTURE


def test_nobody_else_sees_it_or_puts_one_there(app: Flask) -> None:
    attach(person(app, s.CONSUMER), PICTURE)
    for mail in (s.NEIGHBOUR, s.FORMER):
        stranger = person(app, mail)
        assert stranger.get("/photo/1").status_code == 404
        assert attach(stranger, PICTURE).status_code == 404
    assert attach(person(app, s.NEIGHBOUR), PICTURE, "1", "2411-0002").status_code == 404  # a line of another's
    assert app.test_client().get("/photo/1").status_code == 302


def test_an_operator_of_another_branch_does_not_see_it(app: Flask, village: Scene) -> None:
    attach(person(app, s.CONSUMER), PICTURE)
    with writing(village.engine).begin() as connection:
        with entering(connection, at=s.NOW, kind="test") as act:
            station = enter.add_node(act, 1, "substation", "ТП-7")
        staff.give(connection, village.viewer(s.OPERATOR).account, list(Right), [station], s.NOW, None)
    assert person(app, s.OPERATOR).get("/photo/1").status_code == 404
    assert person(app, s.ADMINISTRATOR).get("/photo/1").status_code == 200


def test_only_who_handed_the_reading_in_adds_to_it_whichever_page_asks(village: Scene, tmp_path: Path) -> None:
    keeping = documents.Keeping(tmp_path / "kept", photos.LARGEST, 5)
    anna, operator = village.viewer(s.CONSUMER), village.viewer(s.OPERATOR)
    for viewer in (village.viewer(s.NEIGHBOUR), operator, replace(anna, by=operator.account)):
        with writing(village.engine).begin() as connection, pytest.raises(NotFound):
            photos.add(connection, keeping, viewer, 1, PICTURE, s.NOW)
    with writing(village.engine).begin() as connection:
        photos.add(connection, keeping, anna, 1, PICTURE, s.NOW)
        assert photos.of(connection, [1]) == {1: [1]}


@pytest.mark.parametrize("marker", [0xE1, 0xE2, 0xED, 0xEF, 0xFE])
def test_what_a_camera_writes_into_it_is_not_kept(app: Flask, village: Scene, tmp_path: Path, marker: int) -> None:
    anna = person(app, s.CONSUMER)
    assert attach(anna, jpeg(segment(marker, SECRET), behind=SECRET)).status_code == 303
    assert anna.get("/photo/1").data == PICTURE
    kept = [path.read_bytes() for path in (tmp_path / "scene" / "documents").rglob("*") if path.is_file()]
    assert kept == [PICTURE]


def test_neither_a_second_picture_behind_it_nor_a_word_between_its_scans_is_kept(app: Flask) -> None:
    """A film or a depth map that a phone hangs behind the picture has its own EXIF, and ends as a picture does."""
    anna = person(app, s.CONSUMER)
    scans = jpeg(scan=b"\x01\xff\x00\xff\xd0\x02" + segment(0xC4, bytes(20)) + segment(0xDA, bytes(10)) + b"\x03\xff")
    with_words = scans.replace(segment(0xC4, bytes(20)), segment(0xFE, SECRET) + segment(0xC4, bytes(20)))
    for behind in (jpeg(segment(0xE1, SECRET)), SECRET + b"\xff\xd9", b"PK\x03\x04" + SECRET + b"\xff\xd9"):
        assert photos.without_telling(with_words + behind) == scans
    assert attach(anna, with_words + jpeg(segment(0xE1, SECRET))).status_code == 303
    assert anna.get("/photo/1").data == scans


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "не снимок JPEG"),
        (b"%PDF-1.4", "не снимок JPEG"),
        (b"\xff\xd8\xff", "повреждён"),
        (PICTURE[:60], "повреждён"),
        (PICTURE[:-2], "повреждён"),
        (b"\xff\xd8\xff\xe0\x00\x00" + bytes(99), "повреждён"),
        (b"\xff\xd8\xff\xd9", "повреждён"),
        (jpeg(segment(0xDB, b"") * photos.MOST_PARTS), "повреждён"),
        (b"\xff\xd8" + PICTURE, "повреждён"),
        (PICTURE[:2] + bytes(photos.LARGEST), "больше 8"),
    ],
)
def test_what_is_no_photo_is_refused_in_words(app: Flask, village: Scene, content: bytes, words: str) -> None:
    answer = attach(person(app, s.CONSUMER), content)
    assert answer.status_code == 422
    assert words in answer.text
    with village.engine.connect() as connection:
        assert connection.execute(select(handed_photo)).all() == []


def test_one_that_no_form_brings_is_told_with_the_limit_and_the_way_back(app: Flask) -> None:
    answer = attach(person(app, s.CONSUMER), PICTURE[:2] + bytes(photos.LARGEST + requests.SPARE))
    assert answer.status_code == 413
    assert "не больше 8 МБ" in answer.text
    assert f'href="/entry/{NUMBER}"' in answer.text


def test_it_is_among_what_a_person_takes_away(app: Flask) -> None:
    anna = person(app, s.CONSUMER)
    attach(anna, PICTURE)
    answer = anna.post("/me/download", data={"csrf_token": token(anna, "/me")})
    with ZipFile(BytesIO(answer.data)) as pack:
        assert pack.read("photos/1.jpg") == PICTURE
        (handed,) = json.loads(pack.read("person.json"))["handed_in"]
    assert handed["photos"] == ["photos/1.jpg"]


def test_three_are_enough_and_the_same_twice_is_one(app: Flask) -> None:
    anna = person(app, s.CONSUMER)
    for scan in (b"\x01", b"\x01", b"\x02", b"\x03"):
        assert attach(anna, jpeg(scan=scan)).status_code == 303
    assert "Приложить снимок" not in anna.get(f"/entry/{NUMBER}").text
    answer = attach(anna, jpeg(scan=b"\x04"))
    assert answer.status_code == 422
    assert "не больше 3" in answer.text


def test_a_full_disk_is_told_and_nothing_is_written_half(
    app: Flask, village: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_about: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(documents.os, "fsync", full)
    answer = attach(person(app, s.CONSUMER), PICTURE)
    assert answer.status_code == 422
    assert "нет места" in answer.text
    with village.engine.connect() as connection:
        assert connection.execute(select(handed_photo)).all() == []


@given(st.binary(max_size=400), st.integers(0, 200))
def test_whatever_comes_is_a_picture_or_refused(noise: bytes, place: int) -> None:
    for content in (b"\xff\xd8\xff" + noise, PICTURE[:place] + noise, PICTURE[:place] + noise + PICTURE[place:]):
        try:
            bare = photos.without_telling(content)
        except Refused:
            continue
        assert bare.startswith(b"\xff\xd8\xff")
        assert bare.endswith(b"\xff\xd9")
        assert photos.without_telling(bare) == bare
