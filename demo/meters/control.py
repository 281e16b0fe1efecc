"""`./run incident`: what happens to simulated meters that run, through a file that they follow.

    ./run incident 10200301 case                  of the demo in ./demo-data
    ./run incident 10200301 off --file FILE       of `./run meter --incidents FILE`

A line of the file is an incident: «2026-11-29T08:15:00Z 10200301 case»; a line is added, none is changed. Meters that
start read the whole file first, so that they live through the same again.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from demo.meters.incidents import What
from demo.meters.model import Site

FILE = Path("demo-data/incidents.txt")
LOOK = 0.3  # seconds


def add(file: Path, serial: str, what: What, utc: float) -> None:
    """One more line. Raises OSError."""
    with open(file, "a") as out:
        out.write(f"{datetime.fromtimestamp(int(utc), UTC):%Y-%m-%dT%H:%M:%SZ} {serial} {what}\n")


class Follower:
    """Brings about at these meters what the file says; a line that cannot be is told on stderr and left out."""

    def __init__(self, file: Path, sites: Sequence[Site]) -> None:
        self._file = file
        self._sites = {site.serial: site for site in sites}
        self._place = 0  # bytes of whole lines that were read

    def look(self) -> None:
        """What has come since the last look. Raises OSError."""
        if not self._file.exists():
            return
        with open(self._file, "rb") as lines:
            lines.seek(self._place)
            for line in lines:
                if not line.endswith(b"\n"):
                    return  # it is being written
                self._place += len(line)
                self._bring_about(line.decode(errors="replace").strip())

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            self.look()

    def _bring_about(self, line: str) -> None:
        try:
            moment, serial, what = line.split()
            site = self._sites.get(serial)
            if site is None:
                raise ValueError(f"no meter {serial} here")
            site.happen(What(what), datetime.fromisoformat(moment).timestamp())
        except ValueError as error:
            print(f"{self._file}: {line!r}: {error}", file=sys.stderr, flush=True)


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 2 for a file that cannot be written."""
    parser = argparse.ArgumentParser(prog="./run incident", description="what happens to a simulated meter, now")
    parser.add_argument("serial", help="the meter's number")
    parser.add_argument("what", type=What, choices=list(What), metavar="what", help=", ".join(What))
    parser.add_argument("--file", type=Path, default=FILE, help=f"default: {FILE}")
    given = parser.parse_args(words)
    try:
        add(given.file, given.serial, given.what, time.time())
    except OSError as error:
        print(f"run incident: {given.file}: {error.strerror}; does the demo run?", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
