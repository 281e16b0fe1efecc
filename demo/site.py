"""The demo's meters: which stand where, on which lines; as a program, all of them behind their ports.

    python -m demo.site --port 4059 --port 4060 --port 502      one port a line, in the order of LINES

No person and no place is real.
"""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from demo.meters.host import Link, serve
from demo.meters.model import Enterprise, Household, Sdm630, Site

SDM630_PERIOD = 60  # seconds: a computed interval is there two minutes after the first start


@dataclass(frozen=True)
class Stand:
    """A meter at its metering point. `id` = <meter> of the topics; `code`, `name`, `address` of the point."""

    id: str
    site: Site
    code: str
    name: str
    address: str
    period: int = 1800


@dataclass(frozen=True)
class BusLine:
    name: str
    link: Link
    stands: tuple[Stand, ...]


FLAT = Stand("us-10200301", Household(serial="10200301", seed=7), "Т-101", "Квартира", "ул. Садовая, 12, кв. 45")
WORKSHOP = Stand("sdm-20450071", Sdm630(serial="20450071"), "Т-102", "Мастерская", "ул. Садовая, 14", SDM630_PERIOD)
LINES = (
    BusLine("Квартира 45", "wrapper", (FLAT,)),
    BusLine(
        "Щит ВРУ-0,4",
        "hdlc",
        (
            Stand(
                "us-10200302",
                Household(serial="10200302", seed=7, address=(1, 17)),
                "Т-103",
                "Квартира",
                "ул. Садовая, 12, кв. 46",
            ),
            Stand(
                "us-10200303",
                Household(serial="10200303", seed=7, address=(1, 18)),
                "Т-104",
                "Дача",
                "СНТ «Рассвет», участок 7",
            ),
            Stand(
                "us-10200304",
                Enterprise(serial="10200304", seed=7, address=(1, 19)),
                "Т-105",
                "Цех",
                "ул. Заводская, 3",
            ),
        ),
    ),
    BusLine("Мастерская", "tcp", (WORKSHOP,)),
)
STANDS = tuple(stand for line in LINES for stand in line.stands)


async def run(ports: Sequence[int]) -> None:
    """All meters, until SIGTERM or SIGINT."""
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    async with AsyncExitStack() as stack:
        for line, port in zip(LINES, ports, strict=True):
            meters = [stand.site for stand in line.stands]
            await stack.enter_async_context(await serve(meters, f"tcp://127.0.0.1:{port}", line.link))
        await end.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo.site", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, action="append", required=True)
    asyncio.run(run(parser.parse_args().port))


if __name__ == "__main__":
    main()
