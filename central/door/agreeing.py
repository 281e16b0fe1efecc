"""The two boxes under which the texts stand that one agrees to, and that they are agreed to as they were shown."""

from flask import request
from flask_babel import lazy_gettext as _l

from central.accounts.texts import Current, Kind
from central.faces.forms import Field, Group, Parsed

BOXES = {
    Kind.LICENCE: Field("licence", _l("Я принимаю условия лицензионного соглашения"), "check"),
    Kind.CONSENT: Field("consent", _l("Я даю согласие на обработку персональных данных"), "check"),
}
GROUP = Group("", list(BOXES.values()))
SHOWN = "shown"  # in the form: which texts its boxes stand under
OTHER_TEXT = _l("Показан другой текст, чем был: прочитайте его")


def page(agreed: Current) -> dict[str, object]:
    """What the form is drawn with: door/agreeing.html."""
    return {"agreed": agreed, "boxes": BOXES, "shown": shown(agreed)}


def shown(agreed: Current) -> str:
    return " ".join(str(agreed[kind].id) for kind in BOXES)


def check(found: Parsed, typed: dict[str, str], agreed: Current) -> None:
    """Both boxes, and under them these texts: not another version, nor another company's."""
    for box in BOXES.values():
        if box.name in found.errors:
            found.errors[box.name] = _l("Без этого зарегистрироваться нельзя")
        if request.form.get(SHOWN) != shown(agreed):
            found.errors[box.name], typed[box.name] = OTHER_TEXT, ""
