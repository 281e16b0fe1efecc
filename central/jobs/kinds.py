"""THE table of jobs: what there is, which function does it, when it is due by itself, how often it is tried.

A function is `(context, arguments) -> result`, both JSON objects; see context.py. It is imported when its first job is
taken, so a broken room stops no other. It may be run again from the beginning at any time: what it does in SQL belongs
into `context.final`, which happens once; what it does elsewhere must bear a repetition.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from operator import attrgetter
from typing import Any

from central.config import CentralConfig
from central.jobs.context import Context
from central.jobs.schedule import Daily, Every, Schedule

HOUR = 3600

Arguments = dict[str, Any]
Result = dict[str, Any]
Function = Callable[[Context, Arguments], Result]


class Lane(StrEnum):
    """Each process does one job of a lane at a time: a backup of an hour keeps no mail waiting."""

    QUICK = "quick"
    LONG = "long"
    FILES = "files"  # that people wait for: large ones delay no backup, and no backup delays them


@dataclass(frozen=True, slots=True)
class Kind:
    """`private`: arguments hold personal data; they are shown nowhere, and forgotten when the job is done."""

    where: str  # module:function
    schedule: Schedule | None = None
    tries: int = 8  # then it is dead
    limit: int = 6 * HOUR  # seconds; beyond it hangs, and another process may take it
    lane: Lane = Lane.LONG
    needs: str | None = None  # section, or section.setting, of central.toml; without it jobs wait
    private: bool = False

    def ready(self, config: CentralConfig) -> bool:
        """What it needs is configured."""
        return self.needs is None or bool(attrgetter(self.needs)(config))

    def function(self) -> Function:
        """Raises ImportError, AttributeError."""
        module, _, name = self.where.partition(":")
        found: Function = getattr(importlib.import_module(module), name)
        return found


KINDS = {
    "seal_actions": Kind("central.actions.jobs:seal", schedule=Every(HOUR), lane=Lane.QUICK),
    "actions_letter": Kind("central.actions.jobs:letter", schedule=Daily(time(8, 15)), lane=Lane.QUICK, needs="mail"),
    "audit_counts": Kind("central.audits.jobs:count", schedule=Every(600), tries=3),
    "audit_projection": Kind("central.audits.jobs:project", schedule=Daily(time(2, 30)), tries=3),
    # after the concentrators have read their meters' last days again, at 3 o'clock
    "audit_completeness": Kind("central.audits.jobs:complete", schedule=Daily(time(4, 30)), tries=3),
    "audit_answers": Kind("central.audits.jobs:answer", schedule=Every(600), tries=3),
    # when what the audit asked for has had its time to come
    "checks": Kind("central.figures.jobs:validate", schedule=Daily(time(6, 30)), tries=3),
    "gaps": Kind("central.figures.jobs:gaps", tries=3),
    "reread": Kind("central.figures.jobs:reread", lane=Lane.QUICK),
    "backup": Kind("central.backup.job:run", schedule=Daily(time(1, 30)), tries=3, needs="backup.folder"),
    "close_month": Kind("central.figures.closing:run", tries=3),
    "correct_months": Kind("central.figures.correcting:run", schedule=Every(300), tries=3),
    "configure": Kind("central.concentrators.job:run", schedule=Every(300), tries=3, lane=Lane.QUICK),
    "handed_in": Kind("central.handing.jobs:run", schedule=Every(HOUR), tries=3, lane=Lane.QUICK),
    "forget": Kind("central.jobs.forget:run", schedule=Every(HOUR), tries=3),
    "workbook": Kind("central.registry.exchange.uploads:run", tries=3),
    "report": Kind("central.reports.made.making:run", tries=3, lane=Lane.FILES, private=True),
    "reports_by_mail": Kind("central.reports.mailing:run", schedule=Every(HOUR), tries=3),
    "notices": Kind("central.notices.making:run", schedule=Every(60), tries=3, limit=HOUR, lane=Lane.QUICK),
    "notices_ahead": Kind("central.notices.ahead:run", schedule=Daily(time(9, 0)), tries=3, lane=Lane.QUICK),
    "mail": Kind("central.mail.send:run", tries=72, limit=300, lane=Lane.QUICK, needs="mail", private=True),
    "push": Kind("central.push.job:run", schedule=Every(60), tries=3, limit=300, lane=Lane.QUICK, needs="push"),
    # when the figures of yesterday are published, at noon
    "notices_use": Kind("central.notices.use:run", schedule=Daily(time(12, 30)), tries=3),
}
