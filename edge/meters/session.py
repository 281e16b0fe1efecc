"""One DLMS conversation over a granted line: the client of `protocol` decides, this module waits, repeats and gives up.

Silence: after `timeout` the line is left to become quiet, what came late is dropped, and the request is repeated, at
most `retries` times in a row; any progress begins the count anew. Damaged answers are asked for again likewise.
"""

import time
from collections.abc import Callable

from edge.lines.base import Channel
from edge.meters.base import SpodesMeter
from edge.meters.faults import Faults
from protocol import errors
from protocol.dlms.client import Client, Closed, Denied, Event, Opened, Value
from protocol.obis import Obis

_CLOSE_SECONDS = 1.0
_PATIENCE = 4  # timeouts that bytes may drip for without making a frame


class Session:
    """Every call raises MeterFault or LineDown. `alive`: the association can still be used, or released."""

    def __init__(
        self, channel: Channel, meter: SpodesMeter, faults: Faults, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel = channel
        self._meter = meter
        self._faults = faults
        self._monotonic = monotonic
        self._client = Client(
            link=meter.link,
            client=meter.client,
            server=meter.server,
            password=None if meter.password is None else meter.password.encode(),
        )
        self.alive = False

    async def open(self) -> None:
        """The association stands afterwards."""
        try:
            event = await self._answer(self._client.open)
        except errors.PasswordRefused as error:
            raise self._faults.wrong_password(str(error)) from None
        except errors.AssociationRefused as error:
            raise self._faults.refused(str(error)) from None
        if not isinstance(event, Opened):
            raise self._faults.garbled(f"{event} instead of an association")
        self.alive = True

    async def get(self, class_id: int, obis: Obis, attribute: int, selection: bytes = b"") -> bytes | Denied:
        """One whole A-XDR value, or the meter's «no»."""
        try:
            event = await self._answer(lambda: self._client.get(class_id, obis, attribute, selection))
        except errors.Refused as error:  # the association is gone
            self.alive = False
            raise self._faults.refused(str(error)) from None
        except errors.LocalError:
            if self.alive:
                raise
            raise self._faults.garbled("the conversation has ended") from None
        if isinstance(event, Value):
            return event.data
        if isinstance(event, Denied):
            return event
        self.alive = False
        raise self._faults.garbled(f"{event} instead of {obis} attribute {attribute}")

    async def close(self) -> None:
        """Let the meter go; a meter that does not answer to that is let go too."""
        self.alive = False
        end = self._monotonic() + _CLOSE_SECONDS
        try:
            await self._channel.write(self._client.close())
            while (left := end - self._monotonic()) > 0:
                step = self._client.receive(await self._channel.read(left))
                if step.send:
                    await self._channel.write(step.send)
                if isinstance(step.event, Closed):
                    return
        except (TimeoutError, errors.ProtocolError):
            return

    async def _answer(self, ask: Callable[[], bytes]) -> Event:
        """`ask` begins the request; again, when what came was damaged."""
        damage = ""
        for _ in range(self._meter.retries + 1):
            try:
                return await self._exchange(ask())
            except (errors.Garbled, errors.Unsupported) as error:
                damage = str(error)
                await self._channel.settle()
            except errors.LocalError:
                if not damage:
                    raise
                break  # the damage took the association with it
        self.alive = False
        raise self._faults.garbled(damage)

    async def _exchange(self, request: bytes) -> Event:
        silence, heard = 0, 0
        send = request
        while True:
            if send:
                await self._channel.write(send)
                end = self._monotonic() + _PATIENCE * self._meter.timeout
            try:
                data = await self._channel.read(min(self._meter.timeout, max(end - self._monotonic(), 0.0)))
            except TimeoutError:
                silence += 1
                if silence > self._meter.retries:
                    self.alive = False
                    if heard:
                        raise self._faults.garbled(f"{heard} bytes came that are no whole frame") from None
                    raise self._faults.no_answer(self._meter.timeout, silence) from None
                await self._channel.settle()
                send = self._client.repeat()
                continue
            heard += len(data)
            send, event = self._client.receive(data)
            if event is not None:
                if send:
                    await self._channel.write(send)
                return event
            if send:
                silence = heard = 0
