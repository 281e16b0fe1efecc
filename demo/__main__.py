"""`./run demo [--check] [--data DIR] [--port N] [--real]`: the whole system on one machine, until Ctrl-C.

Exit code 0 = ended when asked (or, with --check, everything was seen in the pages), 1 = something failed: it says what.
"""

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from demo import check, seed
from demo.site import FLAT
from demo.system import Failed, Stopped, System, free_port, taken
from edge.lock import FolderTaken, only_one

DATA = Path("demo-data")
PORT = 8080


def say(text: str) -> None:
    print(text, flush=True)


def web_port(asked: int | None, check_only: bool) -> int:
    """The one asked for, or 8080, or a free one. Raises Failed when the one asked for is taken."""
    if asked is not None:
        if taken(asked):
            raise Failed(f"port {asked} is taken: end what uses it, or give another with --port")
        return asked
    if check_only:
        return free_port()
    if taken(PORT):
        port = free_port()
        say(f"port {PORT} is taken; the cabinet is on {port}")
        return port
    return PORT


def greet(system: System) -> None:
    say(f"\n  the cabinet       {system.url}\n  the concentrator  {system.edge_page}")
    say(f"  the letters       {system.post_page}\n")
    for mail, password in system.logins.items():
        say(f"  {seed.PEOPLE[mail][1]:<14} {mail:<22} {password}")
    say(f"\n  data and logs: {system.folder}")
    say(f"  a cover is opened: ./run incident {FLAT.site.serial} case --file {system.incidents}")
    say("  Ctrl-C ends all of it.\n")


def run(given: argparse.Namespace, stop: threading.Event) -> None:
    """Raises Failed, FolderTaken, Stopped."""
    with ExitStack() as stack:
        folder = given.data
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uchet-"))) if given.check else DATA
        port = web_port(given.port, given.check)
        stack.enter_context(only_one(folder, "demo"))
        system = stack.enter_context(System(folder, port, real=given.real, say=say))
        system.start(stop)
        greet(system)
        if given.check:
            check.run(system, stop, say)
        else:
            system.watch(stop)
        say("… stopping")


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r}: a number from 1 to 65535")
    return number


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./run demo", description="the whole system with simulated meters")
    parser.add_argument("--check", action="store_true", help="wait until readings stand in the pages, then end")
    parser.add_argument("--data", type=Path, metavar="DIR", help=f"default: ./{DATA}; with --check a temporary one")
    parser.add_argument("--port", type=_port, metavar="N", help=f"of the cabinet; default: {PORT} or a free one")
    parser.add_argument("--real", action="store_true", help="mosquitto and InfluxDB of this machine")
    given = parser.parse_args(words)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        run(given, stop)
    except Stopped:
        say("… stopped")
    except (Failed, FolderTaken) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
