"""What happened at a point in words: what it is called, why it is told, what to do. Of the journals, what they are
called and what their kinds are. The lines themselves: central.faces.event_words.

A letter of the worker says the same: outside of a page these words are Russian.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from central.faces.formats import day, kilo
from central.metering.decree import DIAGNOSIS, INFLUENCES
from central.metering.journals import EventKind
from central.notices.kinds import Kind


@dataclass(frozen=True, slots=True)
class Words:
    """`short`: beside a value, after «в это время:». `looks`: how grave it is, as a notice looks; `icon`: its sign."""

    title: LazyString
    short: LazyString
    why: LazyString
    do: LazyString
    looks: str
    icon: str


KINDS: Mapping[Kind, Words] = {
    Kind.OPENED: Words(
        _l("Вскрыт счётчик"),
        _l("вскрытие счётчика"),
        _l(
            "Сработала электронная пломба. Если в это время работал электрик компании, всё в порядке. Показания этого "
            "времени проверят."
        ),
        _l("Если никого не ждали, не трогайте счётчик и сообщите компании."),
        "act",
        "shield-alert",
    ),
    Kind.MAGNET: Words(
        _l("Воздействие магнитного поля"),
        _l("магнитное поле"),
        _l("Счётчик заметил сильный магнит рядом. В это время он мог считать неверно."),
        _l("Уберите от счётчика магниты и динамики. Если рядом ничего не было, сообщите компании: счётчик проверят."),
        "act",
        "magnet",
    ),
    Kind.FAILURE: Words(
        _l("Сбой счётчика"),
        _l("сбой счётчика"),
        _l("Счётчик сам нашёл у себя неисправность. Показания этого времени могут быть неверны."),
        _l("Делать ничего не нужно: компания видит сбой и проверит счётчик. Запишите показания с табло на сегодня."),
        "act",
        "circle-alert",
    ),
    Kind.SWITCHED_OFF: Words(
        _l("Питание отключалось"),
        _l("отключение питания"),
        _l(
            "Счётчик был без напряжения и сообщил об этом, когда питание вернулось. Пока напряжения не было, он не "
            "считал."
        ),
        _l("Если света не было только у вас, проверьте автоматы; если это повторяется, сообщите компании."),
        "look",
        "power",
    ),
    Kind.RESTARTED: Words(
        _l("Счётчик перезапустился"),
        _l("перезапуск счётчика"),
        _l("Счётчик начал работу заново, и отключением питания это не объясняется: показания этого времени проверят."),
        _l("Делать ничего не нужно. Если повторяется, компания проверит счётчик."),
        "look",
        "rotate-ccw",
    ),
    Kind.VERIFICATION: Words(
        _l("Кончается поверка счётчика"),
        _l("поверка"),
        _l("Поверка подтверждает точность счётчика. Когда её срок выйдет, по его показаниям могут перестать считать."),
        _l("Счётчик поверяет или меняет компания. Если срок близок, а к вам не пришли, спросите её."),
        "look",
        "calendar-days",
    ),
    Kind.SILENT: Words(
        _l("Счётчик не на связи"),
        _l("нет связи"),
        _l("Несколько дней от счётчика нет данных. Расход этих дней посчитают приблизительно, пока он не ответит."),
        _l("Проверьте, есть ли в доме свет. Компания видит это и опросит счётчик снова."),
        "look",
        "wifi-off",
    ),
    Kind.REPORT_READY: Words(
        _l("Отчёт готов"),
        _l("отчёт готов"),
        _l("Вы просили сделать файл отчёта. Он лежит в «Готовых файлах» 30 дней."),
        _l("Откройте и скачайте файл, пока он не удалён."),
        "ok",
        "circle-check",
    ),
    Kind.REPORT_FAILED: Words(
        _l("Отчёт не получился"),
        _l("отчёт не получился"),
        _l("Вы просили сделать файл отчёта, но сделать его не удалось."),
        _l("Откройте его страницу: там причина и кнопка «Сделать снова»."),
        "look",
        "triangle-alert",
    ),
    Kind.OUTAGE: Words(
        _l("Долго не было питания"),
        _l("долгое отключение"),
        _l("Счётчик был без напряжения 15 минут или дольше. Пока напряжения не было, он не считал."),
        _l(
            "Проверьте холодильник, насос и часы. Если света не было только у вас, проверьте автоматы; если это "
            "повторяется, сообщите компании."
        ),
        "look",
        "power",
    ),
    Kind.HIGH_USE: Words(
        _l("Расход больше обычного"),
        _l("большой расход"),
        _l(
            "Что-то могло остаться включённым, и это попадёт в счёт. Сравнили измеренные сутки с вашими прежними, "
            "оценённые не считали; пишем не чаще раза в месяц."
        ),
        _l(
            "Посмотрите по часам, когда он вырос: обогрев, бойлер или насос могли остаться включены. Если причины нет, "
            "спросите компанию."
        ),
        "look",
        "chart-column",
    ),
    Kind.READINGS_OPEN: Words(
        _l("Пора передать показания"),
        _l("передача показаний"),
        _l("Счётчик не передаёт показания сам или молчит. Без ваших показаний этот месяц посчитают приблизительно."),
        _l("Спишите показания с табло и передайте их на странице «Ввод показаний счетчика»."),
        "look",
        "square-pen",
    ),
    Kind.READING_ACCEPTED: Words(
        _l("Показания приняты"),
        _l("показания приняты"),
        _l("Вы передали показания, в которых было сомнение; сотрудник компании посмотрел их и принял."),
        _l("Делать ничего не нужно: они войдут в расчёт."),
        "ok",
        "circle-check",
    ),
    Kind.READING_DECLINED: Words(
        _l("Показания не приняты"),
        _l("показания не приняты"),
        _l("Вы передали показания, в которых было сомнение; сотрудник компании посмотрел их и не принял."),
        _l("Прочитайте причину, проверьте табло и передайте показания снова."),
        "look",
        "circle-alert",
    ),
}
_OPENED: Mapping[int, LazyString] = {
    3: _l("Вскрыта крышка клемм"),
    4: _l("Вскрыт корпус счётчика"),
    5: _l("Сработала пломба внешнего датчика"),
}
_FAILED: Mapping[int, LazyString] = {
    2: _l("Сбой счётчика: измерительный блок"),
    4: _l("Сбой счётчика: вычислительный блок"),
    5: _l("Сбой счётчика: часы"),
    7: _l("Сбой счётчика: блок питания"),
    9: _l("Сбой счётчика: дисплей"),
    11: _l("Сбой счётчика: память"),
    13: _l("Сбой счётчика: память программ"),
    15: _l("Сбой счётчика: тактирование"),
    17: _l("Сбой счётчика: тактирование часов"),
}
EVENT_KINDS: Mapping[EventKind, tuple[LazyString, str]] = {  # caption, sign
    EventKind.POWER: (_l("Питание"), "power"),
    EventKind.TAMPER: (_l("Вскрытие и поле"), "shield-alert"),
    EventKind.SETTINGS: (_l("Программирование и время"), "sliders-horizontal"),
    EventKind.NETWORK: (_l("Напряжение и ток"), "activity"),
    EventKind.HEALTH: (_l("Самодиагностика"), "stethoscope"),
    EventKind.CONTROL: (_l("Управление"), "toggle-right"),
    EventKind.ACCESS: (_l("Связь и доступ"), "key-round"),
}
JOURNALS: Mapping[int, LazyString] = {
    0: _l("Напряжение"),
    1: _l("Ток"),
    2: _l("Включения и выключения"),
    3: _l("Программирование"),
    4: _l("Внешние воздействия"),
    5: _l("Связь"),
    6: _l("Контроль доступа"),
    7: _l("Самодиагностика"),
    8: _l("Тангенс"),
    9: _l("Качество сети"),
    10: _l("Входы и выходы"),
    12: _l("Тангенс на интервале"),
    13: _l("Коррекция времени"),
    15: _l("Качество за месяц"),
    16: _l("Контроль мощности"),
    17: _l("Батарея"),
    18: _l("Блокиратор реле"),
    19: _l("Температура"),
    20: _l("Отклонение напряжения, фаза A"),
    21: _l("Отклонение напряжения, фаза B"),
    22: _l("Отклонение напряжения, фаза C"),
    23: _l("Отклонение напряжения AB"),
    24: _l("Отклонение напряжения BC"),
    25: _l("Отклонение напряжения CA"),
    26: _l("Превышение напряжения"),
    27: _l("Прерывание напряжения"),
    28: _l("Нештатная ситуация сети"),
}


def title(kind: Kind, journal: int, code: int) -> str:
    """What it is called, as exactly as its line says."""
    if kind is Kind.OPENED and journal == INFLUENCES and code in _OPENED:
        return str(_OPENED[code])
    if kind is Kind.FAILURE and journal == DIAGNOSIS and code in _FAILED:
        return str(_FAILED[code])
    return str(KINDS[kind].title)


def what(kind: Kind, terms: Mapping[str, Any]) -> str:
    """What it was concluded from, in a sentence; "" = its line says all."""
    if kind is Kind.HIGH_USE:
        figures = {"energy": kilo(terms["energy"]), "usual": kilo(terms["usual"])}
        if terms["period"] == "day":
            return str(_("За сутки %(energy)s кВт·ч, обычно %(usual)s.", **figures))
        days = {"num": terms["days"]}
        return str(
            _("С начала месяца %(energy)s кВт·ч, обычно за столько суток (%(num)s) %(usual)s.", **figures, **days)
        )
    if kind is Kind.READING_DECLINED:
        return str(_("Причина: %(reason)s", reason=terms["reason"]))
    return ""


def period(terms: Mapping[str, Any]) -> str:
    """Of high use: «23.11.2026», «01.11.2026 – 23.11.2026»."""
    first, last = date.fromisoformat(terms["first"]), date.fromisoformat(terms["last"])
    return day(last) if terms["period"] == "day" else f"{day(first)} – {day(last)}"


def journal(number: int) -> str:
    return str(JOURNALS[number]) if number in JOURNALS else str(_("Журнал %(number)s", number=number))


def lasted(seconds: int) -> str:
    """«49 с», «12 мин», «1 ч 1 мин», «2 сут 3 ч»."""
    if seconds < 60:
        return str(_("%(num)d с", num=seconds))
    minutes = seconds // 60
    if minutes < 60:
        return str(_("%(num)d мин", num=minutes))
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        told = str(_("%(num)d ч", num=hours))
        return f"{told} {_('%(num)d мин', num=minutes)}" if minutes else told
    days, hours = divmod(hours, 24)
    told = str(_("%(num)d сут", num=days))
    return f"{told} {_('%(num)d ч', num=hours)}" if hours else told
