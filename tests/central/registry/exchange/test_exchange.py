"""The registry as a workbook: the same form out and in, whole or not at all, every wrong cell in words."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook
from sqlalchemy import Engine, func, select

from central.cli import main
from central.db import writing
from central.figures import checking
from central.figures.tables import point_day
from central.ingest.tables import meter_seen
from central.metering.checks.catalogue import When
from central.metering.checks.evidence import Finding
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.exchange import importing
from central.registry.exchange.importing import Book, Report, bring_in
from central.registry.exchange.rows import Fate
from central.registry.exchange.writing import export, template
from central.registry.refusals import Refused
from central.registry.schemes import ONE_ZONE, THREE_ZONES
from central.registry.tables import change as changes
from central.registry.tables import contract, hour_price, mounting, point, point_terms, price, transformer_place
from central.registry.undo import undo
from demo import seed
from tests.central.parts import config, database
from tests.central.registry.exchange.books import Literal, book
from tests.central.scene import NOW
from tests.central.sql import Sql

COMPANY = "Энергосеть"
PASSWORDS = dict.fromkeys(seed.PEOPLE, "a long password")
MOSCOW = "Europe/Moscow"


@pytest.fixture
def engine(sql: Sql, tmp_path: Path) -> Iterator[Engine]:
    """A company with one scheme, and nothing else."""
    made = database(tmp_path)
    with writing(made).begin() as connection, entering(connection, at=NOW, kind="test") as change:
        enter.add_organisation(change, COMPANY)
        enter.add_scheme(change, "Один тариф", ONE_ZONE, date(2013, 1, 1))
        enter.add_scheme(change, "Три тарифа", THREE_ZONES, date(2013, 1, 1))
    yield made
    made.dispose()


POINT = {"code": "Т-1", "name": "Дом", "address": "ул. Садовая, 1", "tz": MOSCOW, "scheme": "Один тариф"}
METER = {"maker": "Милур", "type": "107S", "serial": "04217802", "id": "mil-04217802"}
MOUNTED = {"point": "Т-1", "meter": "mil-04217802", "valid_from": datetime(2026, 9, 1, 10, 30)}
CONTRACT = {"number": "100-1", "holder": "Анна Петрова", "phone": "+7 912 345-67-89"}
HELD = {"contract": "100-1", "point": "Т-1", "valid_from": datetime(2026, 9, 1)}
ALL: dict[str, list[dict[str, Any]]] = {
    "network": [{"path": "ТП-1\\Щит", "kind": "Щит"}, {"path": "ТП-1", "kind": "Подстанция"}],
    "points": [{**POINT, "path": "ТП-1\\Щит"}],
    "meters": [METER],
    "mountings": [MOUNTED],
    "contracts": [CONTRACT],
    "holdings": [HELD],
}


def take(engine: Engine, file: Path, **options: Any) -> Report:
    return bring_in(engine, Book(file, 1), NOW, **options)


def told(report: Report) -> list[str]:
    return [str(wrong) for wrong in report.wrong]


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def fates(report: Report) -> dict[str, Fate]:
    return dict(report.counts.keys())


def test_a_workbook_is_told_before_it_is_done_and_done_in_one_change(engine: Engine, tmp_path: Path) -> None:
    file = book(tmp_path / "a.xlsx", **ALL)
    before = count(engine, changes)
    dry = take(engine, file, dry_run=True)
    assert (told(dry), dry.changes, dry.change) == ([], 7, None)
    assert (count(engine, point), count(engine, changes)) == (0, before)
    done = take(engine, file)
    assert done.counts == dry.counts
    assert (count(engine, point), count(engine, changes)) == (1, before + 1)
    with engine.connect() as connection:
        row = connection.execute(select(mounting)).one()
        assert (row.meter, row.valid_from) == ("mil-04217802", midnight(date(2026, 9, 1), MOSCOW) + 10 * 3600 + 1800)
        assert connection.execute(select(contract.c.holder)).scalar_one() == "Анна Петрова"


def test_the_same_file_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    file = book(tmp_path / "a.xlsx", **ALL)
    take(engine, file)
    before = count(engine, changes)
    again = take(engine, file)
    assert (set(fates(again).values()), again.change) == ({Fate.SAME}, None)
    assert count(engine, changes) == before


def test_an_import_is_undone_as_a_whole_until_something_depends_on_it(engine: Engine, tmp_path: Path) -> None:
    file = book(tmp_path / "a.xlsx", **ALL)
    for _ in range(2):
        key = take(engine, file).change
        assert key is not None
        with writing(engine).begin() as connection:  # a night's checks found that nothing came of it
            (where,) = connection.scalars(select(point.c.id)).all()
            gap = [Finding("missing_interval", "active_import", 0, 1800, {"missing": 1})]
            checking.keep(connection, where, date(2026, 11, 1), gap, NOW, When.NOW)
        with writing(engine).begin() as connection, entering(connection, at=NOW, kind="undo", undoes=key) as back:
            undo(back, key)
        assert (count(engine, point), count(engine, mounting), count(engine, contract)) == (0, 0, 0)
    key = take(engine, file).change
    assert key is not None
    with writing(engine).begin() as connection:
        connection.execute(meter_seen.insert().values(meter="mil-04217802", last_stamp=NOW))
    with (
        pytest.raises(Refused, match="показания, которые уже пришли"),
        writing(engine).begin() as connection,
        entering(connection, at=NOW, kind="undo", undoes=key) as back,
    ):
        undo(back, key)
    assert count(engine, point) == 1


def test_words_are_corrected_and_a_later_row_is_a_replacement(engine: Engine, tmp_path: Path) -> None:
    take(engine, book(tmp_path / "a.xlsx", **ALL))
    other = {**METER, "serial": "04217803", "id": "mil-04217803"}
    later = {**MOUNTED, "meter": "04217803", "valid_from": "05.10.2026 09:00", "act": "акт 2", "reg_start.ap0": "12,5"}
    report = take(
        engine,
        book(
            tmp_path / "b.xlsx",
            points=[{**POINT, "name": "Дача"}],
            meters=[other],
            mountings=[later],
            contracts=[{**CONTRACT, "holder": "Анна Сидорова"}],
        ),
    )
    assert told(report) == []
    assert fates(report) == {
        "Точки учёта": Fate.CHANGED,
        "Счётчики": Fate.NEW,
        "Установки": Fate.NEW,
        "Договоры": Fate.CHANGED,
    }
    with engine.connect() as connection:
        old, new = connection.execute(select(mounting).order_by(mounting.c.valid_from)).all()
    assert (old.valid_to, new.meter, new.reg_start) == (new.valid_from, "mil-04217803", {"ap0": 12_500_000})


def test_a_town_goes_out_and_comes_in_again_the_same(sql: Sql, tmp_path: Path) -> None:
    """Everything the demo has: transformers, verifications, acts, concentrators, changed terms, hand-overs."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    source, target = database(tmp_path / "one"), database(tmp_path / "two")
    seed.seed(source, PASSWORDS, NOW)
    with writing(target).begin() as connection, entering(connection, at=NOW, kind="test") as change:
        enter.add_organisation(change, COMPANY)
        for name, (spec, _prices) in seed.SCHEMES.items():
            enter.add_scheme(change, name, spec, date(2013, 11, 26))
    files = [tmp_path / f"{number}.xlsx" for number in range(3)]
    with source.connect() as connection:
        export(connection, 1, files[0])
    again = bring_in(source, Book(files[0], 1), NOW)
    assert (told(again), again.changes) == ([], 0)
    report = bring_in(target, Book(files[0], 1), NOW)
    assert told(report) == []
    assert count(target, transformer_place) == count(source, transformer_place) == 6
    with target.connect() as connection:
        export(connection, 1, files[1])
    assert cells(files[1]) == cells(files[0])
    for made in (source, target):
        made.dispose()


