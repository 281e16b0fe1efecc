"""What travels on wires: bytes and messages <-> values.

Pure: nothing in this package opens a socket or a database, reads a clock, starts a thread or draws a random
number. Bytes come in as arguments and go out as results, so each rule can be tried in a loop a million times.
"""
