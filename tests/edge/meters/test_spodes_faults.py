"""The СПОДЭС driver on lines that fail: no wrong value is ever accepted (short forms of faults 11, 12, 13, 14)."""

import asyncio
from contextlib import suppress

import pytest

from demo.meters.faults import Faults
from demo.meters.host import Link, Running, serve
from demo.meters.model import Household, SpodesSite
from edge.lines import make_line
from edge.lines.base import Line, LineDown
from edge.meters.base import MeterFault, NoAnswer, NotGiven
from edge.meters.layouts import Cache
from edge.meters.spodes import open_spodes
from protocol.reading import Kind, Readings
from tests.edge.meters.spodes_parts import LINKS, MIDNIGHT, NOW, household, keep_from_us, reading, settings_of

HOURS = (MIDNIGHT - 6 * 3600, MIDNIGHT)


async def truth(site: SpodesSite, link: Link = "hdlc") -> Readings:
    async with reading(site, link) as driver:
        return await driver.archive(Kind.LOAD, *HOURS)


@pytest.mark.parametrize(("chance", "patience"), [(0.0003, 0.5), (0.002, 0.05), (0.02, 0.05)])
async def test_bit_errors_bring_no_wrong_value(chance: float, patience: float) -> None:
    site = household()
    expected = await truth(site)
    site.faults.garbled = chance
    read = 0
    for _ in range(2):
        with suppress(MeterFault, LineDown):
            async with reading(site, timeout=patience, retries=5) as driver:
                found = await driver.archive(Kind.LOAD, *HOURS)
                assert found == expected
                read += 1
    if chance < 0.001:
        assert read  # a little noise is read through


@pytest.mark.parametrize("link", LINKS)
async def test_answers_to_the_question_before_are_not_taken(link: Link) -> None:
    site = household()
    expected = await truth(site, link)
    async with await serve(site, "tcp://127.0.0.1:0", link) as running:
        line = make_line("bus", running.url)
        with suppress(MeterFault, LineDown):
            async with open_spodes(settings_of(site, link, timeout=0.05), line, lambda: NOW, Cache()) as driver:
                site.faults.stale = True
                assert (await driver.archive(Kind.LOAD, *HOURS)) == expected
        line.close()


@pytest.mark.parametrize("link", LINKS)
async def test_answers_that_come_after_the_patience_are_not_the_next_ones(link: Link) -> None:
    site = household()
    expected = await truth(site, link)
    site.faults.late = 0.08
    with suppress(MeterFault, LineDown):
        async with reading(site, link, timeout=0.05, retries=5) as driver:
            assert (await driver.archive(Kind.LOAD, *HOURS)) == expected


async def on_the_bus(running: Running, site: SpodesSite, line: Line) -> Readings:
    async with open_spodes(settings_of(site, "hdlc"), line, lambda: NOW, Cache()) as driver:
        return await driver.archive(Kind.LOAD, *HOURS)


async def test_a_late_answer_of_one_meter_is_never_anothers() -> None:
    """Both on one line; the first answers when the second is being asked."""
    slow = Household(serial="1", address=(1, 17), clock=lambda: NOW, faults=Faults(late=0.7))
    sound = Household(serial="2", address=(1, 18), clock=lambda: NOW, seed=9)
    expected = await truth(sound)
    async with await serve([slow, sound], "tcp://127.0.0.1:0", "hdlc") as running:
        line = make_line("bus", running.url)
        for _ in range(2):
            with pytest.raises(NoAnswer):
                async with open_spodes(settings_of(slow, "hdlc", retries=0), line, lambda: NOW, Cache()):
                    pass
            assert await on_the_bus(running, sound, line) == expected
        line.close()


async def test_a_dead_meter_leaves_the_line_to_others() -> None:
    dead = Household(serial="1", address=(1, 17), clock=lambda: NOW, faults=Faults(silent=True))
    sound = Household(serial="2", address=(1, 18), clock=lambda: NOW)
    async with await serve([dead, sound], "pty", "hdlc") as running:
        line = make_line("bus", f"{running.url}?baud=115200")
        results = await asyncio.gather(
            on_the_bus(running, dead, line), on_the_bus(running, sound, line), return_exceptions=True
        )
        line.close()
    assert isinstance(results[0], NoAnswer)
    assert isinstance(results[1], Readings)
    assert len(results[1].rows) == 12


async def test_a_connection_that_breaks_is_the_lines_fault() -> None:
    site = household()
    site.faults.cut = 300
    with pytest.raises(LineDown, match="closed by the other side"):
        async with reading(site, "wrapper") as driver:
            await driver.archive(Kind.LOAD, *HOURS)


async def test_the_meter_is_let_go_after_a_fault_of_ours() -> None:
    """Two refusals, then a good conversation over the same connection: the meter was not left associated."""
    site = household()
    async with await serve(site, "tcp://127.0.0.1:0", "hdlc") as running:
        line = make_line("bus", running.url)
        for _ in range(2):
            with pytest.raises(MeterFault):
                async with open_spodes(settings_of(site, "hdlc", serial="99"), line, lambda: NOW, Cache()):
                    pass
        assert (await on_the_bus(running, site, line)).rows
        line.close()


async def test_a_journal_that_is_refused_ends_no_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_from_us(monkeypatch, 4)
    async with reading(household()) as driver:
        with pytest.raises(NotGiven, match=r"0\.0\.99\.98\.4"):
            await driver.events([4], 0, NOW)
        assert await driver.events([7], 0, NOW)
        assert await driver.relay() is True
