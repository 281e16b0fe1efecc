"""What stands and stood on the wall of a point in a span of time: rows of meters, transformers and verifications.

The span is whose the point was: figures/complexes.py asks the policy for it, and cuts what reaches beyond it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select

from central.registry.tables import meter, meter_type, mounting, transformer, transformer_place, verification

Rows = Sequence[Row[Any]]


def mounted(connection: Connection, point_id: int, since: int, until: int) -> Rows:
    """Mountings that have a moment in [since, until), with their meter and what its type says; the newest first."""
    return connection.execute(
        select(mounting, meter.c.serial, meter.c.type, meter.c.maker, meter.c.made_in, meter.c.register_end)
        .add_columns(meter.c.resolution, meter_type.c.digits, meter_type.c.verified_for)
        .join(meter, meter.c.id == mounting.c.meter)
        .outerjoin(meter_type, (meter_type.c.maker == meter.c.maker) & (meter_type.c.name == meter.c.type))
        .where(mounting.c.point == point_id, _within(mounting, since, until))
        .order_by(mounting.c.valid_from.desc())
    ).all()


def placed(connection: Connection, point_id: int, since: int, until: int) -> Rows:
    """Transformers that stood there for a moment of [since, until), those still there first, by kind and phase."""
    columns = (transformer.c[name] for name in ("kind", "serial", "type", "primary", "secondary", "accuracy"))
    return connection.execute(
        select(transformer_place, *columns)
        .join(transformer, transformer.c.id == transformer_place.c.transformer)
        .where(transformer_place.c.point == point_id, _within(transformer_place, since, until))
        .order_by(transformer_place.c.valid_to.is_not(None), transformer_place.c.valid_to.desc())
        .order_by(transformer.c.kind, transformer_place.c.phase, transformer_place.c.id)
    ).all()


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification. `until`: the first day on which it holds no more."""

    on: date
    until: date
    document: str


def last_verified(
    connection: Connection, meters: Collection[str], transformers: Collection[int], day: date
) -> tuple[Mapping[str, Verified], Mapping[int, Verified]]:
    """Of each of them the last one that was made up to this day, by meter and by transformer."""
    theirs = or_(verification.c.meter.in_(meters), verification.c.transformer.in_(transformers))
    query = select(verification).where(theirs, verification.c.verified_on <= day)
    of_meters: dict[str, Verified] = {}
    of_transformers: dict[int, Verified] = {}
    for row in connection.execute(query.order_by(verification.c.verified_on, verification.c.id)):
        found = Verified(row.verified_on, row.valid_until, row.document)
        if row.meter is not None:
            of_meters[row.meter] = found
        else:
            of_transformers[row.transformer] = found
    return of_meters, of_transformers


def _within(table: Table, since: int, until: int) -> ColumnElement[bool]:
    return (table.c.valid_from < until) & (table.c.valid_to.is_(None) | (table.c.valid_to > since))