def test_ranges_and_coefficients_go_out_and_come_in_again_the_same(engine: Engine, tmp_path: Path) -> None:
    of_zone = {"scheme": POINT["scheme"], "zone": "all"}
    prices = [
        of_zone | {"valid_from": day, "amount": amount} | ({"above": above} if above else {})
        for day, steps in (("01.01.2026", (("4", ""), ("6", "150"))), ("01.07.2026", (("5", ""), ("7,25", "3900,5"))))
        for amount, above in steps
    ]
    file = book(tmp_path / "a.xlsx", **{**ALL, "points": [{**POINT, "coefficient": "0,7"}], "prices": prices})
    assert told(take(engine, file)) == []
    with engine.connect() as connection:
        rows = connection.execute(select(price).order_by(price.c.valid_from, price.c.id)).all()
        assert [(row.above, str(row.amount.normalize()), row.valid_to) for row in rows] == [
            (None, "4", date(2026, 7, 1)),
            (150_000_000, "6", date(2026, 7, 1)),
            (None, "5", None),
            (3_900_500_000, "7.25", None),
        ]
        assert connection.execute(select(point_terms.c.coefficient)).scalar_one() == Decimal("0.7")
        export(connection, 1, tmp_path / "b.xlsx")
    assert take(engine, tmp_path / "b.xlsx").changes == 0
    other = book(tmp_path / "c.xlsx", prices=[of_zone | {"valid_from": "01.09.2026", "amount": "9", "above": "100"}])
    assert "Сначала внесите цену с первого кВт·ч" in told(take(engine, other))[0]


