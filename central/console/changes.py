"""The journal of changes, and one change: what it did, row by row, and how it is undone."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.console.deeds import Deed, done
from central.console.room import ROWS, console, number_asked, page_asked
from central.console.telling import told
from central.faces import registry_words as words
from central.faces.forms import Field, Group
from central.faces.here import here, viewer
from central.registry import documents, history
from central.registry.undo import undo


@console.get("/changes")
def changes() -> ResponseReturnValue:
    made, who = here(), viewer()
    kind = request.args.get("kind", "")[:40]
    with made.source.engine.connect() as connection:
        view = history.journal(connection, who, kind=kind, page=page_asked(), rows=ROWS)
        kinds = history.kinds(connection)
    return render_template("console/changes.html", view=view, kind=kind, kinds=kinds, on_page=ROWS)


@console.get("/changes/<int:key>")
def change(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        entry = history.entry(connection, viewer(), key)
        rows, found, page = history.lines_of(connection, key, page=page_asked(), rows=ROWS)
        lines = told(connection, rows)
        attached = documents.attached(connection, viewer(), ("change", str(key)))
    return render_template(
        "console/change.html",
        entry=entry,
        lines=lines,
        attached=attached,
        found=found,
        page=page,
        on_page=ROWS,
        done=number_asked("done"),
    )


@console.route("/changes/<int:key>/undoing", methods=["GET", "POST"])
def undo_change(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        entry = history.entry(connection, viewer(), key)
    return done(
        Deed(
            kind="undo",
            title=_l("Отмена изменения"),
            of=f"№ {key} · {words.change(entry.kind)}",
            back=url_for("console.change", key=key),
            groups=(Group(_l("Причина"), (Field("reason", _l("Почему отменяется"), "area", most=500),)),),
            enter=lambda change, _values: undo(change, key),
            undoes=key,
            button=_l("Отменить изменение"),
            help=_l("Всё, что оно внесло, станет таким, каким было. Если от него уже что-то зависит, отмены не будет."),
        )
    )
