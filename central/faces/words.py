"""The captions that a code word of the system has on the screen, each once; translations stand in the catalogue."""

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext, ngettext
from flask_babel.speaklater import LazyString

from central.accounts.passwords import Weakness
from central.accounts.policy import Right
from central.accounts.states import Stage
from central.accounts.states import State as AccountState
from central.audits.ledger import Step, Verdict
from central.audits.tables import GapState
from central.faces import check_words, formats, registry_words
from central.faces.formats import day, number
from central.figures import dirty
from central.figures.compare import Comparison
from central.figures.views import (
    ClosedLine,
    Concern,
    Correction,
    DayVersion,
    DecisionTold,
    Hindered,
    Hindrance,
    Meanwhile,
    Totals,
)
from central.handing.states import Handed
from central.ingest.judge import Reason
from central.ingest.tables import State as InboxState
from central.metering.consumption import Rule
from central.metering.handed import Doubt
from central.metering.rounding import MWH_PER_KWH
from central.metering.slots import Completeness
from central.metering.terms import State
from central.news.board import Stage as NewsStage
from protocol.reading import Kind, Quality

CHANNELS: Mapping[str, LazyString] = {
    "active_import": _l("Активная энергия, прием"),
    "active_export": _l("Активная энергия, отдача"),
    "reactive_import": _l("Реактивная энергия, прием"),
    "reactive_export": _l("Реактивная энергия, отдача"),
}
SIGNS: Mapping[str, str] = {
    "active_import": "A+",
    "active_export": "A−",
    "reactive_import": "R+",
    "reactive_export": "R−",
}
KWH, KVARH = _l("кВт·ч"), _l("квар·ч")
UNITS: Mapping[str, LazyString] = {
    "active_import": KWH,
    "active_export": KWH,
    "reactive_import": KVARH,
    "reactive_export": KVARH,
}
ZONES: Mapping[str, LazyString] = {
    "peak": _l("пик"),
    "half_peak": _l("полупик"),
    "day": _l("день"),
    "night": _l("ночь"),
    "all": _l("круглосуточно"),
}
BY_ZONE: Mapping[str, LazyString] = {  # «на 14 % больше, в основном …»
    "peak": _l("в часы пик"),
    "half_peak": _l("в полупиковые часы"),
    "day": _l("днём"),
    "night": _l("ночью"),
}
STATES: Mapping[State, LazyString] = {
    State.MEASURED: _l("измерено"),
    State.COMPUTED: _l("вычислено"),
    State.ESTIMATED: _l("оценка"),
    State.ESTIMATED_OPEN: _l("оценка без показаний"),
    State.MANUAL: _l("введено вручную"),
    State.SUBSTITUTED: _l("замещено"),
    State.SUSPECT: _l("под сомнением"),
    State.ZERO: _l("измерено, расхода не было"),
    State.POWER_OFF: _l("отключено"),
    State.MISSING: _l("нет данных"),
    State.NOT_DUE: _l("ещё не пришли"),
}
COMPUTED = lazy_pgettext("отметка", "р")
MARKS: Mapping[State, LazyString | str] = {
    State.COMPUTED: COMPUTED,
    State.ESTIMATED: COMPUTED,
    State.ESTIMATED_OPEN: COMPUTED,
    State.MANUAL: lazy_pgettext("отметка", "н"),
    State.SUBSTITUTED: lazy_pgettext("отметка", "п"),
    State.SUSPECT: "!",
    State.POWER_OFF: lazy_pgettext("отметка", "о"),
    State.MISSING: "",
}
LENGTHS: Mapping[str, LazyString] = {
    "day": _l("Сутки"),
    "week": _l("Неделя"),
    "month": _l("Месяц"),
    "quarter": _l("Квартал"),
    "year": _l("Год"),
    "own": _l("Свой"),
}
BEFORE: Mapping[str, LazyString] = {  # length -> what it is compared with
    "day": _l("Прошлые сутки"),
    "week": _l("Прошлая неделя"),
    "month": _l("Прошлый месяц"),
    "quarter": _l("Прошлый квартал"),
    "year": _l("Прошлый год"),
    "own": _l("Столько же раньше"),
}
YEAR_AGO = _l("Год назад")
SECTIONS: tuple[tuple[str, str, LazyString, LazyString], ...] = (  # endpoint, icon, caption, what it is about
    ("cabinet.data", "chart-column", _l("Учетные данные"), _l("Данные учета энергоресурсов")),
    ("cabinet.readings", "gauge", _l("Показания счетчика"), _l("Потребление и расчет стоимости электроэнергии")),
    ("cabinet.network", "activity", _l("Параметры сети"), _l("Анализ параметров режима электрической сети")),
    (
        "cabinet.consumption",
        "calendar-days",
        _l("Потребление энергоресурсов"),
        _l("Суммарное потребление энергоресурсов за текущий месяц"),
    ),
    ("cabinet.events", "scroll-text", _l("Журналы событий"), _l("Анализ журнала событий приборов учета")),
    ("cabinet.hand_in", "square-pen", _l("Ввод показаний счетчика"), _l("Ручной ввод показаний приборов учета")),
    (
        "cabinet.complexes",
        "circuit-board",
        _l("Измерительные комплексы"),
        _l("Справочные данные и история замен приборов учета"),
    ),
    ("cabinet.reports", "file-chart-column", _l("Отчеты"), _l("Просмотр и вывод на печать отчетов")),
    ("cabinet.me", "user", _l("Персональные данные"), _l("Договоры, близкие, пароль, сеансы, согласия")),
)
OF_A_POINT = (  # sections that show one point, or those that are named
    "cabinet.data",
    "cabinet.readings",
    "cabinet.network",
    "cabinet.events",
    "cabinet.complexes",
)
HANDED: Mapping[str, tuple[str, str, LazyString]] = {  # badge · icon · word
    Handed.ACCEPTED: ("ok", "check", _l("принято")),
    Handed.REVIEW: ("look", "clock", _l("на проверке")),
    Handed.DECLINED: ("act", "circle-alert", _l("отклонено")),
}
DOUBTS: Mapping[str, LazyString] = {
    Doubt.LOWER: _l("Меньше прошлого показания."),
    Doubt.HIGH: _l("Расход больше чем в десять раз выше обычного."),
    Doubt.POWER: _l("Столько не израсходовать и при полной разрешённой мощности."),
    Doubt.LATER: _l("Больше, чем счётчик сам показал позже."),
}
STEP_HEADS: Mapping[str, LazyString] = {"day": _l("Сутки"), "month": _l("Месяц")}
SOURCES: Mapping[str, LazyString] = {"registers": _l("по показаниям"), "profile": _l("по профилю")}
MEANWHILE: Mapping[Meanwhile, LazyString] = {  # by what a point is billed while its meter is silent
    Meanwhile.REGISTERS: _l(
        "Счёт пока по последним показаниям счётчика. Расход после них войдёт, когда он ответит или вы передадите "
        "показание."
    ),
    Meanwhile.PROFILE: _l("Счёт пока по профилю, насколько он пришёл. Остальное войдёт, когда счётчик ответит."),
    Meanwhile.HANDED_IN: _l("Счёт идёт по показанию, переданному вручную."),
    Meanwhile.ESTIMATE: _l("Счёт по профилю; пропуск заполнен оценкой, по обычным дням, и показан отдельно."),
}
KINDS: Mapping[str, LazyString] = {
    Kind.DAILY: _l("на начало суток"),
    Kind.MONTHLY: _l("на расчётную дату"),
    Kind.NOW: _l("в момент опроса"),
    "act": _l("по акту"),
    "manual": _l("внесено вручную"),
}
RULES: Mapping[Rule, LazyString] = {
    Rule.DIFFERENCE: _l("разность показаний"),
    Rule.ROLL_OVER: _l("счётчик перешёл через ноль"),
    Rule.SUSPECT: _l("показание уменьшилось, расход не принят"),
}
QUALITY: Mapping[Quality, LazyString] = {
    Quality.POWER_OFF: _l("внутри отключалось питание"),
    Quality.PARTIAL: _l("неполный интервал"),
    Quality.CATCH_UP: _l("за несколько интервалов сразу"),
    Quality.COMPUTED: _l("вычислено концентратором по показаниям"),
    Quality.METER_CLOCK: _l("часы счётчика вызывали сомнение"),
    Quality.EDGE_CLOCK: _l("часы концентратора не были сверены"),
    Quality.FILLED: _l("повторено счётчиком после отключения"),
    Quality.REPEATED: _l("время повторилось: часы переводили назад"),
}
EDGE_STATES: Mapping[str | None, LazyString] = {
    "online": _l("на связи"),
    "offline": _l("выключен"),
    "lost": _l("связь потеряна"),
    None: _l("ещё не выходил на связь"),
}
CLOCKS: Mapping[str | None, LazyString] = {"trusted": _l("верные"), "untrusted": _l("не сверены"), None: _l("—")}
VERDICTS: Mapping[int, tuple[str, str, LazyString]] = {  # badge · icon · word
    Verdict.EQUAL: ("ok", "check", _l("сходится")),
    Verdict.UNDER_WAY: ("look", "clock", _l("в пути")),
    Verdict.DIFFERS: ("act", "circle-alert", _l("расходится")),
}
LOSSES: Mapping[Step, LazyString] = {
    Step.EDGE: _l("потеряно в концентраторе: прочитано и не отправлено"),
    Step.DELIVERY: _l("потеряно в пути: подтверждено и не получено"),
    Step.SURPLUS: _l("лишние: концентратор таких не хранил"),
    Step.CENTRAL: _l("потеряно в центре: получено и не дошло до ряда"),
}
GAP_STATES: Mapping[str, tuple[str, str, LazyString]] = {
    GapState.OPEN: ("look", "clock", _l("ждёт запроса")),
    GapState.ASKED: ("look", "router", _l("запрошено")),
    GapState.FILLED: ("ok", "check", _l("заполнено")),
    GapState.LOST: ("act", "circle-alert", _l("утрачено")),
}
ARCHIVES: Mapping[str, LazyString] = {
    Kind.LOAD: _l("профиль"),
    Kind.DAILY: _l("на начало суток"),
    Kind.MONTHLY: _l("на расчётную дату"),
    Kind.NOW: _l("в момент опроса"),
}
CHANNELS_OF_INBOX: Mapping[str, LazyString] = {
    "archive": _l("показания"),
    "event": _l("события"),
    "reply": _l("ответ на команду"),
    "void": _l("утрачено в концентраторе"),
}
INBOX_STATES: Mapping[str, tuple[str, str, LazyString]] = {
    InboxState.NEW: ("look", "clock", _l("ждёт обработки")),
    InboxState.DONE: ("ok", "check", _l("в ряду")),
    InboxState.PARTIAL: ("look", "triangle-alert", _l("принято частично")),
    InboxState.QUARANTINED: ("act", "circle-alert", _l("в карантине")),
    InboxState.GIVEN_UP: ("look", "circle-alert", _l("отложено насовсем")),
}
REASONS: Mapping[str, LazyString] = {  # why a message is held back
    Reason.UNREADABLE: _l("нельзя прочесть"),
    Reason.UNKNOWN_VERSION: _l("версия, которой этот центр не знает"),
    Reason.WRONG_CHANNEL: _l("не тот вид сообщения"),
    Reason.FOREIGN_METER: _l("счётчик не закреплён за концентратором"),
    Reason.UNKNOWN_COMMAND: _l("ответ на неизвестную команду"),
    Reason.BAD_VOID: _l("утрата без контрольной суммы"),
    Reason.UNKNOWN_COLUMNS: _l("неизвестные величины"),
    Reason.SERIES_REFUSED: _l("ряд не принимает значения"),
}
FIRST, LATE = _l("посчитано впервые"), _l("пришли данные, которых не было")
UNDONE = _l("Решение о значениях отменено")
HINDRANCES: Mapping[str, LazyString] = {  # why a month is not closed
    Hindrance.NOT_OVER: _l("месяц ещё не опубликован до конца"),
    Hindrance.WAITING: _l("сутки этого месяца сейчас пересчитываются"),
    Hindrance.UNPRICED: _l("на часть энергии нет цены"),
    Hindrance.NOTHING: _l("нет ни показаний, ни интервалов"),
    Hindrance.BOUNDARY: _l("показания сняты далеко от границ месяца"),
    Hindrance.INCOMPLETE: _l("не хватает интервалов"),
    Hindrance.SUSPECT: _l("есть недостоверные значения"),
}
DAYS_TOLD = 3
BY_HOURS = _l("По часам")
ROLES: Mapping[str, LazyString] = {
    "consumer": _l("потребитель"),
    "operator": _l("оператор"),
    "auditor": _l("аудитор"),
    "administrator": _l("администратор"),
}
RIGHTS: Mapping[Right, LazyString] = {
    Right.PEOPLE: _l("заявки и потребители"),
    Right.REGISTRY: _l("точки, счётчики, договоры, сеть"),
    Right.FIGURES: _l("исключения, показания, тарифы, месяцы"),
    Right.EDGES: _l("концентраторы"),
}
THEMES: Mapping[str, LazyString] = {
    "system": _l("как в системе"),
    "light": _l("светлая"),
    "dark": _l("тёмная"),
}
CONCERNS: Mapping[Concern, tuple[LazyString, LazyString]] = {  # what it is · what to do
    Concern.NO_METER: (
        _l("счётчика сейчас нет"),
        _l("Прежний снят, другой ещё не внесён. Когда его поставят, учёт пойдёт дальше сам."),
    ),
    Concern.SILENT: (
        _l("не на связи"),
        _l("Компания видит это и опросит счётчик снова. Если в доме нет света, позвоните в аварийную службу."),
    ),
    Concern.SUSPECT: (
        _l("есть недостоверные значения"),
        _l("Они не вошли в сумму. Компания проверит их, от вас ничего не нужно."),
    ),
    Concern.MISSING: (
        _l("не все интервалы пришли"),
        _l("Их запросят у счётчика ещё раз. Сумма по показаниям от этого не меняется."),
    ),
    Concern.POWER_OFF: (_l("вчера отключалось питание"), _l("Это не пропуск данных: счётчик был без напряжения.")),
    Concern.NO_PRICE: (_l("нет цены для расчёта"), _l("Стоимость появится, когда компания введёт тариф.")),
}


