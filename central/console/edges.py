"""The page of a concentrator: its lines and meters; entering it, its lines, and which meters it may speak for."""

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from central.accounts.objects import own_concentrators
from central.concentrators.look import standing
from central.console.deeds import Deed, done
from central.console.mountings import chosen_meter as _chosen
from central.console.points import chosen_node, node_field, remark
from central.console.room import TZ, console, number_asked
from central.console.telling import told
from central.faces import registry_words as words
from central.faces.forms import KNOWN, Field, Group, Values, written_moment
from central.faces.here import here, viewer
from central.figures import NotFound
from central.ingest.tables import edge_meter
from central.registry import enter, history, show
from central.registry.changes import Change
from central.registry.enter.concentrators import DRIVERS
from central.registry.refusals import Refused
from central.registry.show import EdgePage
from central.registry.tables import concentrator

WORDS = ("title", "address", "serial", "phone")


@console.get("/edges/<name>")
def edge(name: str) -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        page = show.edge_page(connection, who, name)
        entries = history.history(connection, who, "edge", name)
        told_it = standing(connection, name, made.now)
        lines = {one.id: told(connection, one.lines, ("edge", name)) for one in entries if one.lines is not None}
    return render_template(
        "console/edge.html",
        page=page,
        entries=entries,
        lines=lines,
        told_it=told_it,
        now=made.now,
        done=number_asked("done"),
        tree_node=page.entered.node if page.entered else None,
    )


