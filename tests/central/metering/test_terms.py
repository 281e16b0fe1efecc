"""Whatever metering gives is a value: nobody changes a figure or its terms afterwards."""

import pkgutil
from dataclasses import is_dataclass
from importlib import import_module

import pytest
from msgspec import Struct

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
    if isinstance(one, type) and one.__module__ == module.__name__ and one.__name__[0] != "_"
    if is_dataclass(one) or issubclass(one, Struct)
]


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_a_figure_cannot_be_changed(one: type) -> None:
    if issubclass(one, Struct):
        assert one.__struct_config__.frozen
    else:
        assert one.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert "__slots__" in vars(one)
