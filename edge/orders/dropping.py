"""What came and was not obeyed is told: on the board each time, in the log now and then."""

import logging

from edge.clock import Clock
from edge.health import Board

log = logging.getLogger("edge.orders")

SAY_EVERY = 600.0  # seconds between two lines of the log on one alarm: whoever makes it could fill the log


class Dropping:
    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._said: dict[str, float] = {}

    def tell(self, alarm: str) -> None:
        self._board.dropped[alarm] = int(self._clock.wall())
        moment, said = self._clock.monotonic(), self._said.get(alarm)
        if said is None or moment - said >= SAY_EVERY:
            self._said[alarm] = moment
            log.error("ALARM dropped: %s", alarm)
