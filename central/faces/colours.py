"""The colours of `static/tokens.css` for what a browser does not draw: paper, which is light."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TOKENS = Path(__file__).parent.parent / "static/tokens.css"


@cache
def light() -> Mapping[str, str]:
    """Name without its dashes -> #RRGGBB."""
    return dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}),", TOKENS.read_text()))
