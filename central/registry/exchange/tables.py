"""Workbooks that were sent to the console: each is looked at by the worker, and brought in when a person says so."""

from enum import StrEnum

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table

from central.db import Id, Seconds, metadata


class State(StrEnum):
    """Of a workbook."""

    CHECKING = "checking"  # the worker tries it
    WRONG = "wrong"  # the report says what; nothing was done
    SAME = "same"  # nothing in it is new
    READY = "ready"  # the report says what it would do
    ENTERING = "entering"  # a person said yes
    DONE = "done"
    DROPPED = "dropped"  # a person said no


upload = Table(
    "upload",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("made_at", Seconds, nullable=False),
    Column("state", String(10), nullable=False),
    Column("job", ForeignKey("job.id", ondelete="SET NULL")),  # the last that was asked for
    Column("sheet", String(40)),  # how far the worker is
    Column("rows", Integer, nullable=False),
    Column("report", JSON(none_as_null=True)),  # told.py
    Column("change", ForeignKey("change.id")),
    Index("ix_upload_organisation_id", "organisation", "id"),
)
