"""`./run meter`: one simulated meter, or a bus of them, until Ctrl-C or SIGTERM.

    --listen tcp://127.0.0.1:4059 --link hdlc --kind single --serial 10200301 --address 1/16 --fault late=2
    --fault case: an incident at the start (incidents.py); --incidents FILE: those that `./run incident` writes there
    --listen pty --meter kind=single,serial=10200301,address=1/16 --meter kind=three,serial=10200302,address=1/17

Prints one line for each meter, with where it listens, its number and its password.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from demo.meters.calendar import DAY, local
from demo.meters.control import Follower
from demo.meters.faults import ClockSet, Faults
from demo.meters.host import Link, serve
from demo.meters.incidents import POWER, What
from demo.meters.model import Enterprise, Household, Sdm630, Site, SpodesSite

KINDS: dict[str, type[Site]] = {"single": Household, "three": Enterprise, "sdm630": Sdm630}
LINKS = ("wrapper", "hdlc", "tcp", "rtu")
_FIRST_SERIAL = 10200301
_BAD_ARGUMENTS = 2


@dataclass(frozen=True)
class Wish:
    """One meter as asked for on the command line; texts are checked by `site`."""

    kind: str = "single"
    serial: str = str(_FIRST_SERIAL)
    seed: str = "1"
    password: str = SpodesSite.password
    address: str = "1/16"
    period: str = "1800"
    offset: str = "180"
    fault: tuple[str, ...] = ()


def site(wish: Wish) -> Site:
    """Raises ValueError with the argument that is wrong and what is allowed."""
    kind = KINDS.get(wish.kind)
    if kind is None:
        raise ValueError(f"kind={wish.kind!r}: one of {', '.join(KINDS)}")
    offset = _number("offset", wish.offset, -720, 840)
    settings: dict[str, Any] = {"serial": wish.serial, "seed": _number("seed", wish.seed, 0, 2**63), "offset": offset}
    if issubclass(kind, SpodesSite):
        logical, _, physical = wish.address.partition("/")
        settings["address"] = (
            _number("address", logical, 1, 0x3FFF),
            _number("address", physical or "16", 16, 0x3FFD),
        )
        settings["password"] = wish.password
        settings["period"] = _number("period", wish.period, 60, 3600)
        if 86400 % settings["period"]:
            raise ValueError(f"period={wish.period}: seconds that divide a day")
    else:
        device = "1" if wish.address == Wish.address else wish.address
        settings["device"] = _number("address", device, 1, 247)
        _number("serial", wish.serial, 0, 2**32 - 1)
    spodes = issubclass(kind, SpodesSite)
    incidents = [What(text) for text in wish.fault if text in (tuple(What) if spodes else POWER)]
    settings["faults"] = _faults([text for text in wish.fault if text not in incidents], offset, spodes)
    made = kind(**settings)
    for what in incidents:
        made.happen(what)
    return made


def _number(name: str, text: str, low: int, high: int) -> int:
    if not text.lstrip("-").isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"{name}={text!r}: a whole number from {low} to {high}")
    return int(text)


def _flag(text: str, now: float) -> bool:
    if text:
        raise ValueError
    return True


def _clock(text: str, now: float) -> tuple[ClockSet, ...]:
    """From this moment on, by so many seconds, or by whole days into the year 2099."""
    shift = (date(2099, 1, 1) - local(now).date()).days * DAY if text == "2099" else int(text)
    return (ClockSet(now, shift),)


# name -> how its value is read at a local moment, what it must be
_FAULTS: dict[str, tuple[Callable[[str, float], Any], str]] = {
    "silent": (_flag, "no value"),
    "late": (lambda text, now: float(text), "seconds"),
    "garbled": (lambda text, now: float(text), "the chance for each byte"),
    "cut": (lambda text, now: int(text), "a number of bytes"),
    "stale": (_flag, "no value"),
    "refuse": (_flag, "no value"),
    "serial": (lambda text, now: str(int(text)), "a number"),
    "clock": (_clock, "seconds that the clock is ahead, or 2099"),
}
_SPODES_ONLY = ("refuse", "clock")


def _faults(texts: Sequence[str], offset: int, spodes: bool) -> Faults:
    allowed = [name for name in _FAULTS if spodes or name not in _SPODES_ONLY]
    faults = Faults()
    for text in texts:
        name, _, value = text.partition("=")
        if name not in allowed:
            known = (*allowed, *(What if spodes else POWER))
            raise ValueError(f"fault={text}: for this kind one of {', '.join(known)}")
        read, wanted = _FAULTS[name]
        try:
            setattr(faults, name, read(value, time.time() + offset * 60))
        except ValueError:
            raise ValueError(f"fault={text}: wants {wanted}") from None
    return faults


def _wish(text: str) -> Wish:
    """«kind=single,serial=…,fault=late=2»: a meter of a bus."""
    settings: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        if name not in {field.name for field in fields(Wish)}:
            raise ValueError(f"meter={text}: {name!r} is none of {', '.join(field.name for field in fields(Wish))}")
        settings[name] = (*settings.get(name, ()), value) if name == "fault" else value
    return Wish(**settings)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run meter", description="a simulated meter, or a bus of them")
    parser.add_argument("--listen", default="tcp://127.0.0.1:4059", help="tcp://host:port or pty")
    parser.add_argument("--link", choices=LINKS, help="default: wrapper; tcp for sdm630")
    parser.add_argument("--meter", action="append", metavar="kind=…,serial=…", help="one meter of a bus; repeat")
    for field in fields(Wish):
        if field.name != "fault":
            parser.add_argument(f"--{field.name}", default=field.default)
    parser.add_argument("--fault", action="append", default=[], help=", ".join((*_FAULTS, *What)))
    parser.add_argument("--incidents", type=Path, metavar="FILE", help="what happens to them; see ./run incident")
    return parser.parse_args(words)


async def _run(sites: Sequence[Site], listen: str, link: Link, incidents: Path | None) -> None:
    stop = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    follower = None if incidents is None else Follower(incidents, sites)
    if follower is not None:
        follower.look()
    async with await serve(sites, listen, link) as running:
        for meter in sites:
            print(f"{running.url} {link} {type(meter).__name__} serial={meter.serial} {meter.access}", flush=True)
        following = asyncio.create_task(follower.run()) if follower else None
        await stop.wait()
        if following is not None:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 2 for wrong arguments or a place that cannot be listened on."""
    given = _arguments(words)
    own = {field.name: getattr(given, field.name) for field in fields(Wish)} | {"fault": tuple(given.fault)}
    try:
        sites = [site(wish) for wish in (map(_wish, given.meter) if given.meter else [Wish(**own)])]
        link: Link = given.link or ("tcp" if isinstance(sites[0], Sdm630) else "wrapper")
        asyncio.run(_run(sites, given.listen, link, given.incidents))
    except (ValueError, OSError) as error:
        print(f"run meter: {error}", file=sys.stderr)
        return _BAD_ARGUMENTS
    return 0


if __name__ == "__main__":
    sys.exit(main())
