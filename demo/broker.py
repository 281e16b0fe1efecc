"""The demo's broker: amqtt in one Python process, with the rules of config/mosquitto/uchet.acl.

A user's password is its name: everything here stays on the loopback. It speaks MQTT 3.1.1 (of MQTT 5 it never answers
a CONNECT), keeps nothing on disk, and drops what is not acknowledged in time: our session survives both.
"""

import argparse
import asyncio
import contextlib
import logging
import signal

from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

CENTRAL = "central"


class NameIsPassword(BaseAuthPlugin):
    """Who knows a name may bear it: enough for a broker that only this machine can reach."""

    async def authenticate(self, *, session: Session) -> bool:
        return bool(session.username) and session.username == session.password


class OwnTopics(BaseTopicPlugin):
    """An edge writes under its own `up` and hears its own `down`; central hears every `up` and writes every `down`."""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        parts = (topic or "").split("/")
        if session is None or action is None or len(parts) < 5 or parts[:2] != ["uchet", "1"]:
            return False
        ours, side = ("+" if action is Action.SUBSCRIBE else parts[2]), parts[3]
        if session.username == CENTRAL:
            return parts[2] == ours and side == ("down" if action is Action.PUBLISH else "up")
        return parts[2] == session.username and side == ("up" if action is Action.PUBLISH else "down")


async def run(port: int) -> None:
    """Serves on 127.0.0.1:port until SIGTERM or SIGINT."""
    plugins: dict[str, object] = {f"{__name__}.{plugin.__name__}": {} for plugin in (NameIsPassword, OwnTopics)}
    broker = Broker(BrokerConfig(listeners={"default": ListenerConfig(bind=f"127.0.0.1:{port}")}, plugins=plugins))
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    await broker.start()
    await end.wait()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(broker.shutdown(), 3)


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo.broker", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(run(parser.parse_args().port))


if __name__ == "__main__":
    main()
