"""What central signs: {"v":1,"body":"<text>","signature":"<base64>"}, Ed25519 over a prefix and the text's bytes.

The prefix names what is signed, so that no text of one kind can be passed off as another.
"""

import base64
import binascii
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.errors import Garbled, Refused
from protocol.messages.bodies import MAX_BYTES

VERSION = 1

_T = TypeVar("_T")


class BadSignature(Refused):
    """It was not signed by the holder of the key."""


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    body: str
    signature: str


def sign(body: bytes, prefix: bytes, private: bytes) -> bytes:
    """The payload; the same body and key give the same bytes."""
    signature = Ed25519PrivateKey.from_private_bytes(private).sign(prefix + body)
    return msgspec.json.encode(_Envelope(v=VERSION, body=body.decode(), signature=base64.b64encode(signature).decode()))


def verify(payload: bytes, prefix: bytes, public: bytes, what: str) -> bytes:
    """The text that was signed. Raises BadSignature, and Garbled for what is not an envelope of version 1."""
    envelope = _envelope(payload, what)
    body = envelope.body.encode("utf-8", "surrogatepass")
    try:
        signature = base64.b64decode(envelope.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, prefix + body)
    except (InvalidSignature, binascii.Error, ValueError):
        raise BadSignature("the signature is not central's") from None
    return body


def trusted(payload: bytes, what: str) -> bytes:
    """The text of a payload that was verified when it came, and kept since. Raises Garbled."""
    return _envelope(payload, what).body.encode("utf-8", "surrogatepass")


def decode(payload: bytes, kind: type[_T], what: str, limit: int = MAX_BYTES) -> _T:
    """Raises Garbled, with the reason."""
    if len(payload) > limit:
        raise Garbled(f"too large: {len(payload)} bytes, at most {limit}")
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Garbled(f"not a {what}: {error}") from None


def _envelope(payload: bytes, what: str) -> _Envelope:
    envelope = decode(payload, _Envelope, what)
    if envelope.v != VERSION:
        raise Garbled(f"version {envelope.v}, this program reads version {VERSION}")
    return envelope
