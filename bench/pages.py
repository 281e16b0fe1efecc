"""How quick the pages are, and whether they stay so as points grow: main page, a month, the network's parameters,
the console's list, tree, search and objects.

    ./run bench pages [points,points,…] [days]           default 1000,10000,100000 points × 395 days (13 months)
Each point has its registry, contract, seen meter and days in SQL; a few hundred thousand points need disk: 100,000 ×
395 days are 39.5 million rows. Every page is asked for through the whole app by a person who has logged in; the limit
is the same template behind the same login with no data (a consumer without a point), asked for in turns with each.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from central.db import writing
from central.timeseries.base import LiveRow
from tests.central import scene as s
from tests.central.crowd import FIRST, grow
from tests.central.web.parts import make_app, person

SIZES = (1_000, 10_000, 100_000)
DAYS = 395
ASKED = 60
EVENTS = 1_000_000  # of all meters, of every size
MAILS = {"nobody@example.org": None, s.CONSUMER: "100-1", s.OPERATOR: None}


def a_consumer_without_points(connection: Connection, now: int) -> None:
    from central.accounts.people import add_account

    add_account(
        connection, s.CHEAP, organisation=1, mail="nobody@example.org", name="Никто", password=s.PASSWORD,
        role="consumer", now=now,
    )  # fmt: skip


def a_million_events(scene: s.Scene, size: int) -> None:
    """Of all meters together; one in a hundred of them is of a case of the decree, and told. The meter whose pages are
    asked for has a line an hour."""
    many = "WITH RECURSIVE many(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM many WHERE n < :last) "
    line = "INSERT OR IGNORE INTO event (meter, edge, time, journal, code, uptime, received_at) "
    code = "CASE WHEN n % 100 = 0 THEN 4 ELSE n % 4 END, CASE WHEN n % 100 = 0 THEN 4 ELSE 5 END, n, :now FROM many"
    with writing(scene.engine).begin() as connection:
        connection.execute(text("DELETE FROM event WHERE uptime >= 0"))
        theirs = f"'M-' || ({FIRST} + n % :size), '', :now - n * 30, {code}"
        connection.execute(text(f"{line}{many}SELECT {theirs}"), {"last": EVENTS, "size": size, "now": scene.now})
        own = f"'MIL-{s.FLAT}', '', :now - n * 3600, {code}"
        connection.execute(text(f"{line}{many}SELECT {own}"), {"last": DAYS * 24, "now": scene.now})
        its = (
            "INSERT OR IGNORE INTO notice (point, meter, kind, since, journal, code, received_at, made_at) "
            "SELECT mounting.point, event.meter, 'opened', event.time, 4, 4, event.received_at, event.time FROM event "
            "JOIN mounting ON mounting.meter = event.meter WHERE event.journal = 4"
        )
        connection.execute(text(its))


def lived(scene: s.Scene) -> None:
    """The flat has 90 days of instantaneous values, of three phases: as many as there may be."""
    of = s.Household(s.NEXT_DOOR, 5)
    rows = s.live(of, scene.now // s.LIVE_STEP * s.LIVE_STEP - 90 * 86_400, scene.now - 60)
    scene.series.write([LiveRow(f"MIL-{s.FLAT}", row.time, row.values) for row in rows])


def beside(client: FlaskClient, path: str, nobody: FlaskClient) -> tuple[float, float]:
    """Medians in milliseconds: of this page, and of the empty one asked for in turns with it, in the same minute."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ASKED + 5):
        for found, who, asked in zip(taken, (client, nobody), (path, "/"), strict=True):
            began = time.perf_counter()
            answer = who.get(asked)
            found.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (asked, answer.status_code, number)
    return statistics.median(taken[0][5:]), statistics.median(taken[1][5:])


