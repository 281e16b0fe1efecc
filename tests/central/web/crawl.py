"""Pages as somebody finds them who follows every link."""

import re
from collections import Counter
from html import unescape
from io import BytesIO
from zipfile import ZipFile

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PACKED = b"PK"  # so begins a workbook, or an archive


def text_of(answer: TestResponse) -> str:
    """What an answer says, one that is packed with its parts one after the other."""
    body = answer.get_data()
    if body.startswith(PACKED):
        with ZipFile(BytesIO(body)) as packed:
            body = b"\n".join(name.encode() + b"\n" + packed.read(name) for name in packed.namelist())
    return body.decode(errors="replace")


def crawl(client: FlaskClient, *starts: str) -> dict[str, str]:
    """Two of each kind of page that links lead to, from these on: each opens. Address -> what it says."""
    seen: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    waiting = [*(starts or ("/console/points",)), "/me"]
    while waiting:
        path = waiting.pop()
        kind = re.sub(r"=[^&]*", "", re.sub(r"(?<=/)[^/?]*\d[^/?]*", "#", path))
        if path in seen or kinds[kind] == 2:
            continue
        kinds[kind] += 1
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        seen[path] = text_of(answer)
        if answer.mimetype == "text/html":
            links = re.findall(r'<a [^>]*href="(/[^"]*)"', seen[path])
            waiting += [unescape(link).partition("#")[0] for link in links]
    return seen
