"""What is found, and how it is asked."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from central.config import CentralConfig, ConfigError
from central.logs import cut, told
from central.operation.probes import NoAnswer, within
from central.timeseries.base import SeriesError


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is so; `do` = what to do about it, "" when it is well."""

    part: str
    what: str
    do: str = ""

    @property
    def well(self) -> bool:
        return not self.do


@dataclass(frozen=True, slots=True)
class Patient:
    """`engine`: None while SQL cannot be asked. `now` in seconds UTC."""

    config: CentralConfig
    engine: Engine | None
    now: int

    @property
    def sql(self) -> Engine:
        """Of a question that is asked only when SQL answers."""
        assert self.engine is not None
        return self.engine


@dataclass(frozen=True, slots=True)
class Question:
    """`seconds`: how long it may take. `do`: what to do when it does not answer or breaks."""

    part: str
    ask: Callable[[Patient], Iterable[Finding]]
    do: str
    seconds: float = 10.0
    needs_sql: bool = False


def examine(patient: Patient, questions: Iterable[Question]) -> Iterator[Finding]:
    """One after the other; what needs SQL is left out while SQL does not answer: that was found already."""
    for question in questions:
        if question.needs_sql and patient.engine is None:
            continue
        yield from _asked(patient, question)


def _asked(patient: Patient, question: Question) -> list[Finding]:
    try:
        return within(question.seconds, lambda: list(question.ask(patient)))
    except NoAnswer:
        why = f"нет ответа за {question.seconds:.0f} с"
    except (ConfigError, SeriesError) as error:
        why = cut(str(error))
    except (SQLAlchemyError, OSError) as error:
        why = told(error)
    return [Finding(question.part, why, question.do)]
