"""A batch of messages in SQL: nothing lost, nothing twice, what is bad set aside with its reason."""

import logging
import random
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from central.db import writing
from central.ingest import tables
from central.ingest.bindings import bind
from central.ingest.parcel import Message
from central.ingest.receive import HEARD_EVERY, Receiver, Taken
from central.ingest.session import Session
from central.ingest.tables import ahead, edge, edge_store, hole, inbox, meter_seen, stray
from protocol.messages import bodies, chain
from protocol.messages.topics import RowTopic
from protocol.reading import Event
from tests.central.parts import CENTRAL, NOW, T0, Journal, database, load_body
from tests.central.sql import Sql

REFUSE = "'BEGIN IF NEW.seq = 5 THEN RAISE EXCEPTION ''no'' USING ERRCODE = ''22003''; END IF; RETURN NEW; END'"
HEALTH = b'{"time":"2025-11-24T16:00:00Z","waiting":0,"oldest":null,"days_left":1.5,"clock":"trusted","meters":{}}'


@pytest.fixture
def engine(sql: Sql, tmp_path: Path) -> Engine:
    return database(tmp_path, "A-1", "B-2")


def take(engine: Engine, *messages: tuple[RowTopic | str, bytes], now: int = NOW) -> Taken:
    return Receiver(engine, CENTRAL).take([Message(str(topic), payload) for topic, payload in messages], now)


def about(store: str = "s1", low: int = 1, following: int = 1, central: str = CENTRAL) -> tuple[str, bytes]:
    body = (
        f'{{"store":"{store}","low":{low},"next":{following},"central":"{central}",'
        '"software":"1","config":"c","meters":{"A-1":1800}}'
    )
    return "uchet/1/edge-1/up/about", body.encode()


def reasons(engine: Engine) -> list[tuple[str, str | None]]:
    with engine.connect() as connection:
        rows = connection.execute(select(inbox.c.state, inbox.c.reason).order_by(inbox.c.seq, inbox.c.id))
        return [(row.state, row.reason) for row in rows]


def count(engine: Engine, table: tables.Table) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_row_stands_whole_in_the_inbox_and_is_acknowledged(engine: Engine) -> None:
    journal = Journal()
    topic, body = journal.append(load_body((T0, 5)))
    taken = take(engine, (topic, body))
    assert taken.acks["edge-1", "s1"].upto == 1
    assert taken.acks["edge-1", "s1"].sha == journal.sha
    assert taken.acks["edge-1", "s1"].central == CENTRAL
    with engine.connect() as connection:
        row = connection.execute(select(inbox)).one()
    assert (row.edge, row.store, row.seq, row.prev, row.channel, row.name) == (
        "edge-1",
        "s1",
        1,
        "0" * 16,
        "archive",
        "A-1",
    )
    assert (row.body, row.received_at, row.state, row.reason) == (body, NOW, "new", None)


def test_messages_repeated_and_shuffled_make_the_same_inbox(engine: Engine) -> None:
    journal = Journal()
    for n in range(60):
        journal.append(load_body((T0 + 1800 * n, n)))
    chance = random.Random(7)
    arrivals = [row for row in journal.rows for _ in range(chance.randint(1, 5))]
    chance.shuffle(arrivals)
    repeated = 0
    for start in range(0, len(arrivals), 17):
        taken = take(engine, *arrivals[start : start + 17])
        repeated += taken.counts["repeated"]
    assert taken.acks["edge-1", "s1"].upto == 60
    assert count(engine, inbox) == 60
    assert repeated == len(arrivals) - 60
    assert count(engine, ahead) == 0


