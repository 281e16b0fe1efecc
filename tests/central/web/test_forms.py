"""What is typed into a form of the console, and what it means: numbers, days, moments on the clock of their place."""

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from flask_babel import Babel

from central.faces.forms import (
    Field,
    Group,
    fields_of,
    parse,
    registers,
    typed_in,
    typed_words,
    written_kwh,
    written_moment,
)

pytestmark = pytest.mark.quick

GROUPS = (
    Group(
        "",
        (
            Field("at", "", "moment", tz="Europe/Moscow"),
            Field("reg.ap0", "", "energy"),
            Field("ki", "", "number"),
            Field("day", "", "day"),
            Field("wires", "", "whole", needed=False),
            Field("scheme", "Схема", "choice", choices=(("1", "одна зона"),)),
            Field("which", "", "radio", choices=(("known", ""), ("new", ""))),
        ),
    ),
    Group("", (Field("meter", "Счётчик"),), when=("which", "known")),
    Group("", (Field("serial", "Номер", most=5),), when=("which", "new")),
)
TYPED = {
    "at-day": "2026-11-24",
    "at-time": "14:30",
    "reg.ap0": "1 234,56",
    "ki": "40.5",
    "day": "24.11.2026",
    "scheme": "1",
    "which": "known",
    "meter": " 0421 ",
}

NO_NUMBERS = ("1e5", "1_000", "0x10", "+5", "NaN", "inf", "١٢", "１２", "½", "12 5", "1 2345", "1.234,56", "--5", ",5")


def parsed(**changed: str) -> tuple[dict[str, object], dict[str, str]]:
    app = Flask("forms")
    Babel(app, default_locale="ru")
    with app.test_request_context("/"):
        found = parse(GROUPS, typed_in(GROUPS, TYPED | changed))
        return found.values, {name: str(sentence) for name, sentence in found.errors.items()}


def test_what_is_typed_well_is_understood() -> None:
    values, errors = parsed()
    assert errors == {}
    assert values == {
        "at": 1_795_519_800,
        "reg.ap0": 1_234_560_000,
        "ki": Decimal("40.5"),
        "day": date(2026, 11, 24),
        "wires": None,
        "scheme": "1",
        "which": "known",
        "meter": "0421",
    }
    assert registers(values, "reg") == {"ap0": 1_234_560_000}


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u2009", "\u202f"])
def test_thousands_may_stand_apart(space: str) -> None:
    values, errors = parsed(**{"reg.ap0": f" 1{space}234{space}567,80 ", "ki": "\u22120.5"})
    assert errors == {}
    assert (values["reg.ap0"], values["ki"]) == (1_234_567_800_000, Decimal("-0.5"))


def test_a_group_that_was_not_chosen_is_left_out_with_its_mistakes() -> None:
    values, errors = parsed(which="new", meter="", serial="77")
    assert errors == {}
    assert values["serial"] == "77"
    assert "meter" not in values


@pytest.mark.parametrize(
    ("field", "changed", "said"),
    [
        ("reg.ap0", {"reg.ap0": "12,3,4"}, "не число"),
        *[("reg.ap0", {"reg.ap0": text}, f"«{text}» — не число") for text in NO_NUMBERS],
        ("reg.ap0", {"reg.ap0": "1234567890123"}, "слишком большое"),
        ("day", {"day": "٢٤.١١.٢٠٢٦"}, "не дата"),
        ("reg.ap0", {"reg.ap0": "0,0000001"}, "шести знаков"),
        ("reg.ap0", {"reg.ap0": ""}, "Заполните"),
        ("wires", {"wires": "3,5"}, "целое"),
        ("day", {"day": "31.02.2026"}, "не дата"),
        ("day", {"day": "1026-11-24"}, "раньше"),
        ("at", {"at-time": "25:00"}, "не время"),
        ("at", {"at-time": "14:30+07:00"}, "не время"),
        ("at", {"at-time": "1430"}, "не время"),
        ("at", {"at-time": "١٤:٣٠"}, "не время"),
        ("at", {"at-time": ""}, "и дату, и время"),
        ("at", {"at-day": "2014-10-26", "at-time": "01:30"}, "было дважды"),
        ("at", {"at-day": "2010-03-28", "at-time": "02:30"}, "не было"),
        ("scheme", {"scheme": "9"}, "из списка"),
        ("serial", {"which": "new", "serial": "123456"}, "длиннее 5"),
    ],
)
def test_what_is_typed_badly_has_a_sentence_beside_its_field(field: str, changed: dict[str, str], said: str) -> None:
    _, errors = parsed(**changed)
    assert list(errors) == [field]
    assert said in errors[field]


def test_what_is_written_into_a_form_is_read_back_the_same() -> None:
    again = written_moment("at", 1_795_519_807, "Asia/Yekaterinburg")
    assert again == {"at-day": "2026-11-24", "at-time": "16:30:07"}
    assert written_kwh(1_234_560_000) == "1234,56"
    assert written_kwh(10**12) == "1000000"


def test_what_was_typed_is_told_as_people_read_it() -> None:
    told = dict(typed_words(GROUPS, TYPED))
    assert told["Схема"] == "одна зона"
    assert told["Счётчик"] == " 0421 "
    assert "Номер" not in told


def test_a_moment_has_two_inputs() -> None:
    assert next(one.inputs for one in fields_of(GROUPS)) == ("at-day", "at-time")
