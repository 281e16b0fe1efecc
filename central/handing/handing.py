"""A form of readings is taken: each meter of it is accepted at once, or, where something of it is doubtful and the
person stands by it, waits for somebody of the company. What is handed in twice, or for an interval that has one
already, is taken once. What a phone without a network kept is of the moment when it was read, if that is not long ago.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from central.accounts.audit import note
from central.accounts.policy import Viewer, may_act
from central.db import alone, writing
from central.figures import Source
from central.figures.meter_faces import MeterFace
from central.handing.entering import enter_due
from central.handing.receipts import number_of
from central.handing.states import Handed
from central.handing.tables import hand_in, handed_in
from central.metering.handed import DAY, HOUR, Doubt, Taken, as_shown, doubts
from central.metering.terms import MANUAL, Reading
from central.metering.zones import day_of, midnight
from central.registry.enter.readings import beginning
from central.registry.reading_days import Terms
from central.registry.tables import mounting, point

TOTAL = "ap0"
KEPT_HOURS = 72  # so long may a phone keep what was read


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a person read off one meter. `registers`: field -> mWh, as they are kept; `doubts` of those that were asked
    for."""

    face: MeterFace
    registers: Mapping[str, int]
    doubts: Mapping[str, Sequence[Doubt]]
    taken: Taken
    read_at: int


class AlreadyHanded(Exception):
    """Somebody handed in a reading of this meter for this interval: `number` of its receipt, "" of another person's;
    `since`: when it may be handed in again."""

    def __init__(self, face: MeterFace, number: str, since: int) -> None:
        super().__init__(face.meter)
        self.face, self.number, self.since = face, number, since


class Untimely(Exception):
    """A phone says that it was read in the future, or more than KEPT_HOURS ago."""


class Gone(Exception):
    """The meter stands there no more, or it is the viewer's no more to read."""


def taken(face: MeterFace, terms: Terms, at: int) -> Taken:
    """What becomes of a reading of this meter that is read then."""
    return terms.window.taken(day_of(at, face.point.tz), always=opened_by_silence(face, terms, at))


def opened_by_silence(face: MeterFace, terms: Terms, at: int) -> bool:
    since = face.silent_since
    return since is not None and at - since >= terms.silent_days * DAY


def weigh(
    face: MeterFace, typed: Mapping[str, int], terms: Terms, at: int, later: Mapping[str, int] | None = None
) -> Weighed:
    """Read at this moment, of which `face` is too. `typed`: field -> mWh, each register that the face asks for;
    `later`: where the meter itself said that they stood after it."""
    registers: dict[str, int] = {}
    found: dict[str, Sequence[Doubt]] = {}
    for one in face.registers:
        value = as_shown(typed[one.field], one.last.value if one.last is not None else None)
        registers[one.field] = value
        about = doubts(
            value,
            at,
            last=one.last,
            later=Reading(at, later[one.field], MANUAL) if later and one.field in later else None,
            daily=one.daily,
            k=face.k,
            power_max=face.power_max,
            register_end=face.register_end,
        )
        if about:
            found[one.field] = about
    total = _total(face, registers)
    if total is not None:
        registers[TOTAL] = total
    begins = max(beginning(at, face.period, face.point.tz), face.since)
    return Weighed(face, registers, found, taken(face, terms, at), begins)


def _total(face: MeterFace, registers: Mapping[str, int]) -> int | None:
    """The register of all tariffs, which closes gaps, and which nobody was asked for: its last value and what the
    tariffs counted since, where all of them were read together before. None: not to be known, or asked for."""
    before = {name: one for name, one in face.known.items() if name.removeprefix("ap").isdecimal()}
    tariffs = {name for name, one in before.items() if name != TOTAL and (one.value or name in registers)}
    moments = {before[name].moment for name in (*tariffs, TOTAL) if name in before}
    if TOTAL in registers or TOTAL not in before or tariffs != registers.keys() or len(moments) != 1:
        return None
    return before[TOTAL].value + sum(value - before[name].value for name, value in registers.items())


def in_time(noted_at: int, now: int) -> bool:
    """Whether what was read then is taken now."""
    return 0 <= now - noted_at <= KEPT_HOURS * HOUR


def handed(
    source: Source, viewer: Viewer, token: str, weighed: Sequence[Weighed], now: int, noted_at: int | None = None
) -> int:
    """The key of the receipt. Sent twice (`token`), it is one. `noted_at`: when it was read, if not now.

    Raises AlreadyHanded, Gone, Untimely: nothing is taken then.
    """
    if noted_at is not None and not in_time(noted_at, now):
        raise Untimely(f"read at {noted_at}")
    with writing(source.engine).begin() as connection:
        alone(connection, "registry")
        earlier = sent(connection, viewer, token)
        if earlier is not None:
            return earlier
        _refuse(connection, viewer, weighed, now)
        values = {"account": viewer.account, "token": token, "made_at": now, "noted_at": noted_at}
        made = connection.execute(insert(hand_in).values(**values)).inserted_primary_key
        assert made is not None
        key = int(made[0])
        connection.execute(insert(handed_in), [_row(key, one, now) for one in weighed])
        enter_due(connection, now, key)
        note(connection, now, viewer.account, "handed in", f"receipt {key}")
        return key


def sent(connection: Connection, viewer: Viewer, token: str) -> int | None:
    """The key of the receipt, if this very form has been taken."""
    same = (hand_in.c.account == viewer.account, hand_in.c.token == token)
    return connection.scalar(select(hand_in.c.id).where(*same))


def _refuse(connection: Connection, viewer: Viewer, weighed: Iterable[Weighed], now: int) -> None:
    faces = {one.face.mounting: one for one in weighed}
    still = (mounting.c.id.in_(faces), mounting.c.valid_to.is_(None) | (mounting.c.valid_to > now))
    query = select(mounting.c.id).join(point, point.c.id == mounting.c.point).where(may_act(viewer, now), *still)
    if set(connection.scalars(query)) != faces.keys():
        raise Gone
    query_of = (
        select(handed_in.c.mounting, handed_in.c.read_at, hand_in.c.id, hand_in.c.account, hand_in.c.made_at)
        .join(hand_in, hand_in.c.id == handed_in.c.hand_in)
        .where(handed_in.c.mounting.in_(faces), handed_in.c.state != Handed.DECLINED)
        .where(handed_in.c.read_at.in_({one.read_at for one in faces.values()}))
    )
    for row in connection.execute(query_of):
        one = faces[row.mounting]
        if row.read_at == one.read_at:
            number = number_of(row.id, row.made_at) if row.account == viewer.account else ""
            raise AlreadyHanded(one.face, number, one.read_at + one.face.period)


def _row(key: int, one: Weighed, now: int) -> dict[str, object]:
    return {
        "hand_in": key,
        "point": one.face.point.id,
        "mounting": one.face.mounting,
        "meter": one.face.meter,
        "read_at": one.read_at,
        "registers": dict(one.registers),
        "warnings": {field: [doubt.value for doubt in found] for field, found in one.doubts.items()},
        "month": one.taken.month,
        "enters_at": now if one.taken.open else midnight(one.taken.opens, one.face.point.tz),
        "state": Handed.REVIEW if one.doubts else Handed.ACCEPTED,
        "reason": "",
    }
