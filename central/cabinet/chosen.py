"""Which points a page of the cabinet is of: those that the address names, else the first; and what was the viewer's."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from flask import render_template, request

from central import figures
from central.accounts.audit import note
from central.accounts.looked import OPENED
from central.cabinet import news
from central.cabinet.asked import MOST_TOGETHER
from central.db import writing
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.figures import NotFound
from central.figures.views import PointView

MOST_PAST = 12  # points that were a person's and are named; the others are in his download


@dataclass(frozen=True, slots=True)
class Past:
    """Points that were the viewer's; `more`: so many are not among them."""

    points: tuple[PointView, ...]
    more: int


def one_point() -> tuple[tuple[PointView, ...], PointView | None]:
    """All points of a consumer, and the one that the address names, else the first."""
    points, chosen = several_points()
    return points, chosen[0] if chosen else None


def several_points(usual: int = 1) -> tuple[tuple[PointView, ...], tuple[PointView, ...]]:
    """All points of a consumer, and those that the address names, MOST_TOGETHER at most, else the first
    ones, `usual` many. A foreign one is «not found».

    Staff open points from the console, or look through a consumer's cabinet; each opening is audited.
    """
    made, who = here(), viewer()
    points = () if who.staff else figures.points(made.source, who, made.now)
    named = dict.fromkeys(request.args.getlist("point"))
    chosen = tuple(_named(points, key) for key in list(named)[:MOST_TOGETHER]) or points[:usual]
    if who.staff or who.by is not None:
        with writing(made.source.engine).begin() as connection:
            for point in chosen:
                note(connection, made.now, who.by or who.account, OPENED, point.code, request.path)
    return points, chosen


def past_points(points: Sequence[PointView]) -> Past:
    """What is the viewer's no longer, beside the points that are."""
    made, who = here(), viewer()
    now = {point.id for point in points}
    keys = [key for key in figures.kept_points(made.source, who) if key not in now]
    found = []
    for key in keys[:MOST_PAST]:
        with suppress(NotFound):  # a contract that has not begun
            found.append(figures.point_view(made.source, who, key, made.now))
    return Past(tuple(found), len(keys[MOST_PAST:]))


def no_point() -> str:
    """There is no point to show: what the person waits for, what was his, and the news."""
    return render_template("cabinet/empty.html", past=past_points(()), news=news.latest())


def _named(points: Sequence[PointView], text: str) -> PointView:
    key = whole(text)
    if key is None:
        raise NotFound("point")
    found = next((one for one in points if one.id == key), None)
    return found or figures.point_view(here().source, viewer(), key, here().now)
