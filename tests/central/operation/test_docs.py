"""docs/admin/operation.md says all there is: every alarm, every figure, every port, and nothing that is not."""

import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from central.config import load
from central.ingest.judge import Reason
from central.operation.alarms import Alarm
from central.operation.doctor.work import ASIDE
from central.operation.metrics import ingest, waiting, web, worker
from edge.page import metrics as edge

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/admin/operation.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \|.*$", GUIDE, re.MULTILINE)


def test_every_alarm_stands_there_as_the_program_has_it() -> None:
    for alarm in Alarm:
        assert f"| `{alarm}` | {alarm.meaning} | {alarm.remedy} |" in GUIDE


def test_every_figure_stands_there_and_no_other() -> None:
    assert {ingest, web, worker}
    ours = {metric.name: metric.type for metric in REGISTRY.collect() if metric.name.startswith("uchet_")}
    named = [*ours, *waiting.HELP, *edge.HELP]
    assert sorted(ROWS) == sorted({*named, *map(str, Alarm)})
    for name, kind in ours.items():
        assert f"| `{name}` | {kind} |" in GUIDE


def test_the_ports_are_those_of_the_example() -> None:
    metrics = load(ROOT / "config/central.toml").metrics
    for address in (metrics.ingest, metrics.worker, metrics.web, metrics.serve):
        assert address.startswith("127.0.0.1:")
        assert f"`{address}`" in GUIDE


def test_every_reason_of_the_quarantine_has_a_remedy() -> None:
    assert set(ASIDE) == set(Reason)
