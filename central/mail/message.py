"""PURE: the message as it goes on the wire."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from html import escape

import msgspec

_POLICY = SMTP.clone(cte_type="7bit")  # any server takes it
_ADDRESS = re.compile(r"""[^\s@<>()\[\],;:"\\]+@[^\s@<>()\[\],;:"\\]+""")
_LINK = re.compile(r"https?://\S+")


class Attached(msgspec.Struct, frozen=True):
    """A file that a letter carries: by its SHA-256 among those that are kept, so that no queue holds its bytes."""

    sha256: str
    name: str
    type: str


class Mail(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be said to whom. `to` is one bare address; `about`: whose letter it is, where `to` does not tell."""

    to: str
    subject: str
    text: str
    html: str | None = None
    about: str = ""
    attached: Attached | None = None


def written(to: str, letter: str, language: str) -> Mail:
    """A letter as it is written: the first line is the subject. As HTML it is the same: a blank line ends a paragraph,
    a line that is an address alone is a link."""
    subject, _blank, text = letter.strip().partition("\n")
    paragraphs = re.split(r"\n\s*\n", text.strip())
    body = "\n".join(f"<p>{'<br>'.join(map(_line, one.splitlines()))}</p>" for one in paragraphs)
    html = f'<!doctype html>\n<html lang="{language}"><body>\n{body}\n</body></html>\n'
    return Mail(to, subject.strip(), text.strip() + "\n", html)


def _line(text: str) -> str:
    said = escape(text.strip())
    return f'<a href="{said}">{said}</a>' if _LINK.fullmatch(text.strip()) else said


def compose(mail: Mail, sender: str, name: str, moment: int, content: bytes | None = None) -> EmailMessage:
    """The same mail, sender (address or «Name <address>»), name (of Message-ID), moment and content (of what is
    attached) make the same message.

    Raises ValueError: an address or a subject that no header can hold.
    """
    shown, address = parseaddr(sender)
    message = EmailMessage(_POLICY)
    message["From"] = _address(address, shown)
    message["To"] = _address(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = datetime.fromtimestamp(moment, UTC)
    message["Message-ID"] = f"<{name}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # no holiday answers
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
        message.set_boundary(f"part-{name}")
    if mail.attached is not None and content is not None:
        kind, _slash, subtype = mail.attached.type.partition(";")[0].partition("/")
        message.add_attachment(content, maintype=kind, subtype=subtype, filename=mail.attached.name)
        message.set_boundary(f"whole-{name}")
    return message


def _address(bare: str, shown: str = "") -> Address:
    """The words of an error do not repeat it: they may end in a log."""
    if _ADDRESS.fullmatch(bare) and bare.isprintable():
        with suppress(MessageError, ValueError, IndexError):
            return Address(shown, addr_spec=bare)
    raise ValueError("not an address")
