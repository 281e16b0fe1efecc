"""The breaker: dead meters cost little. The clock: believed while it goes on from where it was."""

import pytest

from edge.breaker import FARTHEST, SHARE, Breaker
from edge.clock import BUILT, SystemClock
from tests.edge.parts import NOW

pytestmark = pytest.mark.quick


def test_news_once_when_it_fails_and_once_when_it_is_well() -> None:
    breaker = Breaker()
    assert not breaker.worked()
    assert [breaker.failed(0, 1, 1) for _ in range(3)] == [True, False, False]
    assert [breaker.worked(), breaker.worked()] == [True, False]
    assert breaker.allows(0)


@pytest.mark.parametrize("dead", [1, 5, 20])
@pytest.mark.parametrize("cost", [1.0, 15.0])
def test_dead_meters_cost_at_most_their_share_of_the_line(dead: int, cost: float) -> None:
    breakers, now, lost, horizon = [Breaker() for _ in range(dead)], 0.0, 0.0, 86400.0
    while now < horizon:
        free = next((breaker for breaker in breakers if breaker.allows(now)), None)
        if free is None:
            now += 1
            continue
        now, lost = now + cost, lost + cost
        free.failed(now, cost, dead)
    assert lost <= SHARE * horizon * 1.1


def test_even_a_meter_long_dead_is_tried_again() -> None:
    breaker = Breaker()
    for _ in range(50):
        breaker.failed(0, 15, 100)
    assert breaker.until <= FARTHEST


class World:
    def __init__(self, wall: float, synced: bool = False) -> None:
        self.now, self.since, self.synced = wall, 0.0, synced

    def clock(self, last: int | None) -> SystemClock:
        return SystemClock(last, lambda: self.now, lambda: self.since, lambda: self.synced)

    def go(self, seconds: float) -> None:
        self.now += seconds
        self.since += seconds


def test_a_clock_that_goes_on_from_the_journal_is_believed() -> None:
    world = World(NOW)
    clock = world.clock(NOW - 3600)
    assert clock.trusted()
    world.go(86400)
    assert clock.trusted()
    assert clock.wall() == NOW + 86400


@pytest.mark.parametrize("wall", [0.0, BUILT - 1.0, NOW - 7200.0, NOW + 10 * 365 * 86400.0])
def test_a_clock_of_1970_or_before_the_journal_or_ten_years_ahead_is_not(wall: float) -> None:
    world = World(wall)
    clock = world.clock(NOW)
    assert not clock.trusted()
    world.go(60)
    assert clock.wall() == NOW + 60


def test_a_jump_is_not_followed_until_the_kernel_says_it_is_right() -> None:
    world = World(NOW)
    clock = world.clock(NOW)
    assert clock.trusted()
    world.now += 10 * 365 * 86400
    assert not clock.trusted()
    assert clock.wall() == NOW
    world.now = NOW + 7200.0
    assert not clock.trusted()
    world.synced = True
    assert clock.trusted()
    assert clock.wall() == NOW + 7200


def test_a_first_start_with_a_plausible_clock_is_believed() -> None:
    assert World(NOW).clock(None).trusted()
    assert not World(0.0, synced=True).clock(None).trusted()
