"""Hours in which a person wants to be told of danger alone: 22 to 8 of the point's clock, until he says otherwise."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from central.accounts.policy import Viewer
from central.db import insert
from central.metering.zones import local
from central.notices.tables import notice_quiet

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """From the beginning of one hour of the day to that of another, over midnight too; the same hour = never."""

    since: int = 22
    until: int = 8

    def holds(self, moment: int, tz: str) -> bool:
        hour = local(moment, tz).hour
        if self.since <= self.until:
            return self.since <= hour < self.until
        return hour >= self.since or hour < self.until

    def over(self, moment: int, tz: str) -> int:
        """The moment itself, or the end of the quiet hours that it lies in."""
        return _next(moment, tz, self.until) if self.holds(moment, tz) else moment

    def begins(self, moment: int, tz: str) -> int | None:
        """The next ones after a moment that lies in none; None = never."""
        return None if self.since == self.until else _next(moment, tz, self.since)


def _next(moment: int, tz: str, hour: int) -> int:
    """The next beginning of this hour of the clock."""
    here = local(moment, tz)
    at = _at(here.date(), tz, hour)
    return at if at > moment else _at(here.date() + ONE_DAY, tz, hour)


def _at(day: date, tz: str, hour: int) -> int:
    return int(datetime.combine(day, time(hour), ZoneInfo(tz)).timestamp())


def quiet(connection: Connection, account: int) -> Quiet:
    return quiet_of(connection, [account])[account]


def quiet_of(connection: Connection, accounts: Collection[int]) -> Mapping[int, Quiet]:
    """Of each of these accounts."""
    query = select(notice_quiet).where(notice_quiet.c.account.in_(accounts))
    chosen = {row.account: Quiet(row.since, row.until) for row in connection.execute(query)}
    return {account: chosen.get(account, Quiet()) for account in accounts}


def choose_quiet(connection: Connection, viewer: Viewer, chosen: Quiet) -> None:
    """His own."""
    values = {"since": chosen.since, "until": chosen.until}
    new = insert(connection, notice_quiet).values(account=viewer.account, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["account"], set_=values))
