"""What the checks are called on the screen, what to do about each, and how their traces and limits are told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from central.faces import formats
from central.metering.checks.catalogue import Severity
from central.metering.decisions import Decided


@dataclass(frozen=True, slots=True)
class Words:
    """`procedure`: what to do, in the words of who has to."""

    title: LazyString
    procedure: LazyString


CHECKS: Mapping[str, Words] = {
    "meter_differs": Words(
        _l("Отвечает другой счётчик"),
        _l(
            "Сверьте номер на месте или по фотографии. Если счётчик заменили — внесите замену с показаниями акта. "
            "Если перепутан адрес на линии — исправьте настройку концентратора."
        ),
    ),
    "duplicate_stamp": Words(
        _l("Одно время, два значения"),
        _l(
            "Осталось то, что пришло первым. Спросите счётчик ещё раз; если верно второе значение — подставьте его, "
            "если первое — примите."
        ),
    ),
    "duplicate_register": Words(
        _l("Одно показание, два значения"),
        _l("В расчёте то, что пришло первым. Спросите счётчик ещё раз и сверьте с табло."),
    ),
    "register_fell": Words(
        _l("Показание уменьшилось"),
        _l(
            "Расхода из такой пары показаний нет. Проверьте, не заменён ли счётчик без акта и верна ли разрядность; "
            "спросите счётчик ещё раз."
        ),
    ),
    "over_power": Words(
        _l("Больше разрешённой мощности"),
        _l(
            "Значение не вошло в суммы. Проверьте Ki·Ku и разрешённую мощность точки. Верное значение примите, "
            "невозможное оцените по показаниям или подставьте другое."
        ),
    ),
    "use_while_off": Words(
        _l("Расход при отключённом реле"),
        _l(
            "Проверьте состояние реле счётчика командой и выезжайте: возможно подключение в обход. Расход за это "
            "время примите или подставьте по акту."
        ),
    ),
    "future_stamp": Words(
        _l("Время из будущего"),
        _l("Часы счётчика или концентратора спешат. Сверьте их; строки станут верными, когда это время наступит."),
    ),
    "intervals_to_register": Words(
        _l("Интервалы не сходятся с показаниями"),
        _l(
            "Сначала спросите счётчик ещё раз: чаще всего не хватает части интервалов. Если расхождение осталось, "
            "сверьте Ki·Ku и время замены. Порог не повод принимать остальное."
        ),
    ),
    "zones_to_total": Words(
        _l("Зоны не сходятся с общим регистром"),
        _l("Сверьте тарифное расписание счётчика со схемой точки и то, какой тариф к какой зоне отнесён."),
    ),
    "missing_interval": Words(
        _l("Нет интервалов"),
        _l(
            "Спросите счётчик ещё раз: он хранит профиль не меньше 90 суток. Если молчит сам счётчик, проверьте линию "
            "и концентратор. До ответа пробел закрыт по показаниям, если они есть с обеих сторон."
        ),
    ),
    "channel_missing": Words(
        _l("В строках нет одной из величин"),
        _l("Спросите счётчик ещё раз. Если не отвечает снова, проверьте, какие величины включены в его профиль."),
    ),
    "period_changed": Words(
        _l("Другая длина интервала"),
        _l("Счётчик записывает не тот период, что указан в установке. Исправьте установку или настройте счётчик."),
    ),
    "clock_doubtful": Words(
        _l("Сомнительные часы"),
        _l("Счётчик или концентратор сам не верил своим часам. Сверьте их; значения верны, время — возможно, нет."),
    ),
    "ratio_set": Words(
        _l("В счётчике изменён коэффициент"),
        _l("Кто-то записал в счётчик другой Ki или Ku. Сверьте с трансформаторами на месте и с реестром."),
    ),
    "clock_stands": Words(
        _l("Часы счётчика стоят"),
        _l(
            "Счётчик дважды назвал одно и то же время: часы остановились, или он отвечает прежним ответом. Проверьте "
            "батарею часов; до исправления его интервалам верить нельзя."
        ),
    ),
    "clock_drift": Words(
        _l("Часы счётчика врут"),
        _l(
            "Если больше предела — часы корректируют командой или на месте. Интервалы идут по часам счётчика: энергия "
            "могла попасть не в свою зону."
        ),
    ),
    "ratio_differs": Words(
        _l("Ki·Ku не те, что у трансформаторов"),
        _l("Коэффициент установки и трансформаторы точки в реестре противоречат друг другу: сверьте с актом."),
    ),
    "over_median": Words(
        _l("Намного больше обычного"),
        _l("Сравнили с тем же временем похожих дней. Проверьте, не изменилась ли нагрузка; невозможное — оцените."),
    ),
    "over_third": Words(
        _l("Одиночный выброс"),
        _l("Наибольший интервал суток во много раз больше третьего. Верное примите, невозможное — оцените."),
    ),
    "frozen": Words(
        _l("Значение не меняется"),
        _l(
            "Одинаковый расход много интервалов подряд. Бывает у постоянной нагрузки: тогда примите его или поднимите "
            "порог."
        ),
    ),
    "zero_then_return": Words(
        _l("Расход после долгого нуля"),
        _l("Потребитель вернулся или счётчик долго не считал. Сверьте показания на месте, если ноль был неожиданным."),
    ),
    "over_voltage": Words(
        _l("Высокое напряжение"),
        _l("Передайте в эксплуатацию: повышенное напряжение портит приборы потребителей."),
    ),
    "over_current": Words(
        _l("Ток больше допустимого"),
        _l("Проверьте нагрузку и номинал счётчика и трансформаторов: выше номинала учёт недостоверен."),
    ),
    "phase_lost": Words(
        _l("Нет фазы"),
        _l("Проверьте цепи напряжения и тока: без одной фазы счётчик недоучитывает."),
    ),
    "reverse_flow": Words(
        _l("Отдача без генерации"),
        _l("Проверьте включение фаз. Если у точки есть своя генерация, измените вид точки."),
    ),
    "use_without_contract": Words(
        _l("Расход без договора"),
        _l("Внесите договор с верной даты или оформляйте бездоговорное потребление."),
    ),
    "long_estimate": Words(
        _l("Слишком долго по оценке"),
        _l("Снимите показания на месте или замените счётчик: оценка не может длиться без конца."),
    ),
    "clock_set": Words(
        _l("Часы установлены внутри интервала"),
        _l("Интервал длиннее или короче, чем кажется: сумма верна, форма — нет. Обычно делать ничего не нужно."),
    ),
    "power_off": Words(
        _l("Не было питания"),
        _l("Объясняет нули и пропуски этого времени. Делать ничего не нужно."),
    ),
}
SEVERITIES: Mapping[Severity, tuple[str, str, LazyString]] = {  # badge · icon · word
    Severity.ALARM: ("act", "circle-alert", _l("тревога")),
    Severity.WARNING: ("look", "triangle-alert", _l("проверить")),
    Severity.NOTE: ("ok", "clock", _l("к сведению")),
}
STATES: Mapping[str, LazyString] = {
    "open": _l("ждут решения"),
    "asked": _l("счётчик спрошен"),
    "decided": _l("решены"),
    "gone": _l("исчезли сами"),
}
DECISIONS: Mapping[Decided, LazyString] = {
    Decided.ACCEPT: _l("принять как есть"),
    Decided.ESTIMATE: _l("оценить по показаниям"),
    Decided.SUBSTITUTE: _l("подставить другое"),
    Decided.FILL: _l("внести расход вручную"),
    Decided.TYPICAL: _l("принять типовой день"),
    Decided.ASK: _l("спросить счётчик ещё раз"),
}
DONE: Mapping[Decided, LazyString] = {
    Decided.ACCEPT: _l("принято как есть"),
    Decided.ESTIMATE: _l("оценено по показаниям"),
    Decided.SUBSTITUTE: _l("подставлено"),
    Decided.FILL: _l("расход внесён вручную"),
    Decided.TYPICAL: _l("принят типовой день"),
    Decided.ASK: _l("счётчик спрошен ещё раз"),
}
LIMITS: Mapping[str, tuple[LazyString, LazyString]] = {  # name of a limit -> caption, unit
    "places": (_l("Интервалов подряд, не меньше"), _l("инт.")),
    "rows": (_l("Строк, не меньше"), _l("стр.")),
    "seconds": (_l("Отклонение больше"), _l("с")),
    "times": (_l("Больше в"), _l("раз")),
    "days": (_l("Суток, не меньше"), _l("суток")),
    "longest": (_l("Не оценивать пробел длиннее"), _l("суток")),
    "wh": (_l("Энергия больше"), _l("Вт·ч")),
    "per_mille": (_l("Тревога от расхождения"), _l("‰")),
    "volts": (_l("Напряжение"), _l("В")),
    "amperes": (_l("Ток больше"), _l("А")),
}
_TRACE: Mapping[str, LazyString] = {
    "missing": _l("Не хватает интервалов"),
    "of": _l("Всего интервалов"),
    "limit": _l("Порог"),
    "rows": _l("Строк"),
    "without": _l("Из них без величины"),
    "field": _l("Величина"),
    "ahead": _l("Опережение, с"),  # less than nothing: it is behind
    "span": _l("Записано за, с"),
    "period": _l("Период по реестру, с"),
    "seconds": _l("За время, с"),
    "days": _l("Суток"),
    "places": _l("Интервалов"),
    "tariff": _l("Тариф"),
    "grave": _l("Грубое расхождение"),
    "journal": _l("Журнал"),
    "code": _l("Код"),
    "events": _l("Событий"),
    "meter": _l("Из них сомневался счётчик"),
    "phase": _l("Фаза"),
    "volts": _l("Наименьшее, В"),
    "greatest": _l("Наибольшее"),
    "found": _l("Отвечает номер"),
    "expected": _l("Должен отвечать"),
    "mounted": _l("Ki · Ku установки"),
    "transformers": _l("Ki · Ku трансформаторов"),
    "power_max": _l("Разрешённая мощность, кВт"),
    "time": _l("Время события"),
}
_ENERGY: Mapping[str, LazyString] = {  # mWh, told in kWh
    "energy": _l("Значение, кВт·ч"),
    "median": _l("Обычно в это время, кВт·ч"),
    "third": _l("Третье по величине, кВт·ч"),
    "before": _l("Было, кВт·ч"),
    "after": _l("Стало, кВт·ч"),
    "left": _l("Сумма, кВт·ч"),
    "right": _l("По общему регистру, кВт·ч"),
    "permitted": _l("Допустимо, кВт·ч"),
}
_YES = _l("да")


def trace(found: Mapping[str, Any], tz: str) -> Iterator[tuple[str, str]]:
    """Captions and values, in the order in which the check says them."""
    for name, value in found.items():
        if name in _ENERGY:
            yield str(_ENERGY[name]), formats.kilo(value, 3)
        elif name == "grave":
            if value:
                yield str(_TRACE[name]), str(_YES)
        elif name == "power_max":
            yield str(_TRACE[name]), formats.number(Fraction(value, 1000), 1)
        elif name == "time":
            yield str(_TRACE[name]), formats.moment(value, tz)
        elif name in _TRACE:
            yield str(_TRACE[name]), str(value).upper() if name == "phase" else str(value)
        elif name.startswith(("kept_", "came_")):
            which = _("Первое значение") if name.startswith("kept_") else _("Второе значение")
            yield f"{which}, {name[5:]}", formats.kilo(value, 3)
