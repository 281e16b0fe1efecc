"""Each request has an id, is counted, and is one line of the log: by endpoint, as a path may name a person's things."""

import logging
import re
import secrets
import time

from flask import Flask, Response, abort, g, request

from central.accounts import attempts
from central.logs import about
from central.operation.metrics import web as metrics

log = logging.getLogger(__name__)

HEADER = "X-Request-ID"
LARGEST = "LARGEST_FILES"  # endpoint -> bytes of the file that its form may bring
SPARE = 4 * 1024 * 1024  # that a request with one may have more, so that what is a little too large is told beside it
_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = ("static", "health")


def address() -> str:
    """Whence it was asked."""
    return (request.remote_addr or "")[:45]


def network() -> str:
    """As that what is tried is counted."""
    return attempts.network(address())


def install(app: Flask, *, behind_proxy: bool) -> None:
    """Before whatever else may answer. `behind_proxy`: its id is kept, so that its log and ours name one request."""

    @app.before_request
    def begin() -> None:
        if request.endpoint in app.config[LARGEST]:
            request.max_content_length = app.config[LARGEST][request.endpoint] + SPARE
        given = request.headers.get(HEADER, "") if behind_proxy else ""
        g.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        if any("\0" in value for values in (request.args, request.form) for value in values.values()):
            abort(400)  # no text has it, and PostgreSQL takes none that has

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.began
        endpoint, code = request.endpoint or "none", response.status_code
        method = request.method if request.method in _METHODS else "other"
        metrics.REQUESTS.labels(endpoint, method, code).inc()
        metrics.SECONDS.labels(endpoint).observe(seconds)
        response.headers[HEADER] = g.request_id
        ids = {"request": g.request_id, "endpoint": endpoint, "method": method, "code": code, "ms": int(seconds * 1000)}
        log.log(logging.DEBUG if endpoint in _QUIET else logging.INFO, "request", extra=about(**ids))
        return response
