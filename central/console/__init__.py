"""The operator's pages.

pages.py      the lists of points and concentrators     audit.py     the way of a reading
network.py    the tree and the one search               changes.py   the journal of changes, undoing one
foreign.py    meters that wait to be adopted            documents.py acts and photos
exceptions.py what the checks found, and what is decided about it          checks.py    their limits
cases.py      what consumers are warned of, the newest first
actions.py    the journal of actions              mail.py      the mail server, tried
applications.py who asks for access     people.py who has it     texts.py what they agree to
news.py       what they are told     handed_in.py readings that they hand in, those that are doubtful
imports.py    the registry as a workbook, in and out       months.py    closing of months, corrections
points.py · mountings.py · meters.py · contracts.py · nodes.py · schemes.py · edges.py     one page per object, and
its forms: described as data (faces/forms.py), done in one way (deeds.py), told in words (telling.py)
"""

from central.console import (
    actions,
    applications,
    audit,
    cases,
    changes,
    checks,
    contracts,
    documents,
    edges,
    exceptions,
    foreign,
    handed_in,
    imports,
    mail,
    meters,
    months,
    mountings,
    network,
    news,
    nodes,
    pages,
    people,
    points,
    schemes,
    staff,
    texts,
    words,
)
from central.console.room import console

__all__ = [
    "actions",
    "applications",
    "audit",
    "cases",
    "changes",
    "checks",
    "console",
    "contracts",
    "documents",
    "edges",
    "exceptions",
    "foreign",
    "handed_in",
    "imports",
    "mail",
    "meters",
    "months",
    "mountings",
    "network",
    "news",
    "nodes",
    "pages",
    "people",
    "points",
    "schemes",
    "staff",
    "texts",
    "words",
]
