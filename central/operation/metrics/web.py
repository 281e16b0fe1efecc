"""Of the web. Several processes of gunicorn add up in the files of PROMETHEUS_MULTIPROC_DIR."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("uchet_web_requests", "Requests answered", ["endpoint", "method", "code"])
SECONDS = Histogram("uchet_web_request_seconds", "From a request to its answer", ["endpoint"])
