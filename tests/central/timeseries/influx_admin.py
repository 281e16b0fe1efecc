"""The first administrator of an InfluxDB 1.x with authentication: until he is there, every query is refused."""

import urllib.parse
import urllib.request
from base64 import b64encode

ADMIN = "admin"


def make_admin(port: int) -> None:
    """Asked without a header: with one it is refused."""
    statement(port, f"CREATE USER {ADMIN} WITH PASSWORD '{ADMIN}' WITH ALL PRIVILEGES")


def statement(port: int, text: str, user: str = "") -> str:
    """The server's answer; the password of each user is his name."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/query", data=urllib.parse.urlencode({"q": text}).encode(), method="POST"
    )
    if user:
        request.add_header("Authorization", f"Basic {b64encode(f'{user}:{user}'.encode()).decode()}")
    with urllib.request.urlopen(request) as answer:
        found: str = answer.read().decode()
        return found
