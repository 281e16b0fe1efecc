"""The concentrator as a real process, with a real meter, broker and ingest around it."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from central.db import connect, writing
from central.ingest.bindings import bind
from central.ingest.tables import edge_store, inbox
from central.migrations.command import command_key, prepare
from edge.status import ask
from protocol.messages.chain import link
from tests.central.parts import NOW, config
from tests.central.programs import Program
from tests.parts import Mosquitto, child, free_port, wait_for_port


class Meter:
    """`./run meter` on a free port: a pure function of seed and time, so a restart changes nothing."""

    def __init__(self, folder: Path, kind: str = "single") -> None:
        self.port = free_port()
        listen = f"tcp://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "demo.meters", "--listen", listen, "--kind", kind]
        self._process = child(command, folder / f"meter-{kind}.log")
        wait_for_port(self.port)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)


class Edge:
    """`uchet-edge run` in a folder of its own. Kill it, copy its file, start it again."""

    def __init__(self, folder: Path, broker: int, central: str, meter: int, more: str = "", uplink: str = "") -> None:
        self.folder = folder
        self.file = folder / "data/journal.db"
        self.page = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "edge.toml").write_text(
            f'[edge]\nname = "edge-1"\ndata = "{folder}/data"\n\n'
            f'[uplink]\nhost = "127.0.0.1"\nport = {broker}\ncentral = "{central}"\npassword = "edge-1"\n{uplink}\n'
            f'[page]\nlisten = "127.0.0.1:{self.page}"\n\n[schedule]\nnow = 1\nlive = 1\n\n'
            f'[[line]]\nname = "A"\nurl = "tcp://127.0.0.1:{meter}"\n\n'
            '[[meter]]\nid = "A-1"\nline = "A"\ndriver = "spodes"\nlink = "wrapper"\npassword = "12345678"\n' + more
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "edge", "run", "--config", str(self.folder / "edge.toml")]
        self._process = child(command, self.folder / "edge.log")

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    @property
    def log(self) -> str:
        return (self.folder / "edge.log").read_text()

    @property
    def state(self) -> dict[str, Any] | None:
        return ask(("127.0.0.1", self.page))

    def waiting(self) -> int | None:
        """Rows that central has not acknowledged; None while nobody answers."""
        state = self.state
        return None if state is None or not state["uplink"]["answering"] else state["journal"]["waiting"]

    def delivered(self, rows: int) -> bool:
        """Its journal has so many rows and all of them are acknowledged, as it says at one moment."""
        state = self.state
        if state is None or not state["uplink"]["answering"] or state["journal"]["waiting"]:
            return False
        return bool(state["journal"]["rows"] >= rows)

    def settled(self) -> bool:
        """All that its meter keeps is read and acknowledged, as it says at one moment: it has begun to read at all."""
        state = self.state
        if state is None or not state["uplink"]["answering"] or state["journal"]["waiting"]:
            return False
        return all(meter["read_to"] is not None and meter["gap_days"] == 0 for meter in state["meters"])

    def rows(self) -> list[tuple[int, str, bytes, str]]:
        """(seq, prev, body, sha) as the file has them; only while the process is down."""
        if not self.file.exists():
            return []
        with closing(sqlite3.connect(self.file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
                return []
            found = connection.execute("SELECT seq, prev, body, sha FROM journal ORDER BY seq").fetchall()
        assert [row[0] for row in found] == list(range(1, len(found) + 1))
        assert all(link(prev, body) == sha for _, prev, body, sha in found)
        return found

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        try:
            return process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(60)


class House:
    """Meter, broker, ingest; edges come and go."""

    def __init__(self, folder: Path, mosquitto: Mosquitto) -> None:
        access = 'username = "central"\npassword = "central"\n'
        (folder / "central").mkdir()
        settings = config(folder / "central", f"[mqtt]\nport = {mosquitto.port}\n{access}")
        self.folder, self.broker = folder, mosquitto.port
        self.central = prepare(settings)
        self.key = f'command_key = "{command_key(settings)}"\n'
        self.engine = connect(settings.sql_url)
        with writing(self.engine).begin() as connection:
            bind(connection, "edge-1", "A-1", 0, None, NOW)
        self.ingest = Program(folder / "central", "ingest")
        self.ingest.start()
        self.meter = Meter(folder)
        self._edges: list[Edge] = []

    def edge(self, name: str = "edge") -> Edge:
        made = Edge(self.folder / name, self.broker, self.central, self.meter.port, uplink=self.key)
        self._edges.append(made)
        return made

    def bodies(self) -> list[bytes]:
        """All that central holds."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(inbox.c.body)))

    def lost(self, edge: Edge) -> int:
        """Rows that central acknowledged to this edge and does not hold; what it has not acknowledged waits there."""
        with closing(sqlite3.connect(edge.file)) as connection:
            (store,) = connection.execute("SELECT value FROM meta WHERE key = 'store'").fetchone()
        upto, held = self.stores()[store], set(self.bodies())
        rows = edge.rows()
        assert 0 <= len(rows) - upto < 5, "all but what came while it stopped is acknowledged"
        return len([seq for seq, _, body, _ in rows if seq <= upto and body not in held])

    def stores(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            return {row.store: row.upto for row in connection.execute(select(edge_store))}

    def close(self) -> None:
        for edge in self._edges:
            edge.stop()
        self.meter.stop()
        self.ingest.stop()
        self.engine.dispose()
