"""A letter sent at once, while a person waits for what comes of it; nothing is queued, nothing is tried again."""

import secrets
import smtplib
import ssl
from dataclasses import dataclass
from enum import StrEnum

from central.config import CentralConfig, ConfigError
from central.mail.message import Mail, compose
from central.mail.send import code_of, connected


class Came(StrEnum):
    """What came of it."""

    SENT = "sent"
    UNCONFIGURED = "unconfigured"  # there is no [mail]
    SETTINGS = "settings"  # its secret or its authorities cannot be read
    AWAY = "away"
    UNENCRYPTED = "unencrypted"  # encryption is asked for in another way than the server speaks it
    CERTIFICATE = "certificate"
    LOGIN = "login"
    SENDER = "sender"
    ADDRESS = "address"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code`: the numbers that the server said, «550 5.1.1»; servers repeat addresses in their words."""

    came: Came
    code: str = ""


def send(config: CentralConfig, mail: Mail, now: int) -> Outcome:
    """As the job `mail` would, to the server of [mail]."""
    settings = config.mail
    if settings is None:
        return Outcome(Came.UNCONFIGURED)
    try:
        message = compose(mail, settings.sender, f"trial-{secrets.token_hex(8)}", now)
    except ValueError:  # the words of a person's own address
        return Outcome(Came.ADDRESS)
    try:
        with connected(config, settings) as server:
            server.send_message(message)
    except (smtplib.SMTPException, ssl.SSLError, OSError, ConfigError) as error:
        return _outcome(error)
    return Outcome(Came.SENT)


def _outcome(error: Exception) -> Outcome:
    match error:
        case ConfigError() | FileNotFoundError() | PermissionError():
            return Outcome(Came.SETTINGS)
        case ssl.SSLCertVerificationError():
            return Outcome(Came.CERTIFICATE)
        case ssl.SSLError() | smtplib.SMTPNotSupportedError():
            return Outcome(Came.UNENCRYPTED)
        case smtplib.SMTPRecipientsRefused():
            ((code, text),) = error.recipients.values()
            return Outcome(Came.ADDRESS, code_of(code, text))
        case smtplib.SMTPSenderRefused():
            return Outcome(Came.SENDER, code_of(error.smtp_code, error.smtp_error))
        case smtplib.SMTPAuthenticationError():
            return Outcome(Came.LOGIN, code_of(error.smtp_code, error.smtp_error))
        case smtplib.SMTPResponseException():
            return Outcome(Came.REFUSED, code_of(error.smtp_code, error.smtp_error))
        case _:
            return Outcome(Came.AWAY)
