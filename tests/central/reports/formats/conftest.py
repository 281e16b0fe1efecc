"""All files of all formats, made once, and read by LibreOffice in one start."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

from central.faces.speaking import speaking
from central.metering.zones import local
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.description import Document, Report, Row
from central.reports.formats import FORMS
from central.reports.making import document, making
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.reports.formats.everything import everything
from tests.central.reports.formats.reading import Table, of_office, offices

EVERYTHING = "everything"
MOST = 400  # rows of a document of the scene: a longer one is of a day


@dataclass(slots=True)
class Files:
    """By word of a report, or EVERYTHING: its document with the rows that were written, and the folder of its files."""

    folder: Path
    documents: dict[str, Document] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def path(self, word: str, form: str) -> Path:
        return self.folder / f"{word}-{form}.{FORMS[form].extension}"

    def shown(self, word: str, form: str) -> Table:
        """What LibreOffice shows, all sheets together."""
        sheets = sorted((self.folder / "office").glob(f"{word}-{form}-*.csv"))
        return [row for sheet in sheets for row in of_office(sheet)]

    def write(self, word: str, made: Document) -> None:
        rows = list(made.rows)
        self.documents[word], self.rows[word] = made, rows
        for name, form in FORMS.items():
            made.rows = iter(rows)
            out = BytesIO()
            form.write(made, out)
            self.path(word, name).write_bytes(out.getvalue())


@pytest.fixture(scope="session")
def files(copy_of: Copy, tmp_path_factory: pytest.TempPathFactory) -> Files:
    found = Files(tmp_path_factory.mktemp("files"))
    scene = copy_of(40, tmp_path_factory.mktemp("reports") / "scene")
    with speaking("ru"):
        found.write(EVERYTHING, everything())
        for word, report in reports().items():
            found.write(word, of_the_scene(scene, report))
    scene.close()
    books = [found.path(word, form) for word in found.documents for form in ("xls", "xlsx")]
    offices(books, found.folder / "office", tmp_path_factory.mktemp("profile"))
    return found


def of_the_scene(scene: s.Scene, report: Report) -> Document:
    """Of all points of Anna Petrova: the usual period of the report, or a day where that has too many rows."""
    viewer, today = scene.viewer(s.CONSUMER), local(scene.now, s.TZ).date()
    usual = asked(report, MultiDict(), today)
    made = making(scene.source, viewer, scene.now, report, usual)
    if report.size(made) > MOST:
        shorter = asked(report, MultiDict({"length": "day", "day": s.POWER_OFF[0].isoformat()}), today)
        made = making(scene.source, viewer, scene.now, report, shorter)
    return document(made, "АО «Энергосеть»", "Договор 100-1\nАнна Петрова")
