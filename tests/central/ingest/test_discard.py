"""What waits in quarantine is kept until someone gives it a chance again, or gives it up and says why."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from central.accounts.tables import audit
from central.audits import ledger
from central.audits.ledger import Line
from central.db import writing
from central.ingest.bindings import bind
from central.ingest.judge import Reason
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.replay import Which, discard_messages, replay_messages
from central.ingest.retention import DAY, forget
from central.ingest.tables import State, inbox
from tests.central.parts import CENTRAL, NOW, T0, Journal, config, database, load_body
from tests.central.sql import Sql

TODAY = NOW // DAY
FOREIGN = Which(reason=Reason.FOREIGN_METER)


@pytest.fixture
def engine(sql: Sql, tmp_path: Path) -> Engine:
    """Two readings of a meter that is not the edge's, and a message that nobody can read."""
    engine, journal = database(tmp_path, "A-1"), Journal()
    sent = [journal.append(load_body((T0, 5), (T0 + 1800, 6)), name="B-2"), journal.append(b"poison")]
    Receiver(engine, CENTRAL).take([Message(str(topic), body) for topic, body in sent], NOW)
    return engine


def states(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(inbox.c.state).order_by(inbox.c.seq)))


def line(engine: Engine, meter: str) -> Line:
    (found,) = ledger.lines(engine, TODAY, TODAY, meter=meter)
    return found


def test_what_is_given_up_is_counted_apart_noted_and_forgotten_in_time(engine: Engine) -> None:
    assert discard_messages(engine, FOREIGN, "a meter of the neighbours", NOW, dry_run=True) == 1
    assert states(engine) == [State.QUARANTINED, State.QUARANTINED]
    assert discard_messages(engine, FOREIGN, "a meter of the neighbours", NOW) == 1
    assert states(engine) == [State.GIVEN_UP, State.QUARANTINED]
    assert (line(engine, "B-2").quarantined, line(engine, "B-2").losses) == (2, ())
    with engine.connect() as connection:
        noted = connection.execute(select(audit)).one()
        kept = connection.scalar(select(inbox.c.detail).where(inbox.c.seq == 1))
    assert (noted.action, noted.subject) == ("discard", "quarantined reason=foreign_meter")
    assert noted.detail == "1 messages: a meter of the neighbours"
    assert str(kept).endswith("; given up: a meter of the neighbours")
    forget(engine, NOW + 30 * DAY)
    assert states(engine) == [State.QUARANTINED], "what nobody has looked at stays"
    assert (line(engine, "B-2").quarantined, line(engine, "B-2").losses) == (2, ())


def test_a_storm_is_given_up_piece_by_piece(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that ingest goes on meanwhile."""
    monkeypatch.setattr("central.ingest.replay.CHUNK", 10)
    journal = Journal(store="s2")
    storm = [journal.append(b"poison %d" % number) for number in range(25)]
    Receiver(engine, CENTRAL).take([Message(str(topic), body) for topic, body in storm], NOW)
    assert discard_messages(engine, Which(reason=Reason.UNREADABLE), "radio", NOW) == 26
    assert states(engine).count(State.GIVEN_UP) == 26
    with engine.connect() as connection:
        noted = list(connection.scalars(select(audit.c.detail).order_by(audit.c.id)))
    assert noted == ["10 messages: radio", "10 messages: radio", "6 messages: radio"]
    assert line(engine, "A-1").losses == ()


def test_it_can_be_taken_up_again_while_it_is_kept(engine: Engine) -> None:
    discard_messages(engine, FOREIGN, "not ours", NOW)
    with writing(engine).begin() as connection:
        bind(connection, "edge-1", "B-2", 0, None, NOW)
    assert replay_messages(engine, Which(State.GIVEN_UP)).given == 1
    assert states(engine) == [State.NEW, State.QUARANTINED]
    assert (line(engine, "B-2").quarantined, line(engine, "B-2").waiting) == (0, 2)


def test_the_command_wants_to_know_which_and_why(sql: Sql, tmp_path: Path, engine: Engine) -> None:
    config(tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "central", "--config", str(tmp_path / "central.toml"), "discard"]
        return subprocess.run([*command, *arguments], capture_output=True, text=True)

    assert "Missing option '--why'" in run("--reason", "unreadable").stderr
    assert "all of quarantine is too much" in run("--why", "x").stderr
    done = run("--reason", "unreadable", "--edge", "edge-1", "--why", "a test of the radio")
    assert (done.returncode, done.stdout) == (0, "1 messages are given up\n")
    assert states(engine) == [State.QUARANTINED, State.GIVEN_UP]
