"""The blueprint of the console, and what its pages share."""

from flask import Blueprint, request

from central.registry.periods import COMPANY

console = Blueprint("console", __name__, url_prefix="/console")
ROWS = 50
TZ = COMPANY


def page_asked() -> int:
    """The page of a list that is asked for; nonsense is the first."""
    return number_asked("page") or 1


def number_asked(name: str) -> int | None:
    """A number of the address; None when it is none."""
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None
