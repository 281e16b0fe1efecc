"""The real parts start and take orders: a test that fails here says that the machine is to blame."""

import urllib.error
import urllib.request

import pytest

from tests.parts import InfluxDB, Mosquitto


def test_mosquitto_starts_again_after_a_kill(mosquitto: Mosquitto) -> None:
    mosquitto.kill()
    mosquitto.start()


def test_influxdb_refuses_a_query_without_credentials(influxdb: InfluxDB) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{influxdb.port}/query?q=SHOW+DATABASES")
    assert refused.value.code in (401, 403)
