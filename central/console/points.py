"""The page of a metering point, and what is entered of it beside its meter: words, terms, contracts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Row

from central.console.deeds import Deed, done
from central.console.mountings import of_point, opened, point_page
from central.console.room import console, number_asked
from central.console.telling import W_PER_KW, told
from central.faces import registry_words as words
from central.faces.forms import KNOWN, NEW, Field, Group, Values, written
from central.faces.here import here, viewer
from central.metering.zones import day_of
from central.registry import documents, enter, history, show
from central.registry.changes import Change
from central.registry.enter import POINT_KINDS
from central.registry.periods import COMPANY
from central.registry.refusals import Refused
from central.registry.show import PointPage
from central.registry.tables import point as points_table

ZONES = (  # of Russia, to propose; any other of IANA may be typed
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)
PAST = _l("Нужна, если меняются уже посчитанные цифры")


@console.get("/points/<int:key>")
def point(key: int) -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        page = show.point_page(connection, who, key, made.now)
        entries = history.history(connection, who, "point", str(key))
        own = [("mounting", str(one.id)) for one in page.mountings]
        attached = documents.attached(connection, who, ("point", str(key)), *own)
        lines = {one.id: told(connection, one.lines, ("point", str(key))) for one in entries if one.lines is not None}
    return render_template(
        "console/point.html",
        page=page,
        entries=entries,
        attached=attached,
        lines=lines,
        now=made.now,
        done=number_asked("done"),
        tree_node=page.row.node,
    )


@console.route("/points/new", methods=["GET", "POST"])
def new_point() -> ResponseReturnValue:
    """`node` of the address: the path of the node it hangs on."""
    with here().source.engine.connect() as connection:
        schemes = show.schemes(connection, viewer())
        node = node_field(connection)

    def enter_it(change: Change, values: Values) -> int:
        plain = {name: values[name] for name in ("code", "name", "address", "tz", "order_code", "kind", "zone_source")}
        return enter.add_point(
            change,
            viewer().organisation,
            node=chosen_node(change, values),
            scheme=int(values["scheme"]),
            power_max=_watts(values["power"]),
            coefficient=_times(values["coefficient"]),
            **plain,
        )

    return done(
        Deed(
            kind="point",
            title=_l("Новая точка учёта"),
            of=_l("Точки учета"),
            back=url_for("console.points"),
            groups=(
                Group(
                    _l("Точка учёта"),
                    (
                        Field("code", words.FIELDS["code"], most=40, help=_l("ваш, один на всю базу")),
                        *_words(node),
                        Field("tz", words.FIELDS["tz"], choices=[(name, "") for name in ZONES], most=60),
                    ),
                ),
                Group(_l("Условия точки"), terms_fields(schemes), help=_l("Действуют с самого начала.")),
                remark(),
            ),
            initial={
                "node": request.args.get("node", "")[:1000],
                "tz": COMPANY,
                "kind": POINT_KINDS[0],
                "zone_source": "registers",
                "scheme": str(schemes[0].id) if len(schemes) == 1 else "",
            },
            enter=enter_it,
            there=point_page,
            aliases={"power_max": "power", "tariffs": "scheme"},
        )
    )


def _words(node: Field) -> tuple[Field, ...]:
    """What a point is called, and where it is."""
    return (
        Field("name", _l("Название для потребителя")),
        Field("address", words.FIELDS["address"], most=300),
        Field("order_code", words.FIELDS["order_code"], needed=False, most=60),
        Field(
            "kind",
            _l("Вид точки"),
            "choice",
            choices=[(kind, words.value("kind", kind)) for kind in POINT_KINDS],
            help=_l("от него зависят пороги проверок"),
        ),
        node,
    )


@console.route("/points/<int:key>/correction", methods=["GET", "POST"])
def correct_point(key: int) -> ResponseReturnValue:
    page = opened(key)
    row = page.row
    with here().source.engine.connect() as connection:
        node = node_field(connection)

    def enter_it(change: Change, values: Values) -> None:
        plain = {name: values[name] for name in ("name", "address", "order_code", "kind")}
        enter.correct(change, points_table, key, node=chosen_node(change, values), **plain)

    return done(
        Deed(
            kind="correction",
            title=_l("Исправление сведений"),
            of=of_point(page),
            back=point_page(key),
            groups=(Group(_l("Точка учёта"), _words(node)), remark()),
            initial={
                "name": row.name,
                "address": row.address,
                "order_code": row.order_code or "",
                "kind": row.kind,
                "node": page.path,
            },
            enter=enter_it,
        )
    )


@console.route("/points/<int:key>/terms", methods=["GET", "POST"])
def terms(key: int) -> ResponseReturnValue:
    page = opened(key)
    made = here()
    with made.source.engine.connect() as connection:
        schemes = show.schemes(connection, viewer())
    known = {str(one.id): one for one in schemes}

    def enter_it(change: Change, values: Values) -> None:
        enter.set_terms(
            change,
            key,
            values["valid_from"],
            scheme=int(values["scheme"]),
            zone_source=values["zone_source"],
            tariffs=_own_tariffs(page, known[values["scheme"]]),
            power_max=_watts(values["power"]),
            coefficient=_times(values["coefficient"]),
        )

    held = page.terms[0] if page.terms else None
    return done(
        Deed(
            kind="terms",
            title=_l("Тариф с даты"),
            of=of_point(page),
            back=point_page(key),
            groups=(
                Group(
                    _l("Условия точки"),
                    (
                        Field("valid_from", _l("Действуют с"), "day", help=_l("с начала этих суток")),
                        *terms_fields(schemes),
                    ),
                ),
                remark(),
            ),
            initial={"valid_from": day_of(made.now, page.row.tz).isoformat()}
            | (
                {
                    "scheme": str(held.scheme),
                    "zone_source": held.zone_source,
                    "power": written(Decimal(held.power_max) / W_PER_KW) if held.power_max else "",
                    "coefficient": written(held.coefficient) if held.coefficient else "",
                }
                if held
                else {"zone_source": "registers"}
            ),
            enter=enter_it,
            aliases={"power_max": "power", "valid_to": "valid_from", "tariffs": "scheme"},
        )
    )


def terms_fields(schemes: Sequence[Row[Any]]) -> tuple[Field, ...]:
    """How a point is billed."""
    sources = tuple(words.VALUES["zone_source"].items())
    return (
        Field("scheme", words.FIELDS["scheme"], "choice", choices=[(str(one.id), one.name) for one in schemes]),
        Field("zone_source", words.FIELDS["zone_source"], "choice", choices=sources),
        Field("power", words.FIELDS["power_max"], "number", needed=False, unit=_l("кВт")),
        Field(
            "coefficient",
            words.FIELDS["coefficient"],
            "number",
            needed=False,
            help=_l("село, электроплиты: 0,7; пусто: 1"),
        ),
    )


def _watts(power: Decimal | None) -> int | None:
    return None if power is None else int(power * W_PER_KW)


def _times(coefficient: Decimal | None) -> Decimal | None:
    """Once is nothing said."""
    return None if coefficient == 1 else coefficient


def _own_tariffs(page: PointPage, scheme: Row[Any]) -> Any:
    """Tariff registers that the point has of its own stay while its scheme stays."""
    held = page.terms[0] if page.terms else None
    return held.tariffs if held is not None and held.scheme == scheme.id else None


@console.route("/points/<int:key>/contract", methods=["GET", "POST"])
def hand_over(key: int) -> ResponseReturnValue:
    """The point passes to another contract, or, where nobody has it, into one."""
    page = opened(key)
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        contracts = show.contracts(connection, who)
    held = next((one for one in page.contracts if one.valid_to is None), None)

    def enter_it(change: Change, values: Values) -> None:
        contract = _chosen_contract(change, values)
        if held is None:
            enter.attach(change, contract, key, values["at"])
            change.touch(key, values["at"], None)
        else:
            enter.hand_over(change, key, contract, values["at"])

    which = ((KNOWN, _l("есть в реестре")), (NEW, _l("заключён новый")))
    today = day_of(made.now, page.row.tz)
    return done(
        Deed(
            kind="attachment" if held is None else "hand_over",
            title=_l("Включение в договор") if held is None else _l("Передача по договору"),
            of=of_point(page),
            back=point_page(key),
            groups=(
                Group(
                    _l("Передача"),
                    (
                        Field(
                            "at",
                            _l("С этого времени"),
                            "moment",
                            tz=page.row.tz,
                            help=_l("прежний потребитель видит всё до него, новый — всё после него; "),
                        ),
                        Field("which", words.FIELDS["contract"], "radio", choices=which),
                    ),
                ),
                Group(
                    "",
                    (
                        Field(
                            "contract",
                            _l("Номер договора"),
                            choices=[(one.number, one.holder) for one in contracts],
                            most=60,
                        ),
                    ),
                    when=("which", KNOWN),
                ),
                Group("", contract_fields(), when=("which", NEW)),
                remark(),
            ),
            initial={"which": KNOWN, "at-day": today.isoformat(), "at-time": "00:00"},
            enter=enter_it,
            aliases={"valid_from": "at", "valid_to": "at"},
        )
    )


def _chosen_contract(change: Change, values: Values) -> int:
    if "number" in values:
        names = ("number", "holder", "phone", "mail", "signed_on")
        return enter.add_contract(change, viewer().organisation, **{name: values[name] for name in names})
    found = show.contract_numbered(change.connection, viewer(), values["contract"])
    if found is None:
        raise Refused("contract", _l("Договора %(number)s нет: заключите новый", number=values["contract"]))
    return int(found.id)


def contract_fields(*, number: bool = True) -> tuple[Field, ...]:
    rest = (
        Field("holder", words.FIELDS["holder"], help=_l("Имя или название организации")),
        Field("phone", words.FIELDS["phone"], needed=False, most=30),
        Field("mail", words.FIELDS["mail"], needed=False, most=254),
        Field("signed_on", words.FIELDS["signed_on"], "day", needed=False),
    )
    return (Field("number", _l("Номер договора"), most=60), *rest) if number else rest


def node_field(connection: Connection) -> Field:
    """A node of the network by its path; who sees branches alone puts things nowhere else."""
    known = [(path, "") for path in show.nodes(connection, viewer())]
    return Field(
        "node", words.FIELDS["node"], needed=not viewer().whole, choices=known, help=_l("путь целиком"), most=1000
    )


def chosen_node(change: Change, values: Values) -> int | None:
    """Raises Refused."""
    if values["node"] is None:
        return None
    found = show.node_at(change.connection, viewer(), values["node"])
    if found is None:
        raise Refused("node", _l("Узла «%(path)s» в сети нет", path=values["node"]))
    return found


def remark() -> Group:
    return Group(_l("Примечание"), (Field("reason", words.FIELDS["reason"], needed=False, help=PAST, most=500),))
