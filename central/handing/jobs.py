"""The job `handed_in`: readings that were kept for a month whose days have begun enter the figures; of one that has
entered ({"line"}), the days are computed again once all is due that the meter might say of them."""

from typing import Any

from central.db import alone
from central.handing.entering import enter_due, mark_again
from central.jobs.context import Context


def run(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """`arguments`: {"line"?}. Again and again changes nothing."""
    with context.writing() as connection:
        if "line" in arguments:
            mark_again(connection, arguments["line"])
            return {}
        alone(connection, "registry")
        return {"entered": enter_due(connection, context.now)}
