"""The accounting of a journal, rule by rule; random histories of both ends together are tests/edge's."""

import random

import pytest

from central.ingest.session import Account, Hole, Link, Position, Session
from protocol.messages.chain import GENESIS, link

pytestmark = pytest.mark.quick


def fresh() -> Session:
    return Session(lambda edge, store: None)


def chain(*contents: bytes, prev: str = GENESIS) -> list[tuple[int, str, bytes, str]]:
    """seq, prev, body, sha"""
    rows = []
    for seq, body in enumerate(contents, 1):
        rows.append((seq, prev, body, link(prev, body)))
        prev = rows[-1][3]
    return rows


def take(session: Session, row: tuple[int, str, bytes, str], store: str = "s") -> Position:
    seq, prev, _, sha = row
    return session.row("e", store, seq, prev, sha)


def test_rows_in_order_move_the_tip() -> None:
    session = fresh()
    for row in chain(b"a", b"b", b"c"):
        assert take(session, row) == (row[0], row[3])


def test_any_order_and_any_repetition_ends_at_the_same_tip() -> None:
    rows = chain(*(b"%d" % n for n in range(30)))
    for seed in range(50):
        chance = random.Random(seed)
        session, arrivals = fresh(), [row for row in rows for _ in range(chance.randint(1, 3))]
        chance.shuffle(arrivals)
        session.about("e", "s", 1)
        for row in arrivals:
            position = take(session, row)
        assert position == (30, rows[-1][3])
        assert session.accounts["e", "s"].ahead == {}
        assert session.holes == set()


def test_a_row_of_another_chain_does_not_move_the_tip() -> None:
    session = fresh()
    first, _ = chain(b"a", b"b")
    other = chain(b"A", b"B")
    take(session, first)
    assert take(session, other[1]) == (1, first[3])


def test_of_two_rows_with_one_seq_the_fitting_one_counts() -> None:
    session = fresh()
    first, second = chain(b"a", b"b")
    other = chain(b"A", b"B")
    take(session, other[1])
    take(session, second)
    assert take(session, first) == (2, second[3])


def test_an_unknown_store_is_made_below_what_the_edge_holds() -> None:
    session = fresh()
    assert session.about("e", "s", 11) == (10, None)
    assert session.holes == set()


def test_an_unknown_tip_takes_any_row() -> None:
    session = fresh()
    session.about("e", "s", 2)
    second = chain(b"a", b"b")[1]
    assert take(session, second) == (2, second[3])


def test_rows_given_up_at_the_front_are_a_hole() -> None:
    session = fresh()
    take(session, chain(b"a")[0])
    assert session.about("e", "s", 5) == (4, None)
    assert session.holes == {Hole("e", "s", 2, 4, None)}


def test_a_low_that_falls_starts_the_count_again() -> None:
    """Only the `low` of a file that was rolled back falls."""
    session = fresh()
    rows = chain(b"a", b"b", b"c", b"d")
    session.about("e", "s", 3)
    for row in rows[2:]:
        take(session, row)
    assert session.about("e", "s", 1) == (0, None)
    for row in rows:
        position = take(session, row)
    assert position == (4, rows[3][3])


def test_an_unknown_tip_starts_the_count_again_at_each_about() -> None:
    session = fresh()
    session.void("e", "s", 1, GENESIS, b"lost", "A-1")
    assert session.accounts["e", "s"].upto == 1
    assert session.about("e", "s", 1) == (0, None)


def test_a_void_counts_by_the_hash_that_the_row_had() -> None:
    session = fresh()
    first, second, third = chain(b"a", b"b", b"c")
    take(session, first)
    assert session.void("e", "s", 2, second[1], second[3].encode(), "A-1") == (2, second[3])
    assert take(session, third) == (3, third[3])
    assert session.holes == {Hole("e", "s", 2, 2, "A-1")}


def test_a_void_without_its_hash_leaves_the_tip_open() -> None:
    session = fresh()
    first, second, third = chain(b"a", b"b", b"c")
    take(session, first)
    assert session.void("e", "s", 2, second[1], b"?", "A-1") == (2, None)
    assert take(session, third) == (3, third[3])


def test_what_was_remembered_is_gone_on_from() -> None:
    first, second, third = chain(b"a", b"b", b"c")
    session = Session(lambda edge, store: Account(1, first[3], 1, {3: {Link(third[1], third[3])}}))
    assert take(session, second) == (3, third[3])
