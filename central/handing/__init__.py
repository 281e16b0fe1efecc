"""Readings that consumers hand in.

tables.py   what was handed in, and what became of it
handing.py  a form of readings is taken: doubts, receipt, one of a meter and interval
desk.py     those that somebody of the company looks at
entering.py what was accepted becomes a reading of the registry, when its time has come; jobs.py does so by the hour
"""
