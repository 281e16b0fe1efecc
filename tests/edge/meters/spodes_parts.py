"""A simulated СПОДЭС meter at a fixed moment, and our driver on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from demo.meters.cosem import refusal
from demo.meters.device import SpodesDevice
from demo.meters.faults import Faults
from demo.meters.host import Link, serve
from demo.meters.model import Household, SpodesSite
from edge.lines import make_line
from edge.meters.base import Driver, SpodesMeter
from edge.meters.layouts import Cache
from edge.meters.spodes import open_spodes
from protocol.obis import Obis
from protocol.spodes.events import JOURNALS

NOW = int(datetime(2026, 11, 24, 9, 10, tzinfo=UTC).timestamp())
OFFSET = 180
DAY = 86400
MIDNIGHT = NOW // DAY * DAY - OFFSET * 60
LINKS: tuple[Link, ...] = ("wrapper", "hdlc")


def household(**settings: Any) -> Household:
    return Household(serial="10200301", clock=lambda: NOW, faults=Faults(), **settings)


def settings_of(site: SpodesSite, link: Link, **settings: Any) -> SpodesMeter:
    given = {"timeout": 0.15, "retries": 2, "serial": site.serial, "server": site.address} | settings
    return SpodesMeter("UCH-1", "bus", link=link, password=site.password, **given)  # type: ignore[arg-type]


@asynccontextmanager
async def reading(
    site: SpodesSite, link: Link = "hdlc", cache: Cache | None = None, **settings: Any
) -> AsyncIterator[Driver]:
    async with await serve(site, "tcp://127.0.0.1:0", link) as running:
        line = make_line("bus", running.url)
        meter = settings_of(site, link, **settings)
        async with open_spodes(meter, line, lambda: NOW, cache or Cache()) as driver:
            yield driver
        line.close()


def local(seconds: float) -> int:
    return int(seconds) + OFFSET * 60


def keep_from_us(patch: pytest.MonkeyPatch, *journals: int) -> None:
    """Simulated meters let nobody read these journals."""
    kept, real = {JOURNALS[number].obis for number in journals}, SpodesDevice.get

    def get(self: SpodesDevice, client: int, class_id: int, obis: Obis, attribute: int, selection: Any) -> bytes:
        if obis in kept:
            raise refusal("read-write-denied")
        return real(self, client, class_id, obis, attribute, selection)

    patch.setattr(SpodesDevice, "get", get)
