"""What central wants an edge to read, and how: lines, meters, schedule; signed, numbered, secrets sealed to that edge.

`down/config` = {"v":1,"body":"<base64>","signature":"<base64>"}: Ed25519 over PREFIX + the bytes of `body`, which is
JSON compressed by zlib: so one message holds some 1,000 meters with their secrets, not 250.
The JSON: {"edge","version","made","sha256","settings":{…},"sealed"?:{"key","secrets"}}.
    settings   {"line":[…],"meter":[…],"schedule":{…}}: the tables of edge.toml, read as they are read there, without
               passwords; "secret": {meter: number} names the meters that have one, and which of its secrets it is
    sha256     of the exact bytes of `settings`: the same settings have the same
    version    grows; an edge takes none that is not greater than the one it runs
    sealed     public half of the pair the secrets are sealed with, and meter -> secret (sealing.py)
The edge answers in `about`: which version and hash run, or which was refused and why. Central repeats until then.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import msgspec

from protocol.errors import Garbled, LocalError
from protocol.messages import signed
from protocol.messages.bodies import MAX_BYTES

PREFIX = b"uchet/1/config\n"
LAST_VERSION = 2**31 - 1
MAX_TEXT = 1 << 20  # bytes of the JSON
_WHAT = "configuration"

Scalar = str | int | float | bool


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be read, in the tables and words of edge.toml; what may stand in them is the edge's to judge."""

    line: list[dict[str, Scalar]]
    meter: list[dict[str, Scalar]]
    schedule: dict[str, Scalar] = {}
    secret: dict[str, int] = {}


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    secrets: dict[str, str]


class Configuration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The signed text, for `edge` alone."""

    edge: str
    version: int
    made: datetime
    sha256: str
    settings: msgspec.Raw
    sealed: Sealed | None = None

    def typed(self) -> Settings:
        """Raises Garbled."""
        return decode(bytes(self.settings))


def encode(settings: Settings) -> bytes:
    """The exact bytes that `digest` is of; the order of meters is part of them."""
    return msgspec.json.encode(settings)


def decode(text: bytes) -> Settings:
    """Raises Garbled."""
    return signed.decode(text, Settings, _WHAT, MAX_TEXT)


def digest(text: bytes) -> str:
    return sha256(text).hexdigest()


def configuration(
    text: bytes, *, edge: str, version: int, made: datetime, key: str = "", secrets: Mapping[str, str] | None = None
) -> Configuration:
    """`text` = settings as `encode` wrote them."""
    sealed = Sealed(key=key, secrets=dict(secrets)) if secrets else None
    raw = msgspec.Raw(text)
    return Configuration(edge=edge, version=version, made=made, sha256=digest(text), settings=raw, sealed=sealed)


def sign(configuration: Configuration, private: bytes) -> bytes:
    """The payload of `down/config`. Raises LocalError when it is larger than a message may be."""
    packed = base64.b64encode(zlib.compress(msgspec.json.encode(configuration), 9))
    payload = signed.sign(packed, PREFIX, private)
    if len(payload) > MAX_BYTES:
        raise LocalError(f"{len(payload)} bytes, a message has at most {MAX_BYTES}")
    return payload


def verify(payload: bytes, public: bytes) -> Configuration:
    """Raises BadSignature, and Garbled for what is not a configuration of version 1."""
    return _decode(signed.verify(payload, PREFIX, public, _WHAT))


def kept(payload: bytes) -> Configuration:
    """One that was verified when it came: the key may be another one since. Raises Garbled when it is damaged."""
    return _decode(signed.trusted(payload, _WHAT))


def _unpack(body: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(base64.b64decode(body, validate=True), MAX_TEXT)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise Garbled(f"not a {_WHAT}: {error}") from None
    if not unpacking.eof or unpacking.unused_data:
        raise Garbled(f"not a {_WHAT} of at most {MAX_TEXT} bytes")
    return text


def _decode(body: bytes) -> Configuration:
    found = signed.decode(_unpack(body), Configuration, _WHAT, MAX_TEXT)
    if found.made.tzinfo is None:
        raise Garbled("a time without zone")
    if not 0 < found.version <= LAST_VERSION:
        raise Garbled(f"version {found.version}")
    if digest(bytes(found.settings)) != found.sha256:
        raise Garbled("its settings are not those of its sha256")
    found.typed()
    return found
