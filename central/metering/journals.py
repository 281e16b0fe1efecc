"""What the journals of a meter are about: kinds of lines, for who looks for something in them."""

from collections.abc import Mapping
from enum import StrEnum

SWITCHING = 2
POWER_CODES = frozenset({1, 2, 16, 17, 29})  # of the meter's own supply; the others are of the relay


class EventKind(StrEnum):
    POWER = "power"  # the meter was without, or on its reserve
    TAMPER = "tamper"  # covers and fields
    SETTINGS = "settings"  # programming, and its clock put right
    NETWORK = "network"  # voltage, current, tangent, quality
    HEALTH = "health"  # what it says of itself
    CONTROL = "control"  # relay, inputs and outputs
    ACCESS = "access"  # who spoke to it, and who should not have


JOURNALS: Mapping[int, EventKind] = {  # journal -> kind; of the switchings only what is not POWER_CODES
    0: EventKind.NETWORK,
    1: EventKind.NETWORK,
    SWITCHING: EventKind.CONTROL,
    3: EventKind.SETTINGS,
    4: EventKind.TAMPER,
    5: EventKind.ACCESS,
    6: EventKind.ACCESS,
    7: EventKind.HEALTH,
    10: EventKind.CONTROL,
    13: EventKind.SETTINGS,
    17: EventKind.HEALTH,
    18: EventKind.CONTROL,
    19: EventKind.HEALTH,
}  # all others are of the network


def kind_of(journal: int, code: int) -> EventKind:
    if journal == SWITCHING and code in POWER_CODES:
        return EventKind.POWER
    return JOURNALS.get(journal, EventKind.NETWORK)
