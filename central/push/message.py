"""PURE: what a service is sent: a body that the browser alone opens (RFC 8291), and who sends it (VAPID, RFC 8292).

The words are general: what kind of thing happened, and that the cabinet tells. No name, no address, no figure leaves
the house, though only the browser could read it: it shows the words on a locked screen.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central.push.keys import Key, base64url, point_of

SIGNED_FOR = 12 * 3600  # seconds; the services take at most a day
POINT, SECRET = 65, 16  # bytes of a browser's key and secret
RECORD, LAST = 4096, b"\2"  # its size, and what stands behind the words of the last one
FILLED = 512  # bytes of every message, so that its length tells nothing of it


@dataclass(frozen=True, slots=True)
class Words:
    """What is shown. `path`: of the page that a tap opens; a message with the same `tag` takes the place of another."""

    title: str
    body: str
    path: str
    tag: str


def read_key(text: str, length: int) -> bytes:
    """Raises ValueError: it is no base64url of so many bytes."""
    found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(found) != length or base64url(found) != text.rstrip("="):
        raise ValueError(f"not {length} bytes")
    return found


def is_point(octets: bytes) -> bool:
    """Of the curve."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), octets)
    except ValueError:
        return False
    return True


def body(words: Words, p256dh: str, auth: str) -> bytes:
    """Encrypted for the browser that has this key and secret."""
    told = {"title": words.title, "body": words.body, "path": words.path, "tag": words.tag}
    text = json.dumps(told, ensure_ascii=False).encode()
    fill = max(FILLED - len(text), 0)
    return sealed(text, p256dh, auth, os.urandom(16), ec.generate_private_key(ec.SECP256R1()), fill)


def sealed(
    plain: bytes, p256dh: str, auth: str, salt: bytes, private: ec.EllipticCurvePrivateKey, fill: int = 0
) -> bytes:
    """RFC 8291 with this salt and this key of the sender, as one record of RFC 8188; `fill`: zeros behind it."""
    point, secret = read_key(p256dh, POINT), read_key(auth, SECRET)
    mine = point_of(private)
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    material = _derived(shared, secret, b"WebPush: info\0" + point + mine, 32)
    key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    closed = AESGCM(key).encrypt(nonce, plain + LAST + bytes(fill), None)
    return salt + RECORD.to_bytes(4) + bytes([len(mine)]) + mine + closed


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(material)


def headers(key: Key, origin: str, contact: str, now: int, *, ttl: int, urgent: bool) -> Mapping[str, str]:
    """`contact`: whom the service may ask; `ttl`: seconds that it keeps the message for a device that is off."""
    claims = {"aud": origin, "exp": now + SIGNED_FOR, "sub": contact}
    return {
        "Authorization": f"vapid t={_signed(key, claims)}, k={key.public}",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(ttl),
        "Urgency": "high" if urgent else "normal",
    }


def _signed(key: Key, claims: Mapping[str, object]) -> str:
    """A JWT by ES256."""
    parts = ({"typ": "JWT", "alg": "ES256"}, claims)
    told = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    r, s = decode_dss_signature(key.private.sign(told.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{told}.{base64url(r.to_bytes(32) + s.to_bytes(32))}"