APPLIED: Mapping[str, LazyString] = {  # state of an application
    Stage.WAITING: _l("ждёт проверки"),
    Stage.APPROVED: _l("доступ открыт"),
    Stage.DECLINED: _l("отклонена"),
    Stage.WITHDRAWN: _l("снята"),
}
PERSON: Mapping[str, LazyString] = {  # state of a consumer's account
    AccountState.ACTIVATED: _l("заявка проверяется"),
    AccountState.APPROVED: _l("входит"),
    AccountState.BLOCKED: _l("вход запрещён"),
    AccountState.WITHDRAWN: _l("согласие отозвано"),
}
NEWS: Mapping[NewsStage, LazyString] = {
    NewsStage.WAITING: _l("ждёт своего дня"),
    NewsStage.SHOWN: _l("показана"),
    NewsStage.OVER: _l("кончилась"),
    NewsStage.WITHDRAWN: _l("снята"),
}
LEGAL: Mapping[str, LazyString] = {  # kind of a text that is agreed to
    "licence": _l("Лицензионное соглашение"),
    "consent": _l("Согласие на обработку персональных данных"),
}
TAKEN = _l("С этой почтой за это время завели другую учётную запись. Почта осталась прежней.")
WEAK: Mapping[Weakness, LazyString] = {  # why a password will not do
    Weakness.SHORT: _l("Короче восьми знаков"),
    Weakness.LONG: _l("Длиннее двухсот знаков"),
    Weakness.COMMON: _l("Этот пароль пробуют одним из первых: придумайте другой"),
    Weakness.OWN: _l("Это ваша почта или имя: придумайте другой"),
}


