"""Validity: rows of [valid_from, valid_to), null = open. Two of one kind never overlap, and some leave no gap."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from central.registry.refusals import Overlap, Refused

COMPANY = "Europe/Moscow"  # the clock of what belongs to no point
When = int | date  # seconds UTC, or a day: one of the two throughout a question


class Held(NamedTuple):
    """Something that is valid in a time, and what people call it."""

    name: LazyString | str
    since: When
    until: When | None


def overlap(since: Any, until: Any, other_since: Any, other_until: Any) -> bool:
    """Whether two half-open periods have a moment in common."""
    return (other_until is None or since < other_until) and (until is None or other_since < until)


def refuse_overlap(what: LazyString | str, since: Any, until: Any, others: Iterable[Held], tz: str = "UTC") -> None:
    """Raises Overlap; moments in its sentence are told in the time of `tz`."""
    if until is not None and until <= since:
        sentence = _l(
            "%(what)s: окончание %(until)s не позже начала %(since)s",
            what=what,
            until=said(until, tz),
            since=said(since, tz),
        )
        raise Overlap("valid_to", sentence)
    for other in others:
        if overlap(since, until, other.since, other.until):
            sentence = _l(
                "%(what)s %(when)s пересекается с тем, что уже есть: %(other)s %(other_when)s",
                what=what,
                when=span(since, until, tz),
                other=other.name,
                other_when=span(other.since, other.until, tz),
            )
            raise Overlap("valid_from", sentence)


def refuse_gap(what: LazyString | str, rows: Sequence[Held], tz: str = "UTC") -> None:
    """Rows in order of time, of something that must not be interrupted. Raises Refused naming both sides of the gap."""
    for one, following in pairwise(rows):
        if one.until is not None and one.until < following.since:  # type: ignore[operator]
            sentence = _l(
                "%(what)s: пропуск между «%(one)s» (по %(until)s) и «%(other)s» (с %(since)s)",
                what=what,
                one=one.name,
                until=said(one.until, tz),
                other=following.name,
                since=said(following.since, tz),
            )
            raise Refused("valid_from", sentence)


def span(since: int | date, until: int | date | None, tz: str = "UTC") -> LazyString:
    """«с 24.11.2026 14:30» or «с … по …»."""
    if until is None:
        return _l("с %(since)s", since=said(since, tz))
    return _l("с %(since)s по %(until)s", since=said(since, tz), until=said(until, tz))


def said(when: int | date, tz: str = "UTC") -> str:
    """As people here write it; a moment in the time of `tz`, without seconds where there are none."""
    if isinstance(when, date):
        return f"{when:%d.%m.%Y}"
    moment = datetime.fromtimestamp(when, UTC).astimezone(ZoneInfo(tz))
    return f"{moment:%d.%m.%Y %H:%M:%S}" if moment.second else f"{moment:%d.%m.%Y %H:%M}"
