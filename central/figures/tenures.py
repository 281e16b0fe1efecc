"""When a meter stood at a point and by which period it measured, as far as a viewer may see it: by this it is counted
how much there is to be, without reading any of it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import bindparam, select

from central.accounts.policy import FOREVER, Span, Viewer, seen_all
from central.figures.source import Source
from central.figures.views import Period
from central.registry.tables import mounting

CHUNK = 1_000  # points that are asked for at once


class Tenure(Struct, frozen=True, gc=False):
    """[since, until), seconds UTC; `period`: of the load profile, seconds."""

    since: int
    until: int
    period: int

    def places(self, shortest: int = 0) -> int:
        """How many intervals there are of it, none shorter than so many seconds; what is cut of one is one."""
        step = max(self.period, shortest)
        return -(-self.until // step) - self.since // step


def tenures(source: Source, viewer: Viewer, periods: Mapping[int, Period]) -> Mapping[int, Sequence[Tenure]]:
    """Of many points, each in its period, oldest first; the time from one meter to the next is the first one's. A point
    of which nothing may be seen then, or at which none stood, is not in it."""
    found: dict[int, Sequence[Tenure]] = {}
    keys = list(periods)
    with source.engine.connect() as connection:
        for first in range(0, len(keys), CHUNK):
            spans = {key: (periods[key].since, periods[key].until) for key in keys[first : first + CHUNK]}
            seen = {key: span for key, (span, _) in seen_all(connection, viewer, spans).items()}
            held: dict[int, list[Tenure]] = defaultdict(list)
            for key, since, until, period in connection.execute(_MOUNTED, {"points": list(seen)}):
                held[key].append(Tenure(since, FOREVER if until is None else until, period))
            found |= {key: there for key, of_one in held.items() if (there := tuple(_within(of_one, seen[key])))}
    return found


def _within(held: Sequence[Tenure], span: Span) -> Iterator[Tenure]:
    begins = [one.since for one in held[1:]]
    for one, until in zip(held, [*begins, held[-1].until], strict=True):
        since, until = max(one.since, span[0]), min(until, span[1])
        if since < until:
            yield Tenure(since, until, one.period)


_MOUNTED = (
    select(mounting.c.point, mounting.c.valid_from, mounting.c.valid_to, mounting.c.period)
    .where(mounting.c.point.in_(bindparam("points", expanding=True)))
    .order_by(mounting.c.point, mounting.c.valid_from)
)
