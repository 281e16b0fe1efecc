"""Meters that wait in quarantine because nobody has entered them: the list, and how one is adopted.

Adopting is one change: the meter is entered if it is new, mounted at a point if it stands nowhere, and its
concentrator may speak for it since then. Then what waited goes to the worker once more.
"""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Row, select

from central.accounts.objects import edges_of
from central.accounts.policy import own_points
from central.console.deeds import Deed, done
from central.console.mountings import USUAL, described, entered_meter, installation, installed
from central.console.room import TZ, console, number_asked
from central.faces import registry_words as words
from central.faces.forms import Field, Group, Values, registers, written_moment
from central.faces.here import here, viewer
from central.ingest.judge import Reason, stamps
from central.ingest.replay import Which, replay_messages
from central.ingest.tables import State, edge, edge_meter, inbox
from central.registry import enter, show
from central.registry.changes import Change
from central.registry.look import valid
from central.registry.refusals import Refused
from central.registry.show import Foreign
from central.registry.tables import meter as meters_table
from central.registry.tables import mounting, point
from protocol.errors import Garbled
from protocol.messages import bodies

LOOKED_AT = 200  # messages whose rows are looked at for the oldest stamp


@console.get("/foreign")
def foreign() -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        found = show.foreign_meters(connection, viewer())
    told = {name: number_asked(name) for name in ("done", "passed", "left")}
    return render_template("console/foreign.html", found=found, adopted=request.args.get("meter", "")[:40], **told)


@console.route("/foreign/<name>/<key>", methods=["GET", "POST"])
def adopt(name: str, key: str) -> ResponseReturnValue:
    """A meter that this concentrator sends, and that is not its own yet."""
    made = here()
    with made.source.engine.connect() as connection:
        waiting = show.foreign_meter(connection, viewer(), name, key)
        types = show.meter_types(connection)
        stands = connection.execute(
            select(mounting, point.c.code, own_points(viewer()).label("own"))
            .join(point, point.c.id == mounting.c.point)
            .where(mounting.c.meter == key, valid(mounting, made.now))
        ).first()
        bound = connection.execute(
            select(edge_meter).where(edge_meter.c.meter == key, edge_meter.c.valid_to.is_(None))
        ).first()
        own = select(edge.c.name).where(edge.c.name == bound.edge, edges_of(viewer())) if bound is not None else None
        taken = own is not None and connection.execute(own).first() is None
        since = _oldest(connection, waiting)
    if taken:
        bound = None
    if stands is not None and not stands.own:
        stands = None  # the change will be refused with who stands where

    def enter_it(change: Change, values: Values) -> None:
        if taken:
            raise Refused(None, _l("Счётчик закреплён за концентратором, который не ваш: пусть его открепит хозяин"))
        if bound is not None and values.get("take"):
            enter.release(change, bound.id, values["since"])
        if change.connection.execute(select(meters_table.c.id).where(meters_table.c.id == key)).first() is None:
            entered_meter(change, dict(values) | {"id": key})
        if stands is None:
            enter.mount(
                change,
                _point_of(change, values["point"]),
                key,
                values["since"],
                act=values["act"],
                seals=values["seals"],
                reason=values["reason"],
                reg_start=registers(values, "reg_start"),
                **installation(values),
            )
        enter.entitle(change, name, key, values["since"])

    def after() -> str:
        which = Which(State.QUARANTINED, Reason.FOREIGN_METER, name, meter=key)
        given = replay_messages(made.source.engine, which)
        return f"meter={key}&passed={given.given}&left={sum(given.refused.values())}"

    serial = key.partition("-")[2] or key
    return done(
        Deed(
            kind="adoption",
            title=_l("Принять счётчик"),
            of=f"{key} · {name}",
            back=url_for("console.foreign"),
            groups=tuple(_groups(waiting, types, stands, bound)),
            initial=USUAL | {"serial": serial, "take": "1"} | written_moment("since", since, TZ),
            enter=enter_it,
            after=after,
            aliases={"valid_from": "since", "valid_to": "since", "edge": "", "meter": ""},
            button=_l("Принять и обработать"),
            help=_l("Счётчик станет известен реестру, а показания, которые ждут, уйдут в обработку."),
        )
    )


def _groups(waiting: Foreign, types: Any, stands: Row[Any] | None, bound: Row[Any] | None) -> list[Group]:
    since = Field(
        "since",
        _l("Принимать показания с"),
        "moment",
        tz=TZ,
        help=_l("самое раннее из тех, что ждут; более ранние останутся в карантине; "),
    )
    take = []
    if bound is not None:
        caption = _l("Открепить от концентратора %(edge)s с этого же времени", edge=bound.edge)
        take = [Field("take", caption, "check", needed=False)]
    groups = [Group(_l("Приём"), (since, *take, Field("reason", words.FIELDS["reason"], needed=False)))]
    if not waiting.known:
        groups.append(Group(_l("Новый счётчик"), [one for one in described(types) if one.name != "id"]))
    if stands is None:
        groups.append(
            Group(
                _l("Где стоит"),
                (
                    Field("point", _l("Код точки учёта"), most=40),
                    Field("act", _l("Номер акта"), most=100),
                    Field("reg_start.ap0", words.register("ap0"), "energy", needed=False, unit=_l("кВт·ч")),
                    Field("seals", words.FIELDS["seals"], needed=False),
                ),
                help=_l("Счётчик ещё нигде не стоит: внесите, где и по какому акту он установлен."),
            )
        )
        groups.append(installed())
    return groups


def _point_of(change: Change, code: str) -> int:
    found = change.connection.execute(select(point.c.id).where(point.c.code == code, own_points(viewer()))).scalar()
    if found is None:
        raise Refused("point", _l("Точки учёта с кодом %(code)s нет", code=code))
    return int(found)


def _oldest(connection: Connection, waiting: Foreign) -> int:
    """The oldest stamp of what waits, whole minutes; where none can be read, when the first message came."""
    query = (
        select(inbox.c.body)
        .where(inbox.c.state == State.QUARANTINED, inbox.c.reason == Reason.FOREIGN_METER)
        .where(inbox.c.edge == waiting.edge, inbox.c.name == waiting.meter)
        .order_by(inbox.c.id)
        .limit(LOOKED_AT)
    )
    found = [waiting.first]
    for body in connection.execute(query).scalars():
        try:
            found += stamps(bodies.decode(body))
        except Garbled:  # it would wait for another reason
            continue
    return max(0, min(found)) // 60 * 60
