"""What else happened in the time of a value: the five cases of the decree, beside values and never inside them.

A value stays what it is, in every sum: that its meter was opened meanwhile is told with it, and doubted by nobody but
whoever decides about it.
"""

from collections.abc import Sequence

from flask_babel import gettext as _

from central import figures
from central.faces import notice_words
from central.faces.here import here, viewer
from central.figures import NotFound
from central.figures.views import PointView
from central.metering.decree import Happened
from central.notices.kinds import Kind


def cases(point: PointView, since: int, until: int) -> Sequence[Happened]:
    """Of [since, until); none where nothing of it is the viewer's."""
    try:
        return figures.cases(here().source, viewer(), point.id, since, until)
    except NotFound:
        return ()


def told(found: Sequence[Happened], start: int, end: int) -> str:
    """«в это время: вскрытие счётчика, магнитное поле» of [start, end), each once; "" = nothing."""
    touching = dict.fromkeys(Kind(one.case) for one in found if one.touches(start, end))
    if not touching:
        return ""
    return str(_("в это время: %(cases)s", cases=", ".join(str(notice_words.KINDS[kind].short) for kind in touching)))


def words(found: Sequence[Happened], start: int, end: int) -> list[str]:
    """The cases of [start, end) by their code words, for programs."""
    return list(dict.fromkeys(one.case.value for one in found if one.touches(start, end)))
