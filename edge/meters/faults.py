"""The words for each way a meter can fail: which meter, on which line, what happened, what to check next."""

from typing import TypeVar

from edge.lines.base import Line, title
from edge.meters.base import Garbled, MeterFault, NoAnswer, NotGiven, OtherMeter, Refused, WrongPassword

F = TypeVar("F", bound=MeterFault)


class Faults:
    """Faults of one meter; `address` = how it is asked, in words: «hdlc, client 32, server 1/16»."""

    def __init__(self, meter: str, line: Line, address: str) -> None:
        self._who = f"{meter} on {title(line)}"
        self._address = address

    def no_answer(self, seconds: float, tries: int) -> NoAnswer:
        asked = f"asked {tries} times, {seconds:g} s each"
        return self._fault(NoAnswer, f"no answer, {asked}", f"power, wiring and speed of the line; {self._address}")

    def refused(self, why: str) -> Refused:
        return self._fault(Refused, f"refused: {why}", f"whether this client may read it; {self._address}")

    def not_given(self, why: str) -> NotGiven:
        return self._fault(NotGiven, f"refused: {why}", f"whether this client may read it; {self._address}")

    def wrong_password(self, why: str) -> WrongPassword:
        check = "the password; many meters lock for a while after a few wrong ones"
        return self._fault(WrongPassword, f"the password is refused: {why}", check)

    def other_meter(self, expected: str, found: str) -> OtherMeter:
        check = f"which meter stands at this address; nothing was read; {self._address}"
        return self._fault(OtherMeter, f"serial number {found} answers, {expected} is expected", check)

    def garbled(self, why: str) -> Garbled:
        check = f"kind of link, speed and parity, noise on the line; {self._address}"
        return self._fault(Garbled, f"what came cannot be understood: {why}", check)

    def _fault(self, kind: type[F], what: str, check: str) -> F:
        return kind(f"{self._who}: {what}; check {check}")
