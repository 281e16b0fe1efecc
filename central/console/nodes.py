"""The page of a node of the network: what hangs on it; its name."""

from dataclasses import replace

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.deeds import Deed, done
from central.console.points import chosen_node, node_field, remark
from central.console.room import console, number_asked
from central.console.telling import told
from central.faces import registry_words as words
from central.faces.forms import Field, Group, Values
from central.faces.here import here, viewer
from central.registry import enter, history, show
from central.registry.changes import Change
from central.registry.tables import node as nodes_table


@console.get("/nodes/<int:key>")
def node(key: int) -> ResponseReturnValue:
    made, who = here(), viewer()
    with made.source.engine.connect() as connection:
        page = show.node_page(connection, who, key, made.now)
        entries = history.history(connection, who, "node", str(key))
        lines = {one.id: told(connection, one.lines) for one in entries if one.lines is not None}
    return render_template(
        "console/node.html",
        page=page,
        entries=entries,
        lines=lines,
        now=made.now,
        done=number_asked("done"),
        tree_node=key,
    )


@console.route("/nodes/new", methods=["GET", "POST"])
def new_node() -> ResponseReturnValue:
    """`node` of the address: the path of the node above it."""
    with here().source.engine.connect() as connection:
        above = node_field(connection)

    def enter_it(change: Change, values: Values) -> int:
        parent = chosen_node(change, values)
        return enter.add_node(change, viewer().organisation, values["kind"], values["name"], parent)

    kinds = [(kind, words.VALUES["kind"][kind]) for kind in enter.NODE_KINDS]
    return done(
        Deed(
            kind="node",
            title=_l("Новый узел сети"),
            of=_l("Сеть"),
            back=url_for("console.network"),
            groups=(
                Group(
                    words.TABLES["node"],
                    (
                        Field("name", words.FIELDS["name"]),
                        Field("kind", words.FIELDS["kind"], "choice", choices=kinds),
                        replace(above, caption=words.FIELDS["parent"]),
                    ),
                ),
                remark(),
            ),
            initial={"node": request.args.get("node", "")[:1000]},
            enter=enter_it,
            there=lambda key: url_for("console.node", key=key),
        )
    )


@console.route("/nodes/<int:key>/name", methods=["GET", "POST"])
def rename_node(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        row = show.own(connection, nodes_table, viewer(), key)

    def enter_it(change: Change, values: Values) -> None:
        enter.rename_node(change, key, values["name"])

    return done(
        Deed(
            kind="correction",
            title=_l("Переименование узла"),
            of=row.path,
            back=url_for("console.node", key=key),
            groups=(
                Group(
                    words.TABLES["node"],
                    (Field("name", words.FIELDS["name"], help=_l("пути всего, что ниже, изменятся тоже")),),
                ),
                remark(),
            ),
            initial={"name": row.name},
            enter=enter_it,
        )
    )
