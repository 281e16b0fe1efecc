"""The rules of a command's life, over the journal's file and in its thread: no socket, no clock.

Counter and id are on the disk before anything is done; then effect, state and reply are one transaction. A command
that was taken and not done (the process died between) is done at the next look, if its time has not passed. What a
meter shows now is in no file: a process that dies before it has told that leaves a wish, and the next one asks the
meter again, or tells that the time has passed; so central is never told twice, nor of what nobody read. Limits of time
are judged only while the time is known: until then nothing is taken, and central repeats.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import msgspec

from edge.config import Config
from edge.journal.commands import Commands, Held, State
from edge.journal.journal import Journal
from edge.journal.rows import Span
from edge.meters.base import ModbusMeter
from edge.orders.verdict import Alarm, Dropped, Glance, Refusal, Stretch, accepted, judged
from edge.orders.wanted import Answer, Wish
from protocol.errors import Garbled, RemoteError
from protocol.messages import command
from protocol.messages.command import Arguments, Backfill, Order, Read, Reply, Shown, Status

log = logging.getLogger("edge.orders")

DETAIL = 300  # characters of a reply's words
ANSWER_EVERY = (
    30.0  # seconds between two answers to one known id: central asks each minute, a stranger as often as he likes
)


class Clerk:
    """`now` = seconds UTC as best known, `trusted` = that is really the time, `moment` = monotonic seconds."""

    def __init__(self, config: Config, journal: Journal) -> None:
        self._edge = config.edge.name
        self._key = config.uplink.key
        self._depth = config.schedule.depth
        self._meters = {meter.id: not isinstance(meter, ModbusMeter) for meter in config.meters}
        self._commands = Commands(journal)
        self._answered: dict[str, float] = {}

    def heard(self, id: str, payload: bytes, now: int, trusted: bool, moment: float) -> None:
        """A command came under this id. Raises Dropped."""
        order = accepted(self._edge, self._key, id, payload)
        held = self._commands.find(id)
        if held is not None:
            self._answer(held, now, moment)
        elif order.counter <= self._commands.floor():
            raise Dropped(Alarm.REPLAYED)
        elif trusted:
            self._take(order, now)
            self.look(now, trusted)

    def look(self, now: int, trusted: bool) -> None:
        """What was taken is done, what was begun is told when it has come to its end."""
        for held in self._commands.unfinished():
            try:
                self._go_on(held, now, trusted)
            except (msgspec.DecodeError, RemoteError) as error:
                self._commands.drop(held.id, now)
                log.error("a command is given up: its row cannot be read error=%r", str(error))

    def wishes(self) -> list[Wish]:
        """What meters are to be asked, in the order central gave the commands."""
        return [Wish(held.id, asked.meter) for held, asked in self._waiting() if isinstance(asked, Read)]

    def answered(self, id: str, answer: Answer, now: int) -> None:
        """A meter was asked. The last word stays: an answer that came too late changes nothing."""
        for held, _ in self._waiting():
            if held.id == id:
                order = msgspec.json.decode(held.body, type=Order)
                self._commands.close(_reply(order, answer.status, now, answer.detail, shown=answer.shown), now)

    def forget(self, now: int) -> int:
        """Commands of long ago; how many."""
        return self._commands.forget(now)

    # ---- inside

    def _go_on(self, held: Held, now: int, trusted: bool) -> None:
        """Raises DecodeError or RemoteError when the disk has spoilt the row, or a newer program wrote it."""
        order = msgspec.json.decode(held.body, type=Order)
        if held.state == State.WAITING:
            self._finish(order, held, now, trusted)
        elif held.state != State.TAKEN:
            raise Garbled(f"state {held.state!r}")
        elif trusted:
            self._execute(order, now)

    def _answer(self, held: Held, now: int, moment: float) -> None:
        self._answered = {id: at for id, at in self._answered.items() if moment - at < ANSWER_EVERY}
        if held.id not in self._answered:
            self._answered[held.id] = moment
            self._commands.answer_again(held, now)

    def _take(self, order: Order, now: int) -> None:
        found, expires, body = self._judged(order, now), int(order.expires.timestamp()), msgspec.json.encode(order)
        if isinstance(found, Refusal):
            reply = _reply(order, found.status, now, found.detail)
            self._commands.refuse(order.id, order.counter, expires, body, reply, now)
        else:
            self._commands.take(order.id, order.counter, expires, body, now)

    def _execute(self, order: Order, now: int) -> None:
        found = self._judged(order, now)
        match found:
            case Refusal():  # it was right when it was taken: its time has passed, or the meter is gone
                self._commands.close(_reply(order, found.status, now, found.detail), now)
            case Glance():
                self._commands.begin(_reply(order, Status.WAITING, now, None), now)
            case Stretch():
                said = partial(_reply, order, Status.WAITING, now, found.detail)
                self._commands.backfill(order.id, found.span, found.reading, lambda again: said({"again": again}), now)

    def _finish(self, order: Order, held: Held, now: int, trusted: bool) -> None:
        """The last word, when there is one."""
        asked = order.typed()
        if isinstance(asked, Backfill):
            self._finish_backfill(order, asked, held, now, trusted)
        elif asked.meter not in self._meters:
            self._commands.close(_reply(order, Status.NO_METER, now, f"no meter {asked.meter}"), now)
        elif trusted and now >= order.expires.timestamp():
            self._commands.close(_reply(order, Status.NO_ANSWER, now, "its time passed before the meter was read"), now)

    def _finish_backfill(self, order: Order, asked: Backfill, held: Held, now: int, trusted: bool) -> None:
        """When nothing of its stretch is left to be read, or its time has passed."""
        if held.reply is None or held.seq is None:
            raise Garbled("it waits, and has no reply")
        begun = command.decode_reply(held.reply)
        until = min(asked.until, begun.at)
        span = Span(asked.meter, asked.kind, int(asked.since.timestamp()), int(until.timestamp()))
        if not self._commands.left(span):
            status, detail = (Status.PARTIAL if begun.detail else Status.DONE), begun.detail
        elif trusted and now >= order.expires.timestamp():
            status, detail = Status.NO_ANSWER, "its time passed before the meter had been read"
        else:
            return
        result = {**(begun.result or {}), "read": self._commands.readings_since(span, held.seq)}
        self._commands.close(_reply(order, status, now, detail, result), now)

    def _waiting(self) -> Iterator[tuple[Held, Arguments]]:
        """What was begun; a row that cannot be read is dropped at the next look."""
        for held in self._commands.unfinished():
            if held.state == State.WAITING:
                with suppress(msgspec.DecodeError, RemoteError):
                    yield held, msgspec.json.decode(held.body, type=Order).typed()

    def _judged(self, order: Order, now: int) -> Stretch | Glance | Refusal:
        return judged(order, self._meters, self._depth, now)


def _reply(
    order: Order,
    status: Status,
    now: int,
    detail: str | None,
    result: dict[str, int] | None = None,
    shown: Shown | None = None,
) -> Reply:
    at, why = datetime.fromtimestamp(now, UTC), detail and detail[:DETAIL]
    return Reply(v=command.VERSION, id=order.id, status=status, at=at, detail=why, result=result, shown=shown)
