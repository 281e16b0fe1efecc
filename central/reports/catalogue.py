"""Which standard reports there are: each file of `standard/` is one, with its `REPORT`. Adding a file adds a report."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from central.reports import standard
from central.reports.description import Report


@cache
def reports() -> Mapping[str, Report]:
    """Word -> report, in the order in which they are listed."""
    found = []
    for module in pkgutil.iter_modules(standard.__path__):
        report = importlib.import_module(f"{standard.__name__}.{module.name}").REPORT
        assert isinstance(report, Report)
        found.append(report)
    return {report.word: report for report in sorted(found, key=lambda one: one.order)}
