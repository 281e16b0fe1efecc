"""Lines over TCP and a pty: granted in turn, opened again, quiet after a failure, traced without secrets."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from edge.lines import make_line
from edge.lines.base import LineDown
from edge.lines.stream import LIMIT
from edge.lines.trace import LONGEST, Trace
from tests.edge.lines.peer import Pty, tcp_peer
from tests.parts import free_port

pytestmark = pytest.mark.quick


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)


async def test_bytes_go_and_come() -> None:
    async with tcp_peer(echo) as url:
        line = make_line("a", url)
        async with line.granted("test") as channel:
            await channel.write(b"\x7e\xa0")
            assert await channel.read(2) == b"\x7e\xa0"
            with pytest.raises(TimeoutError):
                await channel.read(0.02)
        line.close()


async def test_the_line_is_granted_in_the_order_of_asking() -> None:
    order: list[int] = []

    async with tcp_peer(echo) as url:
        line = make_line("a", url)

        async def talk(number: int) -> None:
            async with line.granted(f"meter {number}") as channel:
                await channel.write(bytes([number]))
                order.extend(await channel.read(2))

        await asyncio.gather(*(talk(number) for number in range(5)))
        line.close()
    assert order == [0, 1, 2, 3, 4]


async def test_a_line_that_cannot_be_opened_is_down_with_its_reason() -> None:
    url = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(LineDown, match=rf"line a \({url}\): Connect call failed|refused"):
        async with make_line("a", url).granted("test"):
            pass
    with pytest.raises(LineDown, match="/dev/no-such-device"):
        async with make_line("a", "serial:/dev/no-such-device").granted("test"):
            pass


async def test_a_broken_connection_is_down_and_the_next_grant_opens_anew() -> None:
    connections = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(await reader.read(1))

    async with tcp_peer(once) as url:
        line = make_line("a", url)
        for _ in range(2):
            async with line.granted("test") as channel:
                await channel.write(b"x")
                assert await channel.read(2) == b"x"
                with pytest.raises(LineDown, match="closed by the other side"):
                    await channel.read(2)
        line.close()
    assert connections == 2


async def test_a_late_answer_is_never_the_next_ones() -> None:
    """The peer answers «a» only after its asker gave up; whoever asks next must not see it."""
    late = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1):
            if data == b"a":
                await late.wait()
            writer.write(data)

    async with tcp_peer(slow) as url:
        line = make_line("bus", url)
        async with line.granted("a") as channel:
            await channel.write(b"a")
            with pytest.raises(TimeoutError):
                await channel.read(0.02)
            late.set()
        async with line.granted("b") as channel:
            await channel.write(b"b")
            assert await channel.read(2) == b"b"
        line.close()


async def test_settle_drops_what_came_until_it_is_quiet() -> None:
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for _ in range(5):
            writer.write(b"noise")
            await asyncio.sleep(0.05)
        writer.write(await reader.read(1))

    async with tcp_peer(chatter) as url:
        line = make_line("bus", url)
        async with line.granted("a") as channel:
            await channel.write(b"x")
            await channel.settle()
            await channel.write(b"y")
            assert await channel.read(2) == b"y"
        line.close()


async def test_a_flood_is_held_back() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(64):
            writer.write(bytes(LIMIT))
            await writer.drain()

    async with tcp_peer(flood) as url:
        line = make_line("a", url)
        async with line.granted("a") as channel:
            total = 0
            with suppress(LineDown):  # the end of it
                while True:
                    data = await channel.read(2)
                    assert len(data) <= 8 * LIMIT
                    total += len(data)
                    await asyncio.sleep(0)
        line.close()
    assert total == 64 * LIMIT


async def test_lent_gives_the_address_and_keeps_the_turn() -> None:
    async with tcp_peer(echo) as url:
        line = make_line("a", url)
        async with line.granted("x") as channel:
            await channel.write(b"x")
            await channel.read(2)
        async with line.lent("pymodbus") as lent:
            assert lent == url
            waiting = asyncio.create_task(line.granted("y").__aenter__())
            await asyncio.sleep(0.02)
            assert not waiting.done()
        await waiting
        line.close()


async def test_a_serial_port_that_vanished_is_opened_again(tmp_path: Path) -> None:
    pty = Pty(tmp_path)
    line = make_line("rs485", f"serial:{pty.device}?baud=9600")
    async with line.granted("meter") as channel:
        await channel.write(b"\x7e")
        assert await pty.read() == b"\x7e"
        pty.write(b"\xa0")
        assert await channel.read(2) == b"\xa0"
        pty.unplug()
        with pytest.raises(LineDown, match="line rs485"):
            await channel.read(2)
    with pytest.raises(LineDown, match="ttyTEST"):
        async with line.granted("meter"):
            pass
    pty.plug()
    async with line.granted("meter") as channel:
        await channel.write(b"again")
        assert await pty.read() == b"again"
    line.close()


async def test_on_a_bus_too_a_late_answer_is_never_the_next_ones(tmp_path: Path) -> None:
    """The port stays open; what comes within the quiet time after a failure is dropped."""
    pty = Pty(tmp_path)
    line = make_line("rs485", f"serial:{pty.device}?baud=9600")
    async with line.granted("a") as channel:
        await channel.write(b"a")
        assert await pty.read() == b"a"
        with pytest.raises(TimeoutError):
            await channel.read(0.02)
    late = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.call_later(0.05, pty.write, b"late")
    loop.call_later(0.06, late.set)
    async with line.granted("b") as channel:
        await channel.write(b"b")
        assert await pty.read() == b"b"
        await late.wait()
        pty.write(b"right")
        assert await channel.read(2) == b"right"
    line.close()


async def test_two_programs_cannot_share_a_port(tmp_path: Path) -> None:
    pty = Pty(tmp_path)
    first, second = (make_line(name, f"serial:{pty.device}") for name in ("a", "b"))
    async with first.granted("meter"):
        with pytest.raises(LineDown, match="lock"):
            async with second.granted("meter"):
                pass
    first.close()


def test_a_trace_is_bounded_and_hides_secrets() -> None:
    seen: list[str] = []
    trace = Trace(seen.append, capacity=3, wall=lambda: 1_793_491_200.5)
    trace.hide(b"secret")
    trace.sent(b"<secret>")
    trace.came(bytes(1000))
    trace.word("granted to a")
    assert seen[0] == "00:00:00.500 > 3c ** ** ** ** ** ** 3e"
    assert seen[1].endswith("… 1000 bytes")
    assert len(seen[1]) < 3 * LONGEST + 40
    trace.sent(b"\x01")
    assert [str(entry) for entry in trace] == seen[1:]
