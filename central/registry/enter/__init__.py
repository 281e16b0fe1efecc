"""Entering the registry: every function takes a `Change` and returns the key of what it made.

What is not allowed is `Refused`: a sentence that names what, where and what to do, and the field it stands beside;
a validity that overlaps another is `Overlap`, a kind of it. Instants are seconds UTC, days are `date`, energy is mWh.
Nothing is half done: the caller's transaction ends with the refusal.

network.py        organisations, tree of the network, metering points
tariffs.py        zone calendars, prices, monthly lines; the terms of a point
equipment.py      types, meters, transformers, verifications
readings.py       registers that a person read
mountings.py      which meter stands where, with which ratio: mounting, replacement, change of ratio, correction
contracts.py      contracts, and which point is supplied under which
concentrators.py  concentrators, their lines, the meters each is entitled to
"""

from central.registry.enter.concentrators import add_concentrator, add_line, correct_entitlement, entitle, release
from central.registry.enter.contracts import add_contract, attach, correct_attachment, detach, hand_over
from central.registry.enter.equipment import (
    RESOLUTION,
    add_meter,
    add_meter_type,
    add_transformer,
    place_transformer,
    take_transformer,
    verified,
)
from central.registry.enter.mountings import (
    change_ratio,
    correct_mounting,
    dismount,
    mount,
    remove_mounting,
    replace_meter,
)
from central.registry.enter.network import (
    NODE_KINDS,
    POINT_KINDS,
    add_node,
    add_organisation,
    add_point,
    correct,
    rename_node,
    set_reading_days,
)
from central.registry.enter.readings import add_reading
from central.registry.enter.tariffs import (
    add_scheme,
    correct_terms,
    set_hour_price,
    set_monthly_line,
    set_price,
    set_terms,
)

__all__ = [
    "NODE_KINDS",
    "POINT_KINDS",
    "RESOLUTION",
    "add_concentrator",
    "add_contract",
    "add_line",
    "add_meter",
    "add_meter_type",
    "add_node",
    "add_organisation",
    "add_point",
    "add_reading",
    "add_scheme",
    "add_transformer",
    "attach",
    "change_ratio",
    "correct",
    "correct_attachment",
    "correct_entitlement",
    "correct_mounting",
    "correct_terms",
    "detach",
    "dismount",
    "entitle",
    "hand_over",
    "mount",
    "place_transformer",
    "release",
    "remove_mounting",
    "rename_node",
    "replace_meter",
    "set_hour_price",
    "set_monthly_line",
    "set_price",
    "set_reading_days",
    "set_terms",
    "take_transformer",
    "verified",
]
