"""The captions of reports that a code word has, each once: parameters, marks, lines of sums, formats."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext, ngettext
from flask_babel.speaklater import LazyString

from central.faces import words
from central.faces.formats import NO_BREAK, day, kilo, number, place
from central.figures.views import PointView
from central.metering.terms import State
from central.reports.description import Line, Mark, Marked, Parameter, Report

if TYPE_CHECKING:
    from central.reports.asked import Asked

NAMED = 3  # points that are told by name above a table

PARAMETERS: Mapping[Parameter, LazyString] = {
    Parameter.CHANNEL: _l("Параметр для отчета"),
    Parameter.TARIFFS: _l("Тарифы"),
    Parameter.FIXED: _l("Только зафиксированные показания"),
    Parameter.REPLACED: _l("С учетом замен"),
    Parameter.STEP: _l("Шаг"),
}
FORMATS: Mapping[str, str] = {  # word of an address -> caption
    "html": "HTML",
    "pdf": "PDF",
    "xls": "Excel 2003",
    "xlsx": "Excel 2007+",
    "csv": "CSV",
}
STEPS: Mapping[str, LazyString] = {
    "half_hour": _l("30 минут"),
    "hour": _l("час"),
    "day": _l("сутки"),
    "month": _l("месяц"),
}
LETTERS: Mapping[Mark, LazyString | str] = {
    Mark.COMPUTED: words.MARKS[State.COMPUTED],
    Mark.ESTIMATED: words.MARKS[State.ESTIMATED],
    Mark.MANUAL: words.MARKS[State.MANUAL],
    Mark.SUBSTITUTED: words.MARKS[State.SUBSTITUTED],
    Mark.SUSPECT: words.MARKS[State.SUSPECT],
    Mark.POWER_OFF: words.MARKS[State.POWER_OFF],
    Mark.MISSING: _l("нет"),
    Mark.NOT_DUE: _l("ждём"),
    Mark.REPLACED: lazy_pgettext("отметка", "з"),
}
MARKS: Mapping[Mark, LazyString] = {
    Mark.COMPUTED: _l("рассчитано по ближайшему показанию и профилю"),
    Mark.ESTIMATED: _l("оценка: рассчитано приблизительно"),
    Mark.MANUAL: _l("показание внесено вручную"),
    Mark.SUBSTITUTED: _l("значение замещено"),
    Mark.SUSPECT: _l("есть недостоверные значения, в сумму не вошли"),
    Mark.POWER_OFF: _l("отключалось питание"),
    Mark.MISSING: _l("данных не хватает"),
    Mark.NOT_DUE: _l("данные ещё не пришли"),
    Mark.REPLACED: _l("счётчик заменён в периоде"),
}
LINES: Mapping[Line, LazyString] = {
    Line.TOTAL: _l("Итого"),
    Line.MOST: _l("Максимум"),
    Line.LEAST: _l("Минимум"),
    Line.MEAN: _l("Среднее"),
    Line.LOAD: _l("Коэффициент заполнения графика"),
}
TOTAL, TOTAL_OF_SHOWN = _l("Всего"), _l("Всего по отобранным строкам")


def about(report: Report, asked: "Asked", points: Sequence[PointView], *, named: bool = False) -> list[tuple[str, str]]:
    """What stands above the table: period, parameters, points, a caption and a value each; first which report it is,
    where it is named otherwise."""
    zones = _("время: %(tz)s", tz=", ".join(sorted({place(one.tz) for one in points})))
    span = _("с %(first)s 00:00 по %(until)s 00:00", first=day(asked.period.first), until=day(asked.period.until))
    return [
        *([(str(_("Отчет")), str(report.title))] if named else []),
        (str(_("Период")), f"{span}, {zones}"),
        (str(_("Параметры")), "; ".join(_parameters(report, asked))),
        (str(_("Точки учета")), _points(asked, points)),
    ]


def _parameters(report: Report, asked: "Asked") -> Iterator[str]:
    may = report.parameters
    if Parameter.CHANNEL in may:
        yield str(words.CHANNELS[asked.channel])
    if Parameter.STEP in may:
        yield _("шаг: %(step)s", step=STEPS[asked.step])
    yield digits(asked.digits)
    if Parameter.TARIFFS in may and asked.tariffs:
        yield _("тарифы")
    if Parameter.FIXED in may:
        yield _("только зафиксированные показания") if asked.fixed else _("в том числе расчётные показания")
    if Parameter.REPLACED in may:
        yield _("с учетом замен") if asked.replaced else _("без учета замен")


def digits(count: int) -> str:
    """«2 десятичных знака»."""
    said = ngettext("%(num)s десятичный знак", "%(num)s десятичных знаков", count)
    return str(said).replace(" ", NO_BREAK)


def _points(asked: "Asked", points: Sequence[PointView]) -> str:
    if len(points) <= NAMED:
        return "; ".join(map(name_of, points))
    counted = ngettext("%(num)s точка", "%(num)s точек", len(points))
    return str(counted if asked.points else _("все, %(counted)s", counted=counted))


def name_of(one: PointView) -> str:
    """«Т-45 Квартира»."""
    return f"{one.code} {one.name}".strip()


def nothing_note(names: Sequence[str]) -> str:
    """Points of which the table has no row."""
    told = "; ".join(names[:NAMED])
    if len(names) > NAMED:
        told = _("%(named)s; ещё %(more)s", named=told, more=len(names) - NAMED)
    return str(_("За это время ничего нет: %(points)s.", points=told))


def marked(found: Marked) -> str:
    """«р; замена 14.10»: each letter once."""
    letters = dict.fromkeys(str(LETTERS[mark]) for mark in found.marks)
    return "; ".join(filter(None, (", ".join(letters), found.remark)))


def mark_note(mark: Mark, rows: int, of: int, energy: int | None, unit: str, digits: int) -> str:
    """«р — оценка: …: 3 строки из 9, 176,64 кВт·ч». `energy` None = there is nothing to add up."""
    counted = ngettext("%(num)s строка из %(of)s", "%(num)s строк из %(of)s", rows, of=number(of, 0))
    share = f", {kilo(energy, digits)} {unit}" if energy is not None and unit else ""
    return f"{LETTERS[mark]} — {MARKS[mark]}: {counted}{share}"


def lacking_note(column: str, rows: int) -> str:
    """What a sum does not hold."""
    return str(
        ngettext(
            "В сумму «%(column)s» не вошла %(num)s строка без значения.",
            "В сумму «%(column)s» не вошло %(num)s строк без значения.",
            rows,
            column=column,
        )
    )


def more_lacking_note(columns: int) -> str:
    """Of sums that lack something too."""
    return str(
        ngettext(
            "В сумму ещё %(num)s столбца вошли не все строки.",
            "В суммы ещё %(num)s столбцов вошли не все строки.",
            columns,
        )
    )


def chosen_note(shown: int, of: int) -> str:
    return str(ngettext("Отобрана %(num)s строка из %(of)s.", "Отобрано %(num)s строк из %(of)s.", shown, of=of))


_FAILED: Mapping[str, LazyString] = {  # why a file was not made
    "points": _l("Этих точек учета за этот период у вас больше нет."),
    "not_made": _l("Файл такого вида не уложился в отведённые время и память. Выберите Excel или CSV."),
    "large": _l("Файл вышел больше 1 ГБ. Возьмите период короче или меньше точек."),
    "space": _l("На сервере кончилось место для файлов. Компания это видит; попробуйте позже."),
    "series": _l("Хранилище показаний не отвечало. Попробуйте позже."),
    "account": _l("Учётной записи, для которой он делался, вход закрыт."),
    "unknown": _l("Такого отчёта в этой версии программы больше нет."),
    "interrupted": _l("Работа прервалась. Сделайте файл снова."),
}
_TOO_MANY: Mapping[str, LazyString] = {  # of what
    "columns": _l(
        "В отчёте %(count)s столбцов, в файл такого вида входит %(most)s. Выберите Excel 2007+ или CSV, или "
        "меньше точек."
    ),
    "rows": _l(
        "В отчёте больше %(most)s строк (%(count)s), в файл такого вида они не входят. Выберите Excel или CSV, "
        "период короче или меньше точек."
    ),
}


def failed(error: str) -> str:
    """Why a file was not made, and what can be done. `error`: a word, of rows and columns with how many there are and
    may be."""
    word, *numbers = error.split() or [""]
    if word in _TOO_MANY:
        count, most = (number(int(one), 0) for one in numbers)
        return str(_TOO_MANY[word]) % {"count": count, "most": most}
    return str(_FAILED.get(word, _FAILED["interrupted"]))


STATES: Mapping[str, tuple[str, str, LazyString]] = {  # of a file: badge · icon · word
    "waiting": ("plain", "clock", _l("в очереди")),
    "making": ("look", "clock", _l("готовится")),
    "ready": ("ok", "check", _l("готов")),
    "failed": ("act", "circle-alert", _l("не получился")),
    "cancelled": ("plain", "info", _l("отменён")),
    "gone": ("plain", "clock", _l("удалён")),
}
MEBIBYTE = 1024 * 1024


def size(count: int) -> str:
    """«17 КБ», «3,4 МБ», «2 ГБ» of bytes."""
    if count < MEBIBYTE:
        return str(_("%(size)s КБ", size=number(Fraction(max(count, 1024), 1024), 0)))
    if count < 1024 * MEBIBYTE:
        return str(_("%(size)s МБ", size=number(Fraction(count, MEBIBYTE), 1)))
    return str(_("%(size)s ГБ", size=number(Fraction(count, 1024 * MEBIBYTE), 1 if count % (1024 * MEBIBYTE) else 0)))


def compared_note(whole: int, of: int) -> str:
    """Of which rows the greatest, the least and the mean are."""
    return str(
        ngettext(
            "Максимум, минимум и среднее — по %(num)s строке из %(of)s: остальные неполны или оценены.",
            "Максимум, минимум и среднее — по %(num)s строкам из %(of)s: остальные неполны или оценены.",
            whole,
            of=of,
        )
    )
