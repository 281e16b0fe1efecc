"""How quick the pages are, and whether they stay so as points grow: main page, a month, the console's list.

    ./run bench pages [points,points,…] [days]           default 1000,10000,100000 points × 395 days (13 months)
Each point has its registry, contract, seen meter and days in SQL; a few hundred thousand points need disk: 100,000 ×
395 days are 39.5 million rows. Every page is asked for through the whole app by a person who has logged in; the limit
is the same template behind the same login with no data (a consumer without a point).
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from central.db import writing
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import make_app, person

SIZES = (1_000, 10_000, 100_000)
DAYS = 395
ASKED = 60
MAILS = {"nobody@example.org": None, s.CONSUMER: "100-1", s.OPERATOR: None}
_CLONES = (  # a point of the scene as many others: :first …, :last are their numbers
    "INSERT INTO point (id, organisation, node, code, name, address, tz, zone_source, scheme, power_max) "
    "SELECT n, organisation, node, 'К-' || n, name, address || ', ' || n, tz, zone_source, scheme, power_max "
    "FROM point, many WHERE point.id = :origin",
    "INSERT INTO meter (id, serial, type, maker, register_end, resolution) "
    "SELECT 'M-' || n, '' || n, type, maker, register_end, resolution FROM meter, many WHERE meter.id = :meter",
    "INSERT INTO mounting "
    "(id, point, meter, valid_from, valid_to, wires, ki, ku, values_are, clock_offset, period, act) "
    "SELECT n, n, 'M-' || n, valid_from, valid_to, wires, ki, ku, values_are, clock_offset, period, act "
    "FROM mounting, many WHERE mounting.point = :origin",
    "INSERT INTO contract (id, organisation, number, holder) SELECT n, 1, 'Д-' || n, 'Иванов ' || n FROM many",
    "INSERT INTO contract_point (id, contract, point, valid_from) SELECT n, n, n, 0 FROM many",
    "INSERT INTO edge (name, first_at, last_at, state) SELECT 'edge-' || n, 0, 0, 'online' FROM many WHERE n % 100 = 0",
    "INSERT INTO edge_meter (edge, meter, valid_from) SELECT 'edge-' || (n / 100 * 100), 'M-' || n, 0 FROM many",
    "INSERT INTO meter_seen (meter, last_stamp, last_received_at, last_success_at) "
    "SELECT 'M-' || n, last_stamp - CASE WHEN n % 50 = 0 THEN 86400 ELSE 0 END, last_received_at, last_success_at "
    "FROM meter_seen, many WHERE meter_seen.meter = :meter",
    "INSERT INTO point_day SELECT n, day, version, energies, expected, got, off, estimated, missing, max_power, "
    "max_at, registers, cause, author, made_at FROM many, point_day WHERE point_day.point = :origin",
)
_MANY = "WITH RECURSIVE many(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM many WHERE n < :last) "
FIRST = 1000  # numbers below are the scene's own


def grow(scene: Scene, have: int, want: int) -> None:
    """From this many cloned points to that many, a thousand in a transaction."""
    origin = scene.points[s.FLAT]
    for first in range(FIRST + have, FIRST + want, 1000):
        last = min(first + 999, FIRST + want - 1)
        with writing(scene.engine).begin() as connection:
            for clone in _CLONES:
                head, _, body = clone.partition(" SELECT ")
                given = {"first": first, "last": last, "origin": origin, "meter": f"MIL-{s.FLAT}"}
                statement = text(f"{head} {_MANY} SELECT {body}")
                connection.execute(statement, {name: given[name] for name in statement.compile().params})
    with scene.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def a_consumer_without_points(connection: Connection, now: int) -> None:
    from central.accounts.people import add_account

    add_account(
        connection, s.CHEAP, organisation=1, mail="nobody@example.org", name="Никто", password=s.PASSWORD,
        role="consumer", now=now,
    )  # fmt: skip


def median(client: FlaskClient, path: str) -> float:
    """Milliseconds."""
    taken = []
    for number in range(ASKED + 5):
        began = time.perf_counter()
        answer = client.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (path, answer.status_code, number)
    return statistics.median(taken[5:])


def main(sizes: tuple[int, ...], days: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = s.build(folder, days=days)
        with writing(scene.engine).begin() as connection:
            a_consumer_without_points(connection, scene.now)
        app = make_app(folder)
        people = {mail: person(app, mail) for mail in MAILS}
        flat = scene.points[s.FLAT]
        pages = {
            "main page": (s.CONSUMER, f"/?point={flat}"),
            "month of one point": (s.CONSUMER, f"/data?point={flat}&length=month&day=2026-10-01"),
            "readings of a month": (s.CONSUMER, f"/readings?point={flat}&length=month&day=2026-10-01"),
            "console list": (s.OPERATOR, "/console/points"),
            "console list, page 20": (s.OPERATOR, "/console/points?page=20"),
            "console list, silent": (s.OPERATOR, "/console/points?state=silent"),
            "console list, search": (s.OPERATOR, "/console/points?q=К-1500"),
            "concentrators": (s.OPERATOR, "/console/edges"),
        }
        print(f"{'p50, ms (× the empty page)':<28}" + "".join(f"{size:>12,} points" for size in sizes))
        table: dict[str, list[tuple[float, float]]] = {title: [] for title in pages}
        have, empties = 0, []
        for size in sizes:
            began = time.perf_counter()
            grow(scene, have, size)
            have = size
            print(f"  {size:,} points made in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
            empty = median(people["nobody@example.org"], "/")
            empties.append(empty)
            for title, (mail, path) in pages.items():
                taken = median(people[mail], path)
                table[title].append((taken, taken / empty))
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
