"""QR codes for pages: one SVG that keeps its shape at whatever size the style gives it."""

import segno
from markupsafe import Markup

QUIET = 4  # modules around it, as ISO/IEC 18004 wants


def svg(text: str) -> Markup:
    """A quarter of it may be soiled or covered by a finger (level Q)."""
    made = segno.make(text, error="q", micro=False)
    return Markup(made.svg_inline(border=QUIET, omitsize=True))  # noqa: S704  nothing of `text` stands in it as text