_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"))
_BROWSERS = (("Edg", "Edge"), ("YaBrowser", _l("Яндекс Браузер")), ("OPR", "Opera"), ("Firefox", "Firefox"))
_MORE = (("Chrome", "Chrome"), ("Safari", "Safari"))


def device(agent: str) -> str:
    """«Firefox, Windows» of what a browser calls itself."""
    browser = next((word for part, word in (*_BROWSERS, *_MORE) if part in agent), None)
    system = next((word for part, word in (*_SYSTEMS, ("Linux", "Linux")) if part in agent), None)
    return ", ".join(str(one) for one in (browser, system) if one) or str(_("неизвестное устройство"))


def zone(name: str) -> str:
    """A zone that a company has named itself is told as it stands."""
    return str(ZONES.get(name, name))


def decided(found: DecisionTold) -> str:
    """«подставлено, решение № 7: причина»"""
    return f"{check_words.DONE[found.kind]}, {_('решение № %(number)s', number=found.id)}: {found.reason}"


def cause(version: DayVersion) -> str:
    """Why a figure became another."""
    return _because(version) or str(FIRST if version.version == 1 else LATE)


def correction_cause(one: Correction) -> str:
    """Why a closed month is charged otherwise."""
    return _because(one) or str(LATE)


def _because(made: DayVersion | Correction) -> str | None:
    """What a person did; None: nobody did."""
    if made.decision is not None:
        undone = made.decision.undone_at is not None and made.decision.undone_at <= made.made_at
        return str(UNDONE) if undone else decided(made.decision)
    if made.cause == dirty.LIMIT:
        return str(_("изменён предел оценки"))
    return registry_words.change(made.change[1]) if made.change is not None else None


