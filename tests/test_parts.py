"""The real parts start, take orders and end: a test that fails here says that the machine is to blame."""

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest

from tests.central import sql
from tests.central.programs import until
from tests.parts import InfluxDB, Mosquitto, PostgreSQL

FORSAKES = """
from pathlib import Path
from tests.parts import child
print(child(["sleep", "600"], Path("log")).pid, flush=True)
raise RuntimeError("and nobody stops it")
"""


def test_mosquitto_starts_again_after_a_kill(mosquitto: Mosquitto) -> None:
    mosquitto.kill()
    mosquitto.start()


def test_influxdb_refuses_a_query_without_credentials(influxdb: InfluxDB) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{influxdb.port}/query?q=SHOW+DATABASES")
    assert refused.value.code in (401, 403)


def test_postgresql_keeps_what_it_committed_over_a_kill() -> None:
    server = PostgreSQL(durable=True)
    try:
        server.start()
        server.run("CREATE TABLE kept AS SELECT 1 AS one")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            server.run("SELECT one FROM kept")
        server.start()
        server.run("SELECT one FROM kept")
    finally:
        server.close()


def test_what_a_test_forsakes_ends_with_the_tests(tmp_path: Path) -> None:
    run = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path.cwd())!r})\n{FORSAKES}"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    until(lambda: not _runs(int(done.stdout)))


def _runs(pid: int) -> bool:
    """One that has ended may still wait to be buried: it has no command any more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


def test_each_case_above_sql_meets_one_and_its_room_meets_both() -> None:
    met = set()
    for number in range(20):
        others = [f"case{number}", "sqlite"]  # a case may be called as an SQL is
        on = {sql.chosen("test", [kind, *others], kind) for kind in sql.KINDS}
        on |= {sql.chosen("test", [*others, kind], kind) for kind in sql.KINDS}
        assert len(on) == 1
        met |= on
    assert met == set(sql.KINDS)
