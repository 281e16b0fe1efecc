"""COSEM date-time: the vectors, round trips, and what is refused."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cosem_time
from protocol.errors import Garbled, LocalError, RemoteError
from tests.vectors import Vector, claimed, title

pytestmark = pytest.mark.quick

GOOD = [vector for vector in claimed("datetime") if "malformed" not in vector]
BAD = [vector for vector in claimed("datetime") if "malformed" in vector]


def text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("vector", GOOD, ids=title)
def test_fields_local_time_and_both_readings_of_the_deviation(vector: Vector) -> None:
    time = cosem_time.decode(bytes.fromhex(vector["hex"]))
    wanted = vector["decoded"]
    fields = {name.replace("_raw_minutes", ""): value for name, value in wanted["fields"].items()}
    assert {name: getattr(time, name) for name in fields} == fields
    local = time.local()
    assert (None if local is None else local.isoformat()) == wanted.get("local")
    if wanted.get("utc"):
        assert time.deviation is not None
        assert text(time.to_utc(-time.deviation)) == wanted["utc"]["blue_book_sign"]
        assert text(time.to_utc(time.deviation)) == wanted["utc"]["gost_sign"]


@pytest.mark.parametrize("vector", BAD, ids=title)
def test_a_malformed_time_is_refused_by_name(vector: Vector) -> None:
    with pytest.raises(Garbled, match=vector["decoded"]["error"]):
        cosem_time.decode(bytes.fromhex(vector["hex"]))


@pytest.mark.parametrize("raw", ["07E7021D01000000FF800000", "07E7040100180000FF800000", "07E7040101003C00FF800000"])
def test_a_day_or_an_hour_that_does_not_exist_is_refused(raw: str) -> None:
    with pytest.raises(Garbled, match="range"):
        cosem_time.decode(bytes.fromhex(raw))


def test_the_offset_is_the_callers_and_the_deviation_is_ignored() -> None:
    time = cosem_time.decode(bytes.fromhex("07E60B03FF0F2619FFFF4CFF"))
    assert text(time.to_utc(420)) == "2022-11-03T08:38:25Z"


def test_a_time_that_is_not_one_moment_has_no_utc() -> None:
    with pytest.raises(Garbled, match="undefined"):
        cosem_time.decode(bytes.fromhex("FFFF03FE0702000000800000")).to_utc(0)


@pytest.mark.parametrize(
    ("status", "doubtful", "summer"),
    [
        (0, False, False),
        (1, True, False),
        (2, True, False),
        (4, False, False),
        (8, True, False),
        (128, False, True),
        (255, False, False),
    ],
)
def test_the_status_tells_doubt_and_summer_time_and_unknown_tells_nothing(
    status: int, doubtful: bool, summer: bool
) -> None:
    time = cosem_time.decode(bytes.fromhex("07E70904010A2200008000") + bytes([status]))
    assert (time.doubtful, time.summer) == (doubtful, summer)


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), st.integers(-720, 840))
def test_a_time_written_is_the_time_read(moment: datetime, offset: int) -> None:
    seconds = int(moment.replace(tzinfo=UTC, microsecond=0).timestamp())
    raw = cosem_time.encode(seconds, offset)
    assert len(raw) == cosem_time.SIZE
    time = cosem_time.decode(raw)
    assert time.to_utc(offset) == seconds
    assert time.deviation is None
    local = time.local()
    assert local is not None
    assert time.weekday == local.isoweekday()


@pytest.mark.parametrize("seconds", [10**12, -(10**12), 10**20])
def test_a_time_beyond_the_calendar_is_our_mistake(seconds: int) -> None:
    with pytest.raises(LocalError):
        cosem_time.encode(seconds, 0)


@given(st.binary(min_size=10, max_size=14) | st.binary(min_size=12, max_size=12))
def test_any_bytes_are_a_time_or_garbled(raw: bytes) -> None:
    with contextlib.suppress(RemoteError):
        cosem_time.decode(raw).to_utc(180)
