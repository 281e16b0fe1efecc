"""The demo's town: which meters stand where, on which lines of which concentrators; as a program, the meters.

    python -m demo.site --incidents FILE --port 4059 --port 4060 --port 502 …    one port a line, in the order of SERVED

No person and no place is real.
"""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from demo.meters.control import Follower
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


@dataclass(frozen=True)
class Concentrator:
    """`name` as in its topics; `station`: where it hangs; `heard`: it is there and reads its meters."""

    name: str
    title: str
    address: str
    station: str
    lines: tuple[BusLine, ...]
    heard: bool = True

    @property
    def stands(self) -> tuple[Stand, ...]:
        return tuple(stand for line in self.lines for stand in line.stands)


def _household(number: int, code: str, name: str, address: str, bus: int = 16) -> Stand:
    """`bus`: address on its line."""
    serial = f"1020{number:04}"
    return Stand(f"us-{serial}", Household(serial=serial, seed=number, address=(1, bus)), code, name, address)


def _row(first: int, count: int, code: int, name: str, address: str, numbers: range) -> tuple[Stand, ...]:
    """Households side by side: meters from `first`, codes from `code`, houses or flats `numbers` of the address."""
    return tuple(
        _household(first + place, f"Т-{code + place}", name, address.format(numbers[place]), 17 + place)
        for place in range(count)
    )


FLAT = Stand("us-10200301", Household(serial="10200301", seed=7), "Т-101", "Квартира", "ул. Садовая, 12, кв. 45")
WORKSHOP = Stand("sdm-20450071", Sdm630(serial="20450071"), "Т-102", "Мастерская", "ул. Садовая, 14", SDM630_PERIOD)
NEXT_DOOR = Stand(
    "us-10200302", Household(serial="10200302", seed=7, address=(1, 17)), "Т-103", "Квартира", "ул. Садовая, 12, кв. 46"
)
FACTORY = Stand(
    "us-10200304", Enterprise(serial="10200304", seed=7, address=(1, 19)), "Т-105", "Цех", "ул. Заводская, 3"
)
COTTAGE = Stand(
    "us-10200303", Household(serial="10200303", seed=7, address=(1, 18)), "Т-104", "Дача", "СНТ «Рассвет», участок 7"
)
GARDEN_STREET = Concentrator(
    "demo-edge",
    "Щит ВРУ, ул. Садовая, 12",
    "ул. Садовая, 12",
    "ТП-118",
    (
        BusLine("Квартира 45", "wrapper", (FLAT,)),
        BusLine("Щит ВРУ-0,4", "hdlc", (NEXT_DOOR, COTTAGE, FACTORY)),
        BusLine("Мастерская", "tcp", (WORKSHOP,)),
    ),
)
RIVER_STREET = Concentrator(
    "demo-edge-2",
    "ТП-119, ул. Речная",
    "ул. Речная, 2",
    "ТП-119",
    (
        BusLine("Шина 1", "hdlc", _row(401, 10, 201, "Дом", "ул. Речная, {}", range(1, 21, 2))),
        BusLine("Шина 2", "hdlc", _row(411, 10, 211, "Квартира", "ул. Мира, 8, кв. {}", range(1, 11))),
    ),
)
ALLOTMENTS = Concentrator(
    "demo-edge-3",
    "Силовой щит СНТ «Рассвет»",
    "СНТ «Рассвет», сторожка",
    "ТП-119",
    (BusLine("RS-485", "hdlc", _row(501, 15, 301, "Дача", "СНТ «Рассвет», участок {}", range(8, 23))),),
    heard=False,
)
CONCENTRATORS = (GARDEN_STREET, RIVER_STREET, ALLOTMENTS)
REPLACED = RIVER_STREET.stands[2]  # its meter replaced this one:
TAKEN_DOWN = _household(199, REPLACED.code, REPLACED.name, REPLACED.address)
LINES = GARDEN_STREET.lines
STANDS = GARDEN_STREET.stands
SERVED = tuple(line for one in CONCENTRATORS if one.heard for line in one.lines)


async def run(ports: Sequence[int], incidents: Path) -> None:
    """All meters, until SIGTERM or SIGINT; what happens to them stands in the file `incidents`."""
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    follower = Follower(incidents, [stand.site for line in SERVED for stand in line.stands])
    follower.look()
    async with AsyncExitStack() as stack:
        for line, port in zip(SERVED, ports, strict=True):
            meters = [stand.site for stand in line.stands]
            await stack.enter_async_context(await serve(meters, f"tcp://127.0.0.1:{port}", line.link))
        following = asyncio.create_task(follower.run())
        await end.wait()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo.site", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, action="append", required=True)
    parser.add_argument("--incidents", type=Path, required=True, help="see ./run incident")
    given = parser.parse_args()
    asyncio.run(run(given.port, given.incidents))


if __name__ == "__main__":
    main()
