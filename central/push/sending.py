"""One message to one service: to the address that was looked at, without redirects, for so many seconds; of what is
answered the head alone is read."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum

from central.push.services import Forbidden, Service, resolved

SECONDS = 5.0  # for each step of the talk
WHOLE = 15.0  # for all of it


class Outcome(StrEnum):
    TAKEN = "taken"
    GONE = "gone"  # the browser takes no messages any more
    LATER = "later"  # the service is busy, broken or not to be reached
    REFUSED = "refused"  # it will not take this message, whatever for


class _To(http.client.HTTPSConnection):
    """Connects to these digits, asks for the certificate of the name, and ends after WHOLE seconds whatever it does."""

    def __init__(self, asked: Service, digits: str, trust: ssl.SSLContext) -> None:
        super().__init__(asked.host, asked.port, timeout=SECONDS)
        self._digits, self._trust = digits, trust
        self._ends = threading.Timer(WHOLE, self._end)
        self._ends.daemon = True

    def connect(self) -> None:
        plain = socket.create_connection((self._digits, self.port), self.timeout)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self._ends.start()
        self.sock.do_handshake()

    def close(self) -> None:
        self._ends.cancel()
        super().close()

    def _end(self) -> None:
        with suppress(OSError):  # it has ended by itself
            self.sock.shutdown(socket.SHUT_RDWR)


def post(
    asked: Service, allowed: Sequence[str], trust: ssl.SSLContext, body: bytes, headers: Mapping[str, str]
) -> tuple[Outcome, str]:
    """What became of it, and of what is not taken why, without the address. Raises nothing of the network."""
    try:
        connection = _To(asked, resolved(asked, allowed), trust)
    except Forbidden as error:
        return Outcome.REFUSED, str(error)
    except OSError as error:
        return Outcome.LATER, type(error).__name__
    try:
        connection.request("POST", asked.target, body, dict(headers))
        answer = connection.getresponse()
    except (http.client.HTTPException, OSError) as error:
        return Outcome.LATER, type(error).__name__
    finally:
        connection.close()
    return outcome(answer.status), str(answer.status)


def outcome(status: int) -> Outcome:
    """Of the service's answer (RFC 8030)."""
    if 200 <= status < 300:
        return Outcome.TAKEN
    if status in (404, 410):
        return Outcome.GONE
    if status == 429 or status >= 500:
        return Outcome.LATER
    return Outcome.REFUSED  # a redirect too: nobody follows it
