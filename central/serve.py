"""The programs of central: `ingest`, `worker`, `web`, and `serve`, which is all three in one process.

They meet only in SQL, so they may run as one process on a small machine or as three on several. SIGTERM and SIGINT end
each of them cleanly: what was not committed was not acknowledged. When one part of `serve` dies, all of it ends with
exit code 1: whoever started it (systemd) starts it again.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from central.config import DEFAULT_PATH, CentralConfig, load
from central.db import connect
from central.migrations.command import central_id
from central.timeseries.stores import open_series

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)


def run_ingest(config: CentralConfig, stop: threading.Event) -> None:
    """Returns when `stop` is set."""
    from central.commands.outbox import Outbox
    from central.ingest.live import LiveWriter
    from central.ingest.mqtt import Ingest
    from central.ingest.receive import Receiver

    engine, series = connect(config.sql_url), open_series(config)
    live = LiveWriter(engine, series)
    live.start()
    outbox = Outbox(engine)
    try:
        Ingest(config, Receiver(engine, central_id(engine)), live, outbox=outbox).run(stop)
    finally:
        live.stop()
        series.close()
        engine.dispose()


def run_worker(config: CentralConfig, stop: threading.Event) -> None:
    """Returns when `stop` is set."""
    from central.jobs.kinds import KINDS
    from central.jobs.leases import Keeper
    from central.jobs.owner import new_owner
    from central.jobs.runner import job_loops
    from central.worker import Worker
    from central.worker.figures import PointDays

    engine, series = connect(config.sql_url), open_series(config)
    central_id(engine)  # says so when `migrate` was not run
    keeper = Keeper(engine, new_owner(), config.worker.lease)
    jobs = job_loops(config, series, keeper, KINDS, time.time)
    try:
        Worker(engine, series, PointDays(engine, series), keeper=keeper, beside=jobs).run(stop)
    finally:
        series.close()
        engine.dispose()


def run_web(config: CentralConfig) -> None:
    """Returns at SystemExit, which the handler of signals raises in the main thread."""
    import waitress

    from central.web import create_app

    host, port = config.address
    server = waitress.create_server(create_app(config), host=host, port=port, threads=config.web.threads)
    log.info("the web listens on http://%s:%d", host, port)
    server.run()


def app() -> "Flask":
    """For gunicorn: `gunicorn 'central.serve:app()'`; the configuration is that of UCHET_CENTRAL_CONFIG."""
    from central.web import create_app

    return create_app(load(Path(os.environ.get("UCHET_CENTRAL_CONFIG", DEFAULT_PATH))))


def _on_signals(stop: threading.Event, leave: bool = False) -> None:
    """SIGTERM and SIGINT set `stop`; with `leave` they also raise SystemExit in the main thread."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        if leave:
            raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _part(
    run: Callable[[CentralConfig, threading.Event], None], config: CentralConfig, stop: threading.Event, died: list[str]
) -> None:
    """One part of `serve` in its thread: its end, unless asked for, is noted and ends the main thread too."""
    try:
        run(config, stop)
    finally:
        if not stop.is_set():
            died.append(run.__name__)
            os.kill(os.getpid(), signal.SIGTERM)


@click.command()
@click.pass_obj
def ingest(path: Path) -> None:
    """Take messages from the broker into SQL and acknowledge them."""
    stop = threading.Event()
    _on_signals(stop)
    run_ingest(load(path), stop)


@click.command()
@click.pass_obj
def worker(path: Path) -> None:
    """Bring what came into the time series and the figures."""
    stop = threading.Event()
    _on_signals(stop)
    run_worker(load(path), stop)


@click.command()
@click.pass_obj
def web(path: Path) -> None:
    """Serve the cabinet and the console."""
    _on_signals(threading.Event(), leave=True)
    run_web(load(path))


@click.command()
@click.pass_obj
def serve(path: Path) -> None:
    """Ingest, worker and web in one process: a small installation."""
    config = load(path)
    engine = connect(config.sql_url)
    central_id(engine)  # says so when `migrate` was not run
    engine.dispose()
    stop, asked = threading.Event(), threading.Event()
    died: list[str] = []
    parts = [threading.Thread(target=_part, args=(run, config, stop, died)) for run in (run_ingest, run_worker)]
    _on_signals(asked, leave=True)
    for part in parts:
        part.start()
    try:
        run_web(config)
    except SystemExit:
        pass  # asked to leave before the web was there
    finally:
        stop.set()
        for part in parts:
            part.join()
    if died:
        log.error("%s ended by itself", ", ".join(died))
        sys.exit(1)
