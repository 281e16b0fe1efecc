"""Pages of the SQLite store: rows come back as they went in, small; old pages are read; a flipped bit is seen."""

import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.timeseries.pages import FIELDS, Cell, Damaged, cells, column, pack, unpack
from central.timeseries.rows import LIVE_FIELDS, LOAD_FIELDS, REGISTER_FIELDS

INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 10**7).map(lambda n: n * 1000)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(lambda n: n / 100)


def values(fields: tuple[str, ...], cell: st.SearchStrategy[Any]) -> st.SearchStrategy[Mapping[str, Any]]:
    return st.dictionaries(st.sampled_from(fields), cell)


def rows(of: st.SearchStrategy[Mapping[str, Any]]) -> st.SearchStrategy[list[Cell]]:
    small = st.integers(0, 255)
    cell = st.builds(Cell, st.integers(0, 86_399), st.integers(0, 999), st.integers(0, 10**6), small, of)
    return st.lists(cell, min_size=1, max_size=60, unique_by=lambda found: (found.second, found.repeat))


ANY = rows(values(LOAD_FIELDS, INTEGERS)) | rows(values(REGISTER_FIELDS, INTEGERS)) | rows(values(LIVE_FIELDS, FLOATS))


@given(ANY)
def test_rows_come_back_as_they_went_in(page: list[Cell]) -> None:
    found = cells(pack(page))
    assert found == {(cell.second, cell.repeat): cell for cell in page}
    before = {(cell.second, cell.repeat): [type(value) for value in cell.values.values()] for cell in page}
    assert {key: sorted(map(str, map(type, cell.values.values()))) for key, cell in found.items()} == {
        key: sorted(map(str, types)) for key, types in before.items()
    }


@given(ANY)
def test_a_page_of_the_first_form_is_read(page: list[Cell]) -> None:
    old = zlib.compress(msgspec.msgpack.encode(page), 1)
    assert cells(old) == {(cell.second, cell.repeat): cell for cell in page}


@given(ANY)
def test_a_column_is_of_the_rows_that_have_its_field(page: list[Cell]) -> None:
    for body in (pack(page), zlib.compress(msgspec.msgpack.encode(page), 1)):
        for field in {name for cell in page for name in cell.values}:
            found = [row for block in column(body, field) for row in zip(*block, strict=True)]
            there = [cell for cell in page if field in cell.values]
            assert sorted(found) == sorted((one.second, one.span, one.quality, one.values[field]) for one in there)


@given(rows(values(LOAD_FIELDS, INTEGERS)), st.data())
def test_a_flipped_bit_is_seen(page: list[Cell], data: st.DataObject) -> None:
    body = bytearray(pack(page))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Damaged):
        unpack(bytes(body))


@given(st.binary(max_size=200))
def test_what_is_no_page_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Damaged):
        unpack(body)


def test_the_form_is_for_ever() -> None:
    """Pages that lie on disks today: fields are numbers, so their order is part of the form."""
    day = [Cell(1800 * n, 0, 1800, 0, {"ap": 1000 * n, "rm": 7}) for n in range(3)]
    assert pack(day).hex() == GOLDEN
    assert list(cells(bytes.fromhex(GOLDEN)).values()) == day
    assert [FIELDS.index(name) for name in ("ap", "rm", "ap0", "rm8", "u_a", "f")] == [0, 3, 4, 39, 40, 63]


GOLDEN = "01080af4de919803c40200039200cd070800cd07080092cd03e8c4046200010207"


def test_half_hours_of_a_day_take_less_than_two_and_a_half_bytes_a_value() -> None:
    day = [
        Cell(1800 * n, 0, 1800, 0, {"ap": 412_350 + n * 7919, "am": 0, "rp": 11_003 + n * 997, "rm": 0})
        for n in range(48)
    ]
    assert len(pack(day)) < 48 * 4 * 2.5
