"""The job `notices_use`, when the figures of yesterday are published: a day or a month beyond what is usual."""

from typing import Any

from central.jobs.context import Context


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    return {"notices": 0}
