"""PURE: what the sha of a seal is of, so that any other program can compute it again.

A field is a netstring: the number of its bytes in decimal digits, «:», its bytes in UTF-8, «,». A number is written in
decimal digits; no account is an empty field.

    row   = id  at  account  action  subject  detail
    seal  = number  first  last  count  made_at  prev
    sha   = SHA-256 of  row row … seal, in 64 small hexadecimal digits

The rows of a seal are those of `audit` with an id above `last` of the seal before and up to its own, in the order of
ids. `prev` is the sha of the seal before; before the first seal it is 64 zeros.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

GENESIS = "0" * 64


class Row(Protocol):
    """Of `audit`."""

    id: int
    at: int
    account: int | None
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Seal:
    """A row of `audit_seal`."""

    number: int
    first: int
    last: int
    count: int
    made_at: int
    prev: str
    sha: str


class Hash(Protocol):
    """As hashlib gives it."""

    def update(self, data: bytes, /) -> None: ...
    def copy(self) -> "Hash": ...
    def hexdigest(self) -> str: ...


def begun(rows: Iterable[Row] = ()) -> Hash:
    found: Hash = hashlib.sha256()
    for row in rows:
        found.update(of_row(row))
    return found


def of_row(row: Row) -> bytes:
    return _fields(row.id, row.at, "" if row.account is None else row.account, row.action, row.subject, row.detail)


def ended(rows: Hash, number: int, first: int, last: int, count: int, made_at: int, prev: str) -> str:
    """The sha of the seal with these rows; `rows` may go on."""
    whole = rows.copy()
    whole.update(_fields(number, first, last, count, made_at, prev))
    return whole.hexdigest()


def _fields(*values: str | int) -> bytes:
    out = []
    for value in values:
        text = str(value).encode()
        out.append(b"%d:%b," % (len(text), text))
    return b"".join(out)
