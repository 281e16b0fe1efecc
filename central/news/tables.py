"""Tables of the news."""

from sqlalchemy import Column, Date, ForeignKey, Index, String, Table, Text

from central.db import Id, Seconds, metadata

news = Table(
    "news",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("day", Date, nullable=False),  # it is shown from this day of the company on
    Column("last", Date),  # the last day; null: for good
    Column("title", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("made_at", Seconds, nullable=False),
    Column("made_by", ForeignKey("account.id"), nullable=False),
    Column("changed_at", Seconds),
    Column("withdrawn_at", Seconds),  # null: it stands
    Index("ix_news_organisation_day", "organisation", "day"),
)
