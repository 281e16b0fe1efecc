"""«О программе»: how to reach the company; and, for whoever has logged in, what runs here, in which versions.

A guest is told the name of the program and the contacts, nothing that tells which holes it may have. Nobody is told a
path, a host or a setting.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from itertools import takewhile
from typing import Any

from flask import render_template
from flask_login import current_user
from sqlalchemy import Connection, Row, select

from central.cabinet.room import cabinet
from central.faces.here import here, viewer
from central.faces.templating import STATIC
from central.migrations.command import revision
from central.registry.tables import organisation

PROGRAM = "uchet"


@dataclass(frozen=True, slots=True)
class Part:
    """Something of others that the pages carry; `text`: its licence, a static file."""

    name: str
    version: str
    licence: str
    text: str


@dataclass(frozen=True, slots=True)
class Versions:
    """`licence`: of the program, None = none was given. `schema`: of this database."""

    program: str
    licence: str | None
    schema: str | None
    python: str
    parts: Sequence[Part]


@cabinet.get("/about")
def about() -> str:
    known = current_user.is_authenticated
    with here().source.engine.connect() as connection:
        companies = _companies(connection, viewer().organisation if known else None)
        versions = _versions(connection) if known else None
    return render_template("cabinet/about.html", companies=companies, versions=versions, dialled=dialled)


def _companies(connection: Connection, own: int | None) -> Sequence[Row[Any]]:
    """The viewer's own one; for a guest each that lets register here."""
    which = select(organisation).order_by(organisation.c.name)
    return connection.execute(which if own is None else which.where(organisation.c.id == own)).all()


def dialled(phone: str) -> str:
    """What a telephone is given of «8 (800) 000-00-00, доб. 3»."""
    return "".join(sign for sign in takewhile(lambda sign: not sign.isalpha(), phone) if sign in "+0123456789")


def _versions(connection: Connection) -> Versions:
    told = metadata.metadata(PROGRAM)
    licence = next((told[name] for name in ("License-Expression", "License") if name in told), None)
    return Versions(metadata.version(PROGRAM), licence, revision(connection), platform.python_version(), parts())


@cache
def parts() -> Sequence[Part]:
    """As `static/vendor/LIST` has them: file, package, version, licence, its text, hash."""
    lines = (STATIC / "vendor/LIST").read_text().splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    found = (Part(name, version, licence, text) for _file, name, version, licence, text, _hash in rows)
    return tuple(dict.fromkeys(found))
