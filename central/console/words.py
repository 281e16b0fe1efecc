"""What every template of the console may say: words of the registry, and values as people write them."""

from decimal import Decimal

from central.console.room import TZ, console
from central.console.telling import W_PER_KW, clock_minutes, registers, tariffs
from central.faces import registry_words
from central.faces.formats import NOTHING
from central.faces.forms import typed_words, written


@console.context_processor
def words() -> dict[str, object]:
    return {
        "words_of": registry_words,
        "registers": registers,
        "tariffs": tariffs,
        "clock_minutes": clock_minutes,
        "written": written,
        "typed_words": typed_words,
        "kilowatts": kilowatts,
        "company_tz": TZ,
    }


def kilowatts(watts: int | None) -> str:
    return NOTHING if watts is None else written(Decimal(watts) / W_PER_KW)
