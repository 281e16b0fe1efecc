"""Keeps the edge connected and the session moving: what the rules of session.py ask for is published, what is heard is
handed to them, and a lost connection is followed by a new one after a random, growing wait.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from edge.clock import Clock
from edge.config import Config
from edge.journal.journal import Journal
from edge.journal.thread import JournalThread
from edge.remote.remote import InForce
from edge.uplink.connection import Connection, Gone, Heard, NotConnected, Will
from edge.uplink.session import Action, SendAbout, Session
from protocol.errors import Garbled
from protocol.messages import control, topics
from protocol.messages.control import Running
from protocol.messages.topics import EdgeTopic, RowTopic

log = logging.getLogger("edge.uplink")

TICK = 1.0  # seconds
WAIT_FIRST, WAIT_MAX = 1.0, 120.0  # seconds before the next try, drawn between half and all of it


@dataclass(slots=True)
class UplinkState:
    """For the page and `status`. Times: seconds UTC; `since` = since when it is as it is."""

    since: int
    connected: bool = False
    answering: bool = False  # central has acknowledged in this connection
    trouble: str | None = None
    last_ack: int | None = None
    stranger: str | None = None  # another central that acknowledged to us
    renewed: int = 0


class Pump:
    """`commands` is given every message that is not an acknowledgement: (topic, payload)."""

    def __init__(
        self,
        config: Config,
        journal: JournalThread,
        clock: Clock,
        software: str,
        commands: Callable[[str, bytes], Awaitable[None]],
    ) -> None:
        self._config = config
        self._journal = journal
        self._clock = clock
        self._software = software
        self._commands = commands
        self._name = config.edge.name
        self._in_force = InForce(config, Running(), None)
        self._untold = False  # what is in force is not yet told
        self._session: Session | None = None
        self._connection: Connection | None = None
        self._health: control.Health | None = None
        self._started = clock.monotonic()
        self.state = UplinkState(since=int(clock.wall()))

    async def run(self) -> None:
        """Until cancelled; then says `offline`."""
        self._session = await self._journal.do(lambda j: Session(j, self._config.uplink.central, random.random))
        wait = WAIT_FIRST
        while True:
            try:
                await self._one_connection()
                wait = WAIT_FIRST
            except NotConnected as error:
                self._note(connected=False, trouble=str(error))
                wait = min(wait * 2, WAIT_MAX)
            await asyncio.sleep(wait * random.uniform(0.5, 1))  # noqa: S311 spreads the edges, hides nothing

    def configured(self, in_force: InForce) -> None:
        """What central is told of the configuration, now and in each connection."""
        self._in_force, self._untold = in_force, self._connection is not None
        self._journal.appended.set()  # wakes the loop

    def live(self, meter: str, message: control.Live) -> None:
        """Nice to have: sent if there is a connection, forgotten if not."""
        self._publish(EdgeTopic(self._name, "live", meter), message)

    def health(self, message: control.Health) -> None:
        """Sent now if there is a connection, else at the beginning of the next one."""
        self._health = message
        self._publish(EdgeTopic(self._name, "health"), message)

    # ---- inside

    def _publish(self, topic: EdgeTopic, message: control.Live | control.Health) -> None:
        if self._connection is not None and self.state.connected:
            self._connection.publish(str(topic), control.encode(message), qos=0)

    def _state(self, state: str) -> bytes:
        message = control.State(state=state, since=self._moment())  # type: ignore[arg-type]
        return control.encode(message)

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(int(self._clock.wall()), UTC)

    async def _one_connection(self) -> None:
        """From the connection to its end. Raises NotConnected if there was none."""
        session = self._session
        assert session is not None
        state_topic = str(EdgeTopic(self._name, "state"))
        will = Will(state_topic, self._state("lost"))
        try:
            connection = Connection(self._config.uplink, self._name, will)
        except (OSError, ValueError) as error:  # a certificate or a password that cannot be read: meters are read on
            raise NotConnected(f"credentials: {error}") from None
        last_words: tuple[tuple[str, bytes], ...] = ()
        try:
            await connection.open(topics.ack(self._name), topics.command(self._name, "+"), topics.config(self._name))
            self._connection = connection
            self._note(connected=True, trouble=None)
            connection.publish(state_topic, self._state("online"), retain=True)
            if self._health is not None:
                self.health(self._health)
            await self._do(connection, lambda _: session.connected(self._clock.monotonic()))
            await self._pump(connection, session)
        except asyncio.CancelledError:
            last_words = ((state_topic, self._state("offline")),)
            raise
        finally:
            self._connection = None
            await self._journal.do(lambda _: session.gone())
            with suppress(OSError):
                await asyncio.shield(connection.close(*last_words))

    async def _pump(self, connection: Connection, session: Session) -> None:
        """Until the connection is gone."""
        while True:
            self._journal.appended.clear()
            await self._do(connection, lambda _: self._due(session))
            event = await self._next(connection)
            if isinstance(event, Gone):
                log.warning("connection lost reason=%r", event.reason)
                self._note(connected=False, trouble=event.reason)
                return
            if isinstance(event, Heard) and event.topic == topics.ack(self._name):
                await self._acknowledged(connection, session, event)
            elif isinstance(event, Heard):
                await self._commands(event.topic, event.payload)

    def _due(self, session: Session) -> list[Action]:
        now = self._clock.monotonic()
        told, self._untold = self._untold, False
        return [*(session.changed(now) if told else []), *session.due(now), *session.rows(now)]

    async def _next(self, connection: Connection) -> Gone | Heard | None:
        """The next event of the connection; None when rows were appended or a tick has passed."""
        heard = asyncio.ensure_future(connection.events.get())
        appended = asyncio.ensure_future(self._journal.appended.wait())
        try:
            done, _ = await asyncio.wait({heard, appended}, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
            return heard.result() if heard in done else None
        finally:
            heard.cancel()
            appended.cancel()

    async def _acknowledged(self, connection: Connection, session: Session, event: Heard) -> None:
        try:
            ack = control.decode(event.payload, control.Ack)
        except Garbled as error:
            log.error("acknowledgement not understood: %s", error)
            return
        now = self._clock.monotonic()
        await self._do(connection, lambda _: session.acknowledged(ack, now))
        if session.stranger not in (None, self.state.stranger):
            self.state.stranger = session.stranger
            log.error(
                "another central acknowledges to us; it frees nothing theirs=%s ours=%s",
                session.stranger,
                session.central,
            )
        if session.renewed != self.state.renewed:
            self.state.renewed = session.renewed
            log.error("the journal was rolled back or cloned: it has a new store id, all of it is sent again")
        if session.open:
            self.state.last_ack = int(self._clock.wall())
            self._note(connected=True, trouble=None)

    async def _do(self, connection: Connection, rules: Callable[[Journal], Iterable[Action]]) -> None:
        """Ask the rules, in the journal's thread, and publish what they want."""
        for action in await self._journal.do(rules):
            if isinstance(action, SendAbout):
                connection.publish(str(EdgeTopic(self._name, "about")), self._about(action), retain=True)
            else:
                row = action.entry
                topic = RowTopic(self._name, row.channel, row.meter, action.store, row.seq, row.prev)
                connection.publish(str(topic), row.payload)

    def _about(self, action: SendAbout) -> bytes:
        config, key = self._in_force.config, self._in_force.key
        return control.encode(
            control.About(
                store=action.store,
                low=action.low,
                next=action.next,
                central=self._config.uplink.central,
                software=self._software,
                config=config.hash,
                meters={meter.id: meter.period for meter in config.meters},
                sealing_key=key,
                configuration=None if key is None else self._in_force.running,
            )
        )

    def _note(self, *, connected: bool, trouble: str | None) -> None:
        """Log once when it breaks, once when it is well again."""
        answering = connected and self._session is not None and self._session.open
        if (connected, answering) != (self.state.connected, self.state.answering):
            self.state.since = int(self._clock.wall())
            log.info("uplink connected=%s answering=%s", connected, answering)
        if trouble and trouble != self.state.trouble:
            log.warning("uplink trouble=%r", trouble)
        self.state.connected, self.state.answering, self.state.trouble = connected, answering, trouble
