"""Of ingest."""

from collections.abc import Mapping
from typing import Protocol

from prometheus_client import Counter, Gauge, Histogram

TAKEN = Counter("uchet_ingest_messages", "Messages committed to SQL and acknowledged to the broker")
ROWS = Counter("uchet_ingest_rows", "Rows of journals among them")
REPEATED = Counter("uchet_ingest_repeated", "Rows that were there already")
QUARANTINED = Counter("uchet_ingest_quarantined", "New rows set aside; by reason: uchet_inbox_aside")
STRAYS = Counter("uchet_ingest_strays", "Messages that nobody can read, kept aside")
BATCH = Histogram("uchet_ingest_batch_messages", "Messages a commit", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500))
COMMIT = Histogram("uchet_ingest_commit_seconds", "An attempt to commit a batch")
REFUSED = Counter("uchet_ingest_sql_refusals", "Batches that SQL did not take at once; they are tried again")
ACKS = Counter("uchet_ingest_acks", "Acknowledgements sent to edges (down/ack)")
CONNECTED = Gauge("uchet_ingest_connected", "1 while the subscription at the broker stands")
WAITING = Gauge("uchet_ingest_intake_messages", "Messages read from the broker and not yet committed")
WAITING_BYTES = Gauge("uchet_ingest_intake_bytes", "Their payloads")
LIVE_DROPPED = Counter("uchet_ingest_live_dropped", "Messages of instantaneous values that were not kept")

_COUNTED = {"rows": ROWS, "repeated": REPEATED, "quarantined": QUARANTINED, "strays": STRAYS}


class Intake(Protocol):
    """The queue between the network and the writer."""

    @property
    def count(self) -> int: ...

    @property
    def bytes(self) -> int: ...


def intake(now: Intake) -> None:
    """The one of the connection that has begun."""
    WAITING.set_function(lambda: now.count)
    WAITING_BYTES.set_function(lambda: now.bytes)


def count(messages: int, counts: Mapping[str, int]) -> None:
    """A batch that was committed; `counts` as in `receive.Taken`."""
    TAKEN.inc(messages)
    BATCH.observe(messages)
    for name, counter in _COUNTED.items():
        counter.inc(counts.get(name, 0))
