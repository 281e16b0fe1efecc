"""Decisions about values: each one act of a person, with a reason; the days it changes are computed anew; undoable."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection, bindparam, select, update

from central.accounts.audit import note
from central.figures import dirty
from central.figures.tables import decision
from central.figures.views import DecisionTold
from central.metering.decisions import Decided, Decision
from central.metering.zones import day_of, days
from central.registry.tables import point

ONE_DAY = timedelta(days=1)
SUBJECT = "decision"


def decisions_of(connection: Connection, point_id: int, since: int, until: int) -> Sequence[Decision]:
    """Those in force about places of this time (seconds UTC), oldest first."""
    return [
        Decision(
            row.id,
            Decided(row.kind),
            row.channel,
            row.since,
            row.until,
            {int(start): energy for start, energy in row.energies.items()},
        )
        for row in connection.execute(_IN_FORCE, {"its_point": point_id, "first": since, "last": until})
    ]


_IN_FORCE = (  # asked for every day that is computed: made once
    select(decision)
    .where(decision.c.point == bindparam("its_point"), decision.c.undone_at.is_(None), decision.c.kind != Decided.ASK)
    .where(decision.c.since < bindparam("last"), decision.c.until > bindparam("first"))
    .order_by(decision.c.id)
)


def told(connection: Connection, keys: Iterable[int]) -> Mapping[int, DecisionTold]:
    """Number -> what was decided, of those that there are."""
    wanted = set(keys)
    query = select(decision).where(decision.c.id.in_(wanted))
    return {
        row.id: DecisionTold(row.id, Decided(row.kind), row.at, row.reason, row.undone_at)
        for row in (connection.execute(query) if wanted else ())
    }


def decide(
    connection: Connection,
    *,
    point_id: int,
    kind: Decided,
    channel: str,
    since: int,
    until: int,
    reason: str,
    account: int,
    at: int,
    energies: Mapping[int, int] | None = None,
    command: str | None = None,
) -> int:
    """About the places that start in [since, until); returns its number. `energies`: of a substitute; `command`: that
    asks the meter again. In a writing transaction."""
    values = {
        "point": point_id,
        "kind": kind,
        "channel": channel,
        "since": since,
        "until": until,
        "energies": {str(start): energy for start, energy in (energies or {}).items()},
        "reason": reason,
        "account": account,
        "at": at,
        "command": command,
    }
    made = connection.execute(decision.insert().values(**values)).inserted_primary_key
    assert made is not None
    key = int(made[0])
    if kind is not Decided.ASK:
        _mark(connection, point_id, since, until, key)
    note(connection, at, account, SUBJECT, f"decision {key}", f"{kind} point {point_id}: {reason}")
    return key


def undo(connection: Connection, key: int, *, reason: str, account: int, at: int) -> bool:
    """As if it had not been made; False when it has been undone already. In a writing transaction."""
    row = connection.execute(select(decision).where(decision.c.id == key).with_for_update()).one()
    if row.undone_at is not None:
        return False
    values = {"undone_at": at, "undone_by": account, "undo_reason": reason}
    connection.execute(update(decision).where(decision.c.id == key).values(**values))
    if row.kind != Decided.ASK:
        _mark(connection, row.point, row.since, row.until, key)
    note(connection, at, account, SUBJECT, f"decision {key}", f"undone: {reason}")
    return True


def _mark(connection: Connection, point_id: int, since: int, until: int, key: int) -> None:
    tz = connection.execute(select(point.c.tz).where(point.c.id == point_id)).scalar_one()
    touched = days(day_of(since, tz), day_of(max(until - 1, since), tz) + ONE_DAY)
    dirty.mark_days(connection, point_id, touched, dirty.by_decision(key))
