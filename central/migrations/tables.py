"""Every table of central on its one metadata: each room keeps its own, here they meet."""

from central.accounts import tables as accounts
from central.audits import tables as audits
from central.commands import tables as commands
from central.concentrators import tables as concentrators
from central.db import metadata
from central.figures import tables as figures
from central.handing import tables as handing
from central.ingest import tables as ingest
from central.jobs import tables as jobs
from central.news import tables as news
from central.notices import tables as notices
from central.push import tables as push
from central.registry import tables as registry
from central.registry.exchange import tables as exchange
from central.registry.search import tables as search
from central.reports import tables as reports

ROOMS = (
    accounts, audits, commands, concentrators, figures, handing, ingest, jobs, news, notices, push, registry,
    exchange, search, reports,
)  # fmt: skip

__all__ = ["ROOMS", "metadata"]
