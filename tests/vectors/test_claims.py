"""Claimed and not yet claimed vectors together are all there are, and none is both."""

import pytest

from tests.vectors import CLAIMED, SPODES, UNCLAIMED, WHOLE, claimed, files, load, spodes_frames

pytestmark = pytest.mark.quick


def test_every_file_is_claimed_or_listed_as_not_yet_claimed() -> None:
    assert set(CLAIMED) | set(UNCLAIMED) == set(files())


@pytest.mark.parametrize("name", [name for name in files() if name != SPODES])
def test_every_vector_of_a_file_is_in_exactly_one_list(name: str) -> None:
    ours, others = CLAIMED.get(name, ()), UNCLAIMED.get(name, ())
    if WHOLE in (ours, others):
        assert {ours, others} == {WHOLE, ()}
        return
    assert sorted(ours + others) == sorted(vector["name"] for vector in load(name))


def test_what_is_claimed_is_there() -> None:
    assert sum(len(claimed(name)) for name in CLAIMED if name != SPODES) > 100
    assert len(spodes_frames()) == 24
