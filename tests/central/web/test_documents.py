"""Acts and photos: told by their content, kept once and whole, given back to their company's staff alone, sandboxed."""

import io
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from central.accounts.tables import audit
from central.config import Central, CentralConfig, Documents, Web
from central.config import Sql as SqlSettings
from central.registry.documents import path_of, type_of
from central.registry.tables import document
from tests.central import scene as s
from tests.central import sql as kit
from tests.central.scene import Scene, build
from tests.central.sql import Sql
from tests.central.web.forms import said
from tests.central.web.parts import app_of, person, token

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20
JPEG = b"\xff\xd8\xff\xe0" + b"photo" * 50
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(scope="module")
def folder(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def office(folder: Path) -> Iterator[Scene]:
    built = build(folder, days=2)
    yield built
    built.close()


@pytest.fixture(scope="module")
def app(office: Scene, folder: Path) -> Flask:
    (folder / "secret").write_text("a secret of the tests, long enough to be one")
    central = Central(data=str(folder))
    settings = SqlSettings(url=kit.url(folder))
    few, web = Documents(megabytes=1, most=3), Web(staff_second_factor="optional")
    config = CentralConfig(central=central, sql=settings, folder=str(folder), documents=few, web=web)
    return app_of(config)


def attach(client: FlaskClient, name: str, content: bytes, kind: str = "point", key: str = "1") -> TestResponse:
    path = f"/console/documents/new?kind={kind}&key={key}"
    data = {"csrf_token": token(client, path), "file": (io.BytesIO(content), name)}
    return client.post(path, data=data, content_type="multipart/form-data")


def rows(scene: Scene) -> list[object]:
    with scene.engine.connect() as connection:
        return list(connection.execute(select(document).order_by(document.c.id)))


def test_a_file_is_attached_kept_under_its_hash_and_given_back_to_be_saved(
    office: Scene, folder: Path, operator: FlaskClient
) -> None:
    assert attach(operator, "Акт № 5.pdf", PDF).headers["Location"] == "/console/points/1"
    assert attach(operator, "Акт № 5.pdf", PDF).status_code == 303  # the second click
    with office.engine.connect() as connection:
        (row,) = connection.execute(select(document)).all()
    place = path_of(folder / "documents", sha256(PDF).hexdigest())
    assert place.read_bytes() == PDF
    assert (place.stat().st_mode & 0o777, place.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [path.name for path in (folder / "documents").rglob("*") if path.is_file()] == [row.sha256]
    page = operator.get("/console/points/1").text
    assert "Акт № 5.pdf" in page
    answer = operator.get(f"/console/documents/{row.id}")
    assert answer.data == PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["Cache-Control"] == "no-store"
    for mail in (s.CONSUMER, None):
        assert person_of(operator, mail).get(f"/console/documents/{row.id}").status_code in (302, 403)


def person_of(client: FlaskClient, mail: str | None) -> FlaskClient:
    return person(client.application, mail)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("setup.pdf", b"MZ\x90\x00" + b"x" * 100, "по содержимому не PDF"),
        ("photo.svg", SVG, "по содержимому не PDF"),
        ("page.html", b"<!doctype html><script>alert(1)</script>", "по содержимому не PDF"),
        ("photo.jpg", b"\n%PDF-1.4", "по содержимому не PDF"),
        ("act.pdf", b"", "пуст"),
        ("act.pdf", b"%PDF-" + b"x" * 1024 * 1024, "больше 1 МБ"),
        ("../../etc/act.pdf", PDF, "содержит путь"),
        ("..", PDF, "содержит путь"),
        ("а" * 201 + ".pdf", PDF, "длиннее 200"),
        ("", PDF, "Выберите файл"),
    ],
)
def test_what_is_not_taken_says_why_and_leaves_nothing(
    office: Scene, folder: Path, operator: FlaskClient, name: str, content: bytes, sentence: str
) -> None:
    before = rows(office), sorted(folder.rglob("documents/**/*"))
    answer = attach(operator, name, content)
    assert answer.status_code == 422
    assert sentence in said(answer)["file"]
    assert (rows(office), sorted(folder.rglob("documents/**/*"))) == before


def test_a_body_beyond_any_file_is_not_even_read(operator: FlaskClient) -> None:
    assert attach(operator, "big.pdf", b"%PDF-" + b"x" * 6 * 1024 * 1024).status_code == 413
    path = "/console/points/1/correction"
    page = operator.post(path, data={"csrf_token": token(operator, path), "name": "x" * 300_000})
    assert page.status_code == 413, "other forms are as small as they were"


def test_there_are_so_many_and_no_more_and_removed_ones_are_kept(
    office: Scene, folder: Path, operator: FlaskClient
) -> None:
    for number in range(3):
        assert attach(operator, f"{number}.jpg", JPEG + bytes([number]), "contract").status_code == 303
    assert "больше не хранится" in said(attach(operator, "4.jpg", JPEG, "contract"))["file"]
    with office.engine.connect() as connection:
        key = connection.scalar(select(document.c.id).where(document.c.kind == "contract").limit(1))
    path = f"/console/documents/{key}/removal"
    for _ in range(2):
        answer = operator.post(path, data={"csrf_token": token(operator, path)})
        assert answer.headers["Location"] == "/console/contracts/1"
    assert attach(operator, "4.jpg", JPEG, "contract").status_code == 303
    page = operator.get("/console/contracts/1").text
    assert "<del>0.jpg</del>" in page
    assert "Ольга Диспетчер" in page
    assert operator.get(f"/console/documents/{key}").status_code == 404
    with office.engine.connect() as connection:
        row = connection.execute(select(document).where(document.c.id == key)).one()
        noted = connection.execute(select(audit.c.action).where(audit.c.action == "document removed")).all()
    assert path_of(folder / "documents", row.sha256).is_file()
    assert len(noted) == 1


def test_an_act_of_a_mounting_stands_on_its_point_s_page(operator: FlaskClient) -> None:
    assert attach(operator, "act", JPEG + b"m", "mounting", "1").headers["Location"] == "/console/points/1"
    page = operator.get("/console/points/1").text
    assert "к установке счётчика" in page
    key = page.split('data-document="')[1].split('"')[0]
    assert "filename=act.jpg" in operator.get(f"/console/documents/{key}").headers["Content-Disposition"]
    for kind, key in (("nothing", "1"), ("point", "999"), ("point", "1 or 1=1"), ("change", "-1"), ("meter", "x")):
        assert operator.get(f"/console/documents/new?kind={kind}&key={key}").status_code == 404


def test_a_file_that_cannot_be_kept_is_not_attached(
    office: Scene, operator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = rows(office)
    monkeypatch.setattr("central.registry.documents.os.fsync", full)
    assert "не удалось сохранить" in said(attach(operator, "new.pdf", PDF + b"new"))[""]
    assert rows(office) == before


@pytest.mark.quick
def test_a_type_is_told_by_the_first_bytes() -> None:
    assert type_of(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == "image/webp"
    assert type_of(b"\x89PNG\r\n\x1a\n") == "image/png"
    assert type_of(b"RIFF\x00\x00\x00\x00AVI ") is None
    with pytest.raises(ValueError, match="no SHA-256"):
        path_of(Path(), "../../etc/passwd")
