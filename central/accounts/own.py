"""All that is kept about a person, for the person to take away: by the words of the tables, instants as ISO UTC.

What only proves something (the password's hash, the hash of a token, a second factor's secret) is not told: it says
nothing of a person and opens everything.
"""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from central.accounts import texts
from central.accounts.family import guests
from central.accounts.looked import looks
from central.accounts.mail_change import pending
from central.accounts.policy import Viewer
from central.accounts.tables import account, application, audit, grant, second_factor, session, token
from central.handing import photos
from central.handing.receipts import number_of
from central.handing.tables import hand_in, handed_in
from central.metering.zones import local
from central.notices.quiet import quiet
from central.notices.tables import notice, notice_choice, notice_reader
from central.push.tables import push_device
from central.registry.tables import contract, point
from central.reports.tables import personal_report, report_file, report_schedule


def all_of(connection: Connection, viewer: Viewer, now: int) -> dict[str, Any]:
    """As one JSON object."""
    return {
        "made_at": _iso(now),
        "account": _account(connection, viewer),
        "mail_change": _mail_change(connection, viewer, now),
        "second_factor": _second_factor(connection, viewer),
        "consents": [
            {
                "text": one.kind,
                "version": one.version,
                "at": _iso(one.at),
                "address": one.address,
                "withdrawn_at": _iso(one.withdrawn_at),
            }
            for one in texts.given(connection, viewer.account)
        ],
        "applications": _applications(connection, viewer),
        "contracts": _contracts(connection, viewer),
        "let_look": [
            {"number": one.number, "name": one.name, "mail": one.mail, "ends_at": _iso(one.ends_at)}
            for kind in guests(connection, viewer)
            for one in kind
        ],
        "handed_in": _handed_in(connection, viewer),
        "sessions": _sessions(connection, viewer),
        "tokens": _tokens(connection, viewer),
        "looked": [
            {"at": _iso(one.at), "who": one.who, "point": one.code} for one in looks(connection, viewer, now, None)
        ],
        "personal_reports": _personal_reports(connection, viewer),
        "report_schedules": _schedules(connection, viewer),
        "report_files": _files(connection, viewer),
        "notices": _notices(connection, viewer),
        "notice_choices": _choices(connection, viewer),
        "quiet_hours": asdict(quiet(connection, viewer.account)),
        "phone_notices": _phones(connection, viewer),
        "actions": _actions(connection, viewer),
    }


def _account(connection: Connection, viewer: Viewer) -> dict[str, Any]:
    row = connection.execute(select(account).where(account.c.id == viewer.account)).one()
    told = {name: getattr(row, name) for name in ("id", "name", "mail", "phone", "role", "state", "language")}
    return told | {"made_at": _iso(row.made_at), "state_at": _iso(row.state_at)}


def _mail_change(connection: Connection, viewer: Viewer, now: int) -> dict[str, Any] | None:
    found = pending(connection, viewer.account, now)
    return None if found is None else {"mail": found.mail, "expires_at": _iso(found.expires_at)}


def _second_factor(connection: Connection, viewer: Viewer) -> dict[str, Any] | None:
    row = connection.execute(select(second_factor).where(second_factor.c.account == viewer.account)).first()
    return None if row is None else {"made_at": _iso(row.made_at), "confirmed_at": _iso(row.confirmed_at)}


