"""The order of names that hold numbers."""

import random

from central.registry.natural import natural

ORDERED = ["", "7", "12", "А-10", "КЛ", "КЛ-2", "кл-2а", "КЛ-10", "РП-1", "ТП-1\\ЩС-9", "ТП-1\\ЩС-10", "ТП-10\\ЩС-1"]


def test_names_are_ordered_as_people_read_their_numbers() -> None:
    shuffled = random.Random(1).sample(ORDERED, len(ORDERED))
    assert sorted(shuffled, key=natural) == ORDERED
