"""Our client reads a meter that others' codecs speak for."""

from datetime import UTC, datetime
from typing import Any

import pytest

from edge.lines import make_line
from edge.meters import open_meter
from edge.meters.base import OtherMeter, SpodesMeter, WrongPassword
from protocol.reading import Event, Kind
from tests.edge.lines.peer import tcp_peer
from tests.judges.foreign_meter import SERIAL, ForeignMeter

pytestmark = pytest.mark.parametrize("link", ["wrapper", "hdlc"])
MIDNIGHT = int(datetime(2026, 11, 23, 21, tzinfo=UTC).timestamp())  # of its own time, UTC+3


def settings(link: Any, serial: str = SERIAL, password: str = "secret") -> SpodesMeter:
    return SpodesMeter("X-1", "bus", serial, link=link, password=password, timeout=10.0)


async def test_its_load_profile_is_read_by_what_the_columns_are(link: str) -> None:
    async with tcp_peer(ForeignMeter(link, b"secret").talk) as url:
        line = make_line("bus", url)
        async with open_meter(settings(link), line) as driver:
            found = await driver.archive(Kind.LOAD, MIDNIGHT, MIDNIGHT + 86400)
            days = await driver.archive(Kind.LOAD, MIDNIGHT - 7 * 86400, MIDNIGHT + 7 * 86400)
            corrections = await driver.events((12, 13), MIDNIGHT, MIDNIGHT + 86400)
            part = await driver.archive(Kind.LOAD, MIDNIGHT + 1800, MIDNIGHT + 3600)
            assert (await driver.archive(Kind.DAILY, MIDNIGHT, MIDNIGHT + 86400)).rows == ()
            assert await driver.passport() == {"serial": SERIAL}
        line.close()
    assert found.columns == ("active_import", "active_export")
    assert [(row.end - MIDNIGHT, row.span, row.quality, row.values) for row in found.rows] == [
        (1800, 1800, 0, (1_234_500, 300)),
        (3600, 1800, 0, (2_000, 0)),
        (5400, 1800, 0, (0, 100)),
    ]
    assert corrections == (Event(MIDNIGHT + 1800, 13, 0),)  # two more clocks stand in this journal
    assert days.rows == found.rows
    assert part.rows == found.rows[1:2]  # it answers with more than was asked for


async def test_its_refusals_are_told_apart(link: str) -> None:
    async with tcp_peer(ForeignMeter(link, b"secret").talk) as url:
        with pytest.raises(WrongPassword):
            async with open_meter(settings(link, password="wrong"), make_line("bus", url)):
                pass
        with pytest.raises(OtherMeter):
            async with open_meter(settings(link, serial="5"), make_line("bus", url)):
                pass
