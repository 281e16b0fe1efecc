"""The concentrator's memory: one append-only table in one SQLite file, kept until it is old and central has it.

schema.py   the tables and their migrations      journal.py  append, read, retention: what the file can do
check.py    is the file sound, what can be saved  thread.py   the one thread that owns the file
commands.py central's commands and their state   counts.py   readings by meter and day, for central's audit
"""
