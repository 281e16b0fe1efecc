"""`uchet-central worker` with two more kinds of job, whose effects a test can count: `python -m … FOLDER`."""

import logging
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from central import serve
from central.config import load
from central.jobs.context import Context
from central.jobs.kinds import KINDS, Kind, Lane
from central.jobs.schedule import Every

HERE = "tests.central.worker.program"
TABLE = "CREATE TABLE effect (job INTEGER, kind TEXT, pid INTEGER)"  # nothing unique: what happened twice is seen


def effect(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Works so many seconds without looking up, then writes its one line."""
    time.sleep(arguments.get("seconds", 0))
    with context.final({}) as connection:
        line = {"job": context.job.id, "kind": context.job.kind, "pid": context.job.owner.split("/")[1]}
        connection.execute(text("INSERT INTO effect VALUES (:job, :kind, :pid)"), line)
    return {}


def main() -> None:
    KINDS["effect"] = Kind(f"{HERE}:effect", lane=Lane.QUICK)
    KINDS["tick"] = Kind(f"{HERE}:effect", schedule=Every(1), lane=Lane.QUICK)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    serve._on_signals(stop)
    serve.run_worker(load(Path(sys.argv[1]) / "central.toml"), stop)


if __name__ == "__main__":
    main()
