"""The meter's side: answers any number of clients of one logical device. Bytes in, bytes out.

A `Device` says who may come in and what its attributes are; everything between — link, association, blocks,
segments, repeated frames — is done here. Over HDLC, noise and frames for another address are ignored, so several
servers may share one bus; over the wrapper a broken header raises Garbled, and the stream is to be dropped.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

from protocol.dlms.axdr import Data
from protocol.obis import Obis

Link = Literal["hdlc", "wrapper"]


class Admission(Enum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    BAD_PASSWORD = "bad password"


@dataclass(frozen=True, slots=True)
class Selection:
    """Selective access: selector 1 range, 2 entry; `data` as the client sent it."""

    selector: int
    data: Data


class Device(Protocol):
    """What is served."""

    def admit(self, client: int, mechanism: int, secret: bytes | None) -> Admission:
        """May this client in? `mechanism` 0 lowest, 1 LLS (then `secret` is the password)."""

    def get(self, client: int, class_id: int, obis: Obis, attribute: int, selection: Selection | None) -> bytes:
        """One attribute as an encoded A-XDR value. Raises AccessRefused."""


class Server:
    """`server`: (logical device, physical address or None). Over the wrapper only the logical device counts."""

    def __init__(
        self,
        device: Device,
        *,
        link: Link,
        server: tuple[int, int | None],
        max_pdu: int = 1024,
        max_info: int = 128,
    ) -> None:
        raise NotImplementedError

    def receive(self, data: bytes) -> bytes:
        """Bytes from the line, in any chunks; what to answer. Raises Garbled for a broken wrapper header only."""
        raise NotImplementedError
