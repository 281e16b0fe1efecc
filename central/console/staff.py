"""People of the company: an administrator lets them in, says what each may change and where, and shuts the door."""

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection

from central.accounts import staff as desk
from central.accounts.policy import STAFF, Right
from central.accounts.staff import Member, Unfit
from central.accounts.states import State
from central.console.people import WHY
from central.console.room import TZ, console
from central.db import writing
from central.faces import letters, words
from central.faces.forms import Field, Group, Parsed, Text, Values, captions_of, parse, typed_in
from central.faces.here import here, viewer
from central.figures import NotFound
from central.registry import show

ABOUT = (
    Field("name", _l("Полное имя"), help=_l("так его увидят в журналах и потребители")),
    Field("mail", _l("Электронная почта"), "mail", most=254, help=_l("на неё придёт письмо, чтобы задать пароль")),
)
ROLE = Field("role", _l("Роль"), "radio", choices=[(role, words.ROLES[role]) for role in STAFF])
WHAT = Group(
    _l("Что может менять оператор"),
    tuple(Field(f"may-{right}", words.RIGHTS[right], "check", needed=False) for right in Right),
    help=_l("Видит он всё в своих узлах сети, кроме потребителей: их видит, только кто проверяет заявки."),
)
WHERE = Group(
    _l("Где"),
    (
        Field(
            "branches",
            _l("Узлы сети"),
            "area",
            needed=False,
            most=5000,
            help=_l("по одному в строке, путь целиком; пусто — вся компания"),
        ),
    ),
    help=_l("Кому назван узел, тот видит только то, что под ним, и не видит страниц о компании в целом."),
)
UNFIT: Mapping[str, Text] = {
    "known": _l("С этой почтой уже входят"),
    "self": _l("Себя не меняют: попросите другого администратора"),
    "late": _l("Вы уже не администратор"),
}


@console.get("/staff")
def staff() -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        found = desk.members(connection, viewer())
    return render_template("console/staff.html", found=found, tz=TZ)


@console.route("/staff/new", methods=["GET", "POST"])
def new_member() -> ResponseReturnValue:
    """A letter brings the key to the first password."""
    groups = (Group("", (*ABOUT, ROLE)), WHAT, WHERE)
    typed = typed_in(groups, request.form)
    errors: dict[str, Text] = {}
    if request.method == "POST":
        found = parse(groups, typed)
        key = _add(found)
        if key is not None:
            return redirect(url_for("console.member", key=key, done="added"), 303)
        errors = found.errors
    page = {"groups": groups, "typed": typed, "errors": errors, "captions": captions_of(groups)}
    return render_template("console/new_member.html", **page), 422 if errors else 200


def _add(found: Parsed) -> int | None:
    made, who, values = here(), viewer(), found.values
    if found.errors:
        return None
    with writing(made.source.engine).begin() as connection:
        nodes = _nodes(connection, found)
        if found.errors:
            return None
        try:
            key = desk.add(connection, who, mail=values["mail"], name=values["name"], role=values["role"], now=made.now)
        except Unfit as unfit:
            found.errors["mail"] = UNFIT[unfit.why]
            return None
        if values["role"] == "operator":
            desk.give(connection, key, _rights(values), nodes, made.now, who.account)
        letters.send(connection, desk.first_letter(connection, _member(connection, key), made.now))
        return key


@console.route("/staff/<int:key>", methods=["GET", "POST"])
def member(key: int) -> ResponseReturnValue:
    """`deed` = rights | lock | unlock | second (the second factor is lost) | letter (the first password again)."""
    deed = request.form.get("deed", "")
    rights, why = (Group("", (ROLE,)), WHAT, WHERE), (Group("", (WHY,)),)
    forms: Mapping[str, tuple[Group, ...]] = {"rights": rights, "lock": why, "unlock": why, "second": why, "letter": ()}
    typed: dict[str, str] = {}
    errors: dict[str, Text] = {}
    if request.method == "POST":
        if deed not in forms:
            raise NotFound("deed")
        typed = typed_in(forms[deed], request.form)
        found = parse(forms[deed], typed)
        _do(key, deed, found)
        if not found.errors:
            return redirect(url_for("console.member", key=key, done=deed), 303)
        errors = found.errors
    with here().source.engine.connect() as connection:
        about = _member(connection, key)
    page = {"one": about, "groups": rights, "why": WHY, "deed": deed, "typed": typed, "errors": errors, "tz": TZ}
    standing = typed if deed == "rights" else _standing(about)
    captions = captions_of((*rights, *why))
    answer = render_template("console/member.html", **page, standing=standing, captions=captions)
    return answer, 422 if errors else 200


def _do(key: int, deed: str, found: Parsed) -> None:
    """Or there are errors more."""
    made, who, values = here(), viewer(), found.values
    if found.errors:
        return
    with writing(made.source.engine).begin() as connection:
        about = _member(connection, key)
        try:
            if deed == "rights":
                nodes = _nodes(connection, found)
                if not found.errors:
                    desk.set_role(connection, who, key, values["role"], made.now)
                    if values["role"] != "operator":
                        nodes = []
                    rights = _rights(values) if values["role"] == "operator" else []
                    desk.give(connection, key, rights, nodes, made.now, who.account)
            elif deed == "letter":
                letters.send(connection, desk.first_letter(connection, about, made.now))
            elif deed == "second":
                desk.drop_second(connection, who, key, made.now)
            else:
                state = State.BLOCKED if deed == "lock" else State.APPROVED
                desk.turn(connection, who, key, state, values["reason"], made.now)
        except Unfit as unfit:
            found.errors[""] = UNFIT[unfit.why]


def _member(connection: Connection, key: int) -> Member:
    found = desk.member(connection, viewer(), key)
    if found is None:
        raise NotFound(f"member {key}")
    return found


def _rights(values: Values) -> list[Right]:
    return [right for right in Right if values[f"may-{right}"]]


def _nodes(connection: Connection, found: Parsed) -> list[int]:
    paths = [path.strip() for path in (found.values["branches"] or "").split("\n") if path.strip()]
    nodes = {path: show.node_at(connection, viewer(), path) for path in paths}
    unknown = [path for path, node in nodes.items() if node is None]
    if unknown:
        found.errors["branches"] = _l("Узла «%(path)s» в сети нет", path=unknown[0])
    return [node for node in nodes.values() if node is not None]


def _standing(one: Member) -> dict[str, str]:
    held = {f"may-{right}": "1" for right in one.rights}
    return {"role": one.role, "branches": "\n".join(one.branches.values()), **held}
