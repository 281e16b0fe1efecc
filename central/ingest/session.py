"""The rules by which central accounts for an edge's journal (DESIGN «Session», central's side). Pure.

A journal is one chain: row n names the hash of row n - 1. `upto` moves from n to n + 1 only over a row whose `prev` is
the hash that central computed for row n, so «all up to `upto` are here» is never said of another journal that bears
the same store id (a file rolled back, a card cloned). Rows are stored whatever their place; what is kept here is
accounting only.

    about   the edge says what it holds: the smallest seq is `low`
            low - 1 > upto                  rows up to there will never come: a hole, `upto` jumps
            low fell, or the tip is unknown counting starts again from what the edge holds; duplicates cost nothing
    row     `upto` advances while the next row fits; a row that came early waits in `ahead`
    void    a row lost at the edge: it counts by the hash it had; unknown hash = unknown tip, which any row follows
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

_HASH = re.compile(rb"[0-9a-f]{16}")


class Position(NamedTuple):
    """What an acknowledgement says: all rows up to `upto` are here; `sha` = hash of that row, None = unknown."""

    upto: int
    sha: str | None


class Hole(NamedTuple):
    """Rows first … last of a store will never come; `name` = the meter, where it is known."""

    edge: str
    store: str
    first: int
    last: int
    name: str | None


class Link(NamedTuple):
    """A row that waits for those before it."""

    prev: str
    sha: str | None


@dataclass(slots=True)
class Account:
    """One store of one edge. `ahead`: by seq, all above `upto`."""

    upto: int
    sha: str | None
    low: int
    ahead: dict[int, set[Link]] = field(default_factory=dict)


Load = Callable[[str, str], Account | None]  # edge, store -> what was remembered


class Session:
    """Accounts that were touched since this object was made; `load` gives what was remembered of the others.

    In the program one object lives for one transaction, which then saves `accounts` and `holes`.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self.accounts: dict[tuple[str, str], Account] = {}
        self.holes: set[Hole] = set()

    def about(self, edge: str, store: str, low: int) -> Position:
        """The edge holds rows from `low` on (`low` = the next one to be written when it holds none)."""
        account = self._account(edge, store, low)
        if low - 1 > account.upto:
            self.holes.add(Hole(edge, store, account.upto + 1, low - 1, None))
            account.upto, account.sha = low - 1, None
        if low < account.low or account.sha is None:
            account.upto, account.sha = low - 1, None
        account.low = low
        return self._advance(account)

    def row(self, edge: str, store: str, seq: int, prev: str, sha: str) -> Position:
        """A row came, readable or not; `sha` = its link, of `prev` and its body as they came."""
        return self._take(edge, store, seq, Link(prev, sha))

    def void(self, edge: str, store: str, seq: int, prev: str, payload: bytes, name: str) -> Position:
        """A row that is lost at the edge; `payload` = the hash it had, if that is known."""
        self.holes.add(Hole(edge, store, seq, seq, name))
        return self._take(edge, store, seq, Link(prev, void_hash(payload)))

    def _take(self, edge: str, store: str, seq: int, came: Link) -> Position:
        account = self._account(edge, store, 1)
        if seq > account.upto:
            account.ahead.setdefault(seq, set()).add(came)
        return self._advance(account)

    def _account(self, edge: str, store: str, low: int) -> Account:
        key = (edge, store)
        if key not in self.accounts:
            self.accounts[key] = self._load(edge, store) or Account(upto=low - 1, sha=None, low=low)
        return self.accounts[key]

    @staticmethod
    def _advance(account: Account) -> Position:
        for seq in [seq for seq in account.ahead if seq <= account.upto]:
            del account.ahead[seq]
        while fit := [came for came in account.ahead.get(account.upto + 1, ()) if account.sha in (None, came.prev)]:
            account.upto += 1
            account.sha = min(fit, key=lambda came: (came.prev, came.sha or "")).sha
            del account.ahead[account.upto]
        return Position(account.upto, account.sha)


def void_hash(payload: bytes) -> str | None:
    """The hash that a lost row had, or None when the edge does not know it."""
    return payload.decode("ascii") if _HASH.fullmatch(payload) else None
