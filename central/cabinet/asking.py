"""«Опросить сейчас»: a consumer asks his own meter what it shows; each step stands on its page as it happens."""

from contextlib import suppress
from dataclasses import dataclass

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select

from central.accounts.policy import may_act, seen
from central.cabinet.room import cabinet, still
from central.commands import asking_now
from central.commands.asking_now import Asking, Away, NoReader, Reader, Step
from central.db import writing
from central.faces import network_words as named
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.figures import NotFound
from central.figures.views import PointView
from central.registry.look import standing_at
from central.registry.tables import point as point_table

KEPT = 3600  # seconds for which an asking is told


@dataclass(frozen=True, slots=True)
class Told:
    """`own`: the viewer may ask; `again_at`: from then on, when that is not yet. `steps`: word and moment of each that
    was reached; `kind`, `word`: badge and text of the last word, "" while there is none."""

    own: bool
    reader: Reader
    again_at: int | None
    going: bool
    steps: tuple[tuple[str, int], ...]
    kind: str
    word: str
    detail: str | None
    relay: bool | None


@cabinet.post("/network/now")
def ask_now() -> ResponseReturnValue:
    """Of two askings within five minutes the second is the first. Raises NotFound for a point that is not his own."""
    made, who = here(), viewer()
    key = whole(request.form.get("point", ""))
    with writing(made.source.engine).begin() as connection:
        own = select(point_table.c.id).where(may_act(who, made.now), point_table.c.id == key)
        if key is None or connection.scalar(own) is None:
            raise NotFound("point")
        standing = standing_at(connection, [key], made.now).get(key)
        if standing is not None:
            with suppress(NoReader, Away):  # the page says so
                asking_now.ask(connection, f"account {who.account}", standing[0], made.now, who.account)
    return redirect(url_for("cabinet.network", point=key, _anchor="read-now"), 303)


def told(point: PointView) -> Told | None:
    """None: nobody reads a meter of this point now, or it is the viewer's no longer."""
    made, who = here(), viewer()
    if not still(point):
        return None
    with made.source.engine.connect() as connection:
        standing = standing_at(connection, [point.id], made.now).get(point.id)
        reader = asking_now.reader_of(connection, standing[0], made.now) if standing is not None else None
        if standing is None or reader is None:
            return None
        own = connection.scalar(select(point_table.c.id).where(may_act(who, made.now), point_table.c.id == point.id))
        return _told(reader, _last(connection, point, standing[0], made.now), made.now, own=own is not None)


def _last(connection: Connection, point: PointView, meter: str, now: int) -> Asking | None:
    """Not of whoever had the point before."""
    found = asking_now.last(connection, meter)
    if found is None or not now - KEPT <= found.made_at <= now:
        return None
    theirs = seen(connection, viewer(), point.id, (now, now + 1))
    return found if theirs is not None and theirs[1][0] <= found.made_at else None


def _told(reader: Reader, asking: Asking | None, now: int, *, own: bool) -> Told:
    if asking is None:
        return Told(own, reader, None, False, (), "", "", None, None)
    reached = asking.steps(now)
    step, over = reached[-1][0], asking.over(now)
    kind, word = named.ANSWERS[asking.status] if step is Step.TOLD and asking.status is not None else ("", "")
    if step is Step.EXPIRED:
        kind, word = named.EXPIRED
    return Told(
        own=own,
        reader=reader,
        again_at=asking.again_at if now < asking.again_at else None,
        going=not over,
        steps=tuple((str(named.STEPS[one]), at) for one, at in reached),
        kind=kind,
        word=str(word),
        detail=asking.detail,
        relay=asking.shown.relay if asking.shown is not None else None,
    )
