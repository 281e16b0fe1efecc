"""`--check`: a consumer and an operator find, in the pages, readings that came over DLMS and over Modbus.

It sees what a browser sees: a form with its token, cookies, HTML. What it looks for are the machine-readable attributes
of the pages: `tr data-end data-state data-mwh` of an interval, `td data-register data-kind data-mwh` of a reading.
"""

import sqlite3
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from http.cookiejar import CookieJar

from sqlalchemy import func, select

from central.ingest.tables import State, inbox
from central.metering.zones import local
from demo.seed import CONSUMER, EDGE, OPERATOR, TZ, point_of
from demo.site import FLAT, RIVER_STREET, SDM630_PERIOD, STANDS, WORKSHOP
from demo.system import Failed, Say, Stopped, System

SECONDS = 240.0
_PAUSE = 1.0
_KWH = 1_000_000  # mWh

Attributes = Mapping[str, str]


class _Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Attributes]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def having(self, tag: str, *names: str) -> list[Attributes]:
        """Elements of this tag that carry all these attributes."""
        return [given for kind, given in self.found if kind == tag and all(name in given for name in names)]


class Browser:
    """A consumer's browser."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, path: str, **query: object) -> _Elements:
        """Raises Failed when the page cannot be had."""
        return self._open(f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def log_in(self, mail: str, password: str) -> None:
        """Raises Failed when the door stays shut."""
        tokens = [
            given for given in self.get("login").having("input", "name", "value") if given["name"] == "csrf_token"
        ]
        if not tokens:
            raise Failed("the login page has no form with a token")
        self._open("login", {"csrf_token": tokens[0]["value"], "mail": mail, "password": password})

    def _open(self, path: str, form: Mapping[str, str] | None = None) -> _Elements:
        data = urllib.parse.urlencode(form).encode() if form else None
        url = f"{self._url}{path}"
        request = urllib.request.Request(url, data, {"Referer": url})  # noqa: S310 - http of our own making
        try:
            with self._opener.open(request, timeout=30) as answer:
                return _Elements(answer.read().decode())
        except OSError as error:
            raise Failed(f"the page {url} cannot be had: {error}") from None


@dataclass
class Seen:
    """Something to be found in a page. `look` returns the values in mWh that it found, newest first."""

    what: str
    look: Callable[[], list[int]]
    values: list[int] = field(default_factory=list)
    after: float | None = None

    def __str__(self) -> str:
        if self.after is None:
            return f"  missing: {self.what}"
        return (
            f"  after {self.after:5.1f} s  {self.what}: {len(self.values)}, the first {self.values[0] / _KWH:.3f} kWh"
        )


def run(system: System, stop: threading.Event, say: Say) -> None:
    """Raises Failed when something is missing after SECONDS, Stopped."""
    began = time.monotonic()
    browsers = {mail: Browser(system.url) for mail in (CONSUMER, OPERATOR)}
    for mail, browser in browsers.items():
        browser.log_in(mail, system.logins[mail])
    say(f"… logged in as {' and '.join(browsers)}, looking into the pages")
    sights = _sights(browsers[CONSUMER], browsers[OPERATOR], system)
    while missing := [sight for sight in sights if sight.after is None]:
        for sight in missing:
            sight.values = sight.look()
            if sight.values:
                sight.after = time.monotonic() - began
                say(str(sight))
        system.check()
        if time.monotonic() - began > SECONDS:
            lacking = "\n".join(str(sight) for sight in sights if sight.after is None)
            raise Failed(f"not everything came into the pages in {SECONDS:.0f} s:\n{lacking}\n{counters(system)}")
        if stop.wait(_PAUSE):
            raise Stopped
    say(counters(system))


def _sights(browser: Browser, staff: Browser, system: System) -> list[Seen]:
    flat, workshop, house = (point_of(system.engine, stand) for stand in (FLAT, WORKSHOP, RIVER_STREET.stands[0]))

    def intervals(point: int, day: date, state: str, **more: str) -> list[int]:
        rows = (
            (staff if point == house else browser)
            .get("data", point=point, day=day.isoformat(), **more)
            .having("tr", "data-end", "data-mwh")
        )
        return [int(row["data-mwh"]) for row in rows if row.get("data-state") == state and row["data-mwh"]]

    def readings(point: int, *kinds: str) -> list[int]:
        cells = browser.get("readings", point=point).having("td", "data-register", "data-kind", "data-mwh")
        return [int(cell["data-mwh"]) for cell in cells if cell["data-kind"] in kinds and cell["data-mwh"]]

    def today() -> date:
        return local(int(time.time()), TZ).date()

    def computed() -> list[int]:
        """Today's, or just after midnight yesterday's."""
        step = {"step": "period"}
        return intervals(workshop, today(), "computed", **step) or intervals(
            workshop, today() - timedelta(days=1), "computed", **step
        )

    return [
        Seen("DLMS: half-hours of yesterday", lambda: intervals(flat, today() - timedelta(days=1), "measured")),
        Seen("DLMS: readings of the registers", lambda: readings(flat, "daily", "monthly", "now")),
        Seen(
            "A meter that central told its concentrator of: half-hours of yesterday",
            lambda: intervals(house, today() - timedelta(days=1), "measured"),
        ),
        Seen("Modbus: readings of the moment", lambda: readings(workshop, "now")),
        Seen(f"Modbus: computed intervals of {SDM630_PERIOD} s", computed),
    ]


def counters(system: System) -> str:
    """Messages by meter: in the concentrator's journal, received, done; they add up when nothing is under way."""
    with sqlite3.connect(f"file:{system.journal}?mode=ro", uri=True) as journal:
        written: dict[str, int] = dict(journal.execute("SELECT meter, count(*) FROM journal GROUP BY meter").fetchall())
        sent = journal.execute("SELECT coalesce(max(upto), 0) FROM cursor").fetchone()[0]
    journal.close()
    done = func.sum((inbox.c.state == State.DONE).cast(inbox.c.id.type))
    query = select(inbox.c.name, func.count(), done).where(inbox.c.edge == EDGE).group_by(inbox.c.name)
    with system.engine.connect() as connection:
        received = {name: (count, int(projected or 0)) for name, count, projected in connection.execute(query)}
    lines = [f"  messages{'journal':>22}{'received':>10}{'done':>8}"]
    for name in (stand.id for stand in STANDS):
        count, projected = received.get(name, (0, 0))
        lines.append(f"  {name:<20}{written.get(name, 0):>10}{count:>10}{projected:>8}")
    return "\n".join((*lines, f"  acknowledged up to row {sent} of {sum(written.values())}"))