def hindered(one: Hindered) -> str:
    """«не хватает интервалов: 12.11, 13.11, 14.11 и ещё за 16 суток»."""
    if not one.days:
        return str(HINDRANCES[one.what])
    days = ", ".join(day(found, year=False) for found in one.days[:DAYS_TOLD])
    more = len(one.days) - DAYS_TOLD
    if more > 0:
        return str(_("%(what)s: %(days)s и ещё суток: %(more)s", what=HINDRANCES[one.what], days=days, more=more))
    return f"{HINDRANCES[one.what]}: {days}"


def state(found: State) -> str:
    """Its word; rows of a table are many, states are few."""
    return _state(found, formats.language().language)


@lru_cache
def _state(found: State, _language: str) -> str:
    return str(STATES[found])


def mark(found: State) -> str:
    """Its letter; "" = it has none."""
    return _mark(found, formats.language().language)


@lru_cache
def _mark(found: State, _language: str) -> str:
    return str(MARKS.get(found, ""))


def counted(found: Completeness, computed: int) -> list[tuple[State, int]]:
    """Which exceptions stand in a step, the gravest first, and at how many places."""
    pairs = (
        (State.SUSPECT, found.suspect),
        (State.MISSING, found.missing),
        (State.POWER_OFF, found.off),
        (State.ESTIMATED, found.estimated),
        (State.COMPUTED, computed),
    )
    return [(state, count) for state, count in pairs if count]


