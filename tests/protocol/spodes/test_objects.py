"""The standard's lists are whole, and in the shape that meters and drivers rely on."""

import pytest

from protocol.obis import Obis
from protocol.quantities import BY_OBIS
from protocol.spodes.objects import CLOCK, PASSPORT, PROFILES, SCALES, SERIAL, Phases, Profile, columns

pytestmark = pytest.mark.quick

PROFILE_CODES = {
    Profile.LOAD: "1.0.99.1.0.255",
    Profile.DAILY: "1.0.98.2.0.255",
    Profile.MONTHLY: "1.0.98.1.0.255",
    Profile.INSTANT: "1.0.94.7.0.255",
    Profile.PASSPORT: "0.0.94.7.1.255",
}


def test_profiles_stand_where_the_standard_puts_them() -> None:
    assert {profile: str(obis) for profile, obis in PROFILES.items()} == PROFILE_CODES
    assert str(SCALES[Profile.LOAD]) == "1.0.94.7.4.255"
    assert set(SCALES) == {Profile.LOAD, Profile.DAILY, Profile.MONTHLY, Profile.INSTANT}


@pytest.mark.parametrize("phases", list(Phases))
@pytest.mark.parametrize("profile", [Profile.LOAD, Profile.DAILY, Profile.MONTHLY, Profile.INSTANT])
def test_every_profile_begins_with_the_clock_and_names_no_object_twice(phases: Phases, profile: Profile) -> None:
    found = columns(phases, profile)
    assert (found[0].obis, found[0].class_id, found[0].attributes) == (CLOCK, 8, (2,))
    assert len({column.obis for column in found}) == len(found)


@pytest.mark.parametrize("phases", list(Phases))
def test_the_mandatory_energies_of_the_profiles_are_known_quantities(phases: Phases) -> None:
    for profile in (Profile.LOAD, Profile.DAILY, Profile.MONTHLY):
        wanted = [item.obis for item in columns(phases, profile) if item.mandatory]
        energies = [obis for obis in wanted if obis.raw[0] == 1 and obis.raw[2] in range(1, 5)]  # A+ A− R+ R−
        assert energies
        assert [obis for obis in energies if obis not in BY_OBIS] == []


def test_the_passport_begins_with_the_serial_number() -> None:
    assert PASSPORT[0].obis == SERIAL
    assert Obis.parse("0.0.42.0.0") in {item.obis for item in PASSPORT}
    assert columns(Phases.SINGLE, Profile.PASSPORT) == PASSPORT
