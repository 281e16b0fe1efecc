"""The completeness audit: expected against received, meter by meter; gaps are found, filled, asked for, lost."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from central.audits import asking, gaps
from central.audits.asking import Asked
from central.audits.expected import KINDS, Missing, missing, tenures
from central.audits.gaps import Changed
from central.audits.projection import Standing
from central.config import Audits
from central.db import writing
from central.timeseries.base import DAY, Series


@dataclass(slots=True)
class Audited:
    meters: int = 0
    found: int = 0
    filled: int = 0
    lost: int = 0
    missing: int = 0  # readings
    lacking: list[Missing] = field(default_factory=list)  # of one meter, or of a look that changes nothing


def audit(
    engine: Engine,
    series: Series,
    settings: Audits,
    now: int,
    *,
    meter: str | None = None,
    dry_run: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Audited:
    """Gaps as they are now; `check` is called between meters. Raises SeriesUnavailable."""
    result = Audited()
    since = now - settings.depth * DAY
    with engine.connect() as connection:
        meters = list(tenures(connection, since, now, meter))
    standing = Standing(series, since - DAY, now, KINDS, meter)
    for _, here in meters:
        check()
        with engine.connect() as connection:
            found = missing(connection, series, standing, here, since, now)
        result.meters += 1
        result.missing += sum(len(one.stamps) for one in found)
        if dry_run or meter is not None:
            result.lacking += [one for one in found if one.stamps]
        if not dry_run:
            with writing(engine).begin() as connection:
                for one in found:
                    _add(result, gaps.reconcile(connection, one, since, now))
    if not dry_run:
        with writing(engine).begin() as connection:
            result.lost += gaps.settle(connection, now, None if meter is None else [meter])
    return result


def look_again(engine: Engine, series: Series, settings: Audits, now: int) -> Audited:
    """Only meters whose commands are over: their gaps are filled, open again, or lost."""
    result = Audited()
    with engine.connect() as connection:
        meters = gaps.answered(connection)
    for name in meters:
        found = audit(engine, series, settings, now, meter=name)
        result.meters += 1
        result.found += found.found
        result.filled += found.filled
        result.lost += found.lost
    return result


def ask(engine: Engine, key: bytes, settings: Audits, now: int) -> list[Asked]:
    """Commands for what is open, within the budget."""
    with writing(engine).begin() as connection:
        return asking.ask(connection, key, settings, now)


def _add(result: Audited, changed: Changed) -> None:
    result.found += changed.found
    result.filled += changed.filled
    result.lost += changed.lost
