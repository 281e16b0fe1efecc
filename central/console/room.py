"""The blueprint of the console, and what its pages share."""

from flask import Blueprint, request

from central.faces.numbers import whole
from central.registry.periods import COMPANY

console = Blueprint("console", __name__, url_prefix="/console")
ROWS = 50
TZ = COMPANY


def page_asked() -> int:
    """The page of a list that is asked for; nonsense is the first."""
    return number_asked("page") or 1


def number_asked(name: str) -> int | None:
    """A number of the address; None when it is none."""
    return whole(request.args.get(name, ""))
