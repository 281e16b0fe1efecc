"""Several loops as one program: when one of them breaks, all end, and whoever started the program learns why."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

Loop = Callable[[threading.Event], None]  # runs until the event is set

LOOK = 0.2  # seconds between two looks at `stop`


def run_together(loops: Sequence[Loop], stop: threading.Event) -> None:
    """Each in a thread, until `stop` or until one of them ends; raises what it raised."""
    ending = threading.Event()
    with ThreadPoolExecutor(len(loops)) as pool:
        running = [pool.submit(loop, ending) for loop in loops]
        while not stop.is_set() and not wait(running, LOOK, FIRST_COMPLETED).done:
            pass
        ending.set()
    for loop in running:
        loop.result()
