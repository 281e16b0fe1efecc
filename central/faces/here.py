"""What a page works with, found through the app it runs in: figures, passwords, the clock, and who looks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import current_app, g
from flask_login import UserMixin, current_user

from central.accounts.passwords import Passwords
from central.accounts.policy import Viewer
from central.accounts.second import Sealed
from central.config import CentralConfig
from central.figures import Source
from central.registry.documents import Keeping

KEY = "uchet"


@dataclass(frozen=True, slots=True)
class Here:
    """`clock`: seconds UTC."""

    source: Source
    passwords: Passwords
    clock: Callable[[], float]
    https: bool
    public_url: str  # how people reach this site: links in letters are made of it, never of what a browser says
    sealed: Sealed  # secrets of second factors
    staff_need_second: bool
    withdrawn_days: int  # from a withdrawal until its person is erased
    documents: Keeping
    uploads: Path  # workbooks on their way into the registry
    config: CentralConfig  # for the one page that tells of settings and tries them

    @property
    def now(self) -> int:
        return int(self.clock())


class Person(UserMixin):  # type: ignore[misc, unused-ignore]
    """Who has logged in, for flask-login: its id is the session's token."""

    def __init__(self, token: str, viewer: Viewer) -> None:
        self.token = token
        self.viewer = viewer

    def get_id(self) -> str:
        return self.token


def here() -> Here:
    found: Here = current_app.extensions[KEY]
    return found


def viewer() -> Viewer:
    """Who looks, of a page that guests cannot open: who has logged in, or the consumer whose cabinet he has opened."""
    found: Viewer = g.get("through") or current_user.viewer
    return found
