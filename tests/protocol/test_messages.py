"""The MQTT contract both ways: topics, bodies, chain, control; what does not fit is refused with its reason."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Garbled, LocalError, RemoteError
from protocol.messages import bodies, chain, control, topics
from protocol.obis import Obis
from protocol.quantities import BY_NAME, BY_OBIS, QUANTITIES, TARIFFS, Nature, quantity, register
from protocol.reading import Event, Kind, Readings, Row

pytestmark = pytest.mark.quick

MADE = int(datetime(2026, 11, 24, 4, 10, 5, tzinfo=UTC).timestamp())
T0 = MADE - 5 - 40_200
COLUMNS = ("active_import", "active_export")
I64 = st.integers(-(2**63), 2**63 - 1)
NAMES = st.from_regex(r"[0-9A-Za-z-]{1,40}", fullmatch=True)
LINKS = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


# --- topics ---


@given(NAMES, st.sampled_from(sorted(topics.CHANNELS)), NAMES, NAMES, st.integers(1, 10**18 - 1), LINKS)
def test_a_row_topic_is_taken_apart_as_it_was_built(
    edge: str, channel: str, name: str, store: str, seq: int, prev: str
) -> None:
    topic = topics.RowTopic(edge, channel, name, store, seq, prev)
    if edge in topics.RESERVED | {topics.SELF}:
        with pytest.raises(Garbled):
            topics.parse_up(str(topic))
    else:
        assert topics.parse_up(str(topic)) == topic


@pytest.mark.parametrize(
    "topic",
    [topics.EdgeTopic("e-1", what) for what in ("state", "about", "health")] + [topics.EdgeTopic("e", "live", "m")],
)
def test_a_topic_about_an_edge_is_taken_apart_as_it_was_built(topic: topics.EdgeTopic) -> None:
    assert topics.parse_up(str(topic)) == topic


@pytest.mark.parametrize(
    "topic",
    [
        "uchet/1/e/up",
        "uchet/2/e/up/state",
        "uchet/1/e/down/ack",
        "uchet/1/to/up/state",
        "uchet/1/self/up/state",
        "uchet/1/e/up/state/x",
        "uchet/1/e/up/live",
        "uchet/1/e/up/live/",
        "uchet/1/e_/up/state",
        "uchet/1//up/state",
        f"uchet/1/{'e' * 41}/up/state",
        "uchet/1/e/up/archive/m/s/0/0123456789abcdef",
        "uchet/1/e/up/archive/m/s/01/0123456789abcdef",
        "uchet/1/e/up/archive/m/s/1/0123456789ABCDEF",
        "uchet/1/e/up/archive/m/s/1/0123456789abcde",
        "uchet/1/e/up/archive/m/s/1/0123456789abcdef/x",
        "uchet/1/e/up/archive/m/s/1/0123456789abcdef\n",
        "uchet/1/e/up/archive/м/s/1/0123456789abcdef",
        f"uchet/1/e/up/archive/m/s/{10**18}/0123456789abcdef",
        "uchet/1/e/up/other/m/s/1/0123456789abcdef",
        "",
    ],
)
def test_any_other_topic_is_refused(topic: str) -> None:
    with pytest.raises(Garbled):
        topics.parse_up(topic)


@given(st.text(max_size=60) | st.text("uchet/1up0a", max_size=60))
def test_any_text_is_a_topic_or_garbled(topic: str) -> None:
    with contextlib.suppress(RemoteError):
        topics.parse_up(topic)


@pytest.mark.parametrize("name", ["", "to", "self", "a b", "a/b", "+", "#", "e" * 41, "э"])
def test_an_edge_cannot_bear_these_names(name: str) -> None:
    with pytest.raises(LocalError):
        topics.check_edge(name)


def test_other_names_an_edge_may_bear() -> None:
    assert topics.check_edge("Edge-1") == "Edge-1"
    assert topics.ack("Edge-1") == "uchet/1/Edge-1/down/ack"


# --- chain ---


def test_a_link_covers_the_body_and_the_link_before() -> None:
    first = chain.link(chain.GENESIS, b"{}")
    assert first == "2be1c2a888bf913a"  # sha256 of sixteen zeros and {}
    assert chain.link(first, b"{}") != first
    assert chain.link(chain.GENESIS, b"{ }") != first


# --- bodies ---


@st.composite
def readings(draw: st.DrawFn) -> Readings:
    columns = tuple(draw(st.lists(st.sampled_from(sorted(BY_NAME)), unique=True, max_size=6)))
    times = st.integers(T0 - 10**8, T0 + 10**8)
    values = st.tuples(*(I64 | st.none() for _ in columns))
    rows = st.builds(Row, times, st.integers(0, 86400), st.integers(0, 255), values)
    return Readings(draw(st.sampled_from(Kind)), columns, tuple(draw(st.lists(rows, max_size=8))))


@given(readings(), st.integers(-720, 840))
def test_readings_come_out_as_they_went_in(sent: Readings, offset: int) -> None:
    found: list[Row] = []
    for payload in bodies.encode_readings(sent, made=MADE, offset=offset):
        body = bodies.decode(payload)
        assert (body.v, body.offset, int(body.made.timestamp())) == (1, offset, MADE)
        assert (body.readings.kind, body.readings.columns) == (sent.kind, sent.columns)
        found += body.readings.rows
    assert tuple(found) == sent.rows


EVENTS = st.builds(
    Event, st.integers(T0, T0 + 10**6), st.integers(0, 20), st.integers(0, 255), st.none() | st.integers(0)
)


@given(st.lists(EVENTS.filter(lambda event: event.uptime is None or event.uptime < 2**63), max_size=8))
def test_events_come_out_as_they_went_in(sent: list[Event]) -> None:
    found: list[Event] = []
    for payload in bodies.encode_events(sent, made=MADE, offset=180):
        found += bodies.decode(payload).events
    assert found == sent


@pytest.mark.parametrize(("rows", "columns"), [(4320, 4), (1001, 1), (3000, 60), (5, 500)])
def test_many_rows_are_split_within_the_limits_whatever_they_hold(rows: int, columns: int) -> None:
    names = tuple(f"column-{number}" for number in range(columns))
    row = (-(2**63),) * columns
    sent = Readings(Kind.LOAD, names, tuple(Row(T0 + 1800 * n, 1800, 255, row) for n in range(rows)))
    parts = list(bodies.encode_readings(sent, made=MADE, offset=-720))
    assert max(map(len, parts)) <= bodies.MAX_BYTES
    assert tuple(row for part in parts for row in bodies.decode(part).readings.rows) == sent.rows


def test_no_rows_are_no_body() -> None:
    assert list(bodies.encode_readings(Readings(Kind.LOAD, COLUMNS, ()), made=MADE, offset=0)) == []


def test_the_body_is_the_one_of_the_contract() -> None:
    sent = Readings(Kind.LOAD, COLUMNS, (Row(T0, 1800, 0, (0, 412_350)),))
    (payload,) = bodies.encode_readings(sent, made=MADE, offset=420)
    assert json.loads(payload) == {
        "v": 1,
        "made": "2026-11-24T04:10:05Z",
        "kind": "load",
        "offset": 420,
        "t0": "2026-11-23T17:00:00Z",
        "cols": ["active_import", "active_export"],
        "rows": [[0, 1800, 0, 0, 412350]],
    }


def body(**changed: Any) -> bytes:
    whole: dict[str, Any] = {
        "v": 1,
        "made": "2026-11-24T04:10:05Z",
        "kind": "load",
        "offset": 420,
        "t0": "2026-11-23T17:00:00Z",
        "cols": ["active_import"],
        "rows": [[1800, 1800, 0, 5]],
    }
    whole |= changed
    return json.dumps({name: value for name, value in whole.items() if value is not ...}).encode()


def test_columns_that_we_do_not_know_and_other_fields_are_kept_or_passed_over() -> None:
    found = bodies.decode(body(cols=["of-tomorrow"], more={"x": [1]}))
    assert found.readings.columns == ("of-tomorrow",)


EVENT = {"kind": "event", "cols": ["journal", "code"], "rows": [[0, 0, 0, 3, 4]]}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not a body"),
        (b"\xff\xfe", "not a body"),
        (b"null", "not a body"),
        (b"[" * 30_000, "not a body"),
        (b'{"v":NaN}', "not a body"),
        (body() + b"x", "not a body"),
        (body(rows=...), "not a body"),
        (body(v="1"), "not a body"),
        (body(made="yesterday"), "not a body"),
        (body(rows=[[1800, 1800, 0, 1.5]]), "rows: "),
        (body(rows=[[1800, 1800, 0, "5"]]), "rows: "),
        (body(v=2), "version 2"),
        (body(kind="other"), "unknown kind"),
        (body(made="2026-11-24T04:10:05"), "timezone component"),
        (body(t0="2026-11-24T04:10:05"), "timezone component"),
        (body(cols=["a", "a"], rows=[]), "twice"),
        (body(rows=[[1800, 1800, 0]]), r"rows: Expected `array` of length 4 - at `\$\[0\]`"),
        (body(rows=[[1800, 1800, 0, 5, 6]]), "length 4"),
        (body(rows=[[]]), "length 4"),
        (body(rows=[[None, 1800, 0, 5]]), "`int`, got `null`"),
        (body(rows=[[1800, None, 0, 5]]), "`int`, got `null`"),
        (body(rows=[[1800, -1, 0, 5]]), r"`int` >= 0 - at `\$\[0\]\[1\]`"),
        (body(rows=[[1800, 1800, 256, 5]]), r"`int` <= 255 - at `\$\[0\]\[2\]`"),
        (body(rows=[[1800, 1800, 0, 2**63]]), r"at `\$\[0\]\[3\]`"),
        (body(rows=[[0, 0, 0, 1]] * 1001), "length <= 1000"),
        (body(**{**EVENT, "cols": ["journal"], "rows": []}), "without journal or code"),
        (body(**{**EVENT, "rows": [[0, 0, 0, None, 4]]}), "`int`, got `null`"),
        (body(more="x" * 70_000), "too large"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_its_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(Garbled, match=reason):
        bodies.decode(payload)


def test_a_body_of_events_holds_no_readings_and_the_other_way_round() -> None:
    with pytest.raises(LocalError):
        _ = bodies.decode(body(**EVENT)).readings
    with pytest.raises(LocalError):
        _ = bodies.decode(body()).events


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("v", "made", "kind", "offset", "t0", "cols", "rows"), ODD)))
def test_a_body_with_any_field_changed_is_read_or_garbled(changed: dict[str, Any]) -> None:
    with contextlib.suppress(RemoteError):
        found = bodies.decode(body(**changed))
        assert found.events is not None if found.kind == bodies.EVENT else found.readings is not None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_garbled(payload: bytes) -> None:
    for read in (bodies.decode, *(lambda it, kind=kind: control.decode(it, kind) for kind in CONTROL)):
        with contextlib.suppress(RemoteError):
            read(payload)


# --- control ---

NOW = datetime(2026, 11, 24, 4, 10, 5, tzinfo=UTC)
CONTROL: dict[type, Any] = {
    control.State: control.State(state="online", since=NOW),
    control.About: control.About(
        store="s", low=1, next=9, central="c", software="uchet 0.1.0", config="abc", meters={"m": 1800}
    ),
    control.Ack: control.Ack(central="c", store="s", upto=8, sha=None),
    control.Live: control.Live(time=NOW, values={"voltage_a": 230.25}),
    control.Health: control.Health(
        time=NOW,
        waiting=3,
        oldest=NOW,
        days_left=44.5,
        clock="trusted",
        meters={"m": control.MeterHealth(last_success=None, fault="no answer", overwritten_from=NOW)},
    ),
}


@pytest.mark.parametrize("kind", list(CONTROL))
def test_a_control_message_comes_out_as_it_went_in(kind: type) -> None:
    assert control.decode(control.encode(CONTROL[kind]), kind) == CONTROL[kind]


@pytest.mark.parametrize("kind", list(CONTROL))
@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"null", b"[" * 60_000, b" " * 70_000, b'{"state":"asleep"}'])
def test_a_control_message_that_does_not_fit_is_refused(kind: type, payload: bytes) -> None:
    with pytest.raises(Garbled):
        control.decode(payload, kind)


# --- names of things ---


@given(st.binary(min_size=6, max_size=6))
def test_a_code_written_is_the_code_read(raw: bytes) -> None:
    assert Obis.parse(str(Obis(raw))) == Obis(raw)
    assert bytes(Obis(raw)) == raw


def test_a_code_of_five_groups_ends_in_255() -> None:
    assert str(Obis.parse("1.0.1.8.0")) == "1.0.1.8.0.255"


@pytest.mark.parametrize("text", ["", "1.0.1.8", "1.0.1.8.0.256", "1.0.1.8.0.255.1", "a.b.c.d.e.f", "1.0.1.8.0.-1"])
def test_a_text_that_is_no_code_is_our_mistake(text: str) -> None:
    with pytest.raises(LocalError):
        Obis.parse(text)


@pytest.mark.parametrize("size", [0, 5, 7])
def test_bytes_that_are_no_code_are_garbled(size: int) -> None:
    with pytest.raises(Garbled):
        Obis(bytes(size))


def test_every_quantity_has_a_name_a_field_and_codes_of_its_own() -> None:
    assert len({found.name for found in QUANTITIES}) == len(QUANTITIES) == len(BY_NAME)
    assert len({found.field for found in QUANTITIES if found.cumulative}) == 4 * (TARIFFS + 1)
    assert len(BY_OBIS) == sum(len(found.obis) for found in QUANTITIES)
    assert all(found.integer == (found.unit in ("mWh", "mvarh")) for found in QUANTITIES)


def test_interval_energy_and_registers_are_different_quantities() -> None:
    interval, total = BY_OBIS[Obis.parse("1.0.1.29.0")], BY_OBIS[Obis.parse("1.0.1.8.0")]
    assert (interval.name, interval.nature) == ("active_import", Nature.INTERVAL)
    assert (total.name, total.nature) == ("active_import_total", Nature.REGISTER)
    assert (total.name, "active_import_t2") == (register("active_import", 0), register("active_import", 2))
    assert BY_OBIS[Obis.parse("1.0.12.7.0")] is quantity("voltage_a") is BY_OBIS[Obis.parse("1.0.32.7.0")]


def test_a_quantity_that_is_not_in_the_registry_is_our_mistake() -> None:
    with pytest.raises(LocalError, match="no such quantity"):
        quantity("temperature")
