"""What central wants done by the edges: signed here, sent by ingest until the edge has answered, once each.

tables.py   the commands and what became of them     sending.py     sign and store: `send`; or store only: `request`
keys.py     the key pair, made by `migrate`          outbox.py      what ingest is to publish now
replies.py  the edges' answers                       asking_now.py  a meter is asked what it shows now: `ask`
cli.py      `uchet-central command`
The messages are those of `protocol.messages.command`. Whoever may send a command is asked before `send`, not by it.
"""
