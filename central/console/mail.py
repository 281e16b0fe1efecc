"""«Почта»: the settings in force, what waits, and a letter that is sent at once to see whether they are right."""

from collections.abc import Mapping

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from central.accounts import attempts
from central.accounts.audit import note
from central.console.room import TZ, console
from central.db import writing
from central.faces import letters
from central.faces.here import here, viewer
from central.mail import trial
from central.mail.outbox import outbox
from central.mail.trial import Came, Outcome

TOO_OFTEN = "too often"
SAID: Mapping[str, tuple[LazyString, LazyString]] = {  # what came of it -> in words, what to do
    Came.SENT: (_l("Письмо ушло"), _l("Почтовый сервер его принял. Если не придёт, посмотрите папку со спамом.")),
    Came.UNCONFIGURED: (
        _l("Почта не настроена"),
        _l("Впишите секцию [mail] в central.toml и перезапустите программы. До этого письма ждут в очереди."),
    ),
    Came.SETTINGS: (
        _l("Настройку не прочитать"),
        _l("Проверьте в [mail] файлы password_file и ca: есть ли они и может ли их читать программа."),
    ),
    Came.AWAY: (
        _l("Нет связи с почтовым сервером"),
        _l("Проверьте host, port и security в [mail], сеть и то, что почтовый сервер работает."),
    ),
    Came.UNENCRYPTED: (
        _l("Сервер шифрует не так, как задано"),
        _l("Проверьте security и port в [mail]: обычно starttls — это порт 587, tls — порт 465."),
    ),
    Came.CERTIFICATE: (
        _l("Сертификату сервера нет доверия"),
        _l("Проверьте host в [mail] (имя должно быть в сертификате) и ca, если сертификат выдан своим центром."),
    ),
    Came.LOGIN: (_l("Сервер не принял вход"), _l("Проверьте username и пароль в [mail].")),
    Came.SENDER: (
        _l("Сервер не принял отправителя"),
        _l("Проверьте sender в [mail]: серверу нужен адрес, с которого этому входу можно писать."),
    ),
    Came.ADDRESS: (
        _l("Сервер не принял адрес получателя"),
        _l("Проверьте свой адрес почты и может ли этот сервер писать на другие домены."),
    ),
    Came.REFUSED: (_l("Сервер не принял письмо"), _l("Причину по коду ответа скажет администратор почтового сервера.")),
    TOO_OFTEN: (_l("Слишком часто"), _l("Больше %(most)s пробных писем в час не отправляется.", most=attempts.TRIALS)),
}


@console.route("/mail", methods=["GET", "POST"])
def mail() -> ResponseReturnValue:
    made, outcome = here(), None
    if request.method == "POST":
        outcome = _tried()
    with made.source.engine.connect() as connection:
        queue = outbox(connection)
    said = None if outcome is None else SAID[outcome.came if isinstance(outcome, Outcome) else outcome]
    sent = isinstance(outcome, Outcome) and outcome.came is Came.SENT
    page = {"settings": made.config.mail, "queue": queue, "said": said, "sent": sent, "tz": TZ}
    code = outcome.code if isinstance(outcome, Outcome) else ""
    return render_template("console/mail.html", **page, code=code), 200 if said is None or sent else 422


def _tried() -> Outcome | str:
    """To the administrator's own address; outside of any transaction, since a server may take its time."""
    made, who = here(), viewer()
    with writing(made.source.engine).begin() as connection:
        if not attempts.take(connection, f"mail tried by {who.account}", made.now, attempts.TRIALS):
            return TOO_OFTEN
    outcome = trial.send(made.config, letters.written(who.mail, "trial", who.language, name=who.name), made.now)
    with writing(made.source.engine).begin() as connection:
        note(connection, made.now, who.account, "mail tried", "", f"{outcome.came} {outcome.code}".strip())
    return outcome
