"""A push service on this machine (RFC 8030), with the browsers that it serves: it opens what came as a browser does,
and looks at who signed it."""

import base64
import json
import os
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import http_ece
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.central.timeseries.tls import Authority


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """One that was subscribed: what it hands to the page, and what it has shown."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    shown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def subscription(self) -> dict[str, Any]:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {"endpoint": self.endpoint, "keys": {"p256dh": base64url(point), "auth": base64url(self.auth)}}

    def open(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth)
        told: dict[str, Any] = json.loads(plain)
        return told


@dataclass
class Asked:
    """What came: `claims` of its signature, which was looked at; `key` that it named."""

    path: str
    headers: dict[str, str]
    body: bytes
    claims: dict[str, Any]
    key: str


class Service:
    """`answers`: path -> status of the next answers to it; a browser that is not there is 404. While `wakes` is not set
    it takes the connection and says nothing; `drips`: so many times it says first that one should go on."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder / "tls")
        self.ca = authority.file
        self.asked: list[Asked] = []
        self.reached = 0  # also by what it has not answered
        self.answers: dict[str, list[int]] = {}
        self.browsers: dict[str, Browser] = {}
        self.wakes = threading.Event()
        self.wakes.set()
        self.drips = 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.reached += 1
                service.wakes.wait(30)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = service.take(self.path, dict(self.headers.items()), body)
                for _ in range(service.drips):
                    time.sleep(0.05)
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"https://127.0.0.1:{service.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def browser(self, name: str) -> Browser:
        made = Browser(f"https://{self.host}/send/{name}")
        self.browsers[f"/send/{name}"] = made
        return made

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        scheme, _, rest = headers["Authorization"].partition(" ")
        assert scheme == "vapid"
        given = dict(one.strip().split("=", 1) for one in rest.split(","))
        self.asked.append(Asked(path, headers, body, verified(given["t"], given["k"]), given["k"]))
        if self.answers.get(path):
            return self.answers[path].pop(0)
        browser = self.browsers.get(path)
        if browser is None:
            return 404
        browser.shown.append(browser.open(body))
        return 201

    def stop(self) -> None:
        self.wakes.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def verified(jwt: str, key: str) -> dict[str, Any]:
    """Of a JWT by ES256 its claims. Raises InvalidSignature."""
    head, claims, signature = jwt.split(".")
    assert json.loads(octets(head)) == {"typ": "JWT", "alg": "ES256"}
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), octets(key))
    r, s = (int.from_bytes(octets(signature)[start : start + 32]) for start in (0, 32))
    public.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    told: dict[str, Any] = json.loads(octets(claims))
    return told


@contextmanager
def service(folder: Path) -> Iterator[Service]:
    made = Service(folder)
    try:
        yield made
    finally:
        made.stop()
