"""docs/admin/actions.md says every finding of `actions verify`, and its form of a seal is the program's."""

import re
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from central.actions import chain
from central.actions.verify import Wrong

pytestmark = pytest.mark.quick

GUIDE = (Path(__file__).parents[3] / "docs/admin/actions.md").read_text()


def test_every_finding_stands_there() -> None:
    told = [line.rstrip("` …") for line in re.findall(r"^\| `BROKEN at seal N: ([^`]+)", GUIDE, re.MULTILINE)]
    assert len(told) == len(Wrong)
    for wrong in Wrong:
        assert [one for one in told if wrong.startswith(one)], wrong


def test_the_example_of_the_guide_is_what_the_program_hashes() -> None:
    (example,) = re.findall(r"^(1:1,10:1764000000,.*,) +\(", GUIDE, re.MULTILINE)
    bytes_ = example.replace("login refused", "login_refused").replace(" ", "").replace("_", " ")
    row = SimpleNamespace(id=1, at=1764000000, account=None, action="login refused", subject="", detail="10.0.0.1")
    sha = chain.ended(chain.begun([row]), number=1, first=1, last=1, count=1, made_at=1764003600, prev=chain.GENESIS)
    assert sha == sha256(bytes_.replace("000…000", chain.GENESIS).encode()).hexdigest()