def test_sql_accounts_as_the_rules_alone_do(engine: Engine) -> None:
    """Random messages in random batches: tables and the pure session agree after each."""
    chance = random.Random(3)
    alone = Session(lambda edge, store: None)
    journals = [Journal(store="s1"), Journal(store="s1"), Journal(store="s2")]  # two chains under one name, and another
    for number, journal in enumerate(journals):
        for n in range(12):
            journal.append(b"%d-%d" % (number, n))
    for _ in range(120):
        batch: list[tuple[RowTopic | str, bytes]] = []
        for _ in range(chance.randint(1, 4)):
            journal = chance.choice(journals)
            if chance.random() < 0.2:
                low = chance.randint(1, 12)
                batch.append(about(journal.store, low, 13))
                alone.about("edge-1", journal.store, low)
            else:
                topic, body = chance.choice(journal.rows)
                if chance.random() < 0.1:
                    topic = RowTopic("edge-1", "void", topic.name, topic.store, topic.seq, topic.prev)
                    alone.void("edge-1", topic.store, topic.seq, topic.prev, b"?", topic.name)
                    batch.append((topic, b"?"))
                else:
                    alone.row("edge-1", topic.store, topic.seq, topic.prev, chain.link(topic.prev, body))
                    batch.append((topic, body))
        take(engine, *batch)
        with engine.connect() as connection:
            stores = {
                (row.edge, row.store): (row.upto, row.sha or None, row.low)
                for row in connection.execute(select(edge_store))
            }
            waiting = {(row.store, row.seq, row.prev, row.sha or None) for row in connection.execute(select(ahead))}
            holes = {(row.store, row.first, row.last) for row in connection.execute(select(hole))}
        assert stores == {key: (one.upto, one.sha, one.low) for key, one in alone.accounts.items()}
        assert waiting == {
            (store, seq, *link)
            for (_, store), one in alone.accounts.items()
            for seq, links in one.ahead.items()
            for link in links
        }
        assert holes == {(found.store, found.first, found.last) for found in alone.holes}


def test_a_row_below_the_tip_with_another_hash_is_stored_too(engine: Engine) -> None:
    first, second = Journal(), Journal()
    take(engine, first.append(load_body((T0, 1))))
    take(engine, second.append(load_body((T0, 2))))
    assert count(engine, inbox) == 2


BODY = load_body((T0, 1))
POISON = [
    (b"", "unreadable"),
    (b"{", "unreadable"),
    (b"\xff\xfe\x00", "unreadable"),
    (b"null", "unreadable"),
    (b"[" * 1000 + b"]" * 1000, "unreadable"),
    (BODY.replace(b'"rows":[[0,1800,0,1]]', b'"rows":' + b"[" * 1000 + b"]" * 1000), "unreadable"),
    (BODY.replace(b'"v":1', b'"v":1,"x":' + b"[" * 1000 + b"]" * 1000), "unreadable"),
    (BODY.replace(b",0,1]]", b",0,NaN]]"), "unreadable"),
    (BODY.replace(b",0,1]]", b",0,1.5]]"), "unreadable"),
    (BODY.replace(b",0,1]]", b",0,1e400]]"), "unreadable"),
    (BODY.replace(b",0,1]]", b',0,"1"]]'), "unreadable"),
    (BODY.replace(b",0,1]]", b",0,9223372036854775808]]"), "unreadable"),
    (BODY.replace(b"[[0,", b"[[9223372036854775807,"), "unreadable"),
    (BODY.replace(b'"offset":180', b'"offset":180,"x":"' + b"x" * 70_000 + b'"'), "unreadable"),
    (BODY.replace(b'"v":1', b'"v":2'), "unknown_version"),
    (b'{"v":2,"all":"different"}', "unknown_version"),
    (BODY.replace(b'"load"', b'"weekly"'), "unreadable"),
    (bodies.encode_events([Event(T0, 0, 1, 5)], made=NOW, offset=180).__next__(), "wrong_channel"),
]


@pytest.mark.parametrize(("payload", "reason"), POISON, ids=[str(number) for number in range(len(POISON))])
def test_poison_is_kept_whole_with_its_reason_and_is_counted(engine: Engine, payload: bytes, reason: str) -> None:
    journal = Journal()
    rows = [journal.append(load_body((T0, 1))), journal.append(payload), journal.append(load_body((T0 + 1800, 1)))]
    taken = take(engine, *rows)
    assert taken.acks["edge-1", "s1"].upto == 3
    assert reasons(engine) == [("new", None), ("quarantined", reason), ("new", None)]
    with engine.connect() as connection:
        kept = connection.execute(select(inbox.c.body, inbox.c.detail).where(inbox.c.state == "quarantined")).one()
    assert kept.body == payload
    assert kept.detail


