"""UTC months of the series: «2026-11» and the stamps that belong to it. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime


def month_of(stamp: int) -> str:
    """The month of a stamp in seconds UTC."""
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m")


def bounds(month: str) -> tuple[int, int]:
    """since, until of its stamps (since < stamp <= until). Raises ValueError for a text that is no month."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return int(first.timestamp()) - 1, int(following.timestamp()) - 1


def between(first: int, last: int) -> Iterator[str]:
    """The months from the one of stamp `first` to the one of stamp `last`, both included."""
    while first <= last:
        yield month_of(first)
        first = bounds(month_of(first))[1] + 1
