"""Meters behind a port or a pty, read by our own client: both links, buses, two readers at once, every fault."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date

import pytest

from demo.meters.device import SpodesDevice
from demo.meters.host import Link, Running, serve
from demo.meters.model import Enterprise, Household, Sdm630, SpodesSite
from protocol import cosem_time
from protocol.dlms import axdr
from protocol.dlms.client import Client, Closed, Event, Opened, Value, by_range
from protocol.errors import AssociationRefused, Garbled, PasswordRefused
from protocol.obis import Obis
from protocol.spodes.objects import CLOCK, PROFILES, READER, SERIAL, Profile

NOW = 1_795_511_700.0
LOCAL = int(NOW) + 180 * 60
LINKS: list[Link] = ["wrapper", "hdlc"]
both_links = pytest.mark.parametrize("link", LINKS)


def household(**settings: object) -> Household:
    return Household(serial="10200301", born=date(2026, 9, 1), clock=lambda: NOW, **settings)  # type: ignore[arg-type]


class Talker:
    """Our client on a real stream; waits at most `patience` seconds for each piece."""

    def __init__(self, client: Client, reader: asyncio.StreamReader, write: Callable[[bytes], None]) -> None:
        self.client, self.reader, self.write = client, reader, write
        self.patience = 10.0  # what comes is awaited; a test of silence says how long it listens

    async def ask(self, request: bytes) -> Event:
        self.write(request)
        while True:
            chunk = await asyncio.wait_for(self.reader.read(4096), self.patience)
            if not chunk:
                raise ConnectionError("the meter's side closed the line")
            step = self.client.receive(chunk)
            self.write(step.send)
            if step.event:
                return step.event

    async def value(self, class_id: int, obis: Obis, attribute: int, selection: bytes = b"") -> bytes:
        event = await self.ask(self.client.get(class_id, obis, attribute, selection))
        assert isinstance(event, Value)
        return event.data


@asynccontextmanager
async def talker(running: Running, link: Link, site: SpodesSite, password: str | None = None) -> AsyncIterator[Talker]:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    assert link == "wrapper" or link == "hdlc"
    secret = (password or site.password).encode()
    client = Client(link=link, client=READER, server=site.address, password=secret)
    try:
        yield Talker(client, reader, writer.write)
    finally:
        writer.close()


async def read_serial(talk: Talker) -> bytes:
    assert isinstance(await talk.ask(talk.client.open()), Opened)
    return bytes(axdr.plain(axdr.decode(await talk.value(1, SERIAL, 2))))


@both_links
@pytest.mark.parametrize("kind", [Household, Enterprise])
async def test_what_is_read_is_what_the_device_holds(link: Link, kind: type[SpodesSite]) -> None:
    site = kind(serial="10200301", born=date(2026, 11, 1), clock=lambda: NOW)
    device = SpodesDevice(site)
    selection = by_range(cosem_time.encode(LOCAL - 86400, 0), cosem_time.encode(LOCAL, 0))
    async with await serve(site, link=link) as running, talker(running, link, site) as talk:
        assert isinstance(await talk.ask(talk.client.open()), Opened)
        for profile in Profile:
            whole = await talk.value(7, PROFILES[profile], 2)
            assert whole == device.get(READER, 7, PROFILES[profile], 2, None)
        part = await talk.value(7, PROFILES[Profile.LOAD], 2, selection)
        assert 40 < len(axdr.plain(axdr.decode(part))) <= 49
        assert isinstance(await talk.ask(talk.client.close()), Closed)


@both_links
async def test_two_readers_at_once_have_associations_of_their_own(link: Link) -> None:
    site = household()
    async with await serve(site, link=link) as running, talker(running, link, site) as one:
        assert await read_serial(one) == b"10200301"
        async with talker(running, link, site) as two:
            assert await read_serial(two) == b"10200301"
        assert await one.value(8, CLOCK, 2)


@both_links
async def test_a_bus_of_meters_on_one_port(link: Link) -> None:
    # on a bus the address tells meters apart: the logical device over the wrapper, the physical one over HDLC
    addresses = [(1, 16), (2, 17), (3, 18)]
    bus = [
        kind(serial=f"1020030{number}", address=address, born=date(2026, 9, 1), clock=lambda: NOW)
        for number, (kind, address) in enumerate(zip((Household, Enterprise, Household), addresses, strict=True))
    ]
    bus[1].faults.silent = True
    async with await serve(bus, link=link) as running:
        for site in (bus[0], bus[2]):
            async with talker(running, link, site) as talk:
                assert await read_serial(talk) == site.serial.encode()
        async with talker(running, link, bus[1]) as talk:
            talk.patience = 0.5
            with pytest.raises(TimeoutError):
                await read_serial(talk)


@asynccontextmanager
async def pty_talker(url: str, site: SpodesSite) -> AsyncIterator[Talker]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    with open(url.removeprefix("serial:"), "r+b", 0) as port:
        tty.setraw(port.fileno())
        transport, _ = await loop.connect_read_pipe(lambda: protocol, port)
        client = Client(link="hdlc", client=READER, server=site.address, password=site.password.encode())

        def write(data: bytes) -> None:
            os.write(port.fileno(), data)

        yield Talker(client, reader, write)
        transport.close()


async def test_a_meter_on_a_pty_can_be_left_and_read_again() -> None:
    site = household()
    async with await serve(site, "pty", "hdlc") as running:
        assert running.url.startswith("serial:/dev/")
        for _ in range(2):
            async with pty_talker(running.url, site) as talk:
                assert await read_serial(talk) == b"10200301"


async def test_nothing_is_left_when_it_is_closed() -> None:
    site = household()
    running = await serve(site)
    async with talker(running, "wrapper", site) as talk:
        await read_serial(talk)
        await running.close()
        assert await asyncio.wait_for(talk.reader.read(), 1) == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", running.port)


@pytest.mark.parametrize(
    ("meters", "listen", "link"),
    [
        ([household()], "udp://127.0.0.1:1", "wrapper"),
        ([household()], "tcp://127.0.0.1:0", "rtu"),
        ([Sdm630(serial="1")], "tcp://127.0.0.1:0", "hdlc"),
        ([household(), Sdm630(serial="1")], "tcp://127.0.0.1:0", "hdlc"),
        ([], "tcp://127.0.0.1:0", "hdlc"),
    ],
)
async def test_what_does_not_fit_is_refused(meters: list[SpodesSite], listen: str, link: Link) -> None:
    with pytest.raises(ValueError, match=r"speak over|cannot listen"):
        await serve(meters, listen, link)


# --- faults ---------------------------------------------------------------------------------------------------


@both_links
async def test_silent(link: Link) -> None:
    site = household()
    async with await serve(site, link=link) as running, talker(running, link, site) as talk:
        site.faults.silent = True
        talk.patience = 0.5
        with pytest.raises(TimeoutError):
            await read_serial(talk)


@both_links
async def test_late_answers_do_come(link: Link) -> None:
    site = household()
    async with await serve(site, link=link) as running, talker(running, link, site) as talk:
        site.faults.late = 0.15
        begun = asyncio.get_running_loop().time()
        assert await read_serial(talk) == b"10200301"
        assert asyncio.get_running_loop().time() - begun >= 2 * 0.15


@both_links
async def test_a_refused_association_and_a_wrong_password(link: Link) -> None:
    site = household()
    async with await serve(site, link=link) as running:
        async with talker(running, link, site, password="wrong") as talk:
            with pytest.raises(PasswordRefused):
                await read_serial(talk)
        site.faults.refuse = True
        async with talker(running, link, site) as talk:
            with pytest.raises(AssociationRefused) as refused:
                await read_serial(talk)
            assert not isinstance(refused.value, PasswordRefused)


async def test_another_serial_and_another_clock() -> None:
    site = household()
    async with await serve(site) as running, talker(running, "wrapper", site) as talk:
        assert await read_serial(talk) == b"10200301"
        site.faults.serial = "999"
        assert axdr.plain(axdr.decode(await talk.value(1, SERIAL, 2))) == b"999"


async def test_garbled_bytes_over_hdlc_are_noise_and_over_the_wrapper_an_error() -> None:
    site = household()
    async with await serve(site, link="hdlc") as running, talker(running, "hdlc", site) as talk:
        site.faults.garbled = 1.0
        talk.patience = 0.5
        with pytest.raises((TimeoutError, Garbled)):
            await read_serial(talk)
    async with await serve(site) as running, talker(running, "wrapper", site) as talk:
        with pytest.raises(Garbled):
            await read_serial(talk)


@both_links
async def test_cut_after_some_bytes(link: Link) -> None:
    site = household()
    async with await serve(site, link=link) as running, talker(running, link, site) as talk:
        assert isinstance(await talk.ask(talk.client.open()), Opened)
        site.faults.cut = 200
        with pytest.raises(ConnectionError):
            await talk.value(7, PROFILES[Profile.LOAD], 2)


async def test_stale_answers_the_question_before() -> None:
    site = household()
    async with await serve(site) as running, talker(running, "wrapper", site) as talk:
        assert await read_serial(talk) == b"10200301"
        site.faults.stale = True
        talk.patience = 0.5
        with pytest.raises(TimeoutError):  # our client drops what answers an older request
            await talk.value(8, CLOCK, 2)
