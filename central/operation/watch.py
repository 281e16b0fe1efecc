"""A program under watch, from its start to its end: its listener, and systemd's watchdog, fed while its loops turn."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from central.logs import about
from central.operation.alarms import Alarm
from central.operation.listener import Listener
from central.operation.notify import notify, watchdog_seconds
from central.operation.probes import NoAnswer, NotReady, Probe
from central.operation.pulse import Pulse

log = logging.getLogger(__name__)

Address = tuple[str, int]
LOOK = 20.0  # seconds between two looks at the pulse, unless systemd is less patient


class Watch:
    """What is known of the health of one process, whose loops are these.

    Its parts say by `needs` what they cannot serve without.
    """

    def __init__(self, pulse: Pulse | None = None, loops: Collection[str] = ()) -> None:
        self.pulse = pulse or Pulse()
        self._loops = loops
        self._probes: dict[str, Probe[None]] = {}

    def needs(self, name: str, question: Callable[[], None]) -> None:
        """The question raises NotReady; it is asked whenever somebody wants to know."""
        self._probes[name] = Probe(question)

    def live(self) -> list[str]:
        """Why the program is not alive; [] = it is."""
        return self.pulse.hung()

    def ready(self) -> list[str]:
        """Why it cannot serve; [] = it can."""
        starting = [f"{loop}: has not begun" for loop in self._loops if not self.pulse.begun(loop)]
        answers = map(self._ask, list(self._probes))
        return [*self.live(), *starting, *self.pulse.waiting(), *filter(None, answers)]

    def _ask(self, name: str) -> str:
        try:
            self._probes[name].ask()
        except (NotReady, NoAnswer) as why:
            return f"{name}: {why}"
        return ""


@contextmanager
def watched(address: Address | None, *loops: str) -> Iterator[Watch]:
    """While the program runs inside; the address is where one may ask, the loops are those it has when it serves."""
    watch, ending = Watch(loops=loops), threading.Event()
    listener = listen(address, watch)
    feeder = threading.Thread(target=_feed, args=(watch, ending), name="watchdog", daemon=True)
    feeder.start()
    notify("READY=1")
    try:
        yield watch
    finally:
        notify("STOPPING=1")
        ending.set()
        feeder.join()
        if listener is not None:
            listener.stop()


def listen(address: Address | None, watch: Watch, *, shared: bool = False) -> Listener | None:
    """None when nobody may ask, or (logged) when the port is taken: that is no reason not to serve."""
    if address is None:
        return None
    try:
        listener = Listener(address, watch.live, watch.ready, shared=shared)
    except OSError as error:
        log.error("nobody can ask for metrics on port %d: %s", address[1], error.strerror)
        return None
    listener.start()
    return listener


def _feed(watch: Watch, ending: threading.Event) -> None:
    """A word to systemd twice in its patience, while all loops turn. One that hangs is told once: systemd ends us."""
    every, hung = (watchdog_seconds() or 2 * LOOK) / 2, False
    while True:
        reasons = watch.live()
        if not reasons:
            notify("WATCHDOG=1")
        elif not hung:
            log.critical("not alive: %s", "; ".join(reasons), extra=about(Alarm.LOOP_HANGS))
        hung = bool(reasons)
        if ending.wait(every):
            return
