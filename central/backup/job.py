"""The job `backup`: every night, once `[backup] folder` says where to."""

from typing import Any

from central.backup.make import Busy, make
from central.jobs.context import Context, JobFailed


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The name of the new backup. One that is being made by a person's hand is waited for."""
    root = context.config.path(context.config.backup.folder)
    try:
        made = make(context.config, root, context.now, lambda _progress: context.check())
    except Busy as error:
        raise JobFailed(str(error)) from None
    return {"backup": made.name}
