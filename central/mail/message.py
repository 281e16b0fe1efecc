"""PURE: the message as it goes on the wire."""

from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import msgspec


class Mail(msgspec.Struct, frozen=True):
    """What is to be said to whom. `to` is one bare address."""

    to: str
    subject: str
    text: str
    html: str | None = None


def compose(mail: Mail, sender: str, name: str, moment: int) -> EmailMessage:
    """The same mail, sender (address or «Name <address>»), name (of Message-ID) and moment make the same message.

    Raises ValueError: an address or a subject that no header can hold.
    """
    shown, address = parseaddr(sender)
    message = EmailMessage(SMTP)
    try:
        message["From"] = Address(shown, addr_spec=address)
        message["To"] = Address(addr_spec=mail.to)
    except (MessageError, IndexError) as error:
        raise ValueError(f"not an address: {type(error).__name__}") from None
    if "@" not in mail.to or not mail.to.isprintable():
        raise ValueError("not an address")
    message["Subject"] = mail.subject
    message["Date"] = datetime.fromtimestamp(moment, UTC)
    message["Message-ID"] = f"<{name}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # no holiday answers
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message
