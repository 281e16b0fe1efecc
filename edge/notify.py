"""systemd's notification: READY, WATCHDOG, STATUS to the socket it names; nothing at all without systemd."""

import os
import socket


def notify(message: str) -> None:
    """One datagram. A manager that has gone is no reason to stop reading meters."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        try:
            out.setblocking(False)  # one that does not read its socket is none either
            out.connect("\0" + address[1:] if address.startswith("@") else address)
            out.sendall(message.encode())
        except OSError:
            return


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear from us, halved; None = it does not."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdigit() else None
