"""The programs of central: `ingest`, `worker`, `web`, and `serve`, which is all three in one process.

They meet only in SQL, so they may run as one process on a small machine or as three on several. SIGTERM and SIGINT end
each of them cleanly: what was not committed was not acknowledged. When one part of `serve` dies, all of it ends with
exit code 1: whoever started it (systemd) starts it again. Each is under watch: where `[metrics]` says so it tells its
figures and its health.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from central import logs
from central.config import DEFAULT_PATH, CentralConfig, load
from central.db import connect
from central.migrations.command import central_id
from central.operation import probes
from central.operation.pulse import attend
from central.operation.watch import Watch, listen, watched
from central.timeseries.stores import open_series

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

SQL_EVERY = 2.0  # seconds between two looks for it at the start
LARGEST_BODY = 64 * 2**20  # of a request that is heard to its end: less that is too much is told so by a page


def run_ingest(config: CentralConfig, stop: threading.Event, watch: Watch | None = None) -> None:
    """Returns when `stop` is set."""
    from central.commands import keys
    from central.commands.outbox import Outbox
    from central.concentrators.outbox import Configurations
    from central.ingest.live import LiveWriter
    from central.ingest.mqtt import Ingest
    from central.ingest.receive import Receiver

    watch = watch or Watch()
    engine, series = connect(config.sql_url), open_series(config)
    attend(engine, watch.pulse)
    watch.needs("sql", probes.sql(engine))
    central = wait_for_sql(engine, stop)
    if central is None:
        return
    live = LiveWriter(engine, series)
    live.start()
    outboxes = (Outbox(engine, partial(keys.private_key, config)), Configurations(engine))
    try:
        ingest = Ingest(config, Receiver(engine, central), live, outboxes=outboxes, pulse=watch.pulse)
        watch.needs("broker", probes.holds(lambda: ingest.connected, "not connected"))
        ingest.run(stop)
    finally:
        live.stop()
        series.close()
        engine.dispose()


def wait_for_sql(engine: Engine, stop: threading.Event) -> str | None:
    """The id of this central, once SQL answers: it may start later than we do. None = told to stop first.

    Raises ConfigError when `migrate` was not run.
    """
    while not stop.is_set():
        try:
            return central_id(engine)
        except OperationalError as error:
            log.warning("SQL does not answer yet: %s", logs.told(error))
            stop.wait(SQL_EVERY)
    return None


def run_worker(config: CentralConfig, stop: threading.Event, watch: Watch | None = None) -> None:
    """Returns when `stop` is set."""
    from central.jobs.kinds import KINDS
    from central.jobs.leases import Keeper
    from central.jobs.owner import new_owner
    from central.jobs.runner import job_loops
    from central.operation.metrics import waiting
    from central.worker import Worker
    from central.worker.figures import PointDays

    watch = watch or Watch()
    engine, series = connect(config.sql_url), open_series(config)
    attend(engine, watch.pulse)
    watch.needs("sql", probes.sql(engine))
    watch.needs("series", probes.series(series))
    if wait_for_sql(engine, stop) is None:
        return
    keeper = Keeper(engine, new_owner(), config.worker.lease, pulse=watch.pulse)
    jobs = job_loops(config, series, keeper, KINDS, time.time)
    hide = waiting.show(engine, time.time)
    try:
        figures = PointDays(engine, series)
        Worker(engine, series, figures, keeper=keeper, beside=jobs, pulse=watch.pulse).run(stop)
    finally:
        hide()
        series.close()
        engine.dispose()


def run_web(config: CentralConfig, watch: Watch) -> None:
    """Returns at SystemExit, which the handler of signals raises in the main thread."""
    import waitress

    from central.web import create_app

    watch.needs("sql", probes.sql(connect(config.sql_url)))
    host, port = config.address
    heart = {Heart.PLACE: Heart(watch)}
    server = waitress.create_server(
        create_app(config),
        heart,
        host=host,
        port=port,
        threads=config.web.threads,
        max_request_body_size=LARGEST_BODY,
    )
    log.info("the web listens on http://%s:%d", host, port)
    server.run()


class Heart:
    """Beats among waitress's sockets: its loop asks each, at each turn, whether there is something to do."""

    PLACE = -1  # no socket has this number

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def readable(self) -> bool:
        self._watch.pulse.beat("web")
        return False

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        """There is no socket."""


