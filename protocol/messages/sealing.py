"""A secret that only one edge can open: X25519, HKDF-SHA256, AES-256-GCM.

Whoever seals makes a key pair for one configuration (`ephemeral`), and sends its public half along. Key and nonce of
each secret come from what the two pairs agree on, and from edge, meter and version: a secret that is moved to another
meter, edge or version does not open. Pure: keys are arguments, raw, 32 bytes; one `ephemeral` seals for one version.
"""

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.errors import LocalError, Refused

PREFIX = b"uchet/1/secret\n"
KEY_BYTES, NONCE_BYTES = 32, 12


class Unopened(Refused):
    """It was not sealed to this key for this edge, meter and version, or it was changed on its way."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret belongs."""

    edge: str
    version: int
    meter: str

    def text(self) -> bytes:
        return PREFIX + f"{self.edge}\n{self.version}\n{self.meter}".encode()  # none of them holds a line's end


def public_of(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(secret: str, place: Place, ephemeral: bytes, recipient: bytes) -> str:
    """Base64. `recipient` = the edge's public key. Raises LocalError for one that nothing can be sealed to."""
    key, nonce = _agreed(ephemeral, recipient, public_of(ephemeral), recipient, place)
    return base64.b64encode(AESGCM(key).encrypt(nonce, secret.encode(), place.text())).decode()


def unseal(sealed: str, place: Place, private: bytes, sender: bytes) -> str:
    """`sender` = the public half of the pair that it was sealed with. Raises Unopened."""
    try:
        key, nonce = _agreed(private, sender, sender, public_of(private), place)
        return AESGCM(key).decrypt(nonce, base64.b64decode(sealed, validate=True), place.text()).decode()
    except (LocalError, InvalidTag, binascii.Error, ValueError):
        raise Unopened("it was not sealed to this key, edge, meter and version") from None


def _agreed(private: bytes, public: bytes, sender: bytes, recipient: bytes, place: Place) -> tuple[bytes, bytes]:
    """Key and nonce."""
    try:
        shared = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise LocalError("a key that agrees on nothing") from None
    hkdf = HKDF(SHA256(), KEY_BYTES + NONCE_BYTES, salt=sender + recipient, info=place.text())
    made = hkdf.derive(shared)
    return made[:KEY_BYTES], made[KEY_BYTES:]
