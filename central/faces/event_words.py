"""Lines of a meter's journal in the language of the page. Their Russian is the standard's and stands in
protocol.spodes.events alone; `pybabel extract` takes it from there into the catalogue."""

from collections.abc import Iterator

from flask_babel import gettext

from protocol.spodes.events import TEXTS, event_text


def event(journal: int, code: int) -> str:
    """Words for a line, whatever its numbers are."""
    return event_text(journal, code, gettext)


def texts(*_asked: object, **_options: object) -> Iterator[tuple[int, None, str, list[str]]]:
    """What there is to translate, as Babel asks for it of a file: line, function, text, comments."""
    for text in TEXTS:
        yield 0, None, text, []
