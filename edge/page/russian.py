"""Figures and times as the page writes them: Russian, in this machine's own zone. Filters of the template; pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

NBSP = "\u00a0"


def number(value: int) -> str:
    """1 284 with no-break spaces."""
    return f"{value:,}".replace(",", NBSP)


def clock(seconds: int, now: int) -> str:
    """«14:30» today, «23.11 14:30» on another day."""
    moment, today = datetime.fromtimestamp(seconds).astimezone(), datetime.fromtimestamp(now).astimezone()
    return moment.strftime("%H:%M" if moment.date() == today.date() else "%d.%m %H:%M")


def exact(seconds: int) -> str:
    """«14:30:07»."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M:%S")


def zone(seconds: int) -> str:
    """«UTC+3»."""
    offset = datetime.fromtimestamp(seconds).astimezone().utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    text = f"{abs(minutes) // 60}" + (f":{abs(minutes) % 60:02}" if minutes % 60 else "")
    return f"UTC{'−' if minutes < 0 else '+'}{text}" if minutes else "UTC"


def lasting(seconds: int) -> str:
    """«1 д 17 ч», «2 ч 5 мин», «41 с»: the two largest parts."""
    parts: list[str] = []
    for size, word in ((86400, "д"), (3600, "ч"), (60, "мин"), (1, "с")):
        count, seconds = divmod(max(0, seconds), size)
        if count or (size == 1 and not parts):
            parts.append(f"{count}{NBSP}{word}")
        elif parts:
            break
    return NBSP.join(parts[:2])


def signed(value: float) -> str:
    """«+7», «−3»: whole seconds, a true minus."""
    return f"{'−' if value < 0 else '+'}{abs(value):.0f}"


def plural(count: int, one: str, few: str, many: str) -> str:
    """«1 счётчик», «2 счётчика», «5 счётчиков»: the word alone."""
    if count % 10 == 1 and count % 100 != 11:
        return one
    return few if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else many


FILTERS: dict[str, Callable[..., Any]] = {
    "number": number,
    "clock": clock,
    "exact": exact,
    "zone": zone,
    "lasting": lasting,
    "signed": signed,
    "plural": plural,
}
