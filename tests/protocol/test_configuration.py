"""Configurations: what central signs is read as it was written, secrets open only where they belong, all else is
refused."""

import base64
import json
import zlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import Garbled, LocalError, RemoteError
from protocol.messages import command, configuration, sealing, topics
from protocol.messages.configuration import Configuration, Settings
from protocol.messages.control import About, Rejected, Running, decode, encode
from protocol.messages.sealing import Place, Unopened
from protocol.messages.signed import BadSignature

pytestmark = pytest.mark.quick

KEY = bytes(range(32))
PUBLIC = command.key(command.public_of(KEY))
EDGE_KEY, EPHEMERAL = bytes(range(1, 33)), bytes(range(2, 34))
EDGE_PUBLIC, SENDER = sealing.public_of(EDGE_KEY), sealing.public_of(EPHEMERAL)
MADE = datetime(2026, 11, 24, 12, tzinfo=UTC)
HERE = Place("edge-1", 7, "A-1")
SETTINGS = Settings(
    line=[{"name": "Линия 1", "url": "tcp://10.0.0.1:4059"}],
    meter=[{"id": "A-1", "line": "Линия 1", "driver": "spodes", "client": 32, "timeout": 2.5}],
    schedule={"live": 60},
    secret={"A-1": 1},
)
SEALED = {"A-1": sealing.seal("12345678", HERE, EPHEMERAL, EDGE_PUBLIC)}
MADE_OF_IT = configuration.configuration(
    configuration.encode(SETTINGS),
    edge="edge-1",
    version=7,
    made=MADE,
    key=base64.b64encode(SENDER).decode(),
    secrets=SEALED,
)
PAYLOAD = configuration.sign(MADE_OF_IT, KEY)


def signed_by_us(text: bytes) -> bytes:
    """A payload of any text, signed with the right key."""
    body = base64.b64encode(zlib.compress(text))
    signature = Ed25519PrivateKey.from_private_bytes(KEY).sign(configuration.PREFIX + body)
    return json.dumps({"v": 1, "body": body.decode(), "signature": base64.b64encode(signature).decode()}).encode()


def resigned(**changes: object) -> bytes:
    """The same configuration with other words in it."""
    text = json.loads(zlib.decompress(base64.b64decode(json.loads(PAYLOAD)["body"])))
    return signed_by_us(json.dumps(text | changes, ensure_ascii=False).encode())


def test_a_configuration_is_read_as_it_was_signed() -> None:
    found = configuration.verify(PAYLOAD, PUBLIC)
    assert (found.edge, found.version, found.made, found.typed()) == ("edge-1", 7, MADE, SETTINGS)
    assert found.sha256 == configuration.digest(configuration.encode(SETTINGS))
    assert found.sealed is not None
    assert sealing.unseal(found.sealed.secrets["A-1"], HERE, EDGE_KEY, SENDER) == "12345678"
    assert b"12345678" not in PAYLOAD
    assert configuration.kept(PAYLOAD) == found


NAMES = st.text("abcdefghij-0123456789", min_size=1, max_size=10)
SCALARS = (
    st.text(max_size=10)
    | st.integers(-(2**53), 2**53)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
)
TABLES = st.lists(st.dictionaries(NAMES, SCALARS, max_size=4), max_size=4)


@given(TABLES, TABLES, st.dictionaries(NAMES, SCALARS, max_size=3), st.dictionaries(NAMES, st.text(), max_size=3))
@settings(max_examples=60)
def test_whatever_is_signed_comes_back(line: object, meter: object, schedule: object, secrets: dict[str, str]) -> None:
    said = Settings(line=line, meter=meter, schedule=schedule, secret=dict.fromkeys(secrets, 1))  # type: ignore[arg-type]
    sealed = {name: sealing.seal(text, Place("e", 1, name), EPHEMERAL, EDGE_PUBLIC) for name, text in secrets.items()}
    text = configuration.encode(said)
    made = configuration.configuration(text, edge="e", version=1, made=MADE, key="k", secrets=sealed)
    found = configuration.verify(configuration.sign(made, KEY), PUBLIC)
    assert configuration.encode(found.typed()) == text
    opened = found.sealed.secrets if found.sealed else {}
    assert secrets == {
        name: sealing.unseal(text, Place("e", 1, name), EDGE_KEY, SENDER) for name, text in opened.items()
    }


@given(st.data())
@settings(max_examples=300)
def test_no_changed_byte_passes_for_another_configuration(data: st.DataObject) -> None:
    place, mask = data.draw(st.integers(0, len(PAYLOAD) - 1)), data.draw(st.integers(1, 255))
    spoilt = PAYLOAD[:place] + bytes([PAYLOAD[place] ^ mask]) + PAYLOAD[place + 1 :]
    try:
        found = configuration.verify(spoilt, PUBLIC)
    except RemoteError:
        return
    assert found == MADE_OF_IT, "only the envelope's own form may differ"


