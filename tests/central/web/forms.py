"""Forms as a person fills them in: open the page, change some fields, send it, confirm what it tells."""

import re
from collections.abc import Mapping
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_INPUT = re.compile(r"<(?:input|textarea|select)\b[^>]*>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')


def fields(page: str) -> dict[str, str]:
    """What the sheet of this page holds as it stands: name -> value."""
    sheet = page.split('<form class="sheet"')[1].split("</form>")[0]
    found: dict[str, str] = {}
    for tag in _INPUT.findall(sheet):
        about = dict(_ATTRIBUTE.findall(tag))
        kind = about.get("type")
        if "name" not in about or (kind in ("radio", "checkbox") and " checked" not in tag):
            continue
        found[about["name"]] = unescape(about.get("value", ""))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', sheet, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', sheet, re.DOTALL):
        found[name] = unescape(text)
    return found


def filled(client: FlaskClient, path: str, values: Mapping[str, str]) -> dict[str, str]:
    """The fields of this form as it opens, with some of them changed."""
    page = client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    return fields(page.text) | dict(values)


def send(client: FlaskClient, path: str, values: Mapping[str, str]) -> TestResponse:
    """Filled in and sent, not confirmed."""
    return client.post(path, data=filled(client, path, values))


def confirm(client: FlaskClient, path: str, told: TestResponse) -> TestResponse:
    assert told.status_code == 200
    assert "Изменятся цифры" in told.text
    return client.post(path, data=fields(told.text))


def save(client: FlaskClient, path: str, values: Mapping[str, str]) -> TestResponse:
    """Filled in, sent, and confirmed where it asks; saved, or the test fails with what was said."""
    answer = send(client, path, values)
    if answer.status_code == 200:
        answer = confirm(client, path, answer)
    assert answer.status_code == 303, said(answer)
    return answer


def made(answer: TestResponse) -> int:
    """The change that a saved form has made."""
    found = re.search(r"done=(\d+)", answer.headers["Location"])
    assert found is not None
    return int(found[1])


def said(answer: TestResponse) -> dict[str, str]:
    """What a refused form says: field («» = the whole) -> sentence."""
    found = {}
    for item in re.findall(r"<li>(.*?)</li>", answer.text.split('id="errors"')[1].split("</ul>")[0]):
        link = re.search(r'href="#f-([^"]+)"', item)
        found[link[1] if link else ""] = unescape(re.sub(r"<[^>]+>", "", item))
    return found
