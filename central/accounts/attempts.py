"""How often something may be tried: so many times within a time, counted before it is looked at, so that many at once
are no more than one after another."""

from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network

from sqlalchemy import Connection, delete, func, select

from central.accounts.tables import attempt
from central.db import alone

WITHIN = 3600  # seconds
HOUSEHOLD = 64  # bits of an address of IPv6 that are one
LOGINS = 10  # of one mail, whether it has an account or not
FROM_ONE = 100  # logins from one address
REGISTRATIONS = 20  # from one address
LETTERS = 3  # with a key, to one mail
KEYS = 20  # that are tried from one address
DOWNLOADS = 5  # of all data of one person
CHECKS = 100  # of codes of documents, from one address
TRIALS = 10  # of the mail server, by one administrator


def take(connection: Connection, what: str, now: int, most: int) -> bool:
    """Whether it may be tried once more; then it was counted. `what` is kept as a hash: «login anna@example.org»."""
    key = _hash(what)
    alone(connection, f"attempts of {key}")
    connection.execute(delete(attempt).where(attempt.c.at <= now - WITHIN))
    made = connection.execute(select(func.count()).where(attempt.c.mail == key)).scalar_one()
    if made < most:
        connection.execute(attempt.insert().values(mail=key, at=now))
    return bool(made < most)


def network(address: str) -> str:
    """What counts as one: of IPv6 all addresses of a household (/64), which takes another for each try if it likes."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:  # a server behind a socket has none
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, HOUSEHOLD), strict=False))


def give_back(connection: Connection, what: str) -> None:
    """It was no try that counts."""
    newest = select(func.max(attempt.c.id)).where(attempt.c.mail == _hash(what)).scalar_subquery()
    connection.execute(delete(attempt).where(attempt.c.id == newest))


def forget(connection: Connection, what: str) -> None:
    """It went well: the ones before are counted no more."""
    connection.execute(delete(attempt).where(attempt.c.mail == _hash(what)))


def _hash(what: str) -> str:
    return sha256(what.encode()).hexdigest()
