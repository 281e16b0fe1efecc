"""A simulated СПОДЭС meter at a fixed moment, and our driver on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from demo.meters.faults import Faults
from demo.meters.host import Link, serve
from demo.meters.model import Household, SpodesSite
from edge.lines import make_line
from edge.meters.base import Driver, SpodesMeter
from edge.meters.layouts import Cache
from edge.meters.spodes import open_spodes

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
