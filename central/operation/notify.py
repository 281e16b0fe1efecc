"""systemd's notification: READY, WATCHDOG, STOPPING to the socket it names; nothing at all without systemd."""

import os
import socket


def notify(message: str) -> None:
    """One datagram. A manager that has gone is no reason to stop."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.setblocking(False)  # nor is one that does not read
        try:
            out.connect("\0" + address[1:] if address.startswith("@") else address)
            out.sendall(message.encode())
        except OSError:
            return


def watchdog_seconds() -> float | None:
    """How long systemd waits for a word of ours; None = it does not."""
    microseconds, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    ours = not pid or pid == str(os.getpid())
    return int(microseconds) / 1_000_000 if ours and microseconds.isdigit() else None
