"""A second company beside the scene's, one of each thing: what it has is СЕКРЕТ, for nobody of the first to read."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from werkzeug.datastructures import MultiDict

from central.accounts import staff
from central.accounts.people import add_account
from central.accounts.policy import Right
from central.accounts.tables import application
from central.db import writing
from central.figures.tables import exception
from central.handing.tables import hand_in, handed_in
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.news import board
from central.registry import enter
from central.registry.changes import entering
from central.registry.documents import Keeping, add
from central.registry.exchange import uploads
from central.registry.schemes import ONE_ZONE
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.made import desk
from central.reports.made.making import Place, at_once
from central.reports.tables import report_file
from tests.central import scene as s
from tests.central.parts import CENTRAL, Journal, load_body
from tests.central.scene import Scene

STRANGER = "stranger@example.org"
FILE = b"%PDF-1.4 act"


DOUBT = {
    "day": date(2026, 11, 23),
    "name": "frozen",
    "channel": "",
    "since": s.NOW - 3600,
    "until": s.NOW,
    "severity": "warning",
    "trace": {"expected": "СЕКРЕТ"},
    "state": "open",
    "found_at": s.NOW,
    "changed_at": s.NOW,
}


def file_of(scene: Scene, folder: Path, mail: str, day: str, *points: int, code: str = "") -> int:
    """A report of a day that this person had made. `folder`: that the app is made of; `code`: of its check."""
    report, viewer = reports()["profile"], scene.viewer(mail)
    wanted = asked(report, MultiDict([("length", "day"), ("day", day), *(("point", str(key)) for key in points)]),
                   date(2026, 11, 24))  # fmt: skip
    key, _at_once = desk.ask(scene.source, viewer, report, wanted, "csv", s.NOW)
    if code:
        with writing(scene.engine).begin() as connection:
            connection.execute(report_file.update().where(report_file.c.id == key).values(code=code))
    assert at_once(scene.source, Place(folder / "reports", "http://127.0.0.1"), viewer, key, s.NOW)
    return key


def second_company(scene: Scene, folder: Path) -> dict[str, str]:
    """Word of a route -> the key of what is the second's. `folder`: that the app is made of."""
    with writing(scene.engine).begin() as connection:
        with entering(connection, at=s.NOW, kind="test") as act:
            company = enter.add_organisation(act, "Соседняя сеть")
            node = enter.add_node(act, company, "substation", "ТП-СЕКРЕТ")
            scheme = enter.add_scheme(act, "чужая схема", ONE_ZONE, date(2020, 1, 1))
            point = enter.add_point(
                act, company, "С-1", name="СЕКРЕТ", address="ул. СЕКРЕТ", tz=s.TZ, scheme=scheme, node=node
            )
            enter.add_meter(act, "SEC-1", serial="1", type="СЕКРЕТ", maker="м")
            stands = enter.mount(act, point, "SEC-1", s.NOW - 86_400, act="СЕКРЕТ")
            enter.add_meter(act, "SEC-2", serial="2", type="СЕКРЕТ", maker="м")  # it stood there, and nobody reads it
            enter.mount(act, point, "SEC-2", s.NOW - 9 * 86_400, s.NOW - 86_400, act="СЕКРЕТ")
            contract = enter.add_contract(act, company, "СЕКРЕТ-1", "СЕКРЕТ")
            enter.attach(act, contract, point, s.NOW - 86_400)
            enter.add_concentrator(act, company, "edge-secret", title="СЕКРЕТ", address="СЕКРЕТ")
            bound = enter.entitle(act, "edge-secret", "SEC-1", 0)
            transformer = enter.add_transformer(
                act, "current", serial="СЕКРЕТ", type="ТТ", primary=Decimal(100), secondary=Decimal(5)
            )
            enter.place_transformer(act, transformer, point, "A", s.NOW - 100)
        account = add_account(
            connection,
            s.CHEAP,
            organisation=company,
            mail=STRANGER,
            name="Посторонний",
            password=s.PASSWORD,
            role="operator",
            now=s.NOW,
        )
        staff.give(connection, account, Right, (), s.NOW, None)
        applied = {"account": account, "number": "СЕКРЕТ-1", "state": "waiting", "made_at": s.NOW, "reason": ""}
        wanted = connection.execute(application.insert().values(**applied, due_at=s.NOW)).inserted_primary_key
        with entering(connection, at=s.NOW, kind="correction", account=account, reason="СЕКРЕТ") as act:
            enter.rename_node(act, node, "ТП-СЕКРЕТ-2")
            change = act.id
    topic, body = Journal("edge-secret").append(load_body((s.NOW - 3600, 1)), "SEC-9")
    Receiver(scene.engine, CENTRAL).take([Message(str(topic), body)], s.NOW)
    with writing(scene.engine).begin() as connection:
        keeping = Keeping(folder / "documents", 1000, 5)
        viewer = scene.viewer(STRANGER)
        document = add(connection, keeping, viewer, "point", str(point), "СЕКРЕТ.pdf", FILE, s.NOW)
        doubt = connection.execute(exception.insert().values(**DOUBT, point=point)).inserted_primary_key
        of = {"account": account, "token": "СЕКРЕТ", "made_at": s.NOW}
        handed = connection.execute(hand_in.insert().values(**of)).inserted_primary_key
        assert handed is not None
        row = {"point": point, "mounting": stands, "meter": "SEC-1", "read_at": s.NOW - 1800, "registers": {"ap0": 1}}
        row |= {"warnings": {"ap0": ["lower"]}, "month": date(2026, 11, 1), "enters_at": s.NOW, "state": "review"}
        reading = connection.execute(
            handed_in.insert().values(**row, hand_in=handed[0], reason="")
        ).inserted_primary_key
        told = board.write(connection, viewer, None, date(2026, 11, 20), None, "СЕКРЕТ", "СЕКРЕТ", s.NOW)
        book = uploads.take(connection, folder / "uploads", viewer, "СЕКРЕТ.xlsx", FILE, s.NOW)
    made = file_of(scene, folder, STRANGER, "2026-11-23", point)
    theirs = {"points": str(point), "mountings": str(stands), "meters": "SEC-1", "contracts": str(contract)}
    theirs |= {"nodes": str(node), "schemes": str(scheme), "edges": "edge-secret", "changes": str(change)}
    theirs |= {"transformers": str(transformer), "imports": str(book)}
    assert doubt is not None
    assert wanted is not None
    theirs |= {"applications": str(wanted[0]), "people": str(account), "staff": str(account)}
    assert reading is not None
    theirs |= {"news": str(told), "handed-in": str(reading[0])}
    theirs["made"] = str(made)
    theirs["exceptions"] = str(doubt[0])
    theirs |= {"entitlements": str(bound), "documents": str(document), "foreign": "edge-secret/SEC-9"}
    return theirs
