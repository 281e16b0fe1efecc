"""Another mail for me: two letters are asked for here, and confirmed at the door (central/door/mail.py)."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from central.accounts import attempts, mail_change
from central.accounts.policy import Viewer
from central.cabinet import me
from central.cabinet.room import cabinet
from central.db import writing
from central.faces import letters
from central.faces.forms import parse
from central.faces.here import here, viewer

TOO_MANY = _l("Писем за час слишком много. Подождите час.")
SAME = _l("Это и есть ваша почта")


@cabinet.post("/me/mail")
def change_mail() -> ResponseReturnValue:
    """Nothing changes until both are confirmed; the answer is the same whoever has the new one."""
    who = viewer()
    found = parse((me.MAIL,), request.form)
    if found.values.get("mail") == who.mail:
        found.errors["mail"] = SAME
    me.proven(found, "proof", who)
    if not found.errors and not _ask(who, found.values["mail"]):
        found.errors["mail"] = TOO_MANY
    if found.errors:
        return me.refused(found, me.MAIL, request.form)
    return redirect(url_for("cabinet.me", done="mail"), 303)


@cabinet.post("/me/mail/stop")
def stop_mail() -> ResponseReturnValue:
    made = here()
    with writing(made.source.engine).begin() as connection:
        mail_change.give_up(connection, viewer(), made.now)
    return redirect(url_for("cabinet.me", done="mail_stopped"), 303)


def _ask(who: Viewer, mail: str) -> bool:
    """The letters are on their way. False: there were too many, of this person or to that mail."""
    made = here()
    with writing(made.source.engine).begin() as connection:
        for what in (f"mail of {who.account}", f"mail change to {mail}"):
            if not attempts.take(connection, what, made.now, attempts.LETTERS):
                return False
        asked = mail_change.ask(connection, who, mail, made.now)
        letters.to_person(connection, who.mail, "mail_before", who.account, name=who.name, link=_link(asked.before))
        if asked.after is not None:
            letters.to_person(connection, mail, "mail_after", who.account, link=_link(asked.after))
        else:
            letters.to_person(connection, mail, "mail_known", name=asked.known)
    return True


def _link(key: str) -> str:
    return letters.link("door.mail", Key=key)