@console.route("/concentrators/new", methods=["GET", "POST"])
def new_edge() -> ResponseReturnValue:
    """A concentrator with its lines and its meters, in one change."""

    def enter_it(change: Change, values: Values) -> str:
        name = enter.add_concentrator(change, viewer().organisation, values["edge"], **_words(change, values))
        for line, url in _pairs("lines", values["lines"]):
            _beside("lines", lambda line=line, url=url: enter.add_line(change, name, line, url))
        for asked in (values["meters"] or "").split("\n"):
            if asked.strip():
                _beside("meters", lambda asked=asked: _entitled(change, name, asked.strip(), values["since"]))
        return name

    about = (
        Field(
            "edge",
            _l("Имя в сообщениях"),
            help=_l("как в его сертификате или учётной записи у брокера: edge-0231"),
            most=40,
        ),
        *_about(),
    )
    reading = (
        Field(
            "lines",
            _l("Линии"),
            "area",
            needed=False,
            most=4000,
            help=_l("по одной в строке: Линия 1 = serial:/dev/ttyUSB0?baud=9600"),
        ),
        Field(
            "meters",
            _l("Счётчики"),
            "area",
            needed=False,
            most=20_000,
            help=_l("по одному в строке: заводской номер или имя в сообщениях"),
        ),
        Field("since", _l("Отвечает за них с"), "moment", tz=TZ),
    )
    return done(
        Deed(
            kind="concentrator",
            title=_l("Новый концентратор"),
            of=_l("Концентраторы"),
            back=url_for("console.edges"),
            there=lambda made: url_for("console.edge", name=made),
            groups=(Group(_l("Концентратор"), about), Group(_l("Линии и счётчики"), reading), remark()),
            initial=written_moment("since", here().now // 60 * 60, TZ),
            enter=enter_it,
            aliases={"name": "edge"},
        )
    )


@console.route("/edges/<name>/correction", methods=["GET", "POST"])
def correct_edge(name: str) -> ResponseReturnValue:
    page = _entered(name)
    row = page.entered

    def enter_it(change: Change, values: Values) -> None:
        enter.correct(change, concentrator, row.id, **_words(change, values))

    return done(
        Deed(
            kind="correction",
            title=_l("Исправление сведений"),
            of=f"{row.title} · {name}",
            back=url_for("console.edge", name=name),
            groups=(Group(words.TABLES["concentrator"], _about()), remark()),
            initial={one: getattr(row, one) or "" for one in WORDS} | {"node": page.path},
            enter=enter_it,
        )
    )


@console.route("/edges/<name>/line", methods=["GET", "POST"])
def new_line(name: str) -> ResponseReturnValue:
    page = _entered(name)

    def enter_it(change: Change, values: Values) -> None:
        enter.add_line(change, name, values["name"], values["url"])

    return done(
        Deed(
            kind="line",
            title=_l("Новая линия"),
            of=f"{page.entered.title} · {name}",
            back=url_for("console.edge", name=name),
            groups=(
                Group(
                    words.TABLES["edge_line"],
                    (
                        Field("name", words.FIELDS["name"], most=100),
                        Field("url", words.FIELDS["url"], help="serial:/dev/ttyUSB0?baud=9600, tcp://192.168.0.7:4059"),
                    ),
                ),
            ),
            enter=enter_it,
        )
    )


@console.route("/edges/<name>/meter", methods=["GET", "POST"])
def entitle(name: str) -> ResponseReturnValue:
    page = _entered(name)

    def enter_it(change: Change, values: Values) -> None:
        line = int(values["line"]) if values["line"] else None
        taken = _chosen(change, values)
        enter.entitle(change, name, taken, values["at"], line=line, driver=values["driver"] if line else None)

    lines = [(str(one.id), one.name) for one in page.lines]
    fields = (
        Field("meter", _l("Номер счётчика"), help=_l("заводской номер или имя в сообщениях"), most=40),
        Field("at", _l("Отвечает за него с"), "moment", tz=TZ),
        Field(
            "line",
            words.FIELDS["line"],
            "choice",
            choices=lines,
            needed=False,
            help=_l("без линии счётчик опрашивается по файлу самого концентратора"),
        ),
        Field("driver", words.FIELDS["driver"], "choice", choices=[(one, one) for one in DRIVERS], needed=False),
    )
    return done(
        Deed(
            kind="entitlement",
            title=_l("Закрепление счётчика"),
            of=f"{page.entered.title} · {name}",
            back=url_for("console.edge", name=name),
            groups=(Group(_l("Счётчик"), fields), remark()),
            initial=written_moment("at", here().now // 60 * 60, TZ) | {"which": KNOWN},
            enter=enter_it,
            aliases={"valid_from": "at", "valid_to": "at"},
        )
    )


@console.route("/entitlements/<int:key>/release", methods=["GET", "POST"])
def release(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        row = connection.execute(select(edge_meter).where(edge_meter.c.id == key)).first()
    if row is None or row.valid_to is not None:
        raise NotFound(f"entitlement {key}")
    page = _entered(row.edge)

    def enter_it(change: Change, values: Values) -> None:
        enter.release(change, key, values["at"])

    return done(
        Deed(
            kind="release",
            title=_l("Открепление счётчика"),
            of=f"{row.meter} · {page.entered.title}",
            back=url_for("console.edge", name=row.edge),
            groups=(Group(_l("Открепление"), (Field("at", _l("С этого времени"), "moment", tz=TZ),)), remark()),
            initial=written_moment("at", here().now // 60 * 60, TZ),
            enter=enter_it,
            aliases={"valid_to": "at", "valid_from": "at"},
            button=_l("Открепить"),
            help=_l("Показания счётчика за более позднее время от этого концентратора приниматься не будут."),
        )
    )


def _entered(name: str) -> Any:
    """A concentrator that is the viewer's to change. Raises NotFound."""
    with here().source.engine.connect() as connection:
        page: EdgePage = show.edge_page(connection, viewer(), name)
        ours = select(concentrator.c.id).where(concentrator.c.edge == name, own_concentrators(viewer()))
        own = connection.execute(ours).first() is not None
    if page.entered is None or not own:
        raise NotFound(f"concentrator {name}")
    return page


def _about() -> tuple[Field, ...]:
    with here().source.engine.connect() as connection:
        node = node_field(connection)
    return (
        Field("title", words.FIELDS["title"]),
        Field("address", words.FIELDS["address"], most=300),
        node,
        Field("serial", words.FIELDS["serial"], needed=False, most=40),
        Field("phone", _l("Телефон SIM-карты"), needed=False, most=30),
    )


def _words(change: Change, values: Values) -> dict[str, Any]:
    return {one: values[one] for one in WORDS} | {"node": chosen_node(change, values)}


def _pairs(field: str, text: str | None) -> list[tuple[str, str]]:
    """Lines of «name = address». Raises Refused."""
    found = []
    for number, line in enumerate((text or "").split("\n"), 1):
        name, sign, url = line.partition("=")
        if line.strip() and not sign:
            raise Refused(field, _l("Строка %(number)s: нужно «название = адрес»", number=number))
        if line.strip():
            found.append((name.strip(), url.strip()))
    return found


def _beside(field: str, entered: Any) -> None:
    """What is refused of one line of a field is said beside that field."""
    try:
        entered()
    except Refused as refused:
        raise Refused(field, refused.sentence) from None


def _entitled(change: Change, name: str, asked: str, since: int) -> None:
    enter.entitle(change, name, _chosen(change, {"meter": asked}), since)
