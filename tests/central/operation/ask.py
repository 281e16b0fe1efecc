"""Asking a listener."""

import json
import re
import urllib.error
import urllib.request

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(port: int, path: str, timeout: float = 10) -> tuple[int, str]:
    """Status and body; status 0 = nobody answers."""
    try:
        with _direct.open(f"http://127.0.0.1:{port}{path}", timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def health(port: int, what: str) -> tuple[int, list[str]]:
    """Status and reasons of /health/live or /health/ready."""
    status, body = get(port, f"/health/{what}")
    return status, json.loads(body)["reasons"] if status else [body]


def figures(port: int) -> dict[str, float]:
    """Samples of /metrics by name with labels, ours only."""
    status, body = get(port, "/metrics")
    assert status == 200
    return {name: float(value) for name, value in re.findall(r"^(uchet_\S+) (\S+)$", body, re.MULTILINE)}
