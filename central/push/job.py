"""The job `push`, every minute: what is due is told, what a service did not take is tried again.

A run takes BUDGET seconds at most, and a host that does not answer is asked no more in it: letters, which wait behind
it, are not stalled by a service that is dead. A delivery is claimed before it is sent: who takes over repeats one only
after its pause, and the phone shows what comes twice once, since both have one tag.
"""

import ssl
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, Row, delete, select, update

from central.accounts.tables import account, session
from central.config import Push
from central.db import writing
from central.faces import notice_words
from central.faces.speaking import speaking
from central.jobs.context import Context, JobFailed
from central.jobs.queue import pause
from central.notices.kinds import DANGER, Kind
from central.notices.quiet import Quiet, quiet_of
from central.push import devices, keys, message, sending, telling
from central.push.keys import Key, OtherSecret
from central.push.message import Words
from central.push.sending import Outcome
from central.push.services import Forbidden, Service, service
from central.push.tables import push, push_delivery, push_device

BUDGET = 20.0  # seconds of a run
TOGETHER = 8  # requests at once
MANY = 200  # deliveries a run
DAY = 86_400
KEPT = 30 * DAY
OTHER = "the key of push messages is sealed by another secret of [web]: bring that back, or `push new-key`"


@dataclass(frozen=True, slots=True)
class Post:
    """A message on its way to a device."""

    push: int
    device: int
    asked: Service
    body: bytes
    headers: Mapping[str, str]


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Raises JobFailed: the key cannot be opened; ConfigError."""
    settings = context.config.push
    assert settings is not None, "a message is sent only where [push] is configured"
    made = telling.make(context)
    until = time.monotonic() + BUDGET
    posts = _claimed(context, settings)
    done = _sent(posts, settings, context.config.path(settings.ca) if settings.ca else None, until)
    with context.writing() as connection:
        for post, (outcome, _why) in done:
            _note(connection, post, outcome, context.now)
    counts = Counter(outcome.value for _, (outcome, _why) in done)
    whys = Counter(why for _, (outcome, why) in done if outcome is not Outcome.TAKEN)
    return {"messages": made, **counts, "why": dict(whys)} if whys else {"messages": made, **counts}


def forget(context: Context) -> int:
    """What was to be told so long ago."""
    with writing(context.engine).begin() as connection:
        return len(
            connection.execute(delete(push).where(push.c.made_at <= context.now - KEPT).returning(push.c.id)).all()
        )


def _claimed(context: Context, settings: Push) -> list[Post]:
    """Deliveries that are due, with what is to be sent; each waits for its next try from now on."""
    now = context.now
    with context.writing() as connection:
        query = (
            select(push_delivery.c.tries, push, push_device.c.id.label("device"), push_device.c.endpoint,
                   push_device.c.p256dh, push_device.c.auth, account.c.language)
            .join(push, push.c.id == push_delivery.c.push)
            .join(push_device, push_device.c.id == push_delivery.c.device)
            .join(session, session.c.id == push_device.c.session)
            .join(account, account.c.id == push.c.account)
            .where(push_delivery.c.due_at <= now, session.c.expires_at > now)
            .where(session.c.account == push.c.account, push_device.c.account == push.c.account)
            .order_by(push_delivery.c.due_at, push.c.id, push_device.c.id)
            .limit(MANY)
        )  # fmt: skip
        rows = connection.execute(query).all()
        if not rows:
            return []
        try:
            key = keys.key(connection, context.config.web_secret, now)
        except OtherSecret:
            raise JobFailed(OTHER) from None
        hours = quiet_of(connection, {row.account for row in rows})
        posts = []
        for row in rows:
            again = _again(row, hours[row.account], now)
            its = push_delivery.c.push == row.id, push_delivery.c.device == row.device
            connection.execute(update(push_delivery).where(*its).values(due_at=again, tries=row.tries + 1))
            try:
                if row.told_at > now - DAY and (row.kind in DANGER or not hours[row.account].holds(now, row.tz)):
                    posts.append(_post(row, key, settings, context.config.central.public_url, hours[row.account], now))
            except Forbidden:  # the list of the settings is another than it was
                devices.end(connection, row.device)
        return posts


def _again(row: Row[Any], hours: Quiet, now: int) -> int | None:
    """When the next try is due; None = after a day there is none."""
    due = now + pause(row.tries + 1, 1.0)
    later = due if row.kind in DANGER else hours.over(due, row.tz)
    return later if later < row.told_at + DAY else None


def _post(row: Row[Any], key: Key, settings: Push, home: str, hours: Quiet, now: int) -> Post:
    """Raises Forbidden."""
    asked = service(row.endpoint, settings.services)
    urgent = row.kind in DANGER
    sleeps = None if urgent else hours.begins(now, row.tz)
    ttl = DAY if sleeps is None else min(DAY, sleeps - now)
    contact = settings.contact or home
    headers = message.headers(key, asked.origin, contact, now, ttl=ttl, urgent=urgent)
    with speaking(row.language):
        told = words(row)
    return Post(row.id, row.device, asked, message.body(told, row.p256dh, row.auth), headers)


def words(row: Any) -> Words:
    """Of a row of `push`: nothing of whom or where."""
    body = _("Откройте кабинет.")
    if row.more:
        more = _("Ещё уведомлений: %(count)s.", count=row.more)
        body = f"{body} {more}"
    return Words(str(notice_words.KINDS[Kind(row.kind)].title), body, row.path, f"uchet-{row.id}")


def _sent(posts: Sequence[Post], settings: Push, ca: object, until: float) -> list[tuple[Post, tuple[Outcome, str]]]:
    """What became of each that there was time for."""
    if not posts:
        return []
    trust = ssl.create_default_context(cafile=str(ca) if ca else None)
    dead: set[str] = set()

    def send(post: Post) -> tuple[Outcome, str]:
        if post.asked.host in dead:
            return Outcome.LATER, "another message to the same host was not answered"
        if time.monotonic() >= until:
            return Outcome.LATER, "no time left in this run"
        found = sending.post(post.asked, settings.services, trust, post.body, post.headers)
        if found[0] is Outcome.LATER:
            dead.add(post.asked.host)
        return found

    with ThreadPoolExecutor(TOGETHER, thread_name_prefix="push") as pool:
        return list(zip(posts, pool.map(send, posts), strict=True))


def _note(connection: Connection, post: Post, outcome: Outcome, now: int) -> None:
    its = push_delivery.c.push == post.push, push_delivery.c.device == post.device
    if outcome is Outcome.TAKEN:
        connection.execute(update(push_delivery).where(*its).values(due_at=None, taken_at=now))
        taken = update(push_device).where(push_device.c.id == post.device)
        connection.execute(taken.values(taken_at=now, failures=0))
    elif outcome is Outcome.GONE:
        devices.end(connection, post.device)
    elif outcome is Outcome.REFUSED:
        connection.execute(update(push_delivery).where(*its).values(due_at=None))
        devices.refused(connection, post.device)
