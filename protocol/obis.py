"""OBIS codes (IEC 62056-61): six bytes that name a quantity, written A.B.C.D.E.F."""

from dataclasses import dataclass

from protocol.errors import Garbled, LocalError


@dataclass(frozen=True, slots=True, order=True)
class Obis:
    """Six bytes; `str()` gives «1.0.1.8.0.255», `bytes()` gives the wire form."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 6:
            raise Garbled(f"an OBIS code has 6 bytes, got {len(self.raw)}")

    @classmethod
    def parse(cls, text: str) -> "Obis":
        """«1.0.1.8.0.255» or «1.0.1.8.0» (F = 255). Raises LocalError."""
        parts = text.split(".")
        if len(parts) == 5:
            parts.append("255")
        try:
            raw = bytes(int(part) for part in parts)
        except ValueError:
            raise LocalError(f"not an OBIS code: {text!r}") from None
        if len(raw) != 6:
            raise LocalError(f"not an OBIS code: {text!r}")
        return cls(raw)

    def __bytes__(self) -> bytes:
        return self.raw

    def __str__(self) -> str:
        return ".".join(str(byte) for byte in self.raw)
