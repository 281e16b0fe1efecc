"""Answers go packed (gzip) to whoever takes them so: on a phone's slow network most of a page's time is its bytes.

A page holds the token of its forms beside what an address may say; who could make a browser ask again and again might
guess at it by the length of the answers. The token is signed anew by the second, and the cookie of the session comes
with nothing that another site asks for but an opened page, so there is nothing to be guessed at.
"""

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request

from central.faces.templating import STATIC

LEAST = 1000  # bytes: less is not worth it
LEVEL = 6
PACKED = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "text/plain",
        "image/svg+xml",
        "application/json",
        "application/manifest+json",
    }
)


def install(app: Flask) -> None:
    @app.after_request
    def packed(response: Response) -> Response:
        if response.mimetype not in PACKED:
            return response
        response.vary.add("Accept-Encoding")
        wanted = request.accept_encodings.quality("gzip") > 0
        if not wanted or response.status_code != 200 or request.method == "HEAD":
            return response
        if request.endpoint == "static":
            return _with(response, _file(STATIC / (request.view_args or {})["filename"]))
        if response.is_streamed or response.content_length is None or response.content_length < LEAST:
            return response
        return _with(response, gzip.compress(response.get_data(), LEVEL))


@lru_cache(maxsize=64)
def _file(path: Path) -> bytes:
    """It stands as long as the program runs."""
    return gzip.compress(path.read_bytes())


def _with(response: Response, body: bytes) -> Response:
    response.direct_passthrough = False
    response.set_data(body)
    response.headers["Content-Encoding"] = "gzip"
    etag, _weak = response.get_etag()
    if etag is not None:
        response.set_etag(etag, weak=True)  # the same content, not the same bytes
    return response