def test_a_meter_of_another_edge_is_quarantined_by_the_time_of_its_rows(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        bind(connection, "edge-1", "C-3", T0, T0 + 86_400, NOW)
    journal = Journal()
    take(
        engine,
        journal.append(load_body((T0 - 1800, 1), (T0 - 3600, 1)), name="C-3"),
        journal.append(load_body((T0, 1)), name="C-3"),
        journal.append(load_body((T0 + 86_400, 1)), name="C-3"),
        journal.append(load_body((T0 + 88_200, 1)), name="C-3"),
        journal.append(load_body((T0, 1)), name="D-4"),
    )
    foreign = ("quarantined", "foreign_meter")
    assert reasons(engine) == [foreign, ("new", None), ("new", None), foreign, foreign]


def test_the_edges_own_events_need_no_binding(engine: Engine) -> None:
    journal = Journal(edge="edge-9")
    (events,) = bodies.encode_events([Event(NOW, 1, 2)], made=NOW, offset=0)
    take(engine, journal.append(events, name="self", channel="event"))
    assert reasons(engine) == [("new", None)]


def test_a_void_is_accounted_and_is_a_hole(engine: Engine) -> None:
    journal = Journal()
    topic, _ = journal.append(load_body((T0, 1)))
    lost = RowTopic("edge-1", "void", "A-1", "s1", 1, topic.prev)
    assert take(engine, (lost, journal.sha.encode())).acks["edge-1", "s1"].sha == journal.sha
    assert take(engine, (lost, b"not a hash")).acks["edge-1", "s1"].upto == 1
    assert reasons(engine) == [("done", None), ("quarantined", "bad_void")]
    assert count(engine, hole) == 1


def test_a_reply_to_no_command_is_quarantined(engine: Engine) -> None:
    take(engine, Journal().append(b"{}", name="c1", channel="reply"))
    assert reasons(engine) == [("quarantined", "unknown_command")]


STRAYS = [
    ("uchet/1/edge-1/up/nonsense", b"x"),
    ("uchet/1/to/up/about", b"x"),
    ("uchet/2/edge-1/up/about", b"x"),
    ("uchet/1/edge-1/up/archive/A-1/s1/0/0000000000000000", b"x"),
    ("uchet/1/edge-1/up/archive/A-1/s1/1/XYZ", b"x"),
    ("uchet/1/edge-1/up/about", b"not json"),
    ("uchet/1/edge-1/up/about", about(low=0)[1]),
    ("uchet/1/edge-1/up/about", about(low=10**30, following=10**31)[1]),
    ("uchet/1/edge-1/up/about", about(store="a b")[1]),
    ("uchet/1/edge-1/up/health", b"{}"),
    ("uchet/1/edge-1/up/state", b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    ("uchet/1/edge-1/up/live/A-1", b'{"time":"x"}'),
]


@pytest.mark.parametrize(("topic", "payload"), STRAYS)
def test_what_cannot_be_read_and_is_no_row_is_kept_aside(engine: Engine, topic: str, payload: bytes) -> None:
    good = Journal().append(load_body((T0, 1)))
    take(engine, (topic, payload), good, (topic, payload))
    taken = take(engine, (topic, payload))
    assert taken.counts["strays"] == 0, "the same one is kept once"
    with engine.connect() as connection:
        kept = connection.execute(select(stray)).one()
    assert (kept.topic, kept.payload) == (topic, payload)
    assert reasons(engine) == [("new", None)]


def test_an_about_is_answered_at_once_and_remembered(engine: Engine) -> None:
    taken = take(engine, about(low=4, following=9))
    assert taken.asked == {"edge-1"}
    assert (taken.acks["edge-1", "s1"].upto, taken.acks["edge-1", "s1"].sha) == (3, None)
    with engine.connect() as connection:
        row = connection.execute(select(edge)).one()
    assert (row.name, row.about, row.about_at) == ("edge-1", about(low=4, following=9)[1], NOW)


def test_an_edge_of_another_central_raises_an_alarm_once(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver(engine, CENTRAL)
    message = Message(*about(central="another"))
    with caplog.at_level(logging.WARNING):
        receiver.take([message], NOW)
        receiver.take([message], NOW)
    assert caplog.text.count("belongs to central another") == 1


def test_what_an_edge_said_of_itself_stays_while_its_rows_come(engine: Engine) -> None:
    """And that it is heard is written with the first of them and again after a while."""
    receiver, journal = Receiver(engine, CENTRAL), Journal()
    about_topic, about_body = about(following=9)
    said = [("state", b'{"state":"online","since":"2025-11-24T16:00:00Z"}'), ("health", HEALTH)]
    messages = [Message(f"uchet/1/edge-1/up/{what}", body) for what, body in said]
    receiver.take([*messages, Message(about_topic, about_body)], NOW)
    heard = []
    for seconds in (1, HEARD_EVERY - 1, HEARD_EVERY, HEARD_EVERY + 1, 2 * HEARD_EVERY):
        topic, body = journal.append(load_body((T0 + 1800 * seconds, 5)))
        receiver.take([Message(str(topic), body)], NOW + seconds)
        with engine.connect() as connection:
            row = connection.execute(select(edge)).one()
        heard.append(row.last_at - NOW)
        assert (row.state, row.about, row.health, row.first_at) == ("online", about_body, HEALTH, NOW)
    assert heard == [0, 0, HEARD_EVERY, HEARD_EVERY, 2 * HEARD_EVERY]


@pytest.mark.parametrize("store", ["x" * 41, "a\\u0000b", "я"])
def test_a_name_that_no_journal_has_is_kept_aside(engine: Engine, store: str) -> None:
    counts = f',"store":"{store}","counts":{{"A-1":[[{NOW // 86_400},5,5,5]]}}}}'.encode()
    taken = take(engine, ("uchet/1/edge-1/up/health", HEALTH[:-1] + counts))
    assert taken.counts["strays"] == 1


def test_what_sql_will_never_take_keeps_nothing_else_from_it(sql: Sql, engine: Engine) -> None:
    """A last resort: were there such a message, it would be tried for ever, and all others with it."""
    if sql.kind != "postgresql":
        pytest.skip("SQLite takes any text and any integer")
    with writing(engine).begin() as connection:
        connection.execute(text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS " + REFUSE))
        connection.execute(text("CREATE TRIGGER refuse BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION refuse()"))
    journal = Journal()
    rows = [journal.append(load_body((T0 + 1800 * n, n))) for n in range(7)]
    taken = take(engine, about(following=8), *rows)
    assert [taken.counts[name] for name in ("about", "rows", "strays")] == [1, 6, 1]
    assert taken.asked == {"edge-1"}
    assert taken.acks["edge-1", "s1"].upto == 4, "the fifth is not accounted for, so nothing is said of what follows"
    assert count(engine, inbox) == 6
    with engine.connect() as connection:
        kept = connection.execute(select(stray)).one()
    assert (kept.topic, kept.payload) == (str(rows[4][0]), rows[4][1])
    assert kept.detail.startswith("SQL refuses it: ")


def test_health_tells_when_a_meter_was_read_of_its_own_edge_only(engine: Engine) -> None:
    health = (
        b'{"time":"2025-11-24T16:00:00Z","waiting":0,"oldest":null,"days_left":40.5,"clock":"trusted","meters":{'
        b'"A-1":{"last_success":"2025-11-24T15:00:00Z","fault":null,"overwritten_from":null},'
        b'"Z-9":{"last_success":"2025-11-24T15:00:00Z","fault":"no answer","overwritten_from":null}}}'
    )
    take(engine, ("uchet/1/edge-1/up/health", health))
    with engine.connect() as connection:
        rows = connection.execute(select(meter_seen)).all()
    assert [(row.meter, row.last_success_at, row.fault) for row in rows] == [("A-1", NOW - 3600, None)]


def test_a_connection_counts_when_it_is_new(engine: Engine) -> None:
    online = b'{"state":"online","since":"2025-11-24T16:00:00Z"}'
    receiver = Receiver(engine, CENTRAL)
    assert receiver.take([Message("uchet/1/edge-1/up/state", online)], NOW).connects == ["edge-1"]
    assert receiver.take([Message("uchet/1/edge-1/up/state", online, retained=True)], NOW).connects == []
    with engine.connect() as connection:
        assert connection.execute(select(edge.c.state)).scalar_one() == "online"


def test_a_batch_that_sql_refuses_is_taken_as_a_whole_later(engine: Engine) -> None:
    """The commit is all or nothing: an accounted row without its body would be lost for ever."""
    from sqlalchemy import event as listen
    from sqlalchemy.exc import OperationalError

    journal = Journal()
    rows = [journal.append(load_body((T0 + 1800 * n, n))) for n in range(3)]

    def full(*_arguments: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    listen.listen(Engine, "commit", full)
    try:
        with pytest.raises(OperationalError):
            take(engine, *rows)
    finally:
        listen.remove(Engine, "commit", full)
    assert (count(engine, inbox), count(engine, edge_store)) == (0, 0)
    assert take(engine, *rows).acks["edge-1", "s1"].upto == 3
