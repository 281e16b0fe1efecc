"""What the registry's tables, columns, code words and kinds of change are called on the screen, each once."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from central.metering.zones import ALL_MONTHS
from protocol.quantities import DIRECTIONS

FOUND: Mapping[str, LazyString] = {  # kind of what the search found -> heading
    "point": _l("Точки учета"),
    "meter": _l("Счётчики"),
    "contract": _l("Договоры"),
    "node": _l("Узлы сети"),
    "edge": _l("Концентраторы"),
}
CONFIGURATION: Mapping[str, tuple[str, str, LazyString]] = {  # state -> badge · icon · word
    "runs": ("ok", "check", _l("действует")),
    "sent": ("look", "clock", _l("отправлена, ответа ещё нет")),
    "sealing": ("look", "clock", _l("готовится к отправке")),
    "held": ("act", "circle-alert", _l("не отправляется")),
    "refused": ("act", "circle-alert", _l("отвергнута концентратором")),
    "blocked": ("act", "circle-alert", _l("не составляется")),
}
HELD: Mapping[str, LazyString] = {  # why the wanted version cannot be sent
    "no_key": _l("концентратор ещё не назвал своего ключа: старая программа или ни разу не выходил на связь"),
    "other_key": _l("концентратор назвал другой ключ, чем раньше: uchet-central config accept-key"),
    "secret": _l("пароль счётчика не открывается: введите его заново (uchet-central config secret)"),
    "too_large": _l("настройка не помещается в сообщение: разделите счётчики между концентраторами"),
}
TABLES: Mapping[str, LazyString] = {
    "organisation": _l("Организация"),
    "node": _l("Узел сети"),
    "point": _l("Точка учёта"),
    "point_terms": _l("Условия точки"),
    "mounting": _l("Установка счётчика"),
    "manual_reading": _l("Показание вручную"),
    "meter": _l("Счётчик"),
    "meter_type": _l("Тип счётчика"),
    "transformer": _l("Трансформатор"),
    "transformer_place": _l("Место трансформатора"),
    "verification": _l("Поверка"),
    "contract": _l("Договор"),
    "contract_point": _l("Точка в договоре"),
    "zone_scheme": _l("Тарифная схема"),
    "zone_rule": _l("Зона суток"),
    "price": _l("Цена"),
    "monthly_line": _l("Ежемесячная плата"),
    "hour_price": _l("Цена часа"),
    "concentrator": _l("Концентратор"),
    "edge_line": _l("Линия концентратора"),
    "edge_meter": _l("Счётчик у концентратора"),
}
FIELDS: Mapping[str, LazyString] = {  # column -> caption, whichever the table
    "id": _l("Имя в сообщениях"),
    "name": _l("Название"),
    "inn": _l("ИНН"),
    "phone": _l("Телефон"),
    "address": _l("Адрес"),
    "mail": _l("Электронная почта"),
    "hours": _l("Часы работы"),
    "reading_first_day": _l("Приём показаний: первый день месяца"),
    "reading_last_day": _l("Приём показаний: последний день"),
    "silent_days": _l("Дней молчания счётчика, после которых приём открыт всегда"),
    "organisation": _l("Организация"),
    "parent": _l("Входит в"),
    "kind": _l("Вид"),
    "path": _l("Путь"),
    "node": _l("Узел сети"),
    "code": _l("Код"),
    "tz": _l("Часовой пояс"),
    "order_code": _l("Код по приказу № 1021"),
    "point": _l("Точка учёта"),
    "read_at": _l("Показание на"),
    "registers": _l("Показания"),
    "valid_from": _l("С"),
    "valid_to": _l("По"),
    "scheme": _l("Тарифная схема"),
    "zone_source": _l("Зоны считаются"),
    "tariffs": _l("Тарифы счётчика по зонам"),
    "power_max": _l("Разрешённая мощность, кВт"),
    "coefficient": _l("Коэффициент к цене"),
    "billing_reading": _l("Показания в расчёте"),
    "months": _l("Месяцы"),
    "day_kind": _l("Дни"),
    "start": _l("С минуты суток"),
    "end": _l("До минуты суток"),
    "zone": _l("Зона"),
    "amount": _l("Сумма, ₽"),
    "hour": _l("Начало часа"),
    "above": _l("Свыше, кВт·ч в месяц"),
    "meter": _l("Счётчик"),
    "serial": _l("Заводской номер"),
    "type": _l("Тип"),
    "maker": _l("Завод"),
    "made_in": _l("Год выпуска"),
    "register_end": _l("Счёт начинается заново с, кВт·ч"),
    "resolution": _l("Последний знак, кВт·ч"),
    "serial_form": _l("Вид номера"),
    "digits": _l("Знаков до запятой"),
    "verified_for": _l("Межповерочный интервал, лет"),
    "transformer": _l("Трансформатор"),
    "phase": _l("Фаза"),
    "primary": _l("Первичное значение"),
    "secondary": _l("Вторичное значение"),
    "accuracy": _l("Класс точности"),
    "verified_on": _l("Поверен"),
    "valid_until": _l("Действует до"),
    "document": _l("Документ"),
    "wires": _l("Проводов"),
    "ki": _l("Ki"),
    "ku": _l("Ku"),
    "values_are": _l("Показания счётчика"),
    "clock_offset": _l("Часы счётчика, минут от UTC"),
    "period": _l("Период профиля, с"),
    "reg_start": _l("Показания при установке"),
    "reg_end": _l("Показания при снятии"),
    "act": _l("Акт"),
    "seals": _l("Пломбы"),
    "reason": _l("Причина"),
    "end_act": _l("Акт снятия"),
    "end_reason": _l("Причина снятия"),
    "contract": _l("Договор"),
    "number": _l("Номер"),
    "holder": _l("Потребитель"),
    "signed_on": _l("Подписан"),
    "edge": _l("Концентратор"),
    "title": _l("Название"),
    "url": _l("Адрес линии"),
    "line": _l("Линия"),
    "driver": _l("Драйвер"),
    "settings": _l("Настройки драйвера"),
}
VALUES: Mapping[str, Mapping[str, LazyString]] = {  # column -> code word -> what it is called
    "zone_source": {"registers": _l("по показаниям"), "profile": _l("по профилю")},
    "billing_reading": {"exact": _l("как есть"), "whole_kwh": _l("до целых кВт·ч")},
    "values_are": {"secondary": _l("вторичные: умножаются на Ki·Ku"), "primary": _l("первичные: уже умножены")},
    "day_kind": {"any": _l("любые"), "workday": _l("рабочие"), "weekend": _l("выходные")},
    "kind": {
        "branch": _l("филиал"),
        "site": _l("участок"),
        "substation": _l("подстанция"),
        "switchboard": _l("распределительное устройство"),
        "feeder": _l("фидер"),
        "current": _l("трансформатор тока"),
        "voltage": _l("трансформатор напряжения"),
        "household": _l("бытовая"),
        "company": _l("юридическое лицо"),
        "common": _l("общедомовая"),
        "technical": _l("технический учёт"),
        "generation": _l("с генерацией"),
    },
}
CHANGES: Mapping[str, LazyString] = {  # kind of a change
    "organisation": _l("Новая организация"),
    "scheme": _l("Новая тарифная схема"),
    "point": _l("Новая точка учёта"),
    "node": _l("Новый узел сети"),
    "mounting": _l("Установка счётчика"),
    "replacement": _l("Замена счётчика"),
    "reading": _l("Показание вручную"),
    "handed_in": _l("Показание, переданное потребителем"),
    "ratio": _l("Смена коэффициента"),
    "dismounting": _l("Снятие счётчика"),
    "mounting_correction": _l("Исправление установки"),
    "mounting_removal": _l("Удаление ошибочной установки"),
    "hand_over": _l("Передача по договору"),
    "attachment": _l("Включение в договор"),
    "contract": _l("Новый договор"),
    "terms": _l("Тариф точки"),
    "price": _l("Цена"),
    "monthly_line": _l("Ежемесячная плата"),
    "concentrator": _l("Новый концентратор"),
    "line": _l("Линия концентратора"),
    "entitlement": _l("Закрепление счётчика"),
    "release": _l("Открепление счётчика"),
    "verification": _l("Поверка"),
    "transformer": _l("Трансформатор"),
    "correction": _l("Исправление сведений"),
    "adoption": _l("Приём счётчика из карантина"),
    "undo": _l("Отмена изменения"),
    "import": _l("Импорт"),
    "demo": _l("Демонстрационные данные"),
}
DONE: Mapping[str, LazyString] = {
    "added": _l("внесено"),
    "changed": _l("изменено"),
    "removed": _l("удалено"),
}
QUANTITIES: Mapping[str, LazyString] = {"ap": _l("A+"), "am": _l("A−"), "rp": _l("R+"), "rm": _l("R−")}
UPLOADS: Mapping[str, tuple[str, str, LazyString]] = {  # state of a workbook -> badge · icon · word
    "checking": ("look", "clock", _l("проверяется")),
    "wrong": ("act", "circle-alert", _l("есть ошибки")),
    "same": ("plain", "check", _l("всё уже так и есть")),
    "ready": ("look", "triangle-alert", _l("ждёт решения")),
    "entering": ("look", "clock", _l("вносится")),
    "done": ("ok", "check", _l("внесена")),
    "dropped": ("plain", "info", _l("не внесена")),
    "stuck": ("act", "circle-alert", _l("прервалась")),
}
COMMAND_LINE = _l("командная строка")


def caption(column: str) -> str:
    return str(FIELDS.get(column, column))


def table(name: str) -> str:
    return str(TABLES.get(name, name))


def change(kind: str) -> str:
    """A kind that this program does not know is told as it stands."""
    return str(CHANGES.get(kind, kind))


def value(column: str, word: str) -> str:
    return str(VALUES.get(column, {}).get(word, word))


def in_order(registers: Mapping[str, int]) -> list[tuple[str, int]]:
    """Registers of an act as a meter shows them: A+ first, the total before its tariffs."""
    stems = [stem for _, _, stem, _ in DIRECTIONS]
    return sorted(registers.items(), key=lambda one: (stems.index(one[0][:-1]), one[0]))


def tariff(number: int | str) -> str:
    """«Т1»"""
    return str(_l("Т%(number)s", number=number))


def register(name: str) -> str:
    """«A+ всего», «A+ Т1» of a field of the series."""
    quantity, number = QUANTITIES.get(name[:2], name[:2]), name[2:]
    return f"{quantity} {tariff(number)}" if number != "0" else str(_l("%(quantity)s всего", quantity=quantity))


def months(bits: int) -> str:
    """«все», or numbers of the months, runs joined: «1–3, 11»."""
    if bits == ALL_MONTHS:
        return str(_l("все"))
    there = [number for number in range(1, 13) if bits >> (number - 1) & 1]
    runs: list[list[int]] = []
    for number in there:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
