"""The real parts start and take orders: a test that fails here says that the machine is to blame."""

import urllib.error
import urllib.request

import psycopg
import pytest

from tests.parts import InfluxDB, Mosquitto, PostgreSQL


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
