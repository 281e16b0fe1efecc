"""Tariff schemes: the list, and the page of one: its zones, prices by date, what is paid each month."""

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.deeds import REASON, Deed, done
from central.console.points import remark
from central.console.room import TZ, console, number_asked
from central.console.telling import told
from central.faces import registry_words as words
from central.faces.forms import Field, Group, Values
from central.faces.here import here, viewer
from central.faces.words import zone
from central.metering.zones import day_of
from central.registry import enter, history, show
from central.registry.changes import Change
from central.registry.refusals import Refused
from central.registry.show import SchemePage

PRICE = _l("Цена за кВт·ч")
RANGES = (2, 3, 4)  # that the form of a price has room for, beside the first


@console.get("/schemes")
def schemes() -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        found = [show.scheme_page(connection, viewer(), row.id) for row in show.schemes(connection, viewer())]
    return render_template("console/schemes.html", found=found)


@console.get("/schemes/<int:key>")
def scheme(key: int) -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        page = show.scheme_page(connection, who, key)
        entries = history.history(connection, who, "scheme", str(key))
        lines = {one.id: told(connection, one.lines, ("scheme", str(key))) for one in entries if one.lines is not None}
    today = day_of(made.now, TZ)
    return render_template(
        "console/scheme.html", page=page, entries=entries, lines=lines, today=today, done=number_asked("done")
    )


@console.route("/schemes/<int:key>/price", methods=["GET", "POST"])
def price(key: int) -> ResponseReturnValue:
    page = _opened(key)

    def enter_it(change: Change, values: Values) -> None:
        _may_change(page, values)
        enter.set_price(change, key, values["zone"], values["amount"], values["valid_from"])
        for above, amount in ((values[f"above_{number}"], values[f"amount_{number}"]) for number in RANGES):
            if (above is None) is not (amount is None):
                raise Refused("above", _l("У диапазона есть и предел, и цена"))
            if above is not None:
                enter.set_price(change, key, values["zone"], amount, values["valid_from"], above=above)

    zones = [(name, zone(name)) for name in page.row.tariffs]
    field = Field("zone", words.FIELDS["zone"], "choice", choices=zones)
    ranges = Group(
        _l("Диапазоны месяца"),
        [one for number in RANGES for one in _range(number)],
        folded=True,
        help=_l("Сколько в месяц по всем зонам вместе. Пусто: цена одна, сколько бы ни потребили."),
    )
    return _from_a_day(page, "price", _l("Цена с даты"), field, PRICE, enter_it, ranges)


def _range(number: int) -> tuple[Field, Field]:
    above = Field(f"above_{number}", words.FIELDS["above"], "energy", needed=False, unit=_l("кВт·ч"))
    return above, Field(f"amount_{number}", PRICE, "number", needed=False, unit="₽")


@console.route("/schemes/<int:key>/monthly", methods=["GET", "POST"])
def monthly_line(key: int) -> ResponseReturnValue:
    page = _opened(key)

    def enter_it(change: Change, values: Values) -> None:
        _may_change(page, values)
        enter.set_monthly_line(change, key, values["name"], values["amount"], values["valid_from"])

    known = [(name, "") for name in dict.fromkeys(one.name for one in page.lines)]
    field = Field("name", words.FIELDS["name"], choices=known, most=100)
    return _from_a_day(page, "monthly_line", _l("Ежемесячная плата с даты"), field, _l("Сумма в месяц"), enter_it)


def _opened(key: int) -> SchemePage:
    with here().source.engine.connect() as connection:
        return show.scheme_page(connection, viewer(), key)


def _may_change(page: SchemePage, values: Values) -> None:
    """Raises Refused."""
    if page.shared:
        raise Refused(
            None, _l("По этой схеме считаются и точки другой организации: заведите для своих точек отдельную")
        )
    if values["valid_from"] < day_of(here().now, TZ) and not values[REASON]:
        raise Refused(REASON, _l("Изменится стоимость прошедших дней: напишите, почему"))


def _from_a_day(
    page: SchemePage, kind: str, title: Any, field: Field, amount: Any, enter_it: Any, *more: Group
) -> ResponseReturnValue:
    key = page.row.id
    fields = (
        field,
        Field("amount", amount, "number", unit="₽"),
        Field("valid_from", _l("Действует с"), "day", help=_l("с начала этих суток; прежняя до них и кончится")),
    )
    return done(
        Deed(
            kind=kind,
            title=title,
            of=page.row.name,
            back=url_for("console.scheme", key=key),
            groups=(Group(title, fields), *more, remark()),
            enter=enter_it,
            aliases={"above": "above_2"},
        )
    )
