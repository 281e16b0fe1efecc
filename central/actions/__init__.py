"""The journal of actions: who did what, when, in rows that are only added; sealed, so that nobody mends it unseen.

    chain.py     what a seal is of: a form that any program can compute again
    seals.py     making seals, and where the chain stands
    verify.py    is the chain whole, and if not, where is it broken and how
    search.py    what a person of the company finds in it
    jobs.py      seals every hour; the newest one in a letter every day
    cli.py       `uchet-central actions`

Rows are written by `central.accounts.audit.note` and by `central.faces.noting`, the hook of the web.
"""
