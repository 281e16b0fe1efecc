"""Which configuration is in force: what edge.toml says, or what central sent since. No socket, no clock.

Lines, meters and schedule of edge.toml stand until a configuration of central comes; then its lines and meters stand
instead. It is taken only if central's key signed it for this edge and its version is greater than any before, and only
whole: what edge.toml could not say either is refused with the same words, and what ran goes on. Without [uplink]
command_key central configures nothing.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.config import Config, ConfigError, configured
from edge.orders.verdict import Alarm, Dropped
from edge.remote import files
from protocol.errors import Garbled
from protocol.messages import configuration, sealing
from protocol.messages.configuration import Configuration
from protocol.messages.control import Rejected, Running
from protocol.messages.sealing import Place, Unopened
from protocol.messages.signed import BadSignature

WHY = 500  # longest reason


class Unusable(Exception):
    """This edge cannot run the configuration; the message says why."""


@dataclass(frozen=True, slots=True)
class InForce:
    """`running` = what of central's it is, for `about`; `key` = the public half, None = central configures nothing."""

    config: Config
    running: Running
    key: str | None


class Remote:
    """Over the data folder, whose lock is held."""

    def __init__(self, base: Config) -> None:
        """`base` = edge.toml. Raises OSError when the folder cannot be used."""
        self._base = base
        self._folder = Path(base.edge.data)
        self._private = files.sealing_key(self._folder)
        self._config = base
        self._running = Running()
        self._floor = 0  # the greatest version that was ever taken
        if base.uplink.key is not None:
            self._resume()

    @property
    def in_force(self) -> InForce:
        key = None
        if self._base.uplink.key is not None:
            key = base64.b64encode(sealing.public_of(self._private)).decode()
        return InForce(self._config, self._running, key)

    def heard(self, payload: bytes) -> bool:
        """A configuration came; True = another one is in force, or refused, than before.

        When it returns True for one that is in force, that one is on the disk. Raises Dropped for what central did not
        sign for us now, and OSError when the disk refuses: then the old one is in force.
        """
        came = self._accepted(payload)
        if came.version == self._running.version:
            return False
        try:
            config = self._read(came)
        except Unusable as unusable:
            before, self._running = self._running, self._rejecting(came, unusable)
            return before != self._running
        files.keep(self._folder, payload)
        self._run(came, config)
        return True

    # ---- inside

    def _resume(self) -> None:
        """What was in force when the program ended; if it cannot be used any more, edge.toml is."""
        try:
            payload = files.kept(self._folder)
            came = None if payload is None else configuration.kept(payload)
        except Garbled as error:
            self._running = Running(refused=Rejected(version=0, sha256="", why=str(error)[:WHY]))
            return
        if came is None:
            return
        self._floor = came.version
        try:
            if came.edge != self._base.edge.name:
                raise Unusable(f"what was kept is the configuration of edge {came.edge}")
            self._run(came, self._read(came))
        except Unusable as unusable:
            self._running = self._rejecting(came, unusable)

    def _accepted(self, payload: bytes) -> Configuration:
        """Raises Dropped."""
        key = self._base.uplink.key
        if key is None:
            raise Dropped(Alarm.NO_KEY_CONFIGURATION)
        try:
            came = configuration.verify(payload, key)
        except BadSignature:
            raise Dropped(Alarm.UNSIGNED_CONFIGURATION) from None
        except Garbled:
            raise Dropped(Alarm.UNREADABLE_CONFIGURATION) from None
        if came.edge != self._base.edge.name:
            raise Dropped(Alarm.OTHER_EDGES_CONFIGURATION)
        again = (came.version, came.sha256) == (self._running.version, self._running.sha256)
        unused = came.version == self._floor != self._running.version  # it was taken, and could not be used again
        if came.version <= self._floor and not again and not unused:
            raise Dropped(Alarm.OLD_CONFIGURATION)
        return came

    def _read(self, came: Configuration) -> Config:
        """Raises Unusable."""
        try:
            return configured(self._base, came.typed(), self._passwords(came))
        except ConfigError as error:
            raise Unusable(str(error)) from None

    def _passwords(self, came: Configuration) -> Mapping[str, str]:
        """Of the meters that have one. Raises Unusable."""
        found = {}
        for meter in came.typed().secret:
            if came.sealed is None or meter not in came.sealed.secrets:
                raise Unusable(f"meter {meter}: password: it has one, and it was not sent")
            try:
                sender = base64.b64decode(came.sealed.key, validate=True)
                place = Place(came.edge, came.version, meter)
                found[meter] = sealing.unseal(came.sealed.secrets[meter], place, self._private, sender)
            except (Unopened, binascii.Error, ValueError):
                raise Unusable(f"meter {meter}: password: it does not open with the key of this edge") from None
        return found

    def _run(self, came: Configuration, config: Config) -> None:
        self._config, self._floor = config, came.version
        self._running = Running(version=came.version, sha256=came.sha256)

    def _rejecting(self, came: Configuration, unusable: Unusable) -> Running:
        refused = Rejected(version=came.version, sha256=came.sha256, why=str(unusable)[:WHY])
        return msgspec.structs.replace(self._running, refused=refused)


def standing(base: Config) -> str:
    """Whose lines and meters are in force with this edge.toml, in a line for its editor. Changes nothing."""
    if base.uplink.key is None:
        return "in force: its own lines and meters; central configures nothing without [uplink] command_key"
    try:
        payload = files.kept(Path(base.edge.data))
        came = None if payload is None else configuration.kept(payload)
    except OSError as error:
        return f"in force: cannot tell, {base.edge.data} is closed to this user: {error.strerror}"
    except Garbled as error:
        return f"in force: its own lines and meters; {error}"
    if came is None:
        return "in force: its own lines and meters, until central sends others"
    return f"in force: central's configuration, version {came.version}, instead of its lines and meters"
