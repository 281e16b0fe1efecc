"""«Что если другой тариф»: the last months of a point as they are billed, beside the same by another scheme."""

from collections.abc import Mapping

from central import figures
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.figures import NotFound
from central.figures.views import PointView


def page(point: PointView, args: Mapping[str, str]) -> dict[str, object]:
    """Raises NotFound for a scheme that is not the company's."""
    made, scheme = here(), None
    if "scheme" in args:
        scheme = whole(args["scheme"])
        if scheme is None:
            raise NotFound("scheme")
    found = figures.what_if(made.source, viewer(), point.id, scheme, made.now)
    return {"point": point, "found": found}
