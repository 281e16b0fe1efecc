"""The blueprint of the console, and what its pages share."""

from flask import Blueprint

console = Blueprint("console", __name__, url_prefix="/console")
ROWS = 50
TZ = "Europe/Moscow"  # of what belongs to no point: the company's own time
