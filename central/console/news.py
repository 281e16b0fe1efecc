"""«Новости»: what the company tells its consumers, each on its day; one that is withdrawn can be put back."""

from datetime import date

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.room import ROWS, TZ, console, number_asked, page_asked
from central.db import writing
from central.faces.access import may
from central.faces.forms import Field, Group, Text, captions_of, parse, typed_in
from central.faces.here import here, viewer
from central.figures import NotFound
from central.metering.zones import day_of
from central.news import board
from central.news.board import LONGEST, Item

FORM = Group(
    "",
    (
        Field("title", _l("Заголовок"), most=200),
        Field("text", _l("Текст"), "area", most=LONGEST),
        Field("day", _l("Показать с"), "day"),
        Field("last", _l("Последний день"), "day", needed=False, help=_l("Не заполнено — пока не снимут.")),
    ),
)
BACKWARDS = _l("Последний день раньше первого")


@console.get("/news")
def news() -> str:
    made = here()
    with made.source.engine.connect() as connection:
        page = board.every(connection, viewer(), page_asked(), ROWS)
    done = number_asked("done")
    return render_template("console/news.html", page=page, on_page=ROWS, done=done, today=_today(), tz=TZ)


@console.route("/news/new", methods=["GET", "POST"])
def new_item() -> ResponseReturnValue:
    return _form(None)


@console.route("/news/<int:key>", methods=["GET", "POST"])
def news_item(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        found = board.one(connection, viewer(), key)
    if found is None:
        raise NotFound("news")
    return _form(found)


def _form(one: Item | None) -> ResponseReturnValue:
    made, who = here(), viewer()
    errors: dict[str, Text] = {}
    typed = dict(typed_in((FORM,), request.form)) if request.method == "POST" else _typed(one)
    if request.method == "POST" and one is not None and request.form.get("do") in ("withdraw", "put_back"):
        act = board.withdraw if request.form["do"] == "withdraw" else board.put_back
        with writing(made.source.engine).begin() as connection:
            act(connection, who, one.id, made.now)
        return redirect(url_for("console.news", done=one.id), 303)
    if request.method == "POST":
        found = parse((FORM,), typed)
        errors, values = found.errors, found.values
        if not errors and values["last"] is not None and values["last"] < values["day"]:
            errors["last"] = BACKWARDS
        if not errors:
            told = values["day"], values["last"], values["title"], values["text"]
            with writing(made.source.engine).begin() as connection:
                key = board.write(connection, who, one.id if one else None, *told, made.now)
            return redirect(url_for("console.news", done=key), 303)
    page = {"one": one, "form": FORM, "typed": typed, "errors": errors, "captions": captions_of((FORM,)), "tz": TZ}
    writes = may(who, "console.news_item", "POST")
    return render_template("console/news_item.html", **page, writes=writes), 422 if errors else 200


def _typed(one: Item | None) -> dict[str, str]:
    if one is None:
        return {"day": _today().isoformat()}
    last = one.last.isoformat() if one.last else ""
    return {"title": one.title, "text": one.text, "day": one.day.isoformat(), "last": last}


def _today() -> date:
    return day_of(here().now, TZ)