def line(found: ClosedLine) -> str:
    """Of a bill as it was kept: its zone, «По часам», or what is paid each month."""
    return zone(found.zone).capitalize() if found.zone else found.name or str(BY_HOURS)


def monthly_range(lower: int, upper: int | None) -> str:
    """«от 150 до 600 кВт·ч в месяц» of a price; the limits in mWh."""
    if upper is None:
        return str(_("свыше %(lower)s кВт·ч в месяц", lower=_limit(lower)))
    if not lower:
        return str(_("до %(upper)s кВт·ч в месяц", upper=_limit(upper)))
    return str(_("от %(lower)s до %(upper)s кВт·ч в месяц", lower=_limit(lower), upper=_limit(upper)))


def _limit(energy: int) -> str:
    """Whole kWh, as limits mostly are, or exactly."""
    return number(Fraction(energy, MWH_PER_KWH), 3 if energy % MWH_PER_KWH else 0)


def monthly_days(days: int, of: int) -> str:
    """For which part of its month something is paid."""
    return str(_("за месяц") if days == of else _("за %(days)s из %(of)s дней месяца", days=days, of=of))


def compared(found: Comparison, than: str) -> str:
    """«На 12 % больше, чем за октябрь 2026, в основном ночью»."""
    percent = formats.percent(abs(found.percent))
    if found.percent > 0:
        told = _("На %(percent)s больше, чем за %(period)s", percent=percent, period=than)
    elif found.percent < 0:
        told = _("На %(percent)s меньше, чем за %(period)s", percent=percent, period=than)
    else:
        told = _("Столько же, сколько за %(period)s", period=than)
    return f"{told}{where(found)}"


