"""A town that sends to phones: the scene, the app, the jobs, and a push service that answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace
from sqlalchemy import select

from central.accounts.tables import session
from central.config import Push
from central.push import job
from central.push.tables import push, push_device
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.notices.parts import DAY, Town
from tests.central.push.stub import Browser, Service, service
from tests.central.web.parts import app_of, person, token

PAGE = "/me/notices"


class Phones(Town):
    """`service`: where its browsers are."""

    def __init__(self, copy: Copy, folder: Path, service: Service) -> None:
        super().__init__(copy(25, folder), folder)
        self.service = service
        self.config = replace(self.config, push=Push(services=(service.host,), ca=str(service.ca)))
        self.app = app_of(self.config, lambda: float(self.now))

    def person(self, mail: str = s.CONSUMER) -> FlaskClient:
        return person(self.app, mail)

    def subscribe(self, client: FlaskClient, name: str) -> Browser:
        made = self.service.browser(name)
        assert post(client, "/me/push", made.subscription) == 204
        return made

    def push(self) -> dict[str, object]:
        """The job, once."""
        return job.run(self.context("push"), {})

    def minute(self) -> dict[str, object]:
        """Notices are made, and told."""
        self.tell()
        return self.push()

    def devices(self) -> list[str]:
        """Ends of their endpoints."""
        with self.scene.engine.connect() as connection:
            found = connection.scalars(select(push_device.c.endpoint).order_by(push_device.c.id))
            return [one.rpartition("/")[2] for one in found]

    def states(self) -> list[str]:
        with self.scene.engine.connect() as connection:
            return list(connection.scalars(select(push.c.state).order_by(push.c.id)))

    def sessions(self, mail: str) -> list[int]:
        with self.scene.engine.connect() as connection:
            its = session.c.account == self.scene.viewer(mail).account
            return list(connection.scalars(select(session.c.id).where(its).order_by(session.c.id)))


def post(client: FlaskClient, path: str, told: object, csrf: str | None = None) -> int:
    headers = {"X-CSRFToken": token(client, PAGE) if csrf is None else csrf}
    return client.post(path, json=told, headers=headers).status_code


@pytest.fixture
def phones(copy_of: Copy, tmp_path: Path) -> Iterator[Phones]:
    with service(tmp_path) as found:
        made = Phones(copy_of, tmp_path / "scene", found)
        made.known_for(20 * DAY)
        yield made
        made.scene.close()
