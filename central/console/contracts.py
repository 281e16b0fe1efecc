"""The page of a contract: its points in time; its words."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.deeds import Deed, done
from central.console.points import contract_fields, remark
from central.console.room import console, number_asked
from central.console.telling import told
from central.faces import registry_words as words
from central.faces.forms import Field, Group, Values
from central.faces.here import here, viewer
from central.registry import documents, enter, history, show
from central.registry.changes import Change
from central.registry.tables import contract as contracts_table
from central.registry.tables import organisation as organisations_table

OPEN = _l("когда вам можно позвонить и прийти; видят все, в «О программе»")


@console.get("/contracts/<int:key>")
def contract(key: int) -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        page = show.contract_page(connection, who, key)
        entries = history.history(connection, who, "contract", str(key))
        attached = documents.attached(connection, who, ("contract", str(key)))
        lines = {
            one.id: told(connection, one.lines, ("contract", str(key))) for one in entries if one.lines is not None
        }
    return render_template(
        "console/contract.html",
        page=page,
        entries=entries,
        lines=lines,
        attached=attached,
        now=made.now,
        done=number_asked("done"),
    )


@console.route("/contracts/<int:key>/correction", methods=["GET", "POST"])
def correct_contract(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        row = show.own(connection, contracts_table, viewer(), key)
    names = ("holder", "phone", "mail", "signed_on")

    def enter_it(change: Change, values: Values) -> None:
        enter.correct(change, contracts_table, key, **{name: values[name] for name in names})

    return done(
        Deed(
            kind="correction",
            title=_l("Исправление сведений"),
            of=f"{words.table('contract')} {row.number}",
            back=url_for("console.contract", key=key),
            groups=(Group(_l("Договор"), contract_fields(number=False)), remark()),
            initial={name: str(getattr(row, name) or "") for name in names},
            enter=enter_it,
        )
    )


@console.get("/organisation")
def organisation() -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        row = show.organisation_row(connection, who)
        entries = history.history(connection, who, "organisation", str(row.id))
        lines = {one.id: told(connection, one.lines) for one in entries if one.lines is not None}
    return render_template(
        "console/organisation.html", row=row, entries=entries, lines=lines, done=number_asked("done")
    )


@console.route("/organisation/correction", methods=["GET", "POST"])
def correct_organisation() -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        row = show.organisation_row(connection, viewer())
    names = ("inn", "phone", "mail", "address", "hours")
    rules = ("reading_first_day", "reading_last_day", "silent_days") if viewer().role == "administrator" else ()

    def enter_it(change: Change, values: Values) -> None:
        enter.correct(change, organisations_table, row.id, **{name: values[name] for name in names})
        if rules:
            enter.set_reading_days(change, row.id, *(values[name] for name in rules))

    return done(
        Deed(
            kind="correction",
            title=_l("Исправление сведений"),
            of=row.name,
            back=url_for("console.organisation"),
            groups=(
                Group(
                    words.TABLES["organisation"],
                    (
                        Field("inn", words.FIELDS["inn"], needed=False, most=12),
                        Field("phone", words.FIELDS["phone"], needed=False, most=30),
                        Field("mail", words.FIELDS["mail"], "mail", needed=False, most=254),
                        Field("address", words.FIELDS["address"], needed=False, most=300),
                        Field("hours", words.FIELDS["hours"], needed=False, most=200, help=OPEN),
                    ),
                ),
                *(READING_DAYS,) * bool(rules),
                remark(),
            ),
            initial={name: str(getattr(row, name) or "") for name in (*names, *rules)},
            enter=enter_it,
        )
    )


READING_DAYS = Group(
    _l("Приём показаний у потребителей"),
    (
        Field("reading_first_day", words.FIELDS["reading_first_day"], "whole", needed=False, most=2),
        Field("reading_last_day", words.FIELDS["reading_last_day"], "whole", needed=False, most=2),
        Field("silent_days", words.FIELDS["silent_days"], "whole", most=3),
    ),
    help=_l(
        "Дни пусты — показания принимают в любой день. Последний день меньше первого — он следующего месяца. "
        "Переданное в другие дни сохраняется до следующего приёма."
    ),
)
