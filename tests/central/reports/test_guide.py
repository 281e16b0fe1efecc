"""«A new standard report is one file»: the example of the developer's guide, put beside the others and run."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from central import figures
from central.reports import catalogue, standard
from central.reports.description import Mark
from tests.central import scene as s
from tests.central.reports.parts import run
from tests.central.scene import Scene

PAGE = Path(__file__).parents[3] / "docs" / "developer" / "reports.md"
NAME = "by_points"
MODULE = f"{standard.__name__}.{NAME}"
NOVEMBER = {"length": "month", "day": "2026-11-01"}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The catalogue finds it as if it lay in `standard/`."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    file = tmp_path / f"{NAME}.py"
    file.write_text(code)
    monkeypatch.setattr(standard, "__path__", [*standard.__path__, str(tmp_path)])
    catalogue.reports.cache_clear()
    yield file
    catalogue.reports.cache_clear()
    sys.modules.pop(MODULE, None)
    if hasattr(standard, NAME):
        delattr(standard, NAME)


def test_the_example_is_found_and_made(file: Path, scene: Scene) -> None:
    assert list(catalogue.reports())[-1] == NAME
    table = run(scene, s.CONSUMER, NAME, **NOVEMBER)
    month = date(2026, 11, 1), date(2026, 12, 1)
    used = [
        figures.days(
            scene.source, scene.viewer(s.CONSUMER), scene.points[serial], *month, "active_import", scene.now
        ).totals.total
        for serial in (s.FLAT, s.DACHA)
    ]
    assert [(one.cells["meter"], one.cells["energy"]) for one in table.rows] == [
        (s.FLAT, used[0]),
        (s.DACHA, used[1]),
    ]
    assert table.total.cells["energy"] == sum(energy or 0 for energy in used)
    assert Mark.MISSING in table.rows[1].row.marks


def test_it_is_written_as_the_house_writes(file: Path) -> None:
    config = PAGE.parents[2] / "pyproject.toml"
    for check in (["check"], ["format", "--check"]):
        made = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--config", str(config), str(file)], capture_output=True, text=True
        )
        assert made.returncode == 0, made.stdout


def test_every_report_is_a_file_that_carries_its_word() -> None:
    there = {path.stem for path in Path(standard.__path__[0]).glob("*.py")} - {"__init__"}
    assert set(catalogue.reports()) == there
