"""Letters that no page sends: from the same templates `mail/<name>.txt` and `.html`, in Russian, without the web."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from central.mail.message import Mail

TEMPLATES = Path(__file__).parent.parent / "templates"
RUSSIAN = "ru"  # what the templates are written in


def rendered(to: str, template: str, **about: object) -> Mail:
    """The first line of the text is the subject."""
    said = {"language": RUSSIAN, **about}
    subject, _blank, text = _templates().get_template(f"mail/{template}.txt").render(said).partition("\n")
    html = _templates().get_template(f"mail/{template}.html").render(said)
    return Mail(to, subject.strip(), text.strip() + "\n", html)


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
