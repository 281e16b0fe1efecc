"""The worker: what stands in the inbox into the time series, the events and the figures; and jobs beside it.

A message is `done` only after the series confirmed its rows; a crash anywhere drives it again, and driving it again
changes nothing. A store that is away stops the worker, not ingest: the inbox waits. Any number of workers may run on
one database: leases (central/jobs/leases.py) say which of them projects and who computes which points.

    program.py     the process: its loops and their turns
    projector.py   inbox -> series; work.py is one message on that way, records.py what SQL keeps of it
    figures.py     dirty days -> figures
"""

from central.worker.program import Worker

__all__ = ["Worker"]
