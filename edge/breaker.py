"""One dead meter must not stall its line: the longer a meter fails, and the more it costs, the later it is asked again.

Dead meters together cost at most SHARE of the line's time, however many there are. Pure; times in seconds.
"""

from dataclasses import dataclass

SHARE = 0.05
FIRST, LONGEST = 15.0, 3600.0  # of the back-off alone
FARTHEST = 6 * 3600.0  # however much a meter costs


@dataclass(slots=True)
class Breaker:
    """One meter. `failures` in a row; `until` = monotonic time before which it is left alone."""

    failures: int = 0
    until: float = 0.0

    def allows(self, now: float) -> bool:
        return now >= self.until

    def failed(self, now: float, cost: float, dead: int) -> bool:
        """`cost` seconds of the line were lost, `dead` meters fail on it (this one too). True = it is news."""
        self.failures += 1
        backoff = min(FIRST * 2 ** (self.failures - 1), LONGEST)
        self.until = now + min(max(backoff, cost * dead / SHARE), FARTHEST)
        return self.failures == 1

    def worked(self) -> bool:
        """True = it had failed before: that is news."""
        news = self.failures > 0
        self.failures, self.until = 0, 0.0
        return news
