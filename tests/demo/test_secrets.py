"""Fault 30: what nobody else may know stands in no log, no address and no copy of the database of a whole run."""

import base64
import json
import re
import signal
import urllib.error
import urllib.parse
import urllib.request
import zlib
from http.cookiejar import CookieJar
from pathlib import Path
from time import monotonic, sleep, time

import pyotp

from demo.seed import CONSUMER
from tests.demo.test_demo import logins, started

WRONG, FIRST, NEW = "пароль чужой 9241", "первая лодка 5512 у моста", "новая лодка 7731 у моста"
NEWCOMER = "vera@example.org"
THEIR_HOMES = ("logins.json", "post", "secret")  # a file for whoever looks at the demo, the letters, the secret itself


class Browser:
    """Of one person."""

    def __init__(self, site: str) -> None:
        self.site, self.cookies = site, CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        with self.opener.open(urllib.parse.urljoin(self.site, path), timeout=30) as answer:
            return str(answer.read().decode())

    def send(self, path: str, **typed: str) -> str:
        """With what the page's forms hold unseen."""
        page = self.get(path)
        unseen = dict(re.findall(r'type="hidden" name="(csrf_token|shown)" value="([^"]+)"', page))
        body = urllib.parse.urlencode(unseen | typed).encode()
        try:
            with self.opener.open(urllib.parse.urljoin(self.site, path.partition("?")[0]), body, timeout=30) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refused:
            return str(refused.read().decode())

    def token(self) -> str:
        """Of the session, as the cookie holds it."""
        (cookie,) = (one.value for one in self.cookies if one.name == "uchet")
        assert cookie is not None
        packed = cookie.removeprefix(".").partition(".")[0]
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        return str(json.loads(zlib.decompress(raw) if cookie.startswith(".") else raw)["_user_id"])


def test_no_secret_of_a_whole_run_stands_anywhere_but_at_its_home(tmp_path: Path) -> None:
    folder, output = tmp_path / "data", tmp_path / "output"
    demo = started(folder, output)
    try:
        secrets = _use(output.read_text())
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    secrets["the secret of the web"] = next(folder.rglob("secret")).read_text().strip()
    searched = 0
    for file in folder.rglob("*"):
        if file.is_file() and not set(THEIR_HOMES) & set(file.relative_to(folder).parts):
            body = file.read_bytes()
            told = [name for name, secret in secrets.items() if secret.encode() in body]
            assert not told, f"{told} in {file.relative_to(folder)}"
            searched += 1
    assert searched > 10
    print(f"{len(secrets)} secrets, {searched} files")


def _use(said: str) -> dict[str, str]:
    """A newcomer registers; a consumer logs in, sets a second step, forgets the password; somebody guesses. What must
    stay secret of it."""
    site, post = (re.search(rf"{name}\s+(\S+)", said)[1] for name in ("the cabinet", "the letters"))  # type: ignore[index]
    anna, stranger, vera = (Browser(site) for _ in range(3))
    password = logins(said)[CONSUMER]
    assert "не подходят" in stranger.send("/login", mail=CONSUMER, password=WRONG)
    boxes = {"licence": "1", "consent": "1"}
    typed = {"name": "Вера Новикова", "mail": NEWCOMER, "password": FIRST, "repeat": FIRST}
    assert "Заявка принята" in vera.send("/register", **typed, **boxes)
    activation = _key(post, NEWCOMER, "activate")
    assert "успешно активирована" in vera.send(f"/activate?Key={activation}", Key=activation)
    assert "Добро пожаловать" in anna.send("/login", mail=CONSUMER, password=password)
    found = {"a session": anna.token()}
    seed = re.search(r"<code>([A-Z2-7]{32})</code>", anna.get("/me/second"))
    assert seed is not None
    codes = re.findall(r"<code>([0-9a-f]{6}-[0-9a-f]{6})</code>", anna.send("/me/second", code=_code(seed[1])))
    stranger.send("/forgotten", mail=CONSUMER)
    reset = _key(post, CONSUMER, "reset")
    assert "Пароль задан" in stranger.send(f"/reset?Key={reset}", Key=reset, password=NEW, repeat=NEW)
    found |= {"a key of activation": activation, "a key of a new password": reset, "a second factor": seed[1]}
    found |= {"a code of the list": codes[0], "a password": password, "a new password": NEW}
    return found | {"a newcomer's password": FIRST, "a guess": WRONG}


def _code(secret: str) -> str:
    return pyotp.TOTP(secret).at(int(time()))


def _key(post: str, mail: str, page: str) -> str:
    """Of the newest letter to this mail; it comes in a moment."""

    box, deadline = Browser(post), monotonic() + 60
    while monotonic() < deadline:
        for link, to in re.findall(r'<a href="(/\d+)">[^<]*</a> — ([^,<]+),', box.get("/")):
            key = re.search(rf"/{page}\?Key=([\w-]{{43}})", box.get(link))
            if to == mail and key is not None:
                return key[1]
        sleep(0.2)
    raise AssertionError(f"no letter to {mail}")