def main(sizes: tuple[int, ...], days: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = s.build(folder, days=days)
        with writing(scene.engine).begin() as connection:
            a_consumer_without_points(connection, scene.now)
        lived(scene)
        app = make_app(folder)
        people = {mail: person(app, mail) for mail in MAILS}
        flat = scene.points[s.FLAT]
        pages = {
            "main page": (s.CONSUMER, f"/?point={flat}"),
            "month of one point": (s.CONSUMER, f"/data?point={flat}&length=month&day=2026-10-01"),
            "month beside the month before": (
                s.CONSUMER,
                f"/data?point={flat}&length=month&day=2026-10-01&compare=before",
            ),
            "a day by half-hours": (s.CONSUMER, f"/data?point={flat}&length=day&day=2026-11-20"),
            "a week by hours": (s.CONSUMER, f"/data?point={flat}&length=week&day=2026-11-18"),
            "a month by half-hours": (s.CONSUMER, f"/data?point={flat}&length=month&day=2026-10-01&step=half_hour"),
            "a year": (s.CONSUMER, f"/data?point={flat}&length=year"),
            "a year by half-hours": (s.CONSUMER, f"/data?point={flat}&length=year&step=half_hour"),
            "line of a year": (s.CONSUMER, f"/data/line?point={flat}&length=year&step=half_hour"),
            "consumption": (s.CONSUMER, f"/consumption?point={flat}"),
            "explanation": (s.CONSUMER, f"/explain?point={flat}"),
            "explanation of 13 months": (
                s.CONSUMER,
                f"/explain?point={flat}&by=profile&length=own&day=2025-10-26&last=2026-11-24",
            ),
            "network: a day": (s.CONSUMER, f"/network?point={flat}&length=day"),
            "network: a month of voltages": (s.CONSUMER, f"/network?point={flat}&length=month&day=2026-10-01"),
            "network: a month of powers": (
                s.CONSUMER,
                f"/network?point={flat}&length=month&day=2026-10-01&what=active",
            ),
            "another tariff": (s.CONSUMER, f"/whatif?point={flat}"),
            "complex": (s.CONSUMER, f"/complexes?point={flat}"),
            "own page": (s.CONSUMER, "/me"),
            "news": (s.CONSUMER, "/news"),
            "guide": (s.CONSUMER, "/help/data"),
            "journals of a month": (s.CONSUMER, f"/events?point={flat}"),
            "journals of a year": (s.CONSUMER, f"/events?point={flat}&length=year"),
            "the five cases of a year": (s.CONSUMER, f"/events?point={flat}&length=year&kind=important"),
            "notices": (s.CONSUMER, "/notices"),
            "readings of a month": (s.CONSUMER, f"/readings?point={flat}&length=month&day=2026-10-01"),
            "the five cases": (s.OPERATOR, "/console/cases"),
            "console list": (s.OPERATOR, "/console/points"),
            "console list, page 20": (s.OPERATOR, "/console/points?page=20"),
            "console list, silent": (s.OPERATOR, "/console/points?state=silent"),
            "console list, search": (s.OPERATOR, "/console/points?q=К-1500"),
            "concentrators": (s.OPERATOR, "/console/edges"),
            "tree": (s.OPERATOR, "/console/network"),
            "tree, opened": (s.OPERATOR, "/console/network?open=2001500"),
            "tree, filtered": (s.OPERATOR, "/console/network?find=РП-15"),
            "page of a board": (s.OPERATOR, "/console/nodes/2001500"),
            "page of a point": (s.OPERATOR, "/console/points/1500"),
            "search: a serial": (s.OPERATOR, "/console/search?q=1500"),
            "search: a name": (s.OPERATOR, "/console/search?q=Иванов 1500"),
            "search: every address": (s.OPERATOR, "/console/search?q=садовая"),
        }
        print(f"{'p50, ms (× the empty page)':<28}" + "".join(f"{size:>12,} points" for size in sizes))
        table: dict[str, list[tuple[float, float]]] = {title: [] for title in pages}
        have, empties = 0, []
        for size in sizes:
            began = time.perf_counter()
            grow(scene, have, size)
            have = size
            a_million_events(scene, size)
            print(f"  {size:,} points made in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
            found = {}
            for title, (mail, path) in pages.items():
                taken, empty = beside(people[mail], path, people["nobody@example.org"])
                found[title] = empty
                table[title].append((taken, taken / empty))
            empties.append(statistics.median(found.values()))
        print(f"{'empty page (the limit: 4 ×)':<28}" + "".join(f"{empty:>11.2f}        " for empty in empties))
        for title, found in table.items():
            cells = "".join(f"{taken:>11.2f} ({ratio:4.1f})" for taken, ratio in found)
            print(f"{title:<28}{cells}   last / first {found[-1][0] / found[0][0]:.2f}")
        scene.close()


if __name__ == "__main__":
    main(
        tuple(int(size) for size in sys.argv[1].split(",")) if len(sys.argv) > 1 else SIZES,
        int(sys.argv[2]) if len(sys.argv) > 2 else DAYS,
    )
