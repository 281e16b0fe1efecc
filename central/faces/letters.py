"""Letters to people: a subject, a text and the same as HTML, from templates; they go once the transaction commits.

Links are made of the configured address of this site alone.
"""

from urllib.parse import urlencode

from flask import url_for
from sqlalchemy import Connection

from central.accounts import languages
from central.accounts.mail_change import Changed
from central.accounts.registering import Letter, Told
from central.faces import preferences
from central.faces.here import here
from central.mail.message import Mail
from central.mail.outbox import queue
from central.mail.rendering import rendered

PAGES = {  # that the key of a letter opens
    Told.WELCOME: "door.activate",
    Told.RESET: "door.reset",
    Told.FIRST: "door.reset",
    Told.INVITED: "door.join",
}


def send(connection: Connection, letter: Letter) -> None:
    about = {"name": letter.name, "link": None}
    if letter.key is not None:
        about["link"] = link(PAGES[letter.told], Key=letter.key)
    to_person(connection, letter.mail, letter.told.value, **about)


def mail_changed(connection: Connection, found: Changed) -> None:
    """To both."""
    for to in (found.before, found.after):
        to_person(connection, to, "mail_changed", found.account, name=found.name)


def to_person(connection: Connection, mail: str, template: str, of: int | None = None, /, **about: object) -> None:
    """`of`: the account whose letter it is, where the mail is not its own (any more, or yet): it is erased with it. Who
    has no account is written to in the language of who writes."""
    language = languages.of(connection, of) if of is not None else languages.of_mail(connection, mail)
    one = written(mail, template, language or preferences.language(), **about)
    whose = f"account {of}" if of is not None else ""
    queue(connection, mail, one.subject, one.text, here().now, html=one.html, about=whose)


def written(mail: str, template: str, language: str, /, **about: object) -> Mail:
    """By the template `mail/<template>.txt`."""
    return rendered(mail, template, language, home=link("door.login"), **about)


def link(endpoint: str, **values: object) -> str:
    query = f"?{urlencode(values)}" if values else ""
    return here().public_url.rstrip("/") + url_for(endpoint) + query
