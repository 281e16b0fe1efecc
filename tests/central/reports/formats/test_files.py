"""What a file is beside its cells: its sheets and their print, the pages of a paper, limits, languages, fonts."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import xlrd

from central.faces import charts, words
from central.faces.speaking import speaking
from central.metering.terms import State
from central.reports.description import Column, Document, Kind, Role, Row
from central.reports.formats import FORMS, NotMade, TooManyColumns, TooManyRows, pdf, xls, xlsx
from tests.central.reports.formats.everything import everything
from tests.central.reports.formats.reading import of_xls, of_xlsx

POINT = (Column("point", "Точка учета", width=28), Column("spent", "Расход", Kind.ENERGY, "кВт·ч", summed=True))


def plain(rows: Iterator[Row], **more: object) -> Document:
    usual = everything()
    return replace(usual, columns=POINT, rows=rows, chart=None, signatures=(), code="", check_url="", **more)


def many(count: int, group: int = 0) -> Iterator[Row]:
    for place in range(count):
        name = f"Точка {place // group}" if group else ""
        yield Row((name or f"Точка {place}", 1_000_000 * place), group=name)


def write(form: str, document: Document, to: Path) -> Path:
    with to.open("wb") as out:
        FORMS[form].write(document, out)
    return to


def words_of(path: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout


def about(path: Path, *more: str) -> str:
    return subprocess.run(["pdfinfo", *more, str(path)], check=True, capture_output=True, text=True).stdout


# workbooks


def test_a_workbook_has_numbers_with_the_digits_that_were_asked_for_and_real_dates(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write("xlsx", everything(3), tmp_path / "a.xlsx")).active
    row = next(row for row in sheet.iter_rows() if row[0].value == "+1")
    kinds = [(cell.data_type, cell.number_format) for cell in row]
    assert kinds == [
        ("s", "General"), ("n", "#,##0.000"), ("n", "#,##0.000"), ("n", "#,##0.000000"), ("n", "#,##0.0"),
        ("n", "#,##0"), ("d", "dd.mm.yyyy"), ("d", "dd.mm.yyyy hh:mm"), ("s", "_(@"),
    ]  # fmt: skip
    assert row[2].value == 15.001  # half of the last digit goes away from zero


def test_a_workbook_prints_with_its_head_on_each_page_and_filters_its_table(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write("xlsx", everything(wide=True), tmp_path / "a.xlsx")).active
    head = next(row[0].row for row in sheet.iter_rows() if row[0].value == "Что это, «имя»")
    last = next(row[0].row for row in sheet.iter_rows() if row[0].value == "Всего")
    assert sheet.freeze_panes == f"B{head + 1}", "the head and what a row is of stay in sight"
    assert sheet.auto_filter.ref == f"A{head}:I{last}"
    assert sheet.print_title_rows == f"${head - 1}:${head}"
    assert [str(one) for one in sheet.merged_cells.ranges] == [f"B{head - 1}:C{head - 1}", f"E{head - 1}:F{head - 1}"]
    setup = sheet.page_setup
    assert (setup.orientation, setup.paperSize, setup.fitToHeight) == ("landscape", 9, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.oddFooter.right.text == "Страница &P из &N"
    assert sheet.column_dimensions["A"].width == 30
    assert sheet.cell(head, 1).font.bold
    assert sheet.cell(last, 2).font.bold
    assert not sheet.cell(head + 2, 2).font.bold


def test_a_workbook_of_2003_prints_lying_where_the_report_does(tmp_path: Path) -> None:
    book = xlrd.open_workbook(write("xls", everything(wide=True), tmp_path / "a.xls"), formatting_info=True)
    sheet = book.sheet_by_index(0)
    head = sheet.col_values(0).index("Что это, «имя»")
    assert (sheet.horz_split_pos, sheet.vert_split_pos) == (head + 1, 1)
    bold = book.font_list[book.xf_list[sheet.cell_xf_index(head, 0)].font_index].bold
    assert bold
    assert (head - 1, head, 1, 3) in sheet.merged_cells


@pytest.mark.parametrize("name", ["xlsx", "xls"])
def test_more_rows_than_a_sheet_holds_go_on_in_another_under_the_same_head(tmp_path: Path, name: str) -> None:
    write_book, read = (xlsx.write, of_xlsx) if name == "xlsx" else (xls.write, of_xls)
    path = tmp_path / f"a.{name}"
    with path.open("wb") as out:
        write_book(plain(many(100), title="Итоги: [июль/август] 'за' год и ещё"), out, 40)
    sheets = read(path)
    assert list(sheets) == ["Итоги   июль август  'за' год и", *(f"Итоги   июль август  'за' г ({n})" for n in (2, 3))]
    first, *others = sheets.values()
    assert first[-2:] == [["Точка 30", "30"], ["Точка 31", "31"]]
    assert others[0][:2] == [["Точка учета", "Расход, кВт·ч"], ["Точка 32", "32"]]
    assert others[1][1] == ["Точка 71", "71"]
    assert [row[0] for sheet in sheets.values() for row in sheet if row and row[0].startswith("Точка ")][
        -1
    ] == "Точка 99"
    assert ["=3+3 $note$"] in others[1]


def test_excel_2003_holds_all_rows_of_a_large_table(tmp_path: Path) -> None:
    book = xlrd.open_workbook(write("xls", plain(many(65_600)), tmp_path / "a.xls"), on_demand=True)
    sheets = [book.sheet_by_index(place) for place in range(book.nsheets)]
    assert sheets[0].nrows == 65_536
    last = max(value for value in sheets[1].col_values(1) if isinstance(value, float))
    assert last == 65_599


def test_a_text_beyond_a_cell_of_excel_2003_is_cut_between_signs(tmp_path: Path) -> None:
    path = write("xls", plain(iter([Row(("я" * 32_760 + "🙂" * 20, 1))])), tmp_path / "a.xls")
    found = next(row[0] for row in next(iter(of_xls(path).values())) if row and row[0].startswith("яя"))
    assert found == "я" * 32_760 + "🙂" * 3 + "…"


@pytest.mark.parametrize("form", ["csv", "xls", "xlsx"])
def test_what_is_known_after_the_rows_alone_stands_below_them(tmp_path: Path, form: str) -> None:
    document = plain(iter(()), notes=[])

    def rows() -> Iterator[Row]:
        yield Row(("Точка", 1))
        document.notes.append("сказано потом")

    document.rows = rows()
    path = write(form, document, tmp_path / f"a.{form}")
    cells = of_xlsx(path) if form == "xlsx" else of_xls(path) if form == "xls" else {"": []}
    found = [row[0] for row in next(iter(cells.values())) if row] or path.read_text().splitlines()
    assert "сказано потом" in found[-1]


def test_csv_is_written_while_its_rows_come() -> None:
    out, there = BytesIO(), []

    def rows() -> Iterator[Row]:
        for one in many(3):
            yield one
            there.append(str(one.cells[0]) in out.getvalue().decode())

    FORMS["csv"].write(plain(rows()), out)
    assert there == [True, True, True]


# paper


def test_each_page_of_a_paper_has_its_number_the_head_of_the_table_and_the_group_it_goes_on_with(
    tmp_path: Path,
) -> None:
    path = write("pdf", plain(many(150, group=75)), tmp_path / "a.pdf")
    pages = words_of(path).split("\f")[:-1]
    assert len(pages) > 3
    for place, page in enumerate(pages, 1):
        assert f"Страница {place} из {len(pages)}" in page
        assert "Сформирован 24.11.2026 14:30 UTC+03:00" in page
        assert page.count("Расход, кВт·ч") == 1
        assert "с 01.10.2026 00:00 по 01.11.2026 00:00" in page
        assert re.search(r"^ *Точка [01]$", page, re.MULTILINE)
    assert "АО «Энергосеть» & Ко #1" in pages[0]
    assert "Анна Петрова" in pages[0]


def test_a_paper_has_lines_to_sign_and_a_code_that_leads_to_its_page(tmp_path: Path) -> None:
    path = write("pdf", everything(), tmp_path / "a.pdf")
    told = words_of(path)
    assert told.count("подпись") == told.count("расшифровка, дата") == 3
    assert told.count("7f3a 91c0 5be2 44d8") == len(told.split("\f")) - 1
    assert "https://uchet.example.org/check/7f3a91c05be244d8" in about(path, "-url")


def test_a_paper_has_its_title_is_told_to_who_cannot_see_and_lies_where_the_report_does(tmp_path: Path) -> None:
    found = about(write("pdf", everything(wide=True), tmp_path / "a.pdf"))
    assert re.search(r"Title:\s+Всё: что \[бывает\] в отчёте / и \*не\* бывает", found)
    assert re.search(r"Tagged:\s+yes", found)
    assert re.search(r"Page size:\s+841.89 x 595.276", found)
    upright = about(write("pdf", plain(many(3)), tmp_path / "b.pdf"))
    assert re.search(r"Page size:\s+595.276 x 841.89", upright)


def test_a_table_that_fits_no_upright_page_lies(tmp_path: Path) -> None:
    columns = tuple(Column(f"c{place}", f"Столбец {place}", Kind.ENERGY) for place in range(11))
    rows = iter([Row((123_456_789_000_000,) * 11)])
    path = write("pdf", replace(plain(rows), columns=columns), tmp_path / "a.pdf")
    assert re.search(r"Page size:\s+841.89 x 595.276", about(path))
    assert words_of(path).count("123 456 789,000") == 11


@pytest.mark.parametrize(("form", "count"), [("pdf", 40), ("xls", 257)])
def test_more_columns_than_there_is_room_for_are_refused_with_their_number(form: str, count: int) -> None:
    columns = tuple(Column(f"c{place}", f"Точка {place}", Kind.ENERGY) for place in range(count))
    document = replace(plain(iter([Row((1_234_000_000,) * count)])), columns=columns)
    with pytest.raises(TooManyColumns) as refused:
        FORMS[form].write(document, BytesIO())
    assert refused.value.count == count
    assert 10 < refused.value.most < count
    FORMS["xlsx"].write(replace(document, rows=iter(())), BytesIO())


def test_a_paper_is_set_with_the_fonts_of_the_repository_alone(tmp_path: Path) -> None:
    path = write("pdf", everything(), tmp_path / "a.pdf")
    fonts = subprocess.run(["pdffonts", str(path)], check=True, capture_output=True, text=True).stdout
    assert set(re.findall(r"[A-Z]{6}\+(\S+)", fonts)) == {"DejaVuSansCondensed", "DejaVuSansCondensed-Bold"}


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    assert "За этот период строк нет." in words_of(write("pdf", plain(iter(())), tmp_path / "a.pdf"))


def test_a_paper_of_more_rows_than_it_holds_is_refused_with_their_number(tmp_path: Path) -> None:
    assert write("pdf", plain(many(pdf.MOST_ROWS)), tmp_path / "a.pdf").stat().st_size < 1_000_000
    with pytest.raises(TooManyRows) as refused:
        FORMS["pdf"].write(plain(many(10**9), of_rows=123_456), BytesIO())
    assert (refused.value.count, refused.value.most) == (123_456, pdf.MOST_ROWS)
    assert FORMS["pdf"].most_rows == pdf.MOST_ROWS


def test_a_paper_that_takes_too_much_memory_ends_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MEMORY", 150 * 1024**2)
    with pytest.raises(NotMade, match="Excel or CSV"):
        FORMS["pdf"].write(plain(many(pdf.MOST_ROWS)), BytesIO())


def test_a_paper_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "SECONDS", 0.01)
    with pytest.raises(NotMade, match="not ready after"):
        FORMS["pdf"].write(plain(many(10)), BytesIO())


# the chart, the language, the fonts


def test_bars_on_paper_are_those_of_the_page_without_its_touch_and_with_patterns() -> None:
    shown = everything().chart
    assert shown is not None
    drawn = charts.paper(shown.bars, shown.captions, 700)
    page = charts.bars(shown.bars, shown.captions)
    assert drawn.count('class="bar t1"') == page.count('class="bar t1"') == 9
    assert "hit" not in drawn
    assert "url(#zone-t2)" in drawn
    assert "url(#drawn-t3)" in drawn
    assert "var(" not in drawn


@pytest.mark.parametrize(("language", "told"), [("ru", "1 234 567,000"), ("en", "1,234,567.000")])
def test_a_file_speaks_the_language_that_is_set_while_it_is_written(tmp_path: Path, language: str, told: str) -> None:
    with speaking(language):
        path = write("pdf", plain(iter([Row(("Точка", 1_234_567_000_000))])), tmp_path / "a.pdf")
    assert told in words_of(path)


def test_lazy_texts_and_plurals_are_of_the_language_that_is_spoken_and_russian_without_any() -> None:
    measured = words.STATES[State.MEASURED]
    with speaking("en"):
        english = str(measured)
        with speaking("ru"):
            assert str(measured) == "измерено"
        assert str(measured) == english == "measured"
    assert str(measured) == "измерено"
    with pytest.raises(ValueError, match="'de'"), speaking("de"):
        pass


def test_the_fonts_are_those_of_their_list() -> None:
    lines = [line.split("\t") for line in (pdf.FONTS / "LIST").read_text().splitlines() if not line.startswith("#")]
    for file, _package, _version, _licence, text, digest in lines:
        assert sha256((pdf.FONTS / file).read_bytes()).hexdigest() == digest
        assert "Bitstream" in (pdf.FONTS / text).read_text()
    assert {file for file, *_ in lines} == {path.name for path in pdf.FONTS.glob("*.ttf")}


def test_sums_stand_out_and_parts_stand_back() -> None:
    assert {Role.LINE, Role.TOTAL} <= set(xlsx.FONTS)
    assert Role.PART not in xlsx.FONTS
