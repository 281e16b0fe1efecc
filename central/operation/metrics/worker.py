"""Of the worker: what this process did."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("uchet_worker_messages", "Messages of the inbox brought where they belong, or set aside")
ROWS = Counter("uchet_worker_rows", "Rows written to the series")
CONFLICTS = Counter("uchet_worker_conflicts", "Rows that came with another value than the one that stands")
WRITE = Histogram("uchet_worker_series_write_seconds", "One write of rows to the series")
TROUBLES = Counter("uchet_worker_store_errors", "Turns broken off by a store", ["store"])
REFUSED = Counter("uchet_worker_series_refused", "Messages whose rows the series will never take")
DAYS = Counter("uchet_worker_days", "Days of points computed")
LEASES = Gauge("uchet_worker_leases", "Leases that this process holds")
JOBS = Counter("uchet_worker_jobs", "Attempts at jobs that ended", ["kind", "outcome"])
