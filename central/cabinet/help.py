"""«Помощь»: the user's guide, by section, opened at the place one is at.

The guide is a document in each language, not captions: its text stands in `templates/help/<language>/<section>.html`
outside of the catalogue, and its contents stand here. Each language tells the same, at the same places, with pictures
of its own (`static/help/<language>/`). What it quotes from the screen stands in <q>, and is there in these very words.
It holds nothing of anybody, so it is open to all: a guest needs the part on registration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import unpack

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from central.cabinet.room import cabinet
from central.faces import preferences
from central.faces.templating import STATIC
from central.figures import NotFound

PICTURES = STATIC / "help"
TWICE = 2  # a picture has two dots for each that it takes on the page


@dataclass(frozen=True, slots=True)
class Section:
    """`name`: of its file, and the word of its address; `about`: what one finds there."""

    name: str
    title: LazyString
    about: LazyString


@dataclass(frozen=True, slots=True)
class Picture:
    """Its size is that on the page."""

    file: str
    width: int
    height: int


SECTIONS: Mapping[str, Section] = {
    one.name: one
    for one in (
        Section("start", _l("С чего начать"), _l("Что говорит главная страница и как выбрать точку учёта")),
        Section("registration", _l("Регистрация и вход"), _l("Учётная запись, заявка, письма, забытый пароль")),
        Section("data", _l("Учетные данные"), _l("Потребление по получасам, часам и дням: график, таблица, файлы")),
        Section("readings", _l("Показания счетчика"), _l("Показания на начало и конец периода, расход и стоимость")),
        Section(
            "entry", _l("Ввод показаний счетчика"), _l("Как передать показания, квитанция, и что если счётчик молчит")
        ),
        Section(
            "consumption", _l("Потребление энергоресурсов"), _l("Этот месяц рядом с прежними, прогноз, другой тариф")
        ),
        Section("files", _l("Файлы отчётов"), _l("Готовые файлы, отчёт по почте, проверка документа по коду")),
        Section("events", _l("Журналы событий"), _l("Отключения, вскрытия и другие записи счётчика; уведомления")),
        Section("explain", _l("Откуда это"), _l("Как получилась каждая цифра и как сверить её с квитанцией")),
        Section("reading", _l("Показание на дату"), _l("Что показывал счётчик в любой момент")),
        Section(
            "network", _l("Параметры сети"), _l("Напряжение, ток, мощность: сейчас, по времени, рядом с пределами")
        ),
        Section(
            "complexes",
            _l("Измерительные комплексы"),
            _l("Какой счётчик стоит, до какого дня поверен, что было раньше"),
        ),
        Section(
            "reports",
            _l("Отчеты"),
            _l("Таблицы по вашим точкам: на странице, на бумаге, в PDF и Excel; персональные отчёты"),
        ),
        Section("me", _l("Персональные данные"), _l("Пароль, входы, близкие, ваши данные и согласия")),
        Section("troubles", _l("Если что-то не так"), _l("Почему нет данных или цены и что делать")),
        Section("words", _l("Словарь"), _l("Слова и обозначения, которые встречаются в кабинете")),
    )
}
PLACES: Mapping[str, tuple[str, str]] = {  # endpoint -> section, place in it
    "cabinet.main": ("start", ""),
    "cabinet.data": ("data", ""),
    "cabinet.consumption": ("consumption", ""),
    "cabinet.news": ("start", "news"),
    "gallery.components": ("words", ""),
    "cabinet.readings": ("readings", ""),
    "cabinet.network": ("network", ""),
    "cabinet.reading": ("reading", ""),
    "cabinet.hand_in": ("entry", ""),
    "cabinet.receipt": ("entry", "receipt"),
    "cabinet.add_photo": ("entry", "receipt"),
    "cabinet.explain": ("explain", ""),
    "cabinet.complexes": ("complexes", ""),
    "cabinet.what_if": ("consumption", "tariff"),
    "cabinet.events": ("events", ""),
    "cabinet.notices": ("events", "notices"),
    "cabinet.notice_choices": ("events", "choices"),
    "cabinet.reports": ("reports", ""),
    "cabinet.report": ("reports", ""),
    "cabinet.personal_report": ("reports", "personal"),
    "cabinet.remove_personal": ("reports", "personal"),
    "cabinet.made_reports": ("files", ""),
    "cabinet.made_report": ("files", ""),
    "door.check": ("files", "check"),
    "door.check_code": ("files", "check"),
    "cabinet.me": ("me", ""),
    "cabinet.change_password": ("me", "password"),
    "cabinet.change_phone": ("me", "name"),
    "cabinet.change_mail": ("me", "name"),
    "cabinet.add_contract": ("me", "contract"),
    "cabinet.family": ("me", "family"),
    "cabinet.add_token": ("me", "tokens"),
    "cabinet.phone": ("me", "phone"),
    "installed.offline": ("me", "away"),
    "door.open_phone": ("me", "phone"),
    "cabinet.second": ("me", "second"),
    "cabinet.legal_text": ("me", "leave"),
    "cabinet.close": ("me", "leave"),
    "cabinet.left": ("me", "leave"),
    "door.login": ("registration", "enter"),
    "door.second_step": ("registration", "enter"),
    "door.register": ("registration", ""),
    "door.applied": ("registration", "letter"),
    "door.activate": ("registration", "letter"),
    "door.activated": ("registration", "states"),
    "door.again": ("registration", "letter"),
    "door.forgotten": ("registration", "forgotten"),
    "door.reminded": ("registration", "forgotten"),
    "door.reset": ("registration", "forgotten"),
    "door.join": ("me", "family"),
    "door.mail": ("me", "name"),
}


@cabinet.get("/help", endpoint="help")
@cabinet.get("/help/<section>", endpoint="help")
def guide(section: str | None = None) -> str:
    """The contents, or one section."""
    if section is not None and section not in SECTIONS:
        raise NotFound("section")
    order = list(SECTIONS.values())
    place = order.index(SECTIONS[section]) if section is not None else -1
    return render_template(
        "cabinet/help.html",
        sections=order,
        section=order[place] if place >= 0 else None,
        before=order[place - 1] if place > 0 else None,
        after=order[place + 1] if place + 1 < len(order) else None,
        picture=picture,
    )


@cabinet.app_context_processor
def at_this_place() -> dict[str, str]:
    """`help_here`: where the guide tells of the page that is being made."""
    section, place = PLACES.get(request.endpoint or "", (None, ""))
    return {"help_here": url_for("cabinet.help", section=section, _anchor=place or None)}


def picture(name: str) -> Picture:
    """Of this name, as it looks in the language of the page."""
    file = PICTURES / preferences.language() / f"{name}.png"
    return Picture(file.relative_to(STATIC).as_posix(), *(dots // TWICE for dots in _dots(file)))


@cache
def _dots(file: Path) -> tuple[int, int]:
    """Width and height, as the header of a PNG has them."""
    with open(file, "rb") as png:
        width, height = unpack(">II", png.read(24)[16:])
    return width, height
