"""The first administrator of an InfluxDB 1.x with authentication: until he is there, every query is refused."""

import urllib.parse
import urllib.request

ADMIN = "admin"


def make_admin(port: int) -> None:
    """Asked without a header: with one it is refused."""
    statement(port, f"CREATE USER {ADMIN} WITH PASSWORD '{ADMIN}' WITH ALL PRIVILEGES")


def statement(port: int, text: str, user: str = "") -> str:
    data = {"q": text, "u": user, "p": user} if user else {"q": text}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/query", urllib.parse.urlencode(data).encode()) as answer:
        found: str = answer.read().decode()
        return found
