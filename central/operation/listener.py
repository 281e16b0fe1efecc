"""A small HTTP server on a port of its own, for machines that watch: it is no part of the public site.

    /metrics         Prometheus
    /health/live     200 while every loop of the program turns, else 503
    /health/ready    200 while what the program needs answers, else 503
The two answer {"status": …, "reasons": […]}: short sentences without secrets. It answers while the program hangs, too.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"  # set for gunicorn: each of its processes writes there, any of them answers
_IDLE = 10.0  # seconds a client may say nothing

Reasons = Callable[[], list[str]]  # why not; [] = it is well
Answer = tuple[int, str, bytes]  # status, content type, body


class Listener:
    """Listens from `start` to `stop`. `shared`: several processes listen on the one port, and one of them answers."""

    def __init__(self, address: tuple[str, int], live: Reasons, ready: Reasons, *, shared: bool = False) -> None:
        """Raises OSError when the address is taken."""
        routes: Mapping[str, Callable[[], Answer]] = {
            "/metrics": _metrics,
            "/health/live": lambda: _verdict(live()),
            "/health/ready": lambda: _verdict(ready()),
        }

        class Handler(_Handler):
            answers = routes

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET

            def server_bind(self) -> None:
                if shared:
                    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                super().server_bind()

        self._server = Server(address, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    answers: Mapping[str, Callable[[], Answer]]
    timeout = _IDLE
    server_version, sys_version = "uchet", ""

    def do_GET(self) -> None:
        answer = self.answers.get(self.path.partition("?")[0])
        status, kind, body = answer() if answer else (404, "text/plain", b"no such page\n")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Whoever watches comes each few seconds: nothing to say."""


def _metrics() -> Answer:
    registry = REGISTRY
    if os.environ.get(MULTIPROCESS):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)


def _verdict(reasons: list[str]) -> Answer:
    status = {"status": "trouble" if reasons else "ok", "reasons": reasons}
    return 503 if reasons else 200, "application/json", json.dumps(status).encode() + b"\n"
