"""The first administrator of an InfluxDB 1.x with authentication: until he is there, every query is refused."""

import ssl
import urllib.parse
import urllib.request
from base64 import b64encode
from pathlib import Path

ADMIN = "admin"


def make_admin(port: int, ca: Path | None = None) -> None:
    """Asked without a header: with one it is refused. `ca` = the server speaks TLS."""
    statement(port, f"CREATE USER {ADMIN} WITH PASSWORD '{ADMIN}' WITH ALL PRIVILEGES", ca=ca)


def statement(port: int, text: str, user: str = "", ca: Path | None = None) -> str:
    """The server's answer; the password of each user is his name."""
    scheme, trust = ("http", None) if ca is None else ("https", ssl.create_default_context(cafile=ca))
    request = urllib.request.Request(
        f"{scheme}://127.0.0.1:{port}/query", data=urllib.parse.urlencode({"q": text}).encode(), method="POST"
    )
    if user:
        request.add_header("Authorization", f"Basic {b64encode(f'{user}:{user}'.encode()).decode()}")
    with urllib.request.urlopen(request, context=trust) as answer:
        found: str = answer.read().decode()
        return found