def test_each_byte_is_held_by_the_signature() -> None:
    body = json.loads(PAYLOAD)["body"]
    for place in range(len(body)):
        other = "x" if body[place] != "x" else "y"
        spoilt = json.dumps(json.loads(PAYLOAD) | {"body": body[:place] + other + body[place + 1 :]}).encode()
        with pytest.raises(BadSignature):
            configuration.verify(spoilt, PUBLIC)


@pytest.mark.parametrize("length", [0, 1, 100, len(PAYLOAD) // 2, len(PAYLOAD) - 1])
def test_half_a_configuration_is_none(length: int) -> None:
    with pytest.raises(Garbled):
        configuration.verify(PAYLOAD[:length], PUBLIC)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_the_peers_fault(payload: bytes) -> None:
    for read in (lambda: configuration.verify(payload, PUBLIC), lambda: configuration.kept(payload)):
        with pytest.raises(RemoteError):
            read()


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (configuration.sign(MADE_OF_IT, bytes(32)), BadSignature),
        (PAYLOAD.replace(b'"v":1', b'"v":2'), Garbled),
        (b"[" * 100_000, Garbled),
        (b'{"v":1,"body":"' + b"x" * 70_000 + b'"}', Garbled),
        (resigned(version=0), Garbled),
        (resigned(version=2**31), Garbled),
        (resigned(made="2026-11-24T13:00:00"), Garbled),
        (resigned(sha256="0" * 64), Garbled),
        (resigned(settings={"line": [], "meter": []}), Garbled),
        (resigned(edge=None), Garbled),
        (signed_by_us(b" " * 2**20 + b"{}"), Garbled),  # small as it travels, large as it is read
        (signed_by_us(b""), Garbled),
    ],
)
def test_what_is_no_configuration_of_ours_is_refused(payload: bytes, error: type[RemoteError]) -> None:
    with pytest.raises(error):
        configuration.verify(payload, PUBLIC)


def test_neither_signature_is_worth_anything_for_the_other_kind() -> None:
    with pytest.raises(BadSignature):
        command.verify(PAYLOAD, PUBLIC)
    asked = command.Backfill(meter="A-1", kind="load", since=MADE.replace(day=1), until=MADE)
    order = command.order(asked, id="c1", edge="edge-1", counter=7, not_before=MADE, expires=MADE.replace(hour=13))
    with pytest.raises(BadSignature):
        configuration.verify(command.sign(order, KEY), PUBLIC)


@pytest.mark.parametrize("place", [Place("edge-2", 7, "A-1"), Place("edge-1", 8, "A-1"), Place("edge-1", 7, "A-2")])
def test_a_secret_opens_only_where_it_belongs(place: Place) -> None:
    with pytest.raises(Unopened):
        sealing.unseal(SEALED["A-1"], place, EDGE_KEY, SENDER)


def test_a_secret_opens_with_no_other_key_and_not_when_it_was_changed() -> None:
    for private, sender in ((EPHEMERAL, SENDER), (EDGE_KEY, EDGE_PUBLIC), (EDGE_KEY, bytes(32)), (EDGE_KEY, b"x")):
        with pytest.raises(Unopened):
            sealing.unseal(SEALED["A-1"], HERE, private, sender)
    raw = base64.b64decode(SEALED["A-1"])
    for place in range(len(raw)):
        spoilt = base64.b64encode(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]).decode()
        with pytest.raises(Unopened):
            sealing.unseal(spoilt, HERE, EDGE_KEY, SENDER)
    for text in ("", "§", "c2hvcnQ=", SEALED["A-1"][:-4]):
        with pytest.raises(Unopened):
            sealing.unseal(text, HERE, EDGE_KEY, SENDER)


@pytest.mark.parametrize("recipient", [bytes(32), b"short"])
def test_nothing_is_sealed_to_a_key_that_agrees_on_nothing(recipient: bytes) -> None:
    with pytest.raises(LocalError):
        sealing.seal("12345678", HERE, EPHEMERAL, recipient)


def test_one_that_no_message_can_hold_is_not_signed() -> None:
    meters = [{"id": f"{configuration.digest(bytes([n % 256, n // 256]))}", "driver": "spodes"} for n in range(2000)]
    text = configuration.encode(Settings(line=[], meter=meters))  # type: ignore[arg-type]
    with pytest.raises(LocalError, match="at most"):
        configuration.sign(configuration.configuration(text, edge="e", version=1, made=MADE), KEY)


def test_an_about_says_what_runs_and_an_older_one_says_nothing_of_it() -> None:
    plain = About(store="s", low=1, next=2, central="c", software="x", config="h", meters={"A-1": 1800})
    full = About(
        store="s", low=1, next=2, central="c", software="x", config="h", meters={}, sealing_key="k",
        configuration=Running(version=6, sha256="0f", refused=Rejected(version=7, sha256="1f", why="no such line")),
    )  # fmt: skip
    assert [decode(encode(about), About) for about in (plain, full)] == [plain, full]
    older = json.loads(encode(plain))
    del older["sealing_key"], older["configuration"]
    assert decode(json.dumps(older).encode(), About) == plain


def test_its_topic_is_one_of_the_edges_own() -> None:
    assert topics.config("edge-1") == "uchet/1/edge-1/down/config"
    assert isinstance(MADE_OF_IT, Configuration)
