"""Letters from the templates `mail/<name>.txt`, in the language of who gets one, whatever language who sends it reads;
without the web."""

from functools import cache
from pathlib import Path

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from central.faces.speaking import speaking
from central.mail.message import Mail, written

TEMPLATES = Path(__file__).parent.parent / "templates"
SYSTEM = _l("Учёт")  # what it is called to people


def rendered(to: str, template: str, language: str, **about: object) -> Mail:
    """Words of `about` that are no lazy texts are in its language already."""
    with speaking(language):
        return written(to, _templates().get_template(f"mail/{template}.txt").render(about, system=SYSTEM), language)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    return made
