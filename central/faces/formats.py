"""Figures and times as people read them: «222,52», «1 456,02», «24.11.2026 14:30», in the language of the page.

A figure and its unit never part: U+202F stands between them. Thousands by U+00A0, minus U+2212. Energy comes in integer
mWh (mvarh), power in mW, money in Decimal roubles, instants in seconds UTC.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, get_timezone_location
from babel.numbers import get_decimal_symbol, get_group_symbol
from flask import g, has_app_context
from flask_babel import get_locale

from central.metering.rounding import MWH_PER_KWH, half_away, nearest
from central.metering.zones import local

NARROW = "\u202f"  # between a figure and its unit
NO_BREAK = "\u00a0"
MINUS = "\u2212"
NOTHING = "—"


def language() -> Locale:
    """The language of the page; Russian outside of any."""
    if not has_app_context():
        return Locale("ru")
    found: Locale | None = g.get("locale")
    if found is None:
        found = g.locale = get_locale()
    return found


def number(value: Fraction | Decimal | int, digits: int = 2, *, sign: bool = False) -> str:
    """Rounded half away from zero to so many decimals; `sign`: a plus too."""
    return _written(half_away(Fraction(value) * 10**digits), digits, sign=sign)


def _written(scaled: int, digits: int, *, sign: bool) -> str:
    """So many units of the last digit."""
    whole, rest = divmod(abs(scaled), 10**digits)
    comma, group = _signs(language().language)
    text = f"{whole:,}".replace(",", group) + (f"{comma}{rest:0{digits}}" if digits else "")
    before = MINUS if scaled < 0 else "+" if sign and scaled > 0 else ""
    return before + text


def decimal(value: float, digits: int) -> str:
    """What was measured, which comes as a machine's number."""
    return decimals()(value, digits)


def decimals() -> Callable[[float, int], str]:
    """The same for some thousand of them: the language is asked for once."""
    comma, group = _signs(language().language)
    nought = f"0{comma}"

    def write(value: float, digits: int) -> str:
        text = f"{abs(value):,.{digits}f}"
        if "," in text:
            text = text.replace(",", "\0").replace(".", comma).replace("\0", group)
        else:
            text = text.replace(".", comma)
        return MINUS + text if value < 0 and text.strip(nought) else text

    return write


@lru_cache(maxsize=16)
def _signs(locale: str) -> tuple[str, str]:
    """Before the decimals, and between the thousands."""
    return get_decimal_symbol(locale), get_group_symbol(locale)


def kilo(value: int | None, digits: int = 2, *, sign: bool = False) -> str:
    """mWh -> kWh, mvarh -> kvarh, mW -> kW: the number alone; None is «—»."""
    if value is None:
        return NOTHING
    return _written(nearest(value * 10**digits, MWH_PER_KWH), digits, sign=sign)


def money(value: Decimal | None, *, sign: bool = False) -> str:
    """Roubles, the number alone; None is «—»."""
    return NOTHING if value is None else number(value, sign=sign)


def price(value: Decimal) -> str:
    """Roubles for one kWh: at least kopecks, and what the price has beyond them."""
    exponent = value.normalize().as_tuple().exponent
    return number(value, max(2, -exponent if isinstance(exponent, int) else 2))


def percent(value: int | Fraction | None, *, sign: bool = False, digits: int = 0) -> str:
    """«44 %», in English without the space."""
    if value is None:
        return NOTHING
    return f"{number(value, digits, sign=sign)}{_before_percent(language().language)}%"


@lru_cache(maxsize=16)
def _before_percent(locale: str) -> str:
    return NO_BREAK if NO_BREAK in Locale(locale).percent_formats[None].pattern else ""


def share(part: int | None, whole: int | None) -> str:
    """«44 %» of a sum; nothing where there is no sum."""
    return percent(Fraction(100 * part, whole)) if part is not None and whole else ""


def moment(seconds: int | None, tz: str, *, end: bool = False, year: bool = True) -> str:
    """«24.11.2026 14:30». `end`: a midnight is the end of its day, «23.11.2026 24:00»."""
    if seconds is None:
        return NOTHING
    here = local(seconds, tz)
    if end and here.hour == here.minute == here.second == 0:
        return f"{day(here.date() - timedelta(days=1), year=year)}{NO_BREAK}24:00"
    return f"{day(here.date(), year=year)}{NO_BREAK}{here.hour:02}:{here.minute:02}"


def second(seconds: int, tz: str) -> str:
    """«14:30:05»."""
    return f"{local(seconds, tz):%H:%M:%S}"


def clock(seconds: int, tz: str, *, end: bool = False) -> str:
    """«07:30»; `end`: midnight is 24:00."""
    here = local(seconds, tz)
    return "24:00" if end and here.hour == here.minute == 0 else f"{here.hour:02}:{here.minute:02}"


def day(value: date, *, year: bool = True) -> str:
    """«24.11.2026» or «24.11»."""
    text = f"{value.day:02}.{value.month:02}"
    return f"{text}.{value.year:04}" if year else text


def year_month(value: date) -> str:
    """«2026-11», for addresses and files."""
    return f"{value:%Y-%m}"


def month_name(value: date) -> str:
    """«Ноябрь 2026»."""
    return said(value, "LLLL y").capitalize()


def day_before(value: date) -> date:
    """The last day of a half-open period."""
    return value - timedelta(days=1)


def said(value: date | datetime, pattern: str) -> str:
    """A date in words, by a CLDR pattern: «d MMMM» = «24 ноября», «LLLL» = «ноябрь»."""
    return _said(value, pattern, language().language)


@lru_cache(maxsize=4_096)  # the days of a month are said on page after page
def _said(value: date | datetime, pattern: str, locale: str) -> str:
    return str(format_date(value, pattern, locale=locale))


def place(tz: str) -> str:
    """«Москва» of «Europe/Moscow»: whose time it is, as a person says it."""
    return str(get_timezone_location(tz, locale=language(), return_city=True))


def utc(seconds: int) -> str:
    """For attributes that programs read."""
    return f"{local(seconds, 'UTC'):%Y-%m-%dT%H:%M:%SZ}"
