"""The form of a seal is what its description says: another program, which knows nothing of ours, computes the same."""

from hashlib import sha256
from types import SimpleNamespace

import pytest

from central.actions import chain

pytestmark = pytest.mark.quick

ROWS = [
    SimpleNamespace(id=1, at=1764000000, account=None, action="login refused", subject="", detail="10.0.0.1"),
    SimpleNamespace(id=3, at=1764000007, account=17, action="page console.point", subject="key=5", detail="200 а=ж"),
]
BYTES = (
    b"1:1,10:1764000000,0:,13:login refused,0:,8:10.0.0.1,"
    + "1:3,10:1764000007,2:17,18:page console.point,5:key=5,9:200 а=ж,".encode()
    + b"1:1,1:1,1:3,1:2,10:1764003600,64:"
    + b"0" * 64
    + b","
)


def test_the_bytes_are_those_of_the_description() -> None:
    sha = chain.ended(chain.begun(ROWS), number=1, first=1, last=3, count=2, made_at=1764003600, prev=chain.GENESIS)
    assert sha == sha256(BYTES).hexdigest()


def test_no_two_rows_have_the_same_bytes() -> None:
    """A letter that moves from one field to the next is another row."""
    alike = [("ab", "c", ""), ("a", "bc", ""), ("abc", "", ""), ("", "", "abc"), ("a,1:b", "c", ""), ("a", "1:b,", "c")]
    made = {
        chain.of_row(SimpleNamespace(id=1, at=2, account=3, action=action, subject=subject, detail=detail))
        for action, subject, detail in alike
    }
    assert len(made) == len(alike)


def test_a_hash_goes_on_after_a_seal_was_taken_of_it() -> None:
    rows = chain.begun(ROWS[:1])
    about = {"number": 1, "first": 1, "last": 1, "count": 1, "made_at": 5, "prev": chain.GENESIS}
    assert chain.ended(rows, **about) == chain.ended(rows, **about)
    rows.update(chain.of_row(ROWS[1]))
    assert chain.ended(rows, **about) == chain.ended(chain.begun(ROWS), **about)
