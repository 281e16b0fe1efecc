"""A form that makes an account: a name, a password, and two boxes under which the texts stand that one agrees to.

They are agreed to as they were shown.
"""

from dataclasses import dataclass

from flask import request
from flask_babel import lazy_gettext as _l

from central.accounts import attempts
from central.accounts.texts import Current, Kind
from central.door.room import TOO_MANY, once_more
from central.faces import new_password
from central.faces.forms import Field, Group, Parsed, captions_of, parse, typed_in
from central.faces.requests import network

BOXES = {
    Kind.LICENCE: Field("licence", _l("Я принимаю условия лицензионного соглашения"), "check"),
    Kind.CONSENT: Field("consent", _l("Я даю согласие на обработку персональных данных"), "check"),
}
GROUP = Group("", list(BOXES.values()))
SHOWN = "shown"  # in the form: which texts its boxes stand under
OTHER_TEXT = _l("Показан другой текст, чем был: прочитайте его")


@dataclass(frozen=True, slots=True)
class Typed:
    """`hashed`: the password's; None: there are errors."""

    typed: dict[str, str]
    found: Parsed
    hashed: str | None


def page(about: Group, agreed: Current) -> dict[str, object]:
    """What the form is drawn with: door/agreeing.html."""
    captions = captions_of((about, GROUP))
    return {"group": about, "captions": captions, "agreed": agreed, "boxes": BOXES, "shown": shown(agreed)}


def shown(agreed: Current) -> str:
    return " ".join(str(agreed[kind].id) for kind in BOXES)


def read(about: Group, agreed: Current, mail: str | None = None) -> Typed:
    """What was sent. `mail`: where the form does not ask for it."""
    typed = typed_in((about, GROUP), request.form)
    found = parse((about, GROUP), typed)
    _check(found, typed, agreed)
    new_password.compare(found)
    if not found.errors and not once_more(f"register {network()}", attempts.REGISTRATIONS):
        found.errors[""] = TOO_MANY
    not_in_it = mail or found.values.get("mail", ""), found.values.get("name", "")
    return Typed(typed, found, new_password.hashed(found, not_in_it) if not found.errors else None)


def _check(found: Parsed, typed: dict[str, str], agreed: Current) -> None:
    """Both boxes, and under them these texts: not another version, nor another company's."""
    for box in BOXES.values():
        if box.name in found.errors:
            found.errors[box.name] = _l("Без этого зарегистрироваться нельзя")
        if request.form.get(SHOWN) != shown(agreed):
            found.errors[box.name], typed[box.name] = OTHER_TEXT, ""
