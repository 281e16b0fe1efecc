"""Letters from the templates `mail/<name>.txt`: in Russian, whatever language who sends one reads; without the web."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from central.mail.message import Mail, written

TEMPLATES = Path(__file__).parent.parent / "templates"
RUSSIAN = "ru"  # what the templates are written in


def rendered(to: str, template: str, **about: object) -> Mail:
    return written(to, _templates().get_template(f"mail/{template}.txt").render(about), RUSSIAN)


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
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return made
