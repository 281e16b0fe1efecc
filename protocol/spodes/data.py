"""The package's JSON, read once: facts of ГОСТ Р 58940-2020 as data, so that no list of objects is retyped in code."""

from importlib.resources import files
from typing import TypeVar

import msgspec

T = TypeVar("T")


def load(name: str, form: type[T]) -> T:
    """The file `name` of this package as `form`; a file that does not fit is a fault of the build."""
    return msgspec.json.decode(files("protocol.spodes").joinpath(name).read_bytes(), type=form)
