"""Whom an owner of a contract lets look: invited by a letter for a time, until that is over or the owner ends it.

They see what the owner sees and change nothing. The letter's key is good once, for a week, for whoever holds it.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from central.accounts import keys, texts
from central.accounts.audit import note
from central.accounts.keys import BadKey
from central.accounts.people import normal
from central.accounts.policy import Viewer, grants_of
from central.accounts.registering import Letter, Told
from central.accounts.states import MAY_LOG_IN, State
from central.accounts.tables import account, application, consent, grant, invitation
from central.accounts.texts import LegalText
from central.db import alone
from central.registry.tables import contract

GOOD_FOR = 7 * 86_400  # seconds: the key of the letter
LONGEST = 366  # days that one may be let in at once
MOST = 10  # people and open letters of one contract
OWNER, READER = "owner", "reader"


class Unfit(ValueError):
    """`why`: contract (it is not the viewer's own) | self | many."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


Ending = Callable[[Connection, Viewer, int, int], bool]  # end, take_back


@dataclass(frozen=True, slots=True)
class Held:
    """A contract that somebody looks at. `giver`: whose it is, where it is another's."""

    contract: int
    number: str
    giver: str | None
    ends_at: int | None


@dataclass(frozen=True, slots=True)
class Guest:
    """Who looks, or is invited (`name` None). `id`: of the grant or the invitation."""

    id: int
    number: str
    name: str | None
    mail: str
    ends_at: int
    contract: int


@dataclass(frozen=True, slots=True)
class Invited:
    """What a key opens. `known`: the mail has an account that may log in."""

    giver: str
    number: str
    mail: str
    organisation: int
    ends_at: int
    known: bool


def held(connection: Connection, viewer: Viewer) -> Sequence[Held]:
    """By number."""
    giver = account.alias()
    query = (
        select(grant.c.contract, contract.c.number, giver.c.name.label("giver"), grant.c.ends_at)
        .join(contract, contract.c.id == grant.c.contract)
        .outerjoin(giver, giver.c.id == grant.c.given_by)
        .where(grants_of(viewer), grant.c.valid_to.is_(None))
    )
    return [Held(*row) for row in connection.execute(query.order_by(contract.c.number))]


def guests(connection: Connection, viewer: Viewer) -> tuple[Sequence[Guest], Sequence[Guest]]:
    """Of the viewer's own contracts: who looks now, and who is invited."""
    looking = (
        select(grant.c.id, contract.c.number, account.c.name, account.c.mail, grant.c.ends_at, grant.c.contract)
        .join(contract, contract.c.id == grant.c.contract)
        .join(account, account.c.id == grant.c.account)
        .where(grant.c.given_by == viewer.account, grant.c.ends_at > viewer.at, account.c.state == State.APPROVED)
    )
    waiting = (
        select(invitation.c.id, contract.c.number, invitation.c.mail, invitation.c.ends_at, invitation.c.contract)
        .join(contract, contract.c.id == invitation.c.contract)
        .where(invitation.c.account == viewer.account, invitation.c.expires_at > viewer.at)
    )
    found = connection.execute(looking.order_by(account.c.name, grant.c.id))
    asked = connection.execute(waiting.order_by(invitation.c.id))
    return (
        [Guest(*row) for row in found],
        [Guest(row.id, row.number, None, row.mail, row.ends_at, row.contract) for row in asked],
    )


def invite(connection: Connection, viewer: Viewer, contract_id: int, mail: str, ends_at: int, now: int) -> Letter:
    """The letter to that mail; another to the same mail ends the one before. Raises Unfit."""
    mail = normal(mail)
    alone(connection, f"family of {contract_id}")
    mine = {one.contract for one in held(connection, viewer) if one.giver is None}
    if contract_id not in mine:
        raise Unfit("contract")
    if mail == viewer.mail:
        raise Unfit("self")
    same = (invitation.c.account == viewer.account, invitation.c.contract == contract_id, invitation.c.mail == mail)
    connection.execute(delete(invitation).where(*same))
    others = {one.mail for kind in guests(connection, viewer) for one in kind if one.contract == contract_id} - {mail}
    if len(others) >= MOST:
        raise Unfit("many")
    key = secrets.token_urlsafe(keys.BYTES)
    values = {"hash": _hash(key), "account": viewer.account, "contract": contract_id, "mail": mail, "ends_at": ends_at}
    connection.execute(invitation.insert().values(**values, made_at=now, expires_at=now + GOOD_FOR))
    note(connection, now, viewer.account, "invited", f"contract {contract_id}")
    return Letter(Told.INVITED, mail, viewer.name, key)


def invited(connection: Connection, key: str, now: int) -> Invited:
    """Raises BadKey."""
    row = _row(connection, key, now)
    known = connection.scalar(select(account.c.state).where(account.c.mail == row.mail))
    return Invited(row.giver, row.number, row.mail, row.organisation, row.ends_at, known in MAY_LOG_IN)


def join(connection: Connection, key: str, account_id: int, now: int) -> None:
    """This account looks from now on. Raises BadKey, also where it is the owner's own."""
    row = _row(connection, key, now)
    ours = select(account.c.id).where(account.c.id == account_id, account.c.organisation == row.organisation)
    if row.account == account_id or connection.execute(ours).first() is None:
        raise BadKey
    used = delete(invitation).where(invitation.c.id == row.id)
    if not connection.execute(used).rowcount:  # two at once: one of them
        raise BadKey
    alone(connection, f"grants of {account_id}")
    there = select(grant).where(grant.c.account == account_id, grant.c.contract == row.contract)
    standing = connection.execute(there.where(grant.c.valid_to.is_(None))).first()
    owner = select(grant.c.valid_from).where(grant.c.account == row.account, grant.c.contract == row.contract)
    since = connection.scalar(owner.where(grant.c.given_by.is_(None), grant.c.valid_to.is_(None)))
    values = {"role": READER, "valid_from": since, "given_by": row.account, "ends_at": row.ends_at}
    if standing is None:
        connection.execute(grant.insert().values(account=account_id, contract=row.contract, **values))
    elif standing.given_by is not None:  # let in before, by this owner or by the one before him
        connection.execute(update(grant).where(grant.c.id == standing.id).values(**values))
    let_in = update(account).where(account.c.id == account_id, account.c.state == State.ACTIVATED)
    connection.execute(let_in.values(state=State.APPROVED, state_at=now))
    note(connection, now, account_id, "joined", f"contract {row.contract}", f"invited by account {row.account}")


def newcomer(
    connection: Connection, key: str, name: str, password: str, agreed: Iterable[LegalText], now: int, address: str
) -> int:
    """An account for the mail of the letter, which the key confirms. `password`: a hash. Raises BadKey: also where the
    mail has one that may log in, or is shut out."""
    row = _row(connection, key, now)
    alone(connection, f"account {row.mail}")
    there = connection.execute(select(account).where(account.c.mail == row.mail)).first()
    if there is not None and there.state not in (State.CREATED, State.REJECTED):
        raise BadKey
    values: dict[str, Any] = {
        "name": name,
        "password": password,
        "organisation": row.organisation,
        "state": State.APPROVED,
    }
    values |= {"made_at": now, "state_at": now}
    if there is None:
        made = connection.execute(
            account.insert().values(mail=row.mail, role="consumer", **values)
        ).inserted_primary_key
        assert made is not None
        found = int(made[0])
    else:
        found = there.id
        connection.execute(update(account).where(account.c.id == found).values(phone=None, **values))
        if there.state == State.CREATED:  # whoever asked with this mail had not confirmed it
            for table in (application, consent):
                connection.execute(delete(table).where(table.c.account == found))
    texts.agreed(connection, found, agreed, now, address)
    return found


def end(connection: Connection, viewer: Viewer, grant_id: int, now: int) -> bool:
    """Who looks by the viewer's leave looks no more; False: there is no such."""
    ours = (grant.c.id == grant_id, grant.c.given_by == viewer.account, grant.c.ends_at > now)
    row = connection.execute(update(grant).where(*ours).values(ends_at=now).returning(grant.c.account)).first()
    if row is not None:
        note(connection, now, viewer.account, "family ended", f"account {row.account}")
    return row is not None


def take_back(connection: Connection, viewer: Viewer, invitation_id: int, now: int) -> bool:
    """The letter is good no more; False: there is no such."""
    ours = (invitation.c.id == invitation_id, invitation.c.account == viewer.account)
    gone = connection.execute(delete(invitation).where(*ours).returning(invitation.c.contract)).first()
    if gone is not None:
        note(connection, now, viewer.account, "invitation taken back", f"contract {gone.contract}")
    return gone is not None


def forget(connection: Connection, now: int) -> None:
    """Letters whose time is over."""
    connection.execute(delete(invitation).where(invitation.c.expires_at <= now))


def _row(connection: Connection, key: str, now: int) -> Row[Any]:
    """The invitation, while its owner may look himself and holds the contract. Raises BadKey."""
    query = (
        select(invitation, account.c.name.label("giver"), account.c.organisation, contract.c.number)
        .join(account, account.c.id == invitation.c.account)
        .join(contract, contract.c.id == invitation.c.contract)
        .join(grant, (grant.c.account == invitation.c.account) & (grant.c.contract == invitation.c.contract))
        .where(invitation.c.hash == _hash(key), invitation.c.expires_at > now, invitation.c.ends_at > now)
        .where(account.c.state == State.APPROVED, grant.c.given_by.is_(None), grant.c.valid_to.is_(None))
    )
    row = connection.execute(query).first()
    if row is None:
        raise BadKey
    return row


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
