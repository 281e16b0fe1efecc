"""The job `forget`: what was kept long enough goes, room by room."""

from typing import Any

from central.ingest import retention
from central.jobs import queue
from central.jobs.context import Context


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Again and again changes nothing."""
    messages = retention.forget(context.engine, context.now)
    context.check()
    return {"messages": messages, "jobs": queue.forget(context.engine, context.now)}
