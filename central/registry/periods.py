"""Validity: rows of [valid_from, valid_to), null = open. Two of one kind never overlap."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TypeVar

_When = TypeVar("_When", int, date)  # seconds UTC, or days


class Overlap(Exception):
    """Two things would be valid at the same time, or one ends before it begins; the sentence names both sides."""


def overlap(since: _When, until: _When | None, other_since: _When, other_until: _When | None) -> bool:
    """Whether two half-open periods have a moment in common."""
    return (other_until is None or since < other_until) and (until is None or other_since < until)


def refuse_overlap(
    what: str, since: _When, until: _When | None, others: Iterable[tuple[str, _When, _When | None]]
) -> None:
    """`others`: name, since, until. Raises Overlap."""
    if until is not None and until <= since:
        raise Overlap(f"{what} would end at {_say(until)}, not after its beginning at {_say(since)}")
    for name, other_since, other_until in others:
        if overlap(since, until, other_since, other_until):
            raise Overlap(f"{what} {_period(since, until)} overlaps {name} {_period(other_since, other_until)}")


def _period(since: int | date, until: int | date | None) -> str:
    return f"[{_say(since)}, {'open' if until is None else _say(until)})"


def _say(when: int | date) -> str:
    if isinstance(when, date):
        return when.isoformat()
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
