"""What is found: keys of one kind that have a word for each beginning that was typed, what fits exactly first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, cast, false, select

from central.registry.search.index import ANYBODY
from central.registry.search.tables import search_word
from central.registry.search.words import asked

STEP = 100  # keys that are fetched at once
_AFTER = chr(0x10FFFF)  # after every letter


def matching(kind: str, organisation: int, text: str) -> Select[Any] | None:
    """The keys of this kind, as a query: each as often as it has words that fit; None when nothing was typed that
    could be looked for.

    One beginning is walked, the others are asked of each key found. No DISTINCT: for its sake SQLite takes the index
    by keys, and walks all of a kind.
    """
    beginnings = asked(text)
    return (
        None
        if not beginnings
        else _matching(kind, organisation, _begins(search_word.c.word, beginnings[0]), beginnings[1:])
    )


def _matching(kind: str, organisation: int, first: ColumnElement[bool], others: Sequence[str]) -> Select[Any]:
    query = select(search_word.c.key).where(search_word.c.organisation.in_((organisation, ANYBODY)))
    query = query.where(search_word.c.kind == kind, first)
    for other in others:
        again = search_word.alias()
        same = (again.c.kind == kind) & (again.c.key == search_word.c.key)
        query = query.where(select(again.c.word).where(same, _begins(again.c.word, other)).exists())
    return query


def found(connection: Connection, kind: str, organisation: int, text: str, limit: int) -> list[str]:
    """At most so many keys, those that have the words whole first."""
    beginnings = asked(text)
    if not beginnings:
        return []
    keys: dict[str, None] = {}
    for first in (search_word.c.word == beginnings[0], _begins(search_word.c.word, beginnings[0])):
        query = _matching(kind, organisation, first, beginnings[1:]).execution_options(yield_per=STEP)
        with connection.scalars(query) as walked:
            for key in walked:
                keys[key] = None
                if len(keys) == limit:
                    return list(keys)
    return list(keys)


def points_matching(organisation: int, text: str, key: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a point of this id is found."""
    query = matching("point", organisation, text)
    if query is None:
        return false()
    keys = query.subquery()
    return key.in_(select(cast(keys.c.key, Integer)))


def _begins(word: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    return word.between(beginning, beginning + _AFTER)
