"""Does all that was read arrive, and is all that was to be read there? Counted every day, at each step of the way.

counting.py     what ingest, the edges and the worker count, each in its own transaction
ledger.py       read = journal = sent = received = projected, per meter and day: where do they differ
projection.py   what the inbox holds against what the series holds
expected.py     PURE but for the series: which readings there should be, and which of them are not there
gaps.py         what is missing, from its finding to its filling or its loss
asking.py       backfill commands for it, oldest deadline first, within a budget
"""