def test_prices_by_the_hour_come_in_and_are_corrected_hour_by_hour(engine: Engine, tmp_path: Path) -> None:
    def hours(*prices: str) -> list[dict[str, Any]]:
        return [
            {"scheme": "Один тариф", "hour": datetime(2026, 9, 2, 10 + n), "amount": amount}
            for n, amount in enumerate(prices)
        ]

    assert told(take(engine, book(tmp_path / "a.xlsx", **ALL, hours=hours("2,5", "−0,1".replace("−", "-"))))) == []
    wrong = [{"scheme": "Нет такой", "hour": "02.09.2026 12:00", "amount": "1"}]
    wrong += [{"scheme": "Один тариф", "hour": "02.09.2026 12:30", "amount": "дорого"}]
    wrong += [{"scheme": "Один тариф", "hour": "02.09.2026 12:30", "amount": "1"}]
    said = told(take(engine, book(tmp_path / "b.xlsx", hours=wrong)))
    assert [text.partition(":")[0] for text in said] == [
        "Почасовые цены A2 Тарифная схема",
        "Почасовые цены C3 Цена за кВт·ч",
        "Почасовые цены B4 Начало часа",
    ]
    report = take(engine, book(tmp_path / "c.xlsx", hours=hours("2,5", "4")))
    assert fates(report) == {"Почасовые цены": Fate.CHANGED}
    with engine.connect() as connection:
        export(connection, 1, tmp_path / "d.xlsx")
        assert connection.scalars(select(hour_price.c.amount).order_by(hour_price.c.hour)).all() == [
            Decimal("2.5"),
            Decimal(4),
        ]
    assert take(engine, tmp_path / "d.xlsx").changes == 0


HOURS = "Тарифная схема;Начало часа;Цена за кВт·ч\n"


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ";"), ("utf-8", "\t"), ("cp1251", ";"), ("utf-8", ",")]
)
def test_one_sheet_may_be_csv(engine: Engine, tmp_path: Path, encoding: str, delimiter: str) -> None:
    file = tmp_path / "hours.csv"
    rows = [("Один тариф", "02.09.2026 10:00", "2.5"), ("Один тариф", "2026-09-02 11:00 +05:00", "1")]
    text = "\n".join([HOURS.strip().replace(";", delimiter), *(delimiter.join(row) for row in rows), "", ""])
    file.write_bytes(text.encode(encoding))
    report = take(engine, file)
    assert (told(report), fates(report)) == ([], {"Почасовые цены": Fate.NEW})
    with engine.connect() as connection:
        found = connection.execute(select(hour_price.c.hour, hour_price.c.amount).order_by(hour_price.c.hour)).all()
    nine = midnight(date(2026, 9, 2), MOSCOW) + 9 * 3600
    assert [tuple(row) for row in found] == [(nine, Decimal(1)), (nine + 3600, Decimal("2.5"))]
    assert take(engine, file).changes == 0


