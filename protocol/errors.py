"""The errors of `protocol`: two blames and nothing else.

    ProtocolError
    ├── LocalError            we misused the package: wrong state, wrong argument, value out of range
    └── RemoteError           the peer broke the rules; carries what was seen
        ├── Garbled           bytes that are not the frame, the APDU or the value they claim to be
        ├── Refused           the peer understood and said no
        │   ├── AssociationRefused    AARE with a result other than «accepted», or DM from the meter
        │   │   └── PasswordRefused   the same, and the diagnostic names the authentication
        │   └── AccessRefused         Data-Access-Result other than success; `code` and `name`
        └── Unsupported       well formed, but of a kind that this package does not speak

Parsers raise nothing but these, whatever the input: the fuzz tests hold them to it.
"""


class ProtocolError(Exception):
    """Root of the tree; never raised itself."""


class LocalError(ProtocolError):
    """We asked for something impossible: the message names state, event or argument."""


class RemoteError(ProtocolError):
    """The other side sent what it must not send; the message says what and where."""


class Garbled(RemoteError):
    """Bytes that do not parse: bad check sum, bad length, bad tag, bad state."""


class Refused(RemoteError):
    """The peer understood us and said no."""


class AssociationRefused(Refused):
    """The association was not opened. `result` and `diagnostic` are the numbers of the AARE, or None for DM."""

    def __init__(self, message: str, result: int | None = None, diagnostic: int | None = None) -> None:
        super().__init__(message)
        self.result = result
        self.diagnostic = diagnostic


class PasswordRefused(AssociationRefused):
    """The association was not opened because of the secret (Green Book: acse-service-user 11 to 14)."""


class AccessRefused(Refused):
    """A Data-Access-Result other than success (Green Book, table of data access results)."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(f"access refused: {name} ({code})")
        self.code = code
        self.name = name


class Unsupported(RemoteError):
    """Well formed, but of a kind that this package does not speak."""
