"""The first things that an empty server is told, from its command line."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from central.cli import main
from central.db import connect
from central.registry.tables import price, zone_rule
from tests.central import sql as databases

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, sql: object) -> Run:
    """On a server that was just made."""
    config = tmp_path / "central.toml"
    config.write_text(f'[central]\ndata = "{tmp_path}"\n[sql]\nurl = "{url(tmp_path)}"\n')

    def call(*arguments: str, text: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(main, ["--config", str(config), *arguments], input=text)
        return result.exit_code, result.output

    assert call("migrate")[0] == 0
    return call


def url(folder: Path) -> str:
    return databases.url(folder)


def test_a_company_an_administrator_and_a_scheme_are_all_that_a_workbook_needs(run: Run, tmp_path: Path) -> None:
    assert (
        run("user", "add", "a@example.org", "--name", "А", "--role", "administrator", "--stdin", text="x" * 9)[0] == 1
    )
    assert run("organisation", "add", "СНТ «Ромашка»", "--phone", "+7 000 000-00-00")[0] == 0
    assert run("organisation", "list") == (0, "СНТ «Ромашка»\n")
    prices = ("--price", "peak=9.32", "--price", "night=3,71", "--price", "half_peak=6.43")
    code, output = run("scheme", "add", "Трёхзонный", "--zones", "3", "--from", "2026-01-01", *prices)
    assert (code, output) == (0, "Трёхзонный is entered\n")
    assert run("scheme", "list") == (0, "Трёхзонный\tpeak night half_peak\n")
    text = "a password of the first\n"
    assert run("user", "add", "a@example.org", "--name", "А", "--role", "administrator", "--stdin", text=text)[0] == 0
    with connect(url(tmp_path)).connect() as connection:
        assert len(connection.execute(select(zone_rule)).all()) == 5
        assert set(connection.scalars(select(price.c.valid_from))) == {date(2026, 1, 1)}
        assert sorted(connection.scalars(select(price.c.amount))) == [Decimal("3.71"), Decimal("6.43"), Decimal("9.32")]


def test_what_is_wrong_is_said_and_nothing_is_entered(run: Run) -> None:
    run("organisation", "add", "Сад")
    assert "уже есть" in run("organisation", "add", "Сад")[1]
    assert "ИНН" in run("organisation", "add", "Другая", "--inn", "12")[1]
    scheme = ("scheme", "add", "Дневной", "--zones", "2", "--from", "2026-01-01")
    assert "no zone of this scheme: day, night" in run(*scheme, "--price", "peak=1")[1]
    assert "is no price" in run(*scheme, "--price", "day=дорого")[1]
    assert "невозможна" in run(*scheme, "--price", "day=643000")[1]
    assert run("scheme", "list") == (0, "")
    assert run("organisation", "list") == (0, "Сад\n")
    assert "without a price: day, night" in run(*scheme)[1]