def _applications(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = select(application).where(application.c.account == viewer.account).order_by(application.c.id)
    return [
        {
            "number": row.number,
            "state": row.state,
            "made_at": _iso(row.made_at),
            "decided_at": _iso(row.decided_at),
            "reason": row.reason,
        }
        for row in connection.execute(query)
    ]


def _contracts(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = select(grant, contract.c.number).join(contract, contract.c.id == grant.c.contract)
    return [
        {
            "number": row.number,
            "role": row.role,
            "valid_from": _iso(row.valid_from),
            "valid_to": _iso(row.valid_to),
            "ends_at": _iso(row.ends_at),
        }
        for row in connection.execute(query.where(grant.c.account == viewer.account).order_by(grant.c.id))
    ]


def _handed_in(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    """Registers by field of the series, mWh."""
    query = select(handed_in, hand_in.c.made_at, hand_in.c.noted_at).join(hand_in, hand_in.c.id == handed_in.c.hand_in)
    rows = connection.execute(query.where(hand_in.c.account == viewer.account).order_by(handed_in.c.id)).all()
    photographed = photos.of(connection, (row.id for row in rows))
    return [
        {
            "number": number_of(row.hand_in, row.made_at),
            "made_at": _iso(row.made_at),
            "noted_at": _iso(row.noted_at),
            "meter": row.meter,
            "read_at": _iso(row.read_at),
            "registers": row.registers,
            "month": row.month.isoformat(),
            "state": row.state,
            "reason": row.reason,
            "decided_at": _iso(row.decided_at),
            "photos": [photos.name_of(key) for key in photographed.get(row.id, ())],
        }
        for row in rows
    ]


def _sessions(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = select(session).where(session.c.account == viewer.account).order_by(session.c.id)
    return [
        {
            "created_at": _iso(row.created_at),
            "seen_at": _iso(row.seen_at),
            "expires_at": _iso(row.expires_at),
            "device": row.device,
            "address": row.address,
        }
        for row in connection.execute(query)
    ]


def _personal_reports(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    """Also what was asked of a report last, which has no name."""
    its = personal_report.c.account == viewer.account
    query = select(personal_report, contract.c.number).outerjoin(contract, contract.c.id == personal_report.c.contract)
    return [
        {
            "name": row.name,
            "report": row.report,
            "asked": row.asked,
            "shared_in_contract": row.number,
            "made_at": _iso(row.made_at),
            "changed_at": _iso(row.changed_at),
        }
        for row in connection.execute(query.where(its).order_by(personal_report.c.id))
    ]


def _schedules(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = (
        select(report_schedule, personal_report.c.name)
        .join(personal_report, personal_report.c.id == report_schedule.c.personal)
        .where(report_schedule.c.account == viewer.account)
        .order_by(report_schedule.c.id)
    )
    return [
        {
            "report": row.name,
            "day": row.day,
            "form": row.form,
            "percent": row.percent,
            "days": row.days,
            "made_at": _iso(row.made_at),
            "sent_for": row.sent_for.isoformat() if row.sent_for is not None else None,
        }
        for row in connection.execute(query)
    ]


def _files(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = select(report_file).where(report_file.c.account == viewer.account).order_by(report_file.c.id)
    return [
        {
            "report": row.report,
            "title": row.title,
            "asked": row.asked,
            "since": row.since.isoformat(),
            "until": row.until.isoformat(),
            "form": row.form,
            "state": row.state,
            "rows": row.rows,
            "size": row.size,
            "sha256": row.sha256,
            "code": row.code,
            "made_at": _iso(row.made_at),
            "ended_at": _iso(row.ended_at),
            "seen_at": _iso(row.seen_at or None),
        }
        for row in connection.execute(query)
    ]


def _notices(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = (
        select(notice, notice_reader, point.c.code.label("point_code"))
        .join(notice_reader, notice_reader.c.notice == notice.c.id)
        .join(point, point.c.id == notice.c.point)
        .where(notice_reader.c.account == viewer.account)
        .order_by(notice.c.id)
    )
    return [
        {
            "kind": row.kind,
            "point": row.point_code,
            "since": _iso(row.since),
            "until": _iso(row.until),
            "made_at": _iso(row.made_at),
            "letter_at": _iso(row.told_at),
            "seen_at": _iso(row.seen_at),
            "terms": row.terms,
        }
        for row in connection.execute(query)
    ]


def _phones(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    """The address of a device at the service of its browser opens it to messages: it is not told."""
    query = select(push_device).where(push_device.c.account == viewer.account).order_by(push_device.c.id)
    return [
        {"service": urlsplit(row.endpoint).hostname, "made_at": _iso(row.made_at), "taken_at": _iso(row.taken_at)}
        for row in connection.execute(query)
    ]


def _tokens(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = select(token).where(token.c.account == viewer.account).order_by(token.c.id)
    return [
        {
            "name": row.name,
            "made_at": _iso(row.made_at),
            "expires_at": _iso(row.expires_at),
            "used_at": _iso(row.used_at),
            "used_from": row.used_from,
        }
        for row in connection.execute(query)
    ]


def _choices(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = select(notice_choice).where(notice_choice.c.account == viewer.account).order_by(notice_choice.c.kind)
    ways = ("kind", "letter", "cabinet", "push")
    return [{way: getattr(row, way) for way in ways} for row in connection.execute(query)]


def _actions(connection: Connection, viewer: Viewer) -> list[dict[str, Any]]:
    query = select(audit).where(audit.c.account == viewer.account).order_by(audit.c.id)
    return [
        {"at": _iso(row.at), "action": row.action, "subject": row.subject, "detail": row.detail}
        for row in connection.execute(query)
    ]


def _iso(moment: int | None) -> str | None:
    return None if moment is None else f"{local(moment, 'UTC'):%Y-%m-%dT%H:%M:%SZ}"
