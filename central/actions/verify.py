"""Is the chain of seals whole? One pass over the rows, by batches, and each seal that is not is named.

A chain that was made anew from its beginning, rows and seals, is whole by itself: only a sha that was told to people
before finds it out (the daily letter; `uchet-central actions verify --head`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Row, select

from central.accounts.tables import audit, audit_seal
from central.actions import chain, seals
from central.actions.chain import GENESIS, Seal

BATCH = 1000  # rows in memory


class Wrong(StrEnum):
    """What was done to the chain."""

    ROW_CHANGED = "a row under it was changed (or its own sha or time)"
    ROW_MISSING = "a row under it is missing"
    ROW_ADDED = "a row was added under it"
    SEAL_MISSING = "it is missing"
    SEAL_CHANGED = "it was changed, and its rows were not"
    SEAL_REMADE = "it was made anew together with its rows: the next one was made after another"


@dataclass(frozen=True, slots=True)
class Fault:
    seal: int  # its number
    wrong: Wrong


@dataclass(frozen=True, slots=True)
class Checked:
    """`rows`: under the seals that were looked at."""

    seals: int
    rows: int
    faults: Sequence[Fault]


def verify(connection: Connection, *, newest: int | None = None) -> Checked:
    """All of the chain, or only its newest seals."""
    base, found = _seals(connection, newest)
    rows = _Rows(connection, None if base is None else base.last)
    expected = 1 if base is None else base.number + 1
    known: str | None = GENESIS if base is None else base.sha  # the sha of the seal before
    faults: list[Fault] = []
    count = 0
    for seal, after in zip_longest(found, found[1:]):
        if seal.number != expected:
            faults += [Fault(number, Wrong.SEAL_MISSING) for number in range(expected, seal.number)]
            rows.skip(seal.first)  # they were under those that are missing
            known = None
        seen = rows.under(seal.last)
        new = list(_faults(seal, seen, known, after))
        count, faults = count + seen.count, faults + new
        expected, known = seal.number + 1, None if new else seal.sha
    return Checked(len(found), count, faults)


def _seals(connection: Connection, newest: int | None) -> tuple[Seal | None, list[Seal]]:
    """The one before those that are asked for, and these, in order."""
    query = select(audit_seal).order_by(audit_seal.c.number.desc())
    rows = connection.execute(query if newest is None else query.limit(newest + 1))
    found = [seals.of(row) for row in rows][::-1]
    return (found[0], found[1:]) if newest is not None and len(found) > newest else (None, found)


@dataclass(slots=True)
class _Seen:
    """The rows that are there under a seal."""

    hash: chain.Hash
    count: int = 0
    first: int = 0
    last: int = 0


class _Rows:
    """The rows of the journal in order, read once."""

    def __init__(self, connection: Connection, after: int | None) -> None:
        query = select(audit).order_by(audit.c.id).execution_options(yield_per=BATCH)
        query = query if after is None else query.where(audit.c.id > after)
        self._rows: Iterator[Row[Any]] = iter(connection.execute(query))
        self._next = next(self._rows, None)

    def skip(self, until: int) -> None:
        while self._next is not None and self._next.id < until:
            self._next = next(self._rows, None)

    def under(self, last: int) -> _Seen:
        seen = _Seen(chain.begun())
        while (row := self._next) is not None and row.id <= last:
            seen.hash.update(chain.of_row(row))
            seen.first = seen.first if seen.count else row.id
            seen.last, seen.count = row.id, seen.count + 1
            self._next = next(self._rows, None)
        return seen


def _faults(seal: Seal, seen: _Seen, prev: str | None, after: Seal | None) -> Iterator[Fault]:
    """`prev`: the sha of the seal before; None: it is not known."""
    sha = chain.ended(seen.hash, seal.number, seal.first, seal.last, seal.count, seal.made_at, seal.prev)
    follows = prev is None or prev == seal.prev
    if sha == seal.sha:
        if not follows:
            yield Fault(seal.number - 1, Wrong.SEAL_REMADE)
        return
    as_it_is = (seal.number, seen.first, seen.last, seen.count, seal.made_at, seal.prev if prev is None else prev)
    told = after is not None and after.prev in (sha, chain.ended(seen.hash, *as_it_is))
    if told or chain.ended(seen.hash, *as_it_is) == seal.sha:
        yield Fault(seal.number, Wrong.SEAL_CHANGED)
    elif seen.count < seal.count:
        yield Fault(seal.number, Wrong.ROW_MISSING)
    elif seen.count > seal.count:
        yield Fault(seal.number, Wrong.ROW_ADDED)
    else:
        yield Fault(seal.number, Wrong.ROW_CHANGED)
