"""What central wants the concentrators to read: made of the registry, numbered, sealed, sent until it runs.

tables.py   versions made, what each edge said of them, secrets of meters
making.py   the registry of now -> lines, meters, schedule           versions.py  `refresh`: a new version when needed
safe.py     secrets of meters, closed by a key in a file             sealing.py   sealed and signed: the message
said.py     what edges say in `about`: keys, what runs, refusals     outbox.py    what ingest is to publish now
job.py      the worker's part                                        look.py, cli.py  showing and asking

Whoever changes lines, entitlements, mountings calls `refresh` in the same transaction; the rest follows by itself, and
the worker looks now and then, since entitlements begin and end by time. The message is that of
`protocol.messages.configuration`. Secrets are shown to nobody: there is no way back from the safe but into a seal.
"""

from central.concentrators.versions import Outcome, refresh

__all__ = ["Outcome", "refresh"]
