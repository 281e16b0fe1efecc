"""«Новости» of the consumer's company."""

from collections.abc import Sequence

from flask import render_template, request

from central.cabinet.room import cabinet
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.metering.zones import day_of
from central.news import board
from central.news.board import Item, Page
from central.registry.periods import COMPANY

ON_PAGE, LATEST = 20, 2


def latest() -> Sequence[Item]:
    """For the main page."""
    return _shown(1, LATEST).items


@cabinet.get("/news")
def news() -> str:
    page = _shown(whole(request.args.get("page", "")) or 1, ON_PAGE)
    return render_template("cabinet/news.html", page=page, on_page=ON_PAGE)


def _shown(page: int, rows: int) -> Page:
    made = here()
    with made.source.engine.connect() as connection:
        return board.shown(connection, viewer().organisation, day_of(made.now, COMPANY), page, rows)
