"""Dice that fall the same way each time: what a simulated meter does is a function of its seed and of the moment."""

import random


def chance(*what: object) -> random.Random:
    """Dice for one matter, e.g. `chance(seed, "day", 20416)`; the same words give the same throws on any machine."""
    return random.Random("/".join(map(str, what)))
