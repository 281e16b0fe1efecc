"""Questions that end in time: an answer, or why there is none. One that hangs is not asked a second time meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Queue
from typing import Generic, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from central.backup.sql import known_schemas, schema_of
from central.timeseries.base import Series, SeriesError

T = TypeVar("T")

SECONDS = 3.0
NO_METER = "-"  # nothing is ever stored under it


class NoAnswer(Exception):
    """It did not answer in time."""


class NotReady(Exception):
    """It answers, and cannot serve; the message says why, without secrets."""


def within(seconds: float, question: Callable[[], T]) -> T:
    """What the question returns or raises; NoAnswer after so many seconds: its thread is left to itself."""
    return Probe(question, seconds).ask()


class Probe(Generic[T]):
    """A question that may be asked again and again, one at a time, always in the same thread of its own."""

    def __init__(self, question: Callable[[], T], seconds: float = SECONDS) -> None:
        self._question = question
        self._seconds = seconds
        self._free = threading.Lock()
        self._asked: Queue[Future[T]] = Queue()
        self._thread: threading.Thread | None = None

    def ask(self) -> T:
        """Raises NoAnswer, and what the question raises."""
        if not self._free.acquire(timeout=self._seconds):
            raise NoAnswer("still no answer to the question before")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="probe", daemon=True)
            self._thread.start()
        answer: Future[T] = Future()
        self._asked.put(answer)
        try:
            return answer.result(self._seconds)
        except TimeoutError:
            raise NoAnswer(f"no answer in {self._seconds:.0f} s") from None

    def _run(self) -> None:
        while True:
            answer = self._asked.get()
            try:
                found = self._question()
            except Exception as error:  # noqa: BLE001 - the top of a thread: whoever asked gets it
                self._free.release()
                answer.set_exception(error)
            else:
                self._free.release()
                answer.set_result(found)


def sql(engine: Engine) -> Callable[[], None]:
    """SQL answers, and its schema is this program's. Raises NotReady."""
    newest = known_schemas()[0]

    def question() -> None:
        try:
            with engine.connect() as connection:
                connection.execute(select(1))
                schema = schema_of(connection)
        except SQLAlchemyError as error:
            raise NotReady(f"SQL does not answer: {kind_of(error)}") from None
        if schema != newest:
            raise NotReady(f"the schema is {schema or 'not there'}, this program's is {newest}: run migrate")

    return question


def holds(condition: Callable[[], bool], otherwise: str) -> Callable[[], None]:
    """Raises NotReady when it does not hold."""

    def question() -> None:
        if not condition():
            raise NotReady(otherwise)

    return question


def series(store: Series) -> Callable[[], None]:
    """The store of the series answers. Raises NotReady."""

    def question() -> None:
        try:
            store.load(NO_METER, 0, 1)
        except SeriesError as error:
            raise NotReady(f"the series do not answer: {type(error).__name__}") from None

    return question


def kind_of(error: SQLAlchemyError) -> str:
    """Of a database's error: its class, which has no address and no value in it."""
    return type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
