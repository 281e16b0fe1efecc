"""Loops of one program: they end together, and the reason is heard."""

import threading

import pytest

from central.worker.together import run_together

pytestmark = pytest.mark.quick


def test_all_end_when_asked() -> None:
    stop, ended = threading.Event(), []

    def loop(ending: threading.Event) -> None:
        if len(ended) == 0:
            stop.set()
        assert ending.wait(60)
        ended.append(1)

    run_together([loop, loop], stop)
    assert len(ended) == 2


def test_one_that_breaks_ends_all_and_is_heard() -> None:
    stop, ended = threading.Event(), []

    def breaks(_ending: threading.Event) -> None:
        raise KeyError("a defect")

    def waits(ending: threading.Event) -> None:
        assert ending.wait(60)
        ended.append(1)

    with pytest.raises(KeyError):
        run_together([waits, breaks], stop)
    assert (ended, stop.is_set()) == ([1], False)
