"""A program under watch: what its port says, and what systemd hears while it turns and when it hangs."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.operation import watch as room
from central.operation.probes import NoAnswer, NotReady, Probe, holds, within
from central.operation.watch import Watch, listen, watched
from tests.central.operation.ask import figures, get, health
from tests.central.operation.test_pulse import Hand
from tests.central.programs import until
from tests.parts import free_port

pytestmark = pytest.mark.quick


class Systemd:
    """The socket that units talk to."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0.01)

    def heard(self) -> list[str]:
        """Since the last time."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(1000).decode())
            except TimeoutError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    manager = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    yield manager
    manager.close()


def test_systemd_hears_from_a_program_that_turns_and_nothing_from_one_that_hangs(
    systemd: Systemd, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, port = Hand(), free_port()
    monkeypatch.setattr(room, "Watch", lambda loops: Watch(room.Pulse(clock), loops))
    with watched(("127.0.0.1", port)) as watch:
        watch.pulse.beat("ingest")
        until(lambda: "WATCHDOG=1" in systemd.heard())
        assert health(port, "live") == (200, [])
        clock.now += 61
        until(lambda: "not alive: ingest: no turn for 61 s" in caplog.text)
        systemd.heard()
        assert health(port, "live") == (503, ["ingest: no turn for 61 s"])
        time.sleep(0.2)  # four of its patience's halves: nothing may come
        assert systemd.heard() == []
        assert [record.about["alarm"] for record in caplog.records] == ["loop_hangs"]  # type: ignore[attr-defined]
        watch.pulse.beat("ingest")
        until(lambda: "WATCHDOG=1" in systemd.heard())
    assert systemd.heard()[-1] == "STOPPING=1"
    assert get(port, "/health/live")[0] == 0


def test_a_program_whose_loops_have_not_begun_is_alive_and_not_ready() -> None:
    port = free_port()
    with watched(("127.0.0.1", port), "ingest", "web") as watch:
        watch.pulse.beat("web")
        assert health(port, "live") == (200, [])
        assert health(port, "ready") == (503, ["ingest: has not begun"])
        watch.pulse.beat("ingest")
        assert health(port, "ready") == (200, [])


def test_it_is_ready_when_all_it_needs_answers() -> None:
    port, well = free_port(), [True]
    with watched(("127.0.0.1", port)) as watch:
        watch.needs("broker", holds(lambda: well[0], "not connected"))
        assert health(port, "ready") == (200, [])
        well[0] = False
        assert health(port, "ready") == (503, ["broker: not connected"])
        assert health(port, "live") == (200, []), "that is no reason to start it again"
        well[0] = True
        assert health(port, "ready") == (200, [])


def test_a_question_that_hangs_is_answered_in_time_and_asked_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    free, port = threading.Event(), free_port()
    watch = Watch()
    watch._probes["sql"] = Probe(lambda: free.wait() and None, seconds=0.2)  # type: ignore[func-returns-value]
    listener = listen(("127.0.0.1", port), watch)
    assert listener is not None
    try:
        assert health(port, "ready") == (503, ["sql: no answer in 0 s"])
        threads = _probes()
        for _ in range(3):
            assert health(port, "ready") == (503, ["sql: still no answer to the question before"])
        assert _probes() == threads
        free.set()
        until(lambda: health(port, "ready") == (200, []))
    finally:
        listener.stop()


def _probes() -> int:
    return sum(thread.name == "probe" for thread in threading.enumerate())


def test_within_gives_back_what_the_question_says_or_raises() -> None:
    assert within(1, lambda: 5) == 5
    with pytest.raises(NotReady, match="tired"):
        within(1, lambda: holds(lambda: False, "tired")())
    with pytest.raises(NoAnswer):
        within(0.05, lambda: time.sleep(0.3))


def test_a_port_that_is_taken_stops_no_program(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with watched(("127.0.0.1", port)), watched(("127.0.0.1", port)), caplog.at_level(logging.ERROR):
        assert health(port, "live") == (200, [])
    assert f"nobody can ask for metrics on port {port}: Address already in use" in caplog.text


def test_processes_may_share_a_port() -> None:
    port = free_port()
    listeners = [listen(("127.0.0.1", port), Watch(), shared=True) for _ in range(2)]
    assert all(listeners)
    for listener in listeners:
        assert health(port, "live") == (200, [])
        assert listener is not None
        listener.stop()
    assert get(port, "/metrics")[0] == 0


def test_nothing_else_is_there() -> None:
    port = free_port()
    with watched(("127.0.0.1", port)):
        assert get(port, "/")[0] == 404
        assert get(port, "/login")[0] == 404
        assert isinstance(figures(port), dict)


def test_without_an_address_nobody_listens() -> None:
    with watched(None) as watch:
        assert watch.ready() == []
