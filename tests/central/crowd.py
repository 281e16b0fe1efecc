"""A large company out of a small scene: a point of it as many others, by SQL alone, so that 100,000 take seconds.

`grow` clones what belongs to the registry and the figures (the pages' share), `busy` adds what the programs keep.
"""

from collections.abc import Sequence

from sqlalchemy import text

from central.db import writing
from central.partitions import WEEK, inbox_week, make, week_of
from central.registry.search.index import rebuild
from tests.central import scene as s
from tests.central.scene import Scene

FIRST = 1000  # numbers below are the scene's own
CHUNK = 1000  # points a transaction
_MANY = "WITH RECURSIVE many(n) AS (SELECT CAST(:first AS INTEGER) UNION ALL SELECT n + 1 FROM many WHERE n < :last) "
_POINTS = (  # :first …, :last are their numbers
    "INSERT INTO node (id, organisation, kind, name, path) "
    "SELECT 1000000 + n, 1, 'substation', 'ТП-' || n, 'ТП-' || n FROM many WHERE n % 1000 = 0",
    "INSERT INTO node (id, organisation, parent, kind, name, path) "
    "SELECT 2000000 + n, 1, 1000000 + n / 1000 * 1000, 'switchboard', 'РП-' || n, "
    "'ТП-' || (n / 1000 * 1000) || '\\РП-' || n FROM many WHERE n % 50 = 0",
    "INSERT INTO point (id, organisation, node, code, name, address, tz) "
    "SELECT n, organisation, 2000000 + n / 50 * 50, 'К-' || n, name, address || ', ' || n, tz "
    "FROM point, many WHERE point.id = :origin",
    "INSERT INTO point_terms (id, point, valid_from, scheme, zone_source, power_max) "
    "SELECT n, n, valid_from, scheme, zone_source, power_max FROM point_terms, many WHERE point_terms.point = :origin",
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
    "max_at, registers, cause, author, made_at, suspect FROM many, point_day WHERE point_day.point = :origin",
)
_TRAFFIC = (  # one message a point, now and a week ago; one row in a hundred of what is rare
    "INSERT INTO inbox (edge, store, seq, prev, sha, channel, name, body, received_at, state, week) "
    "SELECT 'edge-' || (n / 100 * 100), 's', n, 'p' || n, 's' || n, 'archive', 'M-' || n, '{}', "
    ":now - n % 2 * :week, CASE WHEN n % 100 = 0 THEN 'quarantined' ELSE 'done' END, (:now - n % 2 * :week) / :week "
    "FROM many",
    "INSERT INTO edge_store SELECT 'edge-' || n, 's', n, 's' || n, 1, :now FROM many WHERE n % 100 = 0",
    "INSERT INTO ahead SELECT 'edge-' || n, 's', n + 2, 'p' || n, 's' || n FROM many WHERE n % 100 = 0",
    "INSERT INTO hole (edge, store, first, last, found_at) "
    "SELECT 'edge-' || (n / 100 * 100), 's', n, n, :now FROM many",
    "INSERT INTO stray (hash, topic, payload, received_at, detail) "
    "SELECT 'h' || n, 't', '?', :now, '' FROM many WHERE n % 100 = 0",
    "INSERT INTO tip SELECT 'M-' || n, 'load', :now FROM many",
    "INSERT INTO event (meter, edge, time, journal, code, uptime, received_at) "
    "SELECT 'M-' || n, '', :now, 2, 1, -1, :now FROM many",
    "INSERT INTO journal_mark (meter, first_at, due_at) SELECT 'M-' || n, 0, 0 FROM many",
    "INSERT INTO notice (id, point, meter, kind, since, journal, code, received_at, made_at) "
    "SELECT n, n, 'M-' || n, 'opened', :now, 4, 4, :now, :now FROM many",
    "INSERT INTO conflict (meter, kind, stamp, kept, came, at, state) "
    "SELECT 'M-' || n, 'load', :now, '{}', '{}', :now, 'open' FROM many WHERE n % 100 = 0",
    "INSERT INTO dirty (point, day, mark) SELECT point, day, 1 FROM point_day, many WHERE point = n AND version = 1",
    "INSERT INTO command (id, edge, counter, command, arguments, payload, author, made_at, expires_at, state) "
    "SELECT 'c-' || n, 'edge-' || (n / 100 * 100), n, 'backfill', '{}', '{}', '', :now, :now, 'done' FROM many",
    "INSERT INTO job (kind, key, arguments, state, due_at, tries, made_at, finished_at) "
    "SELECT 'mail', 'k' || n, '{}', 'done', :now, 1, :now, :now FROM many",
)
_PEOPLE = (  # a person a point, who logged in once and failed once
    "INSERT INTO account (id, organisation, mail, name, password, role, state, made_at) "
    "SELECT n, 1, 'p' || n || '@example.org', 'Иванов ' || n, '-', 'consumer', 'approved', :now FROM many",
    "INSERT INTO \"grant\" (account, contract, role, valid_from) SELECT n, n, 'owner', 0 FROM many",
    "INSERT INTO notice_reader (notice, account, shown, told_at) SELECT n, n, true, :now FROM many",
    "INSERT INTO notice_choice (account, kind, letter, cabinet) SELECT n, 'opened', true, true FROM many",
    "INSERT INTO session (token, account, created_at, seen_at, expires_at, device) "
    "SELECT 't' || n, n, :now, :now, :now + 86400, '' FROM many",
    "INSERT INTO attempt (mail, at) SELECT 'm' || n, :now - n % 1000 FROM many",
    "INSERT INTO audit (at, account, action, subject, detail) SELECT :now, n, 'login', '', '' FROM many",
)


def grow(scene: Scene, have: int, want: int) -> None:
    """From this many cloned points to that many, on boards of 50 in substations of 1,000, and found by the search."""
    _clone(scene, _POINTS, have, want)
    rebuild(scene.engine)


def busy(scene: Scene, count: int) -> None:
    """Messages, marks, commands, jobs and people of so many cloned points."""
    make(scene.engine, [inbox_week(week_of(scene.now - back)) for back in (0, WEEK)])
    _clone(scene, (*_TRAFFIC, *_PEOPLE), 0, count)


def _clone(scene: Scene, clones: Sequence[str], have: int, want: int) -> None:
    given = {"origin": scene.points[s.FLAT], "meter": f"MIL-{s.FLAT}", "now": scene.now, "week": WEEK}
    for first in range(FIRST + have, FIRST + want, CHUNK):
        numbers = {"first": first, "last": min(first + CHUNK, FIRST + want) - 1}
        with writing(scene.engine).begin() as connection:
            for clone in clones:
                head, _, body = clone.partition(" SELECT ")
                statement = text(f"{head} {_MANY} SELECT {body}")
                connection.execute(statement, {name: (given | numbers)[name] for name in statement.compile().params})
    if scene.engine.dialect.name == "postgresql":  # does it by itself, a little later; nobody does it for SQLite
        with scene.engine.begin() as connection:
            connection.execute(text("ANALYZE"))
