"""Whatever metering gives is a value: nobody changes a figure or its terms afterwards."""

import pkgutil
from dataclasses import is_dataclass
from importlib import import_module

import pytest

import central.metering

pytestmark = pytest.mark.quick

MODULES = [
    import_module(found.name)
    for found in pkgutil.walk_packages(central.metering.__path__, f"{central.metering.__name__}.")
]
CLASSES = [
    one
    for module in MODULES
    for one in vars(module).values()
    if isinstance(one, type) and is_dataclass(one) and one.__module__ == module.__name__ and one.__name__[0] != "_"
]


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_a_figure_cannot_be_changed(one: type) -> None:
    assert one.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(one)
