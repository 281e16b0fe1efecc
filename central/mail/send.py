"""The job `mail`: one message to the server of `[mail]`."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any

import msgspec

from central.config import CentralConfig
from central.config import Mail as Settings
from central.jobs.context import Context, JobFailed, JobRefused
from central.mail.message import Attached, Mail, compose
from central.migrations.command import central_id
from central.registry.documents import path_of


def run(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Raises JobRefused for what the server will never take, JobFailed for all that may pass."""
    settings = context.config.mail
    assert settings is not None, "a mail is taken only where [mail] is configured"
    mail = msgspec.convert(arguments, Mail)
    name = f"job-{context.job.id}.{central_id(context.engine)}"
    content = _content(context.config, mail.attached) if mail.attached is not None else None
    message = compose(mail, settings.sender, name, context.job.made_at, content)
    try:
        with connected(context.config, settings) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        ((code, text),) = refused.recipients.values()
        raise _blame("the address", code, text) from None
    except smtplib.SMTPDataError as refused:
        raise _blame("the message", refused.smtp_code, refused.smtp_error) from None
    except smtplib.SMTPResponseException as refused:  # greeting, login, sender: our own trouble, it may be mended
        raise JobFailed(f"the server said {code_of(refused.smtp_code, refused.smtp_error)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise JobFailed(f"the server cannot be reached: {type(error).__name__}") from None
    return {"message_id": message["Message-ID"]}


def _content(config: CentralConfig, attached: Attached) -> bytes:
    """Raises JobRefused: it is no more, or is another."""
    try:
        content = path_of(config.reports_folder, attached.sha256).read_bytes()
    except FileNotFoundError:
        raise JobRefused(f"the file {attached.sha256} that it carries is no more") from None
    if sha256(content).hexdigest() != attached.sha256:
        raise JobRefused(f"the file {attached.sha256} that it carries was changed on the disk")
    return content


@contextmanager
def connected(config: CentralConfig, settings: Settings) -> Iterator[smtplib.SMTP]:
    """Greeted, encrypted and logged in as configured. Raises SMTPException, OSError, ConfigError."""
    trust = ssl.create_default_context(cafile=str(config.path(settings.ca)) if settings.ca else None)
    place = (settings.host, settings.port)
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=settings.timeout, context=trust)
    else:
        server = smtplib.SMTP(*place, timeout=settings.timeout)
    try:
        if settings.security == "starttls":
            server.starttls(context=trust)
        if settings.username:
            server.login(settings.username, config.secret(settings.password, settings.password_file))
        yield server
        with suppress(smtplib.SMTPException, OSError):  # the message is taken: how we part does not matter
            server.quit()
    finally:
        server.close()


def _blame(what: str, code: int, text: bytes | str) -> JobFailed:
    """5xx is for ever, 4xx is not."""
    kind = JobRefused if 500 <= code < 600 else JobFailed
    return kind(f"{what} is refused: {code_of(code, text)}")


def code_of(code: int, text: bytes | str) -> str:
    """`550 5.1.1`: the numbers alone, since servers repeat addresses in their words."""
    words = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    detail = re.match(r"\d\.\d{1,3}\.\d{1,3}\b", words)
    return f"{code} {detail[0]}" if detail else str(code)
