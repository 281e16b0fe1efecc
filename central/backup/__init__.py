"""Backups of all that central keeps, made while its programs run, and their way back.

    2026-11-24T235500Z/
        manifest.json            what this is, and the SHA-256 of every file; written last
        sql/<table>.jsonl.gz     every table: the names of its columns, then a line a row; all of one moment
        series/2026-11.lp.gz     the series by UTC month as line protocol; a month that did not change is a hard link
        secrets/                 the web's key, the key of commands
The folder gets its name only when it is whole. SQLite and PostgreSQL are saved in the same form: a backup of one may
be restored into the other. Live values are not saved: they are not billed and live for 90 days.
"""
