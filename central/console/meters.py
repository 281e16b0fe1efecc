"""The page of a meter: where it stands and stood, who reads it, when it was verified; its words and verifications."""

from collections.abc import Mapping

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.deeds import Deed, done
from central.console.points import remark
from central.console.room import console, number_asked
from central.console.telling import told
from central.faces import registry_words as words
from central.faces.forms import Field, Group, Values
from central.faces.here import here, viewer
from central.figures.around import readings_around
from central.registry import documents, enter, history, show
from central.registry.changes import Change
from central.registry.tables import meter as meters_table
from central.timeseries.base import SeriesUnavailable


@console.get("/meters/<key>")
def meter(key: str) -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        page = show.meter_page(connection, who, key, made.now)
        entries = history.history(connection, who, "meter", key)
        attached = documents.attached(connection, who, ("meter", key))
        lines = {one.id: told(connection, one.lines, ("meter", key)) for one in entries if one.lines is not None}
    return render_template(
        "console/meter.html",
        read=_last_reading(key) if page.in_hand else {},
        page=page,
        entries=entries,
        lines=lines,
        attached=attached,
        now=made.now,
        done=number_asked("done"),
    )


def _last_reading(key: str) -> Mapping[str, int] | None:
    """Of each register the last; None when the series does not answer."""
    try:
        return readings_around(here().source, key, here().now)[0]
    except SeriesUnavailable:
        return None


@console.route("/meters/<key>/verification", methods=["GET", "POST"])
def verify_meter(key: str) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        row = show.meter_in_hand(connection, viewer(), key, here().now)

    def enter_it(change: Change, values: Values) -> None:
        enter.verified(change, values["verified_on"], values["valid_until"], values["document"], meter_id=key)

    return done(
        Deed(
            kind="verification",
            title=_l("Поверка счётчика"),
            of=f"№ {row.serial}, {row.type}",
            back=url_for("console.meter", key=key),
            groups=(verification_fields(),),
            enter=enter_it,
        )
    )


@console.route("/transformers/<int:key>/verification", methods=["GET", "POST"])
def verify_transformer(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        found = show.placed(connection, viewer(), key)

    def enter_it(change: Change, values: Values) -> None:
        enter.verified(change, values["verified_on"], values["valid_until"], values["document"], transformer_id=key)

    return done(
        Deed(
            kind="verification",
            title=_l("Поверка трансформатора"),
            of=f"№ {found.row.serial}, {found.row.type}",
            back=url_for("console.point", key=found.points[0]),
            groups=(verification_fields(),),
            enter=enter_it,
        )
    )


def verification_fields() -> Group:
    return Group(
        _l("Свидетельство"),
        (
            Field("verified_on", words.FIELDS["verified_on"], "day"),
            Field(
                "valid_until", words.FIELDS["valid_until"], "day", help=_l("первый день, когда она уже не действует")
            ),
            Field("document", words.FIELDS["document"], help=_l("номер свидетельства или записи в Аршине"), most=100),
        ),
    )


@console.route("/meters/<key>/correction", methods=["GET", "POST"])
def correct_meter(key: str) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        row = show.meter_in_hand(connection, viewer(), key, here().now)

    def enter_it(change: Change, values: Values) -> None:
        enter.correct(change, meters_table, key, **{name: values[name] for name in ("type", "maker", "made_in")})

    return done(
        Deed(
            kind="correction",
            title=_l("Исправление сведений"),
            of=f"№ {row.serial}, {row.type}",
            back=url_for("console.meter", key=key),
            groups=(
                Group(
                    _l("Счётчик"),
                    (
                        Field("type", words.FIELDS["type"], most=100),
                        Field("maker", words.FIELDS["maker"], most=100),
                        Field("made_in", words.FIELDS["made_in"], "whole", needed=False),
                    ),
                ),
                remark(),
            ),
            initial={"type": row.type, "maker": row.maker, "made_in": str(row.made_in or "")},
            enter=enter_it,
        )
    )
