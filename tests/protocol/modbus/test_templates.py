"""Templates: all of ours are sound; registers become the registry's quantities; energy is whole mWh."""

import struct
import tomllib
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Garbled, LocalError
from protocol.modbus.requests import blocks, values, word
from protocol.modbus.template import Place, Template, template
from protocol.modbus.values import number
from protocol.quantities import BY_NAME, Nature

pytestmark = pytest.mark.quick
FOLDER = Path(__file__).parents[3] / "config/meters"
FILES = sorted(FOLDER.glob("*.toml"))


def read(name: str) -> Template:
    return template(tomllib.loads((FOLDER / f"{name}.toml").read_text()))


def one(**register: object) -> Template:
    return template({"name": "x", "register": [{"address": 0, "function": 4, **register}]})


def test_there_are_templates() -> None:
    assert {"eastron-sdm120", "eastron-sdm630"} <= {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_template_is_sound_and_counts_energy(file: Path) -> None:
    found = template(tomllib.loads(file.read_text()))
    assert "active_import_total" in {register.quantity for register in found.register}
    asked = blocks(found, [Nature.REGISTER, Nature.INSTANT])
    assert [r for block in asked for r in block.registers] == sorted(
        found.register, key=lambda register: (register.function, register.address)
    )
    for block in asked:
        assert block.count <= found.longest
        assert values(block, [0] * block.count, found).keys() == {register.quantity for register in block.registers}


def test_kilowatt_hours_become_whole_milliwatt_hours_of_the_display() -> None:
    block = blocks(read("eastron-sdm630"), [Nature.REGISTER])[0]
    words = [
        word for value in (123.45, 0.0, 7.001, 100000.01) for word in struct.unpack(">HH", struct.pack(">f", value))
    ]
    assert values(block, words, read("eastron-sdm630")) == {
        "active_import_total": 123_450_000,
        "active_export_total": 0,
        "reactive_import_total": 7_001_000,
        "reactive_export_total": 100_000_010_000,
    }
    assert values(block, words, read("eastron-sdm630"), Decimal(1000))["active_import_total"] == 123_450_000_000


def test_low_word_first_and_scale() -> None:
    em24 = read("carlo-gavazzi-em24-rs485")
    block = blocks(em24, [Nature.REGISTER])[0]
    assert values(block, [0x86A1, 0x0001], em24) == {"active_import_total": 10_000_100_000}  # 100001 · 0.1 kWh
    volts = blocks(em24, [Nature.INSTANT])[0]
    assert values(volts, [2301, 0, 2298, 0, 2312, 0], em24)["voltage_a"] == 230.1


def test_no_value_is_none() -> None:
    abb = read("abb-b2x")
    block = blocks(abb, [Nature.REGISTER])[0]
    found = values(block, [0xFFFF] * 4 + [0, 0, 0, 5], abb)
    assert found == {"active_import_total": None, "active_export_total": 50_000}
    assert number([0x7FC0, 0], "float32") is None
    assert number([0xFFFF], "uint16") == 65535  # only where the template says so


def test_serial_numbers() -> None:
    assert word(Place(address=0, function=3, type="uint32"), [0x0001, 0x86A1], read("eastron-sdm120")) == "100001"
    name = Place(address=0, function=3, type="text", words=3)
    assert word(name, [0x4B41, 0x3132, 0x0000], read("eastron-sdm120")) == "KA12"
    assert word(name, [0, 0, 0], read("eastron-sdm120")) is None


@given(st.integers(0, 999_999))
def test_what_fits_a_float_is_read_back_exactly(hundredths: int) -> None:
    kwh = Decimal(hundredths) / 100
    raw = struct.unpack(">HH", struct.pack(">f", float(kwh)))
    assert number(raw, "float32") == kwh


@pytest.mark.parametrize("words", [[0x7F80, 0], [0], [0, 0, 0]])
def test_infinite_or_short_is_garbled(words: list[int]) -> None:
    with pytest.raises(Garbled):
        number(words, "float32")


@given(st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4), st.booleans())
def test_any_words_give_a_number_none_or_garbled(words: list[int], low: bool) -> None:
    energy = one(quantity="active_import_total", type="float64", unit="MWh")
    for found in (energy, one(quantity="active_import_total", type="uint64", unit="kWh")):
        with suppress(Garbled):
            values(blocks(found, [Nature.REGISTER])[0], words, found)


@pytest.mark.parametrize(
    ("register", "says"),
    [
        ({"quantity": "active_import_total", "type": "uint32", "unit": "V"}, "unit = 'V': allowed are Wh, kWh, MWh"),
        ({"quantity": "energy", "type": "uint32", "unit": "kWh"}, "not in the registry"),
        ({"quantity": "active_import_total", "type": "int33", "unit": "kWh"}, "allowed are int16"),
        ({"quantity": "active_import_total", "type": "uint32", "unit": "kWh", "words": 2}, "words"),
        ({"quantity": "active_import_total", "type": "uint32", "unit": "kWh", "factor": 2}, "factor"),
        ({"quantity": "active_import_total", "type": "uint32", "unit": "kWh", "function": 6}, "function"),
    ],
)
def test_a_wrong_template_is_refused_with_a_plain_word(register: dict[str, object], says: str) -> None:
    with pytest.raises(LocalError, match=says):
        one(**register)


def test_all_natures_are_known() -> None:
    assert {BY_NAME[register.quantity].nature for register in read("eastron-sdm630").register} == {
        Nature.REGISTER,
        Nature.INSTANT,
    }
