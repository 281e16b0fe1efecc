"""What is derived from the registry and kept right by every change of it: words of the search, points of a node."""

from sqlalchemy import Column, Index, Integer, String, Table

from central.db import Id, metadata

LONGEST = 40  # of a word; what is longer is cut on both sides
# by code points, as SQLite compares: whatever the database's own order of letters, a beginning is a range
Word = String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql")

search_word = Table(
    "search_word",
    metadata,
    Column("organisation", Integer, primary_key=True),  # who may find it; 0 = staff of any
    Column("kind", String(10), primary_key=True),  # point | meter | contract | node | edge
    Column("word", Word, primary_key=True),
    Column("key", String(40), primary_key=True),  # of the thing
    Index("ix_search_word_kind_key_word", "kind", "key", "word"),
    sqlite_with_rowid=False,
)

node_points = Table(
    "node_points",
    metadata,
    Column("node", Id, primary_key=True, autoincrement=False),  # no foreign key: nothing depends on what is derived
    Column("own", Id, nullable=False),  # points that hang on this node itself
    Column("below", Id, nullable=False),  # … and on all below it
)