def app() -> "Flask":
    """For gunicorn: `gunicorn 'central.serve:app()'`; the configuration is that of UCHET_CENTRAL_CONFIG.

    Each of its processes listens for Prometheus on the one port and answers for all, by PROMETHEUS_MULTIPROC_DIR. A
    process that hangs is ended by gunicorn.
    """
    from central.web import create_app

    config = load(Path(os.environ.get("UCHET_CENTRAL_CONFIG", DEFAULT_PATH)))
    logs.setup(config.log)
    logs.catch()
    made, watch = create_app(config), Watch()
    watch.needs("sql", probes.sql(connect(config.sql_url)))
    listen(config.metrics.address("web"), watch, shared=True)
    return made


def _on_signals(stop: threading.Event, leave: bool = False) -> None:
    """SIGTERM and SIGINT set `stop`; with `leave` they also raise SystemExit in the main thread."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        if leave:
            raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _part(
    run: Callable[[CentralConfig, threading.Event, Watch], None],
    config: CentralConfig,
    stop: threading.Event,
    watch: Watch,
    died: list[str],
) -> None:
    """One part of `serve` in its thread: its end, unless asked for, is noted and ends the main thread too."""
    try:
        run(config, stop, watch)
    finally:
        if not stop.is_set():
            died.append(run.__name__)
            os.kill(os.getpid(), signal.SIGTERM)


def _configured(path: Path) -> CentralConfig:
    """The configuration; the log is as it says from now on. Raises ConfigError."""
    config = load(path)
    logs.setup(config.log, verbose=bool(click.get_current_context().find_root().params.get("verbose")))
    logs.catch()
    return config


@click.command()
@click.pass_obj
def ingest(path: Path) -> None:
    """Take messages from the broker into SQL and acknowledge them."""
    config, stop = _configured(path), threading.Event()
    _on_signals(stop)
    with watched(config.metrics.address("ingest"), "ingest") as watch:
        run_ingest(config, stop, watch)


@click.command()
@click.pass_obj
def worker(path: Path) -> None:
    """Bring what came into the time series and the figures."""
    config, stop = _configured(path), threading.Event()
    _on_signals(stop)
    with watched(config.metrics.address("worker"), "worker") as watch:
        run_worker(config, stop, watch)


@click.command()
@click.pass_obj
def web(path: Path) -> None:
    """Serve the cabinet and the console."""
    config = _configured(path)
    _on_signals(threading.Event(), leave=True)
    with watched(config.metrics.address("web"), "web") as watch:
        run_web(config, watch)


@click.command()
@click.pass_obj
def serve(path: Path) -> None:
    """Ingest, worker and web in one process: a small installation."""
    config = _configured(path)
    engine = connect(config.sql_url)
    with suppress(OperationalError):  # the parts wait for it
        central_id(engine)  # says so when `migrate` was not run
    engine.dispose()
    with watched(config.metrics.address("serve"), "ingest", "worker", "web") as watch:
        died = _all_three(config, watch)
    if died:
        log.error("%s ended by itself", ", ".join(died))
        sys.exit(1)


def _all_three(config: CentralConfig, watch: Watch) -> list[str]:
    """Until told to leave, or until one of them ends by itself; returns which did."""
    stop, asked = threading.Event(), threading.Event()
    died: list[str] = []
    parts = [threading.Thread(target=_part, args=(run, config, stop, watch, died)) for run in (run_ingest, run_worker)]
    _on_signals(asked, leave=True)
    for part in parts:
        part.start()
    try:
        run_web(config, watch)
    except SystemExit:
        pass  # asked to leave before the web was there
    finally:
        stop.set()
        for part in parts:
            part.join()
    return died