def test_a_csv_is_of_the_sheet_that_all_its_columns_fit(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "meters.csv"
    file.write_text("Завод;Тип;Заводской номер;Имя\nМилур;107S;04217802;mil-04217802\n", encoding="utf-8")
    assert fates(take(engine, file)) == {"Счётчики": Fate.NEW}  # the types have maker and type too


def test_a_wrong_row_of_csv_is_named_and_nothing_is_entered(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "hours.csv"
    lines = ["Один тариф;02.09.2026 10:00;2,5", "Один тариф;02.09.2026 11:00;дорого", "Один тариф;;1"]
    file.write_text(HOURS + "\n".join(lines), encoding="utf-8")
    said = told(take(engine, file))
    assert [text.partition(":")[0] for text in said] == [
        "Почасовые цены C3 Цена за кВт·ч",
        "Почасовые цены B4 Начало часа",
    ]
    assert count(engine, hour_price) == 0
    file.write_text("что-то другое;и ещё\n1;2\n", encoding="utf-8")
    with pytest.raises(Refused, match="не книга Excel"):
        take(engine, file)


def cells(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {page.title: list(page.iter_rows(values_only=True)) for page in load_workbook(path).worksheets}


@pytest.mark.parametrize("times", [1, importing.TRIES])
def test_a_registry_that_changes_meanwhile_keeps_nobody_waiting(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Whoever is told writes it down, as the worker does: it must never wait for the import that tells it."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has many writers: nothing is tried on a copy")
    monkeypatch.setattr(importing, "EVERY", 1)
    changed = []

    def write_down(_sheet: str, _rows: int) -> None:
        with writing(engine).begin() as connection:
            connection.execute(select(func.count()).select_from(point))

    def agreed(report: Report) -> bool:
        if len(changed) < times:
            with writing(engine).begin() as connection, entering(connection, at=NOW, kind="test") as act:
                changed.append(enter.add_meter(act, f"X-{len(changed)}", serial="1", type="т", maker="м"))
        return report.enters

    report = bring_in(engine, Book(book(tmp_path / "a.xlsx", **ALL), 1), NOW, say=write_down, agreed=agreed)
    assert report.change == count(engine, changes)
    assert len(changed) == times
    assert (count(engine, point), count(engine, mounting)) == (1, 1)


def test_a_text_that_looks_like_a_formula_stays_a_text(engine: Engine, tmp_path: Path) -> None:
    file = book(tmp_path / "a.xlsx", contracts=[{**CONTRACT, "holder": Literal("=cmd|' /C calc'!A1")}])
    assert told(take(engine, file)) == []
    with engine.connect() as connection:
        export(connection, 1, tmp_path / "b.xlsx")
    page = load_workbook(tmp_path / "b.xlsx")["Договоры"]
    assert (page["B2"].value, page["B2"].data_type) == ("=cmd|' /C calc'!A1", "s")
    assert take(engine, tmp_path / "b.xlsx").changes == 0


def test_the_template_is_an_empty_workbook_that_says_what_to_write(engine: Engine, tmp_path: Path) -> None:
    template(tmp_path / "t.xlsx")
    made = load_workbook(tmp_path / "t.xlsx")
    assert made.sheetnames[0] == "Справка"
    assert "Код точки *" in [cell.value for cell in made["Точки учёта"][1]]
    assert made["Установки"].data_validations.dataValidation
    assert told(take(engine, tmp_path / "t.xlsx")) == ["В файле нет ни одной строки"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({"points": [{**POINT, "tz": "Москва"}]}, "Точки учёта E2 Часовой пояс: «Москва» — не часовой пояс"),
        (
            {"points": [{**POINT, "scheme": "Нет такой"}]},
            "G2 Тарифная схема: Тарифной схемы «Нет такой» нет",
        ),
        ({"points": [{**POINT, "name": None}]}, "Точки учёта C2 Название: не заполнено"),
        ({"points": [{**POINT, "name": "=1+1"}]}, "Точки учёта C2 Название: здесь формула"),
        (
            {"points": [POINT, {**POINT, "tz": "UTC"}]},
            "E3 Часовой пояс: У точки часовой пояс Europe/Moscow",
        ),
        ({"points": [{**POINT, "path": "ТП-9"}]}, "Узла «ТП-9» нет ни в базе, ни на листе «Сеть»"),
        ({"network": [{"path": "ТП-1\\Щит", "kind": "Щит"}]}, "Узла «ТП-1», в который входит этот, нет"),
        ({**ALL, "mountings": [{**MOUNTED, "ki": "0"}]}, "Установки E2 Ki: Ki = 0: коэффициент"),
        ({**ALL, "mountings": [{**MOUNTED, "ki": "сорок"}]}, "Установки E2 Ki: «сорок»: здесь число"),
        ({**ALL, "mountings": [{**MOUNTED, "ki": "4e1"}]}, "Установки E2 Ki: «4e1»: здесь число"),
        ({**ALL, "mountings": [{**MOUNTED, "meter": "99"}]}, "Установки B2 Счётчик: Счётчика 99 нет"),
        (
            {**ALL, "mountings": [{**MOUNTED, "valid_from": "31.02.2026"}]},
            "C2 С: «31.02.2026»: дата пишется так",
        ),
        (
            {**ALL, "mountings": [{**MOUNTED, "valid_from": datetime(2099, 1, 1)}]},
            "C2 С: 01.01.2099 00:00 ещё не",
        ),
        (
            {
                **ALL,
                "points": [{**POINT, "path": "ТП-1"}, {**POINT, "code": "Т-2"}],
                "mountings": [MOUNTED, {**MOUNTED, "point": "Т-2"}],
            },
            "Установки C3 С: счётчик mil-04217802 в точке Т-2 с 01.09.2026 10:30 пересекается",
        ),
        ({**ALL, "mountings": [{**MOUNTED, "reg_start.ap0": "5", "reg_end.ap0": "4"}]}, "при снятии 4 кВт·ч меньше"),
        (
            {
                "types": [{"maker": "Милур", "name": "107S", "serial_form": "########"}],
                "meters": [{**METER, "serial": "12", "id": "mil-12"}],
            },
            "Счётчики C2 Заводской номер: Номер «12» не похож на номера завода «Милур»",
        ),
        ({"holdings": [HELD]}, "Точки договоров A2 Договор: Договора 100-1 нет"),
    ],
)
def test_each_wrong_cell_is_a_sentence_and_nothing_is_half_done(
    engine: Engine, tmp_path: Path, rows: dict[str, list[dict[str, Any]]], sentence: str
) -> None:
    before = count(engine, changes)
    report = take(engine, book(tmp_path / "a.xlsx", **rows))
    assert [one for one in told(report) if sentence in one], told(report)
    assert report.change is None
    assert (count(engine, point), count(engine, changes)) == (0, before)


def test_all_that_is_wrong_is_told_at_once(engine: Engine, tmp_path: Path) -> None:
    wrong = [{**POINT, "code": f"Т-{number}", "tz": "Москва", "power_max": "много"} for number in range(20)]
    assert len(told(take(engine, book(tmp_path / "a.xlsx", points=wrong)))) == 20
    many = [{**POINT, "code": f"Т-{number}", "name": None} for number in range(1100)]
    report = take(engine, book(tmp_path / "b.xlsx", points=many))
    assert (len(report.wrong), report.more_wrong) == (1000, 100)


def test_what_stands_is_not_changed_silently(engine: Engine, tmp_path: Path) -> None:
    take(engine, book(tmp_path / "a.xlsx", **ALL))
    report = take(engine, book(tmp_path / "b.xlsx", mountings=[{**MOUNTED, "ki": 30}]))
    assert told(report) == ["Установки E2 Ki: В базе здесь 1.000000; исправление вносится в карточке, с причиной"]
    with engine.connect() as connection:
        assert connection.execute(select(mounting.c.ki)).scalar_one() == Decimal(1)
        assert connection.execute(select(point_day)).first() is None


class TestFiles:
    """What is no workbook is not opened, and says why."""

    def refused(self, engine: Engine, path: Path) -> str:
        with pytest.raises(Refused) as refusal:
            take(engine, path)
        return str(refusal.value)

    def test_an_old_xls_a_text_and_an_empty_file(self, engine: Engine, tmp_path: Path) -> None:
        for content, sentence in (
            (bytes.fromhex("d0cf11e0a1b11ae1"), "Это .xls старого Excel"),
            (b"code;name\n", "Это не книга Excel"),
            (b"", "Это не книга Excel"),
        ):
            (tmp_path / "a.xlsx").write_bytes(content)
            assert sentence in self.refused(engine, tmp_path / "a.xlsx")

    def test_a_truncated_one(self, engine: Engine, tmp_path: Path) -> None:
        file = book(tmp_path / "a.xlsx", **ALL)
        file.write_bytes(file.read_bytes()[:-300])
        assert "Файл повреждён" in self.refused(engine, file)

    def test_one_with_macros(self, engine: Engine, tmp_path: Path) -> None:
        file = book(tmp_path / "a.xlsx", **ALL)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("xl/vbaProject.bin", b"x")
        assert "В книге макросы" in self.refused(engine, file)

    def test_one_that_unpacks_too_wide(self, engine: Engine, tmp_path: Path) -> None:
        file = book(tmp_path / "a.xlsx", **ALL)
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet9.xml", b"<a>" + b" " * 50_000_000)
        assert "распаковывается слишком широко" in self.refused(engine, file)

    def test_one_of_200_mb(self, engine: Engine, tmp_path: Path) -> None:
        with open(tmp_path / "a.xlsx", "wb") as file:
            file.truncate(200 * 2**20)
        assert "Файл 200 МБ; больше 50 МБ не принимается" in self.refused(engine, tmp_path / "a.xlsx")

    def test_strange_sheets_and_columns_are_told(self, engine: Engine, tmp_path: Path) -> None:
        made = Workbook()
        made.worksheets[0].title = "Лист1"
        page = made.create_sheet("Точки учёта")
        page.append(["Код точки", "Кот"])
        page.append(["Т-1", "Мурка"])
        made.save(tmp_path / "a.xlsx")
        found = told(take(engine, tmp_path / "a.xlsx"))
        assert found[0].startswith("Лист1: Такого листа нет; есть: Сеть")
        assert found[1].startswith("Точки учёта B1 Кот: Такого столбца нет")
        assert "Не хватает столбцов: Название, Адрес" in found[2]


def test_the_command_tells_asks_and_does(sql: Sql, tmp_path: Path) -> None:
    config(tmp_path)
    engine = database(tmp_path)
    with writing(engine).begin() as connection, entering(connection, at=0, kind="test") as change:
        enter.add_organisation(change, COMPANY)
        enter.add_scheme(change, "Один тариф", ONE_ZONE, date(2013, 1, 1))
    file = book(tmp_path / "a.xlsx", **ALL)
    base = ["--config", str(tmp_path / "central.toml"), "registry"]
    dry = CliRunner().invoke(main, [*base, "import", str(file), "--dry-run"])
    assert (dry.exit_code, "Точки учёта\tnew\t1" in dry.output, count(engine, point)) == (0, True, 0)
    done = CliRunner().invoke(main, [*base, "import", str(file), "--yes"])
    assert done.exit_code == 0, done.output
    number = done.output.rsplit(maxsplit=1)[-1]
    assert CliRunner().invoke(main, [*base, "undo", number]).exit_code == 0
    assert count(engine, point) == 0
    wrong = CliRunner().invoke(
        main, [*base, "import", str(book(tmp_path / "b.xlsx", points=[{**POINT, "tz": "x"}])), "--yes"]
    )
    assert (wrong.exit_code, "Ничего не внесено" in wrong.output) == (1, True)
    engine.dispose()
