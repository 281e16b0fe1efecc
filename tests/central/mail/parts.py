"""A mail server of the tests."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.parts import free_port


class Post:
    """An SMTP server that says what it is told to; "" = it takes the message."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[EmailMessage] = []
        self.to: list[str] = []
        self.says: dict[str, list[str]] = {}  # command -> its next answers
        self.encrypted: list[bool] = []
        self.logins: list[bytes] = []
        self.breaks_off = False
        self._controller: Controller | None = None

    def open(self, **options: Any) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def _next(self, command: str) -> str:
        return self.says[command].pop(0) if self.says.get(command) else ""

    async def handle_MAIL(self, _server: SMTP, _session: Session, envelope: Envelope, whose: str, _options: Any) -> str:
        if said := self._next("MAIL"):
            return said
        envelope.mail_from = whose
        return "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: Any) -> str:
        if said := self._next("RCPT"):
            return said
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if said := self._next("DATA"):
            return said
        assert isinstance(envelope.content, bytes)
        found = message_from_bytes(envelope.content, policy=default)
        assert isinstance(found, EmailMessage)
        self.taken.append(found)
        self.to += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        if self.breaks_off:
            self.breaks_off = False
            server.transport.abort()
        return "250 OK"

    def login(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append(given.login)
        return AuthResult(success=given.password == b"right", handled=False)  # the server answers
