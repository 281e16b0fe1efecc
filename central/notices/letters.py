"""What is due by letter: one letter an account with all of it, each notice once."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import Connection, select, update

from central.accounts.policy import Viewer
from central.faces import notice_words
from central.faces.formats import clock, day, moment
from central.faces.speaking import speaking
from central.jobs.context import Context
from central.mail.outbox import post
from central.mail.rendering import rendered
from central.metering.zones import day_of
from central.notices import board
from central.notices.board import Notice
from central.notices.choices import choices
from central.notices.kinds import Kind
from central.notices.tables import notice_reader

LETTER = "happened"  # the template
LIST, CHOOSE = "/notices", "/me/notices"  # pages of the cabinet; whoever is not logged in does so on the way
MOST = 10  # told in one letter; the others stand in the cabinet


def send(context: Context) -> int:
    """How many letters. What a person chose meanwhile, or may see no more, holds."""
    due = notice_reader.c.told_at.is_(None), notice_reader.c.letter_at <= context.now
    with context.engine.connect() as connection:
        accounts = connection.scalars(select(notice_reader.c.account).where(*due).distinct()).all()
    sent = 0
    for account in sorted(accounts):
        context.check()
        with context.writing() as connection:
            sent += _to(connection, account, context.config.central.public_url, context.now)
    return sent


def _to(connection: Connection, account: int, home: str, now: int) -> bool:
    its = notice_reader.c.account == account, notice_reader.c.told_at.is_(None), notice_reader.c.letter_at <= now
    keys = connection.scalars(select(notice_reader.c.notice).where(*its).with_for_update()).all()
    viewer = Viewer.load(connection, account, now)
    chosen = choices(connection, account)
    found = [one for one in board.these(connection, viewer, keys) if chosen[one.told].letter] if viewer else []
    told = [one.id for one in found]
    of_it = notice_reader.c.account == account
    unwanted = of_it, notice_reader.c.notice.in_(set(keys) - set(told))
    connection.execute(update(notice_reader).where(*unwanted).values(letter_at=None))
    connection.execute(update(notice_reader).where(of_it, notice_reader.c.notice.in_(told)).values(told_at=now))
    if viewer is None or not found:
        return False
    key = f"notices {account} {max(told)}"
    with speaking(viewer.language):
        about = _about(found, home.rstrip("/"))
    letter = rendered(viewer.mail, LETTER, viewer.language, name=viewer.name, **about)
    return post(connection, letter, now, account, key)


def _about(found: Sequence[Notice], home: str) -> dict[str, object]:
    """Of each: what, where, when, why and what to do, each reason once."""
    return {
        "notices": [
            {
                "title": notice_words.title(one.told, one.journal, one.event_code),
                "point": f"{one.name}, {one.address}",
                "serial": one.serial,
                "when": when(one),
                "what": notice_words.what(one.kind, one.terms),
                "why": notice_words.KINDS[one.told].why,
                "do": notice_words.KINDS[one.told].do,
            }
            for one in found[:MOST]
        ],
        "more": max(len(found) - MOST, 0),
        "link": home + LIST,
        "choose": home + CHOOSE,
    }


def when(one: Notice) -> str:
    """«24.11.2026 02:14», «09.11.2026 13:00–14:00, 1 ч», «до 24.02.2027»."""
    if one.kind is Kind.VERIFICATION and one.until is not None:
        return str(_("до %(day)s", day=day(day_of(one.until, one.tz))))
    if one.kind is Kind.SILENT:
        return str(_("последние данные %(when)s", when=moment(one.since, one.tz, end=True)))
    if one.kind is Kind.HIGH_USE:
        return notice_words.period(one.terms)
    if one.kind is Kind.READINGS_OPEN and one.until is not None:
        return str(_("по %(day)s", day=day(day_of(one.until - 1, one.tz))))
    if one.kind in (Kind.READING_ACCEPTED, Kind.READING_DECLINED):
        return str(_("квитанция %(number)s", number=one.terms["number"]))
    if one.until is None or one.until == one.since:
        return moment(one.since, one.tz)
    lasted = notice_words.lasted(one.until - one.since)
    if day_of(one.since, one.tz) == day_of(one.until, one.tz):
        return f"{moment(one.since, one.tz)}–{clock(one.until, one.tz)}, {lasted}"
    return f"{moment(one.since, one.tz)} – {moment(one.until, one.tz)}, {lasted}"
