"""Every event gets words: the standard's where it has them, else a text with the number."""

import pytest

from protocol.spodes.events import JOURNALS, event_text

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("journal", "code", "text"),
    [
        (2, 1, "Выключение питания ПУ"),
        (0, 12, "Превышение коэффициента несимметрии U по обратной последовательности — окончание"),
        (4, 3, "Срабатывание электронной пломбы крышки клеммников"),
        (3, 68, "Коррекция времени"),
        (3, 102, "Изменение арбитра реле сигнализации 3"),  # СТО, above the standard's own codes
        (7, 19, "Вычислительный блок — норма"),
        (4, 200, "Событие изготовителя, код 200"),
        (4, 99, "Неизвестное событие, код 99"),
        (77, 1, "Неизвестное событие, код 1"),
        (9, 0, "Качество сети в норме"),
        (9, 0x21, "Снижение напряжения более 10 %; Снижение частоты более 0,2 Гц"),
        (9, 0x03, "Снижение напряжения более 10 %; неизвестные признаки 0x02"),
    ],
)
def test_words_of_an_event(journal: int, code: int, text: str) -> None:
    assert event_text(journal, code) == text


def test_journals_stand_at_their_codes() -> None:
    for number, journal in JOURNALS.items():
        assert str(journal.obis) == f"0.0.99.98.{number}.255"
    assert str(JOURNALS[4].events[0]) == "0.0.96.11.4.255"
    assert [str(obis) for obis in JOURNALS[3].extra] == ["0.0.96.12.4.255"]
    assert {number for number, journal in JOURNALS.items() if journal.mandatory} >= {0, 1, 2, 3, 4, 7}
