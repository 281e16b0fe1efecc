"""«Пять случаев»: what the decree wants consumers to be told of, the newest first, and how long telling took."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from central.console.room import ROWS, TZ, console, page_asked
from central.faces import event_words, notice_words
from central.faces.here import here, viewer
from central.notices import board, delay
from central.notices.kinds import DECREE, Kind
from central.notices.letters import when

MEASURED = 30 * 86_400  # seconds back that the delay is told of


@console.get("/cases")
def cases() -> ResponseReturnValue:
    """`kind` of the address."""
    made, number, asked = here(), page_asked(), request.args.get("kind", "")
    kind = Kind(asked) if asked in DECREE else None
    with made.source.engine.connect() as connection:
        found, more = board.of_company(connection, viewer(), made.now, kind, number, ROWS)
        took = delay.measured(connection, made.now - MEASURED) if viewer().whole else None
    return render_template(
        "console/cases.html",
        found=[(one, notice_words.title(one.kind, one.journal, one.event_code), when(one)) for one in found],
        kinds=[(one, notice_words.KINDS[one]) for one in DECREE],
        words_of_kind=notice_words.KINDS,
        event_text=event_words.event,
        kind=kind,
        page=number,
        more=more,
        took=took,
        lasted=notice_words.lasted,
        tz=TZ,
    )
