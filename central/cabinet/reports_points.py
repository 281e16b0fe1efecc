"""«Выбор точек учета» of a report: whole paths, levels of the network, what is ticked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import Connection, select

from central.accounts.policy import Viewer
from central.faces.registry_words import VALUES
from central.figures.views import PointView
from central.registry.enter.network import NODE_KINDS
from central.registry.natural import natural
from central.registry.tables import node
from central.reports.asked import Asked

BETWEEN = "\\"  # names of a path
COMPANY = "*"  # of a level: all of it
MOST_CHIPS = 12
CHUNK = 500  # values of one question


@dataclass(frozen=True, slots=True)
class Choice:
    """A point that may be ticked. `path`: whole, from the organisation to the point; `under`: of the network alone."""

    point: PointView
    path: str
    ticked: bool
    sought: bool

    @property
    def under(self) -> str:
        return self.point.path


@dataclass(frozen=True, slots=True)
class Level:
    """Of one kind: «подстанция», and its nodes: value, name, points below."""

    caption: str
    nodes: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Picker:
    """`chips`: what is chosen, while that is few; `more`: so many are chosen beside them."""

    choices: Sequence[Choice]
    levels: Sequence[Level]
    level: str
    seek: str
    chips: Sequence[PointView]
    more: int
    of: int


def picker(
    points: Sequence[PointView], wanted: Asked, company: str, kinds: Mapping[str, str], args: Mapping[str, str]
) -> Picker:
    """`kinds`: path of a node -> its kind. `args`: `seek`, `level` and `ticked` = all, of this form alone."""
    seek, every = args.get("seek", "").strip(), args.get("ticked") == "all" and not wanted.points
    chosen = set(wanted.points)
    found = []
    for one in points:
        path = _path(one, company)
        found.append(Choice(one, path, every or one.id in chosen, _sought(one, path, seek)))
    ticked = [one for one in points if one.id in chosen]
    return Picker(
        choices=found,
        levels=_levels(points, company, kinds),
        level=args.get("level", ""),
        seek=seek,
        chips=ticked[:MOST_CHIPS],
        more=len(ticked[MOST_CHIPS:]),
        of=len(points),
    )


def picked(
    points: Sequence[PointView], ticked: Sequence[int], company: str, args: Mapping[str, str]
) -> tuple[int, ...]:
    """What is ticked after a button of the form. `pick`: all | none | invert of what is sought, level of all."""
    how, seek, chosen = args.get("pick", ""), args.get("seek", "").strip(), set(ticked)
    listed = {one.id for one in points if _sought(one, _path(one, company), seek)}
    if how == "all":
        chosen |= listed
    elif how == "none":
        chosen -= listed
    elif how == "invert":
        chosen ^= listed
    elif how == "level":
        chosen |= {one.id for one in points if _below(one, args.get("level", ""))}
    return tuple(one.id for one in points if one.id in chosen)


def kinds(connection: Connection, viewer: Viewer, points: Sequence[PointView]) -> dict[str, str]:
    """Path of each node above these points -> its kind."""
    paths = sorted({prefix for one in points for prefix in _prefixes(one.path)})
    found: dict[str, str] = {}
    for start in range(0, len(paths), CHUNK):
        query = select(node.c.path, node.c.kind).where(node.c.organisation == viewer.organisation)
        query = query.where(node.c.path.in_(paths[start : start + CHUNK]))
        found |= {row.path: row.kind for row in connection.execute(query)}
    return found


def _levels(points: Sequence[PointView], company: str, kinds: Mapping[str, str]) -> list[Level]:
    below = Counter(prefix for one in points for prefix in _prefixes(one.path))
    paths = sorted(below, key=natural)
    found = [Level(_("организация"), [(COMPANY, company, len(points))])]
    for kind in NODE_KINDS:
        nodes = [(path, path, below[path]) for path in paths if kinds.get(path) == kind]
        if nodes:
            found.append(Level(str(VALUES["kind"][kind]), nodes))
    return found


def _prefixes(path: str) -> list[str]:
    names = path.split(BETWEEN) if path else []
    return [BETWEEN.join(names[:count]) for count in range(1, len(names) + 1)]


def _below(one: PointView, level: str) -> bool:
    return level == COMPANY or (bool(level) and (one.path == level or one.path.startswith(level + BETWEEN)))


def _path(one: PointView, company: str) -> str:
    """«АО «МСК Энерго»\\ТП-369\\ВРУ-0,4 кВ\\КЛ-1», from the organisation to the point."""
    return BETWEEN.join(filter(None, (company, one.path, one.name or one.code)))


def _sought(one: PointView, path: str, seek: str) -> bool:
    texts = (path, one.code, one.address, one.serial or "")
    return not seek or any(seek.casefold() in text.casefold() for text in texts)
