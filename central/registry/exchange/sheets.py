"""The sheets of the workbook as data: what stands in which column, how it is called, what to write there.

Captions are the form of a file, the same in every language. A column's name is that of the field that enter/* refuses,
so a refusal finds its cell. The examples of all sheets together are one small registry that can be imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from central.registry.enter import NODE_KINDS, POINT_KINDS
from central.registry.enter.concentrators import DRIVERS
from central.registry.enter.equipment import KINDS, PHASES
from central.registry.enter.mountings import VALUES_ARE
from central.registry.enter.tariffs import ZONE_SOURCES
from central.registry.exchange.cells import Choice, Day, Energy, Kind, Moment, Number, Pairs, Path, Ratio, Text, Whole
from central.timeseries.rows import REGISTER_FIELDS


@dataclass(frozen=True, slots=True)
class Column:
    """`caption` stands in the first row of the sheet and names the column, wherever it stands."""

    name: str
    caption: str
    kind: Kind
    help: str = ""
    example: str = ""
    required: bool = False
    width: int = 16


@dataclass(frozen=True, slots=True)
class Sheet:
    """`read`: import takes it; else it is only shown."""

    name: str
    caption: str
    help: str
    columns: tuple[Column, ...]
    read: bool = True

    def column(self, name: str) -> Column | None:
        return next((one for one in self.columns if one.name == name), None)


def _named(codes: tuple[str, ...], *words: str) -> Choice:
    return Choice(dict(zip(codes, words, strict=True)))


CURRENT, VOLTAGE = KINDS
NODE_KIND = _named(NODE_KINDS, "Филиал", "Участок", "Подстанция", "Щит", "Фидер")
POINT_KIND = _named(POINT_KINDS, "Бытовая", "Юридическое лицо", "Общедомовая", "Технический учёт", "С генерацией")
ZONE_SOURCE = _named(ZONE_SOURCES, "Регистры", "Профиль")
VALUES = _named(VALUES_ARE, "Вторичные", "Первичные")
TRANSFORMER_KIND = _named(KINDS, "Ток", "Напряжение")
PHASE = _named(PHASES, *PHASES)
WIRES = Choice({3: "3", 4: "4"})
DRIVER = _named(DRIVERS, "СПОДЭС", "Modbus")
LINK = Choice({"hdlc": "HDLC", "wrapper": "Wrapper"})
FRAMING = Choice({"tcp": "TCP", "rtu": "RTU"})

REGISTERS: Mapping[str, str] = {  # field of the series -> caption; the others stand together in one column
    "ap0": "А+ всего",
    "ap1": "А+ Т1",
    "ap2": "А+ Т2",
    "ap3": "А+ Т3",
    "ap4": "А+ Т4",
    "am0": "А− всего",
    "rp0": "R+ всего",
    "rm0": "R− всего",
}
OTHERS = Pairs(Energy(), tuple(name for name in REGISTER_FIELDS if name not in REGISTERS))
MOMENT = "24.11.2026 14:30 — по часам точки"


def _path(caption: str, example: str, required: bool = False) -> Column:
    return Column("path", caption, Path(), "Названия от верхнего узла, через «\\»", example, required, 44)


def _registers(side: str, caption: str, examples: Mapping[str, str]) -> tuple[Column, ...]:
    kwh = "Показание по акту, кВт·ч (квар·ч), с запятой или точкой"
    named = [
        Column(f"{side}.{name}", f"{caption}: {word}", Energy(), kwh, examples.get(name, ""), width=14)
        for name, word in REGISTERS.items()
    ]
    rest = "Остальные регистры: ap5=12,5; am1=3 (ap, am, rp, rm и номер тарифа)"
    return (*named, Column(side, f"{caption}: прочие", OTHERS, rest, width=18))


def _terms(since: bool) -> tuple[Column, ...]:
    return (
        Column("scheme", "Тарифная схема", Text(200), "Название схемы, как на листе «Схемы»", "Один тариф", True, 24),
        Column("zone_source", "Зоны считает", ZONE_SOURCE, "Регистры счётчика (обычно) или профиль", "Регистры"),
        Column("power_max", "Мощность, кВт", Number(6, 3), "Разрешённая", "15", width=14),
        Column("coefficient", "Коэффициент к цене", Number(2, 6), "Село, электроплиты; пусто: 1", "0,7", width=18),
        Column("tariffs", "Регистры зон", Pairs(Whole()), "Только если не как в схеме: peak=1; night=2", width=22),
        Column("terms_from", "Условия с", Day(), "Пусто: 01.01.2000" if since else "С этого дня", width=12),
        Column("terms_to", "Условия по", Day(), "Первый день, когда уже не действуют; обычно пусто", width=12),
    )


VERIFICATION = (
    Column("verified_on", "Поверен", Day(), "Дата последней поверки", "10.03.2020", width=12),
    Column("valid_until", "Поверка до", Day(), "Первый день, когда поверка уже не действует", "10.03.2036", width=12),
    Column("document", "Свидетельство", Text(100), "Номер записи о поверке", "С-АБ/10-03-2020/1", width=22),
)
POINT = Column("point", "Код точки", Text(40), "Как на листе «Точки учёта»", "Т-00001", True, 14)
METER = Column("meter", "Счётчик", Text(40), "Имя с листа «Счётчики» или его номер", "mil-04217802", True, 20)
CONTRACT = Column("contract", "Договор", Text(60), "Номер с листа «Договоры»", "100-0001", True)
SINCE = Column("valid_from", "С", Moment(), MOMENT, "01.04.2020 00:00", True)
UNTIL = Column("valid_to", "По", Moment(), f"{MOMENT}; пусто: до сих пор")
EDGE = Column("edge", "Концентратор", Text(40), "Имя из сертификата или учётной записи брокера", "edge-0118", True, 18)

NETWORK = Sheet(
    "network",
    "Сеть",
    "Дерево сети: по строке на узел, верхние узлы раньше или позже — всё равно.",
    (
        _path("Путь", "ПС Южная\\РП-1", True),
        Column("kind", "Вид", NODE_KIND, example="Подстанция", required=True),
    ),
)
TYPES = Sheet(
    "types",
    "Типы счётчиков",
    "Справочник: по нему проверяются номера и переход регистра через ноль.",
    (
        Column("maker", "Завод", Text(100), example="Миландр", required=True, width=20),
        Column("name", "Тип", Text(100), example="МИЛУР 307", required=True, width=24),
        Column("code", "Код завода", Text(20), "Начало имени счётчика", "mil", width=12),
        Column("serial_form", "Вид номера", Text(100), "# — цифра; несколько видов через «|»", "########", width=20),
        Column("digits", "Цифр до запятой", Whole(), example="6"),
        Column("verified_for", "Межповерочный интервал, лет", Whole(), example="16", width=26),
    ),
)
POINTS = Sheet(
    "points",
    "Точки учёта",
    "Точка и её первые условия; следующие условия — на листе «Условия точек».",
    (
        Column("code", "Код точки", Text(40), "Ваш, один на всю базу", "Т-00001", True, 14),
        Column("order_code", "Код по приказу № 1021", Text(60), "Код места учёта", "", width=24),
        Column("name", "Название", Text(200), "Как её зовёт потребитель", "Квартира", True, 20),
        Column("address", "Адрес", Text(300), "", "г. Пример, ул. Садовая, д. 1, кв. 1", True, 40),
        Column("tz", "Часовой пояс", Text(60), "Europe/Moscow, Asia/Yekaterinburg …", "Europe/Moscow", True, 18),
        _path("Узел сети", "ПС Южная\\РП-1"),
        *_terms(True),
        Column("kind", "Вид точки", POINT_KIND, "Пусто: бытовая; от него зависят пороги проверок", "Бытовая", width=18),
    ),
)
TERMS = Sheet(
    "terms",
    "Условия точек",
    "Условия, которые сменили первые: прежние кончаются там, где начинаются эти.",
    (POINT, *_terms(False)),
)
METERS = Sheet(
    "meters",
    "Счётчики",
    "По строке на счётчик; где он стоит — на листе «Установки».",
    (
        Column("maker", "Завод", Text(100), example="Миландр", required=True, width=20),
        Column("type", "Тип", Text(100), example="МИЛУР 307", required=True, width=24),
        Column("serial", "Заводской номер", Text(40), "С нулями впереди", "04217802", True, 18),
        Column("id", "Имя", Text(40), "Код завода-номер; пусто, если код есть у типа", "mil-04217802", width=20),
        Column("made_in", "Год выпуска", Whole(), example="2020", width=12),
        Column("register_end", "Регистр начинается заново при, кВт·ч", Energy(), "Пусто: по типу", width=20),
        Column("resolution", "Последний знак, кВт·ч", Energy(), "Пусто: 0,01", width=20),
        *VERIFICATION,
    ),
)
TRANSFORMERS = Sheet(
    "transformers",
    "Трансформаторы",
    "По строке на место; если трансформатор переезжал — несколько строк.",
    (
        Column("kind", "Вид", TRANSFORMER_KIND, example="Ток", required=True, width=14),
        Column("type", "Тип", Text(100), example="ТТИ-А", required=True, width=20),
        Column("serial", "Заводской номер", Text(40), example="1001", required=True, width=18),
        Column("primary", "Отношение", Ratio(), "Первичное/вторичное, А или В", "150/5", True, 12),
        Column("accuracy", "Класс точности", Text(10), example="0,5S", width=12),
        *VERIFICATION,
        Column("point", "Код точки", Text(40), "Где стоит", "", width=14),
        Column("phase", "Фаза", PHASE, "ABC — один на три фазы", "", width=8),
        Column("valid_from", "С", Moment(), MOMENT),
        UNTIL,
    ),
)
VERIFICATIONS = Sheet(
    "verifications",
    "Поверки",
    "Прежние поверки; последняя может стоять на листах счётчиков и трансформаторов.",
    (
        Column("meter", "Счётчик", Text(40), "Или трансформатор: вид, тип и номер", width=20),
        Column("kind", "Вид трансформатора", TRANSFORMER_KIND, width=18),
        Column("type", "Тип трансформатора", Text(100), width=20),
        Column("serial", "Номер трансформатора", Text(40), width=20),
        *(Column(one.name, one.caption, one.kind, one.help, "", True, one.width) for one in VERIFICATION[:2]),
        Column("document", "Свидетельство", Text(100), width=22),
    ),
)
MOUNTINGS = Sheet(
    "mountings",
    "Установки",
    "Где какой счётчик стоит. Замена или смена коэффициента — новая строка той же точки с более поздним «С».",
    (
        POINT,
        METER,
        SINCE,
        UNTIL,
        Column("ki", "Ki", Number(8, 6), "Коэффициент трансформации тока; пусто: 1", "1", width=8),
        Column("ku", "Ku", Number(8, 6), "Коэффициент трансформации напряжения; пусто: 1", "1", width=8),
        Column("wires", "Проводов", WIRES, "3 или 4; пусто: 4", "4", width=10),
        Column("values_are", "Значения счётчика", VALUES, "Вторичные: умножать на Ki·Ku", "Вторичные", width=18),
        Column("period", "Период профиля, с", Whole(), "Пусто: 1800", "1800"),
        Column("clock_offset", "Часы счётчика, мин от UTC", Whole(), "Москва: 180; пусто: 180", "180", width=20),
        Column("act", "Акт", Text(100), "Номер и дата акта", "акт 12 от 01.04.2020", width=22),
        Column("seals", "Пломбы", Text(200), "", "0001234", width=16),
        Column("reason", "Причина", Text(200), "Почему установлен или сменён коэффициент", width=20),
        Column("end_act", "Акт снятия", Text(100), width=22),
        Column("end_reason", "Причина снятия", Text(200), width=20),
        *_registers("reg_start", "При установке", {"ap0": "0,00"}),
        *_registers("reg_end", "При снятии", {}),
    ),
)
CONTRACTS = Sheet(
    "contracts",
    "Договоры",
    "По строке на договор; его точки — на листе «Точки договоров».",
    (
        Column("number", "Номер", Text(60), "", "100-0001", True),
        Column("holder", "Потребитель", Text(200), "", "Иванова Мария Петровна", True, 36),
        Column("phone", "Телефон", Text(30), "", "+7 900 000-00-00", width=18),
        Column("mail", "Почта", Text(254), "", "ivanova@example.org", width=26),
        Column("signed_on", "Заключён", Day(), "", "01.04.2020", width=12),
    ),
)
HOLDINGS = Sheet(
    "holdings",
    "Точки договоров",
    "Какая точка в каком договоре. Передача другому потребителю — новая строка с более поздним «С».",
    (CONTRACT, POINT, SINCE, UNTIL),
)
SCHEMES = Sheet(
    "schemes",
    "Схемы",
    "Только для справки: схемы заводятся в программе. Названия и зоны пишутся на других листах как здесь.",
    (
        Column("name", "Тарифная схема", Text(), width=24),
        Column("tariffs", "Зоны и регистры счётчика", Pairs(Whole()), width=40),
    ),
    read=False,
)
PRICES = Sheet(
    "prices",
    "Цены",
    "Цена с даты; прежняя кончается там, где начинается новая. С диапазонами — сначала строка без «Свыше».",
    (
        Column("scheme", "Тарифная схема", Text(200), "", "Один тариф", True, 24),
        Column("zone", "Зона", Text(20), "Как на листе «Схемы»", "all", True),
        Column("above", "Свыше, кВт·ч в месяц", Energy(), "Диапазон; пусто: с первого кВт·ч", width=20),
        Column("valid_from", "С", Day(), "", "01.07.2026", True, 12),
        Column("valid_to", "По", Day(), "Первый день, когда уже не действует", width=12),
        Column("amount", "Цена, ₽ за кВт·ч", Number(8, 6), "", "6,17", True),
    ),
)
MONTHLY = Sheet(
    "monthly",
    "Ежемесячные платы",
    "Что платится каждый месяц, сколько бы ни потребили.",
    (
        Column("scheme", "Тарифная схема", Text(200), "", "Один тариф", True, 24),
        Column("name", "Плата", Text(100), "", "Обслуживание", True, 24),
        Column("valid_from", "С", Day(), "", "01.07.2026", True, 12),
        Column("valid_to", "По", Day(), "Первый день, когда уже не действует", width=12),
        Column("amount", "₽ в месяц", Number(12, 2), "", "50,00", True, 12),
    ),
)
HOURS = Sheet(
    "hours",
    "Почасовые цены",
    "Цена каждого часа, для схем, которые считаются по часам. Другая цена того же часа — исправление.",
    (
        Column("scheme", "Тарифная схема", Text(200), "", "", True, 24),
        Column(
            "hour", "Начало часа", Moment(), "24.11.2026 14:00 — по часам компании, или со сдвигом: +03:00", "", True
        ),
        Column("amount", "Цена за кВт·ч", Number(8, 6), "₽", "", True),
    ),
)
EDGES = Sheet(
    "edges",
    "Концентраторы",
    "Что компания знает о концентраторе; его ещё может не быть на связи.",
    (
        EDGE,
        Column("title", "Название", Text(200), "", "ТП-118", True, 24),
        Column("address", "Адрес", Text(300), "", "г. Пример, ул. Садовая", True, 40),
        _path("Узел сети", "ПС Южная\\РП-1"),
        Column("serial", "Заводской номер", Text(40), width=18),
        Column("phone", "Телефон SIM", Text(30), width=18),
    ),
)
LINES = Sheet(
    "lines",
    "Линии",
    "К чему подключены счётчики.",
    (
        EDGE,
        Column("name", "Линия", Text(100), "", "Линия 1", True),
        Column("url", "Подключение", Text(200), "serial:/dev/… или tcp://…", "tcp://192.168.0.7:4059", True, 40),
    ),
)
READ_BY = Sheet(
    "read_by",
    "Счётчики концентраторов",
    "Какой концентратор читает какой счётчик. Пароли счётчиков здесь не бывают: они вводятся в программе.",
    (
        EDGE,
        METER,
        Column("valid_from", "С", Moment(), "По часам компании", "01.04.2020 00:00", True),
        Column("valid_to", "По", Moment(), "По часам компании; пусто: до сих пор"),
        Column("line", "Линия", Text(100), "Пусто: концентратор настроен своим файлом", "Линия 1"),
        Column("driver", "Протокол", DRIVER, "", "СПОДЭС", width=12),
        Column("settings.title", "Подпись", Text(200), "", "кв. 1", width=18),
        Column("settings.link", "Канал", LINK, "", "HDLC", width=10),
        Column("settings.client", "Клиент", Whole(), "16, 32 или 48", "32", width=10),
        Column("settings.server", "Сервер", Text(20), "Логическое устройство/адрес", "1/24", width=12),
        Column("settings.template", "Шаблон Modbus", Text(100), width=18),
        Column("settings.device", "Адрес Modbus", Whole(), width=14),
        Column("settings.framing", "Кадры Modbus", FRAMING, width=14),
        Column("settings.timeout", "Ожидание ответа, с", Number(4, 3), width=18),
        Column("settings.retries", "Повторов", Whole(), width=10),
    ),
)

SHEETS: tuple[Sheet, ...] = (
    NETWORK,
    TYPES,
    POINTS,
    TERMS,
    METERS,
    TRANSFORMERS,
    VERIFICATIONS,
    MOUNTINGS,
    CONTRACTS,
    HOLDINGS,
    SCHEMES,
    PRICES,
    MONTHLY,
    HOURS,
    EDGES,
    LINES,
    READ_BY,
)
HELP = "Справка"  # a sheet for people; LISTS: what the drop-down lists offer
LISTS = "Списки"

Values = Mapping[str, Any]  # of a row: column's name -> value, without those whose cell is empty
