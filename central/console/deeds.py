"""What a form does to the registry, from what was typed to the saved change: one way for all forms.

A form is parsed, entered in one transaction, and either refused (it comes back with all that was typed, sentences
beside the fields, nothing done), or, where figures that exist would change, told first: the very change is made and
rolled back, and a second POST confirms what was told. Sent twice, it is one change.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, select

from central.accounts.audit import note
from central.console.room import console
from central.db import alone, writing
from central.faces.forms import Group, Text, Typed, Values, fields_of, parse, typed_in
from central.faces.here import here, viewer
from central.registry.changes import Change, entering
from central.registry.consequences import Consequence, consequences
from central.registry.refusals import Refused
from central.registry.tables import change_token
from central.timeseries.base import SeriesUnavailable

SAVE = _l("Сохранить")
REASON = "reason"  # the field whose words the change keeps
NOT_TYPED = ("csrf_token", "confirmed", "again")
TOLD = 100  # points that are named before it is saved; the rest are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A form as a page: `of` = what it is done to, `back` = the page it was opened from."""

    title: Text
    of: Text
    groups: Sequence[Group]
    back: str
    button: Text = SAVE
    help: Text = ""

    @property
    def sends_files(self) -> bool:
        return any(one.kind == "file" for one in fields_of(self.groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed(Sheet):
    """`enter` makes the change and returns a key of what it made; `look` adds what must be asked of the series before.

    `there`: the page to go to, given that key. `aliases`: field of a refusal -> field of this form.
    """

    kind: str
    enter: Callable[[Change, Values], Any]
    there: Callable[[Any], str] | None = None
    initial: Typed = field(default_factory=dict)
    look: Callable[[Values], Values] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    undoes: int | None = None  # the change that this one undoes
    after: Callable[[], str] | None = None  # what follows once it is saved; returns what the next page is told of it


@dataclass(frozen=True, slots=True)
class Saved:
    """`there`: the page that says so."""

    there: str


def done(deed: Deed) -> ResponseReturnValue:
    """The page of the form, what it answers, or the way to where it is done."""
    if request.method == "GET":
        return shown(deed, deed.initial, {}, secrets.token_hex(16))
    token = request.form.get("once", "")[:32]  # of the page that this form was opened with
    typed = typed_in(deed.groups, request.form)
    found = parse(deed.groups, typed)
    if found.errors or "again" in request.form or not token:
        return shown(deed, typed, found.errors, token or secrets.token_hex(16))
    try:
        values = found.values | dict(deed.look(found.values) if deed.look else {})
        made = _entered(deed, values, sent(), request.form.get("confirmed", ""))
    except Refused as refused:
        return shown(deed, typed, {_beside(deed, refused): refused.sentence}, token)
    except SeriesUnavailable:
        sentence = _l("Ряд показаний не отвечает, а без него показания акта не проверить. Отправьте ещё раз позже.")
        return shown(deed, typed, {"": sentence}, token)
    if not isinstance(made, Saved):
        return _confirm(deed, typed, token, made)
    more = f"&{deed.after()}" if deed.after is not None else ""
    return redirect(made.there + more, 303)


@console.before_request
def done_already() -> ResponseReturnValue | None:
    """A form that was sent twice: what it did stands, and what it was about may be gone by now."""
    if request.method != "POST" or not request.form.get("once"):
        return None
    with here().source.engine.connect() as connection:
        there = _there(connection, sent())
    return None if there is None else redirect(there, 303)


def sent() -> str:
    """What makes this form the same one sent again: its page's token, and all that was typed into it."""
    typed = sorted(pair for pair in request.form.items(multi=True) if pair[0] not in NOT_TYPED)
    return sha256(repr((request.path, typed)).encode()).hexdigest()[:32]


def _there(connection: Connection, token: str) -> str | None:
    return connection.execute(select(change_token.c.there).where(change_token.c.token == token)).scalar()


def _entered(deed: Deed, values: Values, token: str, confirmed: str) -> Saved | tuple[Consequence, ...]:
    """Saved, or what must be confirmed first: then nothing was saved."""
    made = here()
    with writing(made.source.engine).connect() as connection, connection.begin() as transaction:
        alone(connection, "registry")
        earlier = _there(connection, token)
        if earlier is not None:
            return Saved(earlier)
        account, reason = viewer().account, values.get(REASON) or ""
        with entering(
            connection, at=made.now, kind=deed.kind, account=account, reason=reason, undoes=deed.undoes
        ) as change:
            key = deed.enter(change, values)
        if not change.subjects:
            raise Refused(None, _l("Ничего не изменено: всё уже так и есть"))
        told = consequences(change, made.now)
        if told and not reason:
            sentence = _l("Изменятся уже посчитанные цифры (точек: %(count)s): напишите, почему", count=len(told))
            raise Refused(REASON, sentence)
        if told and confirmed != digest(told):
            transaction.rollback()
            return told
        page = deed.there(key) if deed.there else deed.back
        there = f"{page}?done={change.id}"
        connection.execute(change_token.insert().values(token=token, change=change.id, there=there))
        note(connection, made.now, account, "registry", f"change {change.id}", deed.kind)
        return Saved(there)


def digest(told: Sequence[Consequence]) -> str:
    """Of what was told: whose figures, since when. Days that were counted meanwhile are no news."""
    said = [(one.point, one.first.isoformat(), one.holders) for one in told]
    return sha256(repr(said).encode()).hexdigest()[:32]


def _beside(deed: Deed, refused: Refused) -> str:
    """The field of the form; "" = none of them."""
    name = deed.aliases.get(refused.field or "", refused.field or "")
    return name if name in {one.name for one in fields_of(deed.groups)} else ""


def shown(sheet: Sheet, typed: Typed, errors: Mapping[str, Text], token: str = "") -> ResponseReturnValue:
    """The page of a form; `errors`: field -> sentence, "" = the whole."""
    page = render_template("console/form.html", deed=sheet, typed=typed, errors=errors, once=token)
    return page, 422 if errors else 200


def _confirm(deed: Deed, typed: Typed, token: str, told: Sequence[Consequence]) -> ResponseReturnValue:
    days, published = sum(one.days for one in told), sum(one.published for one in told)
    again = "confirmed" in request.form  # what was told before is not what would happen now
    return render_template(
        "console/confirm.html",
        deed=deed,
        typed=typed,
        once=token,
        told=told[:TOLD],
        points=len(told),
        days=days,
        published=published,
        confirmed=digest(told),
        again=again,
    )
