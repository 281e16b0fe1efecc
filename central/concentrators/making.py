"""The registry of now as the tables of an edge.toml: what a concentrator is to read, on which lines, how often.

A meter is configured when the edge is entitled to it now, it hangs on a line, and stands somewhere: its mounting says
period and offset of the clock. Secrets stand here only by their number.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Row, or_, select

from central.concentrators.tables import edge_config, meter_secret
from central.ingest.tables import edge, edge_line, edge_meter
from central.registry.refusals import Refused
from central.registry.tables import meter, mounting
from protocol.errors import Garbled
from protocol.messages import control
from protocol.messages.configuration import Scalar, Settings

# what of an entitlement's settings goes to the edge; how it is called, where it hangs and what stands in the mounting
# or in the safe is not theirs to say
PASSED = ("title", "link", "client", "server", "template", "device", "framing", "timeout", "retries")
SECRETIVE = frozenset({"spodes"})  # drivers that ask for a password


class Blocked(Refused):
    """What the registry says cannot be sent as it is; the sentence says what is missing."""


def wanted(connection: Connection, name: str, now: int) -> Settings:
    """What the edge is to read now. Raises Blocked when it would stop reading a meter that it is entitled to."""
    rows = _meters(connection, name, now)
    hung = [row for row in rows if row.line is not None]
    _nothing_stops(connection, name, {row.meter for row in rows if row.line is None})
    standing = [row for row in hung if row.period is not None]
    urls = {row.line: row.url for row in standing}
    secrets = _secrets(connection, [row.meter for row in standing if row.driver in SECRETIVE])
    schedule = connection.execute(select(edge_config.c.schedule).where(edge_config.c.edge == name)).scalar()
    return Settings(
        line=[{"name": line, "url": url} for line, url in sorted(urls.items())],
        meter=[_table(row) for row in standing],
        schedule=dict(schedule or {}),
        secret=secrets,
    )


def _table(row: Row[Any]) -> dict[str, Scalar]:
    """As [[meter]] of edge.toml."""
    own = {key: value for key in PASSED if isinstance(value := (row.settings or {}).get(key), Scalar)}
    table = {"id": row.meter, "line": row.line, "driver": row.driver or "", "serial": row.serial}
    return table | {"period": row.period, "offset": row.clock_offset} | own


def _meters(connection: Connection, name: str, now: int) -> Sequence[Row[Any]]:
    """Each meter once, in the order of lines and names; without a mounting in force its period is null."""
    stands = (mounting.c.meter == edge_meter.c.meter) & (mounting.c.valid_from <= now)
    stands &= or_(mounting.c.valid_to.is_(None), mounting.c.valid_to > now)
    query = (
        select(
            edge_meter.c.meter,
            edge_meter.c.driver,
            edge_meter.c.settings,
            edge_line.c.name.label("line"),
            edge_line.c.url,
            meter.c.serial,
            mounting.c.period,
            mounting.c.clock_offset,
        )
        .outerjoin(edge_line, (edge_line.c.id == edge_meter.c.line) & (edge_line.c.edge == edge_meter.c.edge))
        .outerjoin(meter, meter.c.id == edge_meter.c.meter)
        .outerjoin(mounting, stands)
        .where(edge_meter.c.edge == name, edge_meter.c.valid_from <= now)
        .where(or_(edge_meter.c.valid_to.is_(None), edge_meter.c.valid_to > now))
        .order_by(edge_meter.c.id, mounting.c.id)
    )
    each = {row.meter: row for row in reversed(connection.execute(query).all())}
    return sorted(each.values(), key=lambda row: (row.line or "", row.meter))


def _nothing_stops(connection: Connection, name: str, unhung: Iterable[str]) -> None:
    """A meter without a line is read by the edge's own file, which a configuration replaces: say so before it does."""
    about = connection.execute(select(edge.c.about).where(edge.c.name == name)).scalar()
    lost = sorted(_read_by(about) & set(unhung))
    if lost:
        sentence = _l(
            "Концентратор опрашивает по своему файлу счётчики, для которых не указана линия: %(meters)s. "
            "Укажите линии: настройка с сервера заменит файл целиком",
            meters=", ".join(lost[:10]) + ("…" if len(lost) > 10 else ""),
        )
        raise Blocked("line", sentence)


def _read_by(about: bytes | None) -> frozenset[str]:
    if about is None:
        return frozenset()
    try:
        return frozenset(control.decode(about, control.About).meters)
    except Garbled:
        return frozenset()


def _secrets(connection: Connection, meters: Sequence[str]) -> dict[str, int]:
    query = select(meter_secret.c.meter, meter_secret.c.number).where(meter_secret.c.meter.in_(meters))
    return dict(sorted((row.meter, row.number) for row in connection.execute(query)))