def same_days(month: date, last: int | None, *, year: bool = True) -> str:
    """After «чем за»: «1–23 октября», «октябрь 2026» of a month that is over."""
    if last is None:
        return formats.said(month, "LLLL y")
    return f"{last if last == 1 else f'1–{last}'} {formats.said(month, 'MMMM y' if year else 'MMMM')}"


def of_zone(name: str | None) -> Callable[[Totals], int | None]:
    """For a line of a table: what some totals have of a zone, or in all."""
    return lambda found: found.total if name is None else found.zones.get(name)


def where(found: Comparison) -> str:
    """«, в основном ночью», where most of a difference is in one zone."""
    if not found.percent or found.zone is None or found.zone not in BY_ZONE:
        return ""
    return ", " + str(_("в основном %(zone)s", zone=BY_ZONE[found.zone]))


def of_month(month: date) -> str:
    """«ноябрь 2026», in the case that «за» asks for."""
    return formats.said(month, "LLLL y")


def days_left(count: int) -> str:
    """Till the last day, which is one of them."""
    if not count:
        return str(_("Сегодня последний день."))
    return str(ngettext("Остался %(num)d день.", "Осталось %(num)d дней.", count))


def silent_for(days: int) -> str:
    return str(ngettext("Счётчик молчит %(num)d день.", "Счётчик молчит %(num)d дней.", days))


def after_silence(days: int) -> str:
    return str(ngettext("после %(num)d дня молчания счётчика", "после %(num)d дней молчания счётчика", days))


def register(field: str) -> str:
    """«Т1», «всего» of a register of active import."""
    tariff = field.removeprefix("ap")
    return str(_("Всего")) if tariff == "0" else registry_words.tariff(tariff)


def age(seconds: int) -> str:
    """«только что», «7 минут назад», «3 суток назад»."""
    if seconds < 60:
        return str(_("только что"))
    if seconds < 3600:
        return str(ngettext("%(num)d минуту назад", "%(num)d минут назад", seconds // 60))
    if seconds < 2 * 86_400:
        return str(ngettext("%(num)d час назад", "%(num)d часов назад", seconds // 3600))
    return str(ngettext("%(num)d сутки назад", "%(num)d суток назад", seconds // 86_400))


def points(count: int) -> str:
    return str(ngettext("%(num)d точка", "%(num)d точек", count))


def intervals(count: int) -> str:
    return str(ngettext("%(num)d интервал", "%(num)d интервалов", count))
