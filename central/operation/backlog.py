"""What waits in SQL, counted by queries that an index answers: for the metrics of the worker and for the doctor."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from central.figures.tables import conflict, dirty
from central.ingest.tables import State, inbox, stray
from central.jobs.leases import NOBODY, PROJECTION, SLICE
from central.jobs.tables import State as JobState
from central.jobs.tables import job, lease

_MEMBER = "worker/"


@dataclass(frozen=True, slots=True)
class Backlog:
    """`oldest`, `oldest_job`: when the oldest came, seconds UTC; None = nothing waits."""

    waiting: int  # messages of the inbox
    oldest: int | None
    aside: dict[str, int]  # quarantined and partial messages by reason
    strays: int
    conflicts: int  # open
    dirty: int  # days of points to be computed
    jobs: dict[tuple[str, str], int]  # by kind and state: waiting, running, dead
    workers: int  # that live
    held: int  # leases of the projection and the slices that somebody holds
    leases: int  # of those there are


def read(connection: Connection, now: int) -> Backlog:
    """Raises DBAPIError."""
    new = inbox.c.state == State.NEW
    oldest = select(inbox.c.received_at).where(new).order_by(inbox.c.id).limit(1)
    aside = select(inbox.c.reason, func.count()).where(inbox.c.state.in_((State.QUARANTINED, State.PARTIAL)))
    open_states = (JobState.WAITING, JobState.RUNNING, JobState.DEAD)
    jobs = select(job.c.kind, job.c.state, func.count()).where(job.c.state.in_(open_states))
    living = (lease.c.owner != NOBODY, lease.c.until_at > now)
    work = lease.c.name.in_([PROJECTION, *SLICE])

    def count(*where: object) -> int:
        return int(connection.execute(select(func.count()).where(*where)).scalar_one())  # type: ignore[arg-type]

    return Backlog(
        waiting=int(connection.execute(select(func.count()).select_from(inbox).where(new)).scalar_one()),
        oldest=connection.execute(oldest).scalar_one_or_none(),
        aside={row[0] or "": row[1] for row in connection.execute(aside.group_by(inbox.c.reason))},
        strays=int(connection.execute(select(func.count()).select_from(stray)).scalar_one()),
        conflicts=count(conflict.c.state == "open"),
        dirty=int(connection.execute(select(func.count()).select_from(dirty)).scalar_one()),
        jobs={(row[0], row[1]): row[2] for row in connection.execute(jobs.group_by(job.c.kind, job.c.state))},
        workers=count(lease.c.name.startswith(_MEMBER), *living),
        held=count(work, *living),
        leases=1 + len(SLICE),
    )
