"""«Что если другой тариф»: the last months of a point as they are billed, beside the same by another scheme."""

from collections.abc import Mapping

from central import figures
from central.faces.here import here, viewer
from central.figures import NotFound
from central.figures.views import PointView


def page(point: PointView, args: Mapping[str, str]) -> dict[str, object]:
    """Raises NotFound for a scheme that is not the company's."""
    made, asked = here(), args.get("scheme")
    if asked is not None and not (asked.isascii() and asked.isdecimal() and len(asked) < 19):
        raise NotFound("scheme")
    found = figures.what_if(made.source, viewer(), point.id, int(asked) if asked is not None else None, made.now)
    return {"point": point, "found": found}
