"""What is found: keys of one kind that have a word for each beginning that was typed, what fits exactly first."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, cast, false, select

from central.registry.search.index import ANYBODY
from central.registry.search.tables import search_word
from central.registry.search.words import asked

_AFTER = chr(0x10FFFF)  # after every letter


def matching(kind: str, organisation: int, text: str) -> Select[Any] | None:
    """The keys of this kind, as a query; None when nothing was typed that could be looked for.

    One beginning is walked, the others are asked of each key found.
    """
    beginnings = asked(text)
    if not beginnings:
        return None
    first, *others = beginnings
    query = select(search_word.c.key).distinct()
    query = query.where(search_word.c.organisation.in_((organisation, ANYBODY)), search_word.c.kind == kind)
    query = query.where(_begins(search_word.c.word, first))
    for other in others:
        again = search_word.alias()
        same = (again.c.kind == kind) & (again.c.key == search_word.c.key)
        query = query.where(select(again.c.word).where(same, _begins(again.c.word, other)).exists())
    return query


def found(connection: Connection, kind: str, organisation: int, text: str, limit: int) -> list[str]:
    """At most so many keys, those that have the words whole first."""
    query = matching(kind, organisation, text)
    if query is None:
        return []
    whole = query.where(search_word.c.word == asked(text)[0])
    keys = list(connection.scalars(whole.limit(limit)))
    if len(keys) < limit:
        keys += connection.scalars(query.limit(limit + len(keys)))
    return list(dict.fromkeys(keys))[:limit]


def points_matching(organisation: int, text: str, key: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a point of this id is found."""
    query = matching("point", organisation, text)
    if query is None:
        return false()
    keys = query.subquery()
    return key.in_(select(cast(keys.c.key, Integer)))


def _begins(word: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    return word.between(beginning, beginning + _AFTER)
