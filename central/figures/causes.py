"""Why a published figure became another, as dirty.py wrote it down: a change of the registry, a decision about values,
or data that came late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from central.figures import decisions
from central.figures.dirty import change_of, decision_of
from central.figures.views import DecisionTold
from central.registry.tables import change


@dataclass(frozen=True, slots=True)
class Cause:
    """`change`: number and kind. Both None: late data, or the day was computed for the first time."""

    change: tuple[int, str] | None = None
    decision: DecisionTold | None = None


def told(connection: Connection, causes: Iterable[str]) -> Mapping[str, Cause]:
    """Each of these texts in full."""
    texts = set(causes)
    changes = {text: key for text in texts if (key := change_of(text)) is not None}
    people = {text: key for text in texts if (key := decision_of(text)) is not None}
    kinds = select(change.c.id, change.c.kind).where(change.c.id.in_(changes.values()))
    known = {row.id: (row.id, row.kind) for row in (connection.execute(kinds) if changes else ())}
    decided = decisions.told(connection, people.values())
    return {text: Cause(known.get(changes.get(text, 0)), decided.get(people.get(text, 0))) for text in texts}
