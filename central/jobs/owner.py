"""The name of a process among the owners of leases and jobs, and whether such a process is surely gone.

A process that was killed cannot give back what it held. Its successor on the same machine need not wait for the end of
the lease: it asks the kernel. Of a process elsewhere, or one that merely stands still, nobody can know: its lease ends.
"""

import hashlib
import os
import secrets
from contextlib import suppress


def new_owner() -> str:
    """`machine/pid/random`: of this process, new at each call."""
    return f"{_machine()}/{os.getpid()}/{secrets.token_hex(4)}"


def gone(owner: str) -> bool:
    """It was a process of this machine, and there is no process of that number any more."""
    machine, _, rest = owner.partition("/")
    pid, _, _ = rest.partition("/")
    if machine != _machine() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # somebody else's: it lives
    return False


def _machine() -> str:
    """8 hex digits: this machine and, in it, this space of process numbers (two containers have two)."""
    parts = [os.uname().nodename]
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    with suppress(OSError), open("/etc/machine-id") as file:
        parts.append(file.read().strip())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
