"""What an address asks of a report. All of it stands there, so a report can be kept, sent and opened elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from werkzeug.datastructures import MultiDict

from central.faces import words
from central.faces.numbers import whole
from central.faces.periods import Chosen, choose
from central.reports.description import Column, Parameter, Report

DIGITS = range(7)
USUAL_DIGITS = 2
STEPS = ("half_hour", "hour", "day", "month")
USUAL_STEP = "day"
MOST_FIND = 100  # letters


class Only(StrEnum):
    """Which rows are wanted."""

    MARKED = "marked"  # those that are not simply measured


@dataclass(frozen=True, slots=True)
class Asked:
    """`points` () = all that the viewer may see. `columns` () = as the report has them, else these in this order.
    `find`: rows in whose texts it stands; "" = all."""

    report: str
    period: Chosen
    points: tuple[int, ...] = ()
    digits: int = USUAL_DIGITS
    tariffs: bool = True
    fixed: bool = False
    replaced: bool = False
    channel: str = "active_import"
    step: str = USUAL_STEP
    columns: tuple[str, ...] = ()
    only: frozenset[Only] = frozenset()
    find: str = ""

    @property
    def query(self) -> dict[str, object]:
        """The address again, of which a link changes a part; what is usual is not in it."""
        found: dict[str, object] = {**self.period.named}
        if self.points:
            found["point"] = list(self.points)
        if self.digits != USUAL_DIGITS:
            found["digits"] = self.digits
        if not self.tariffs:
            found["tariffs"] = "0"
        found |= {name: "1" for name, on in (("fixed", self.fixed), ("replaced", self.replaced)) if on}
        if self.channel != "active_import":
            found["channel"] = self.channel
        if self.step != USUAL_STEP:
            found["step"] = self.step
        if self.columns:
            found["column"] = list(self.columns)
        if self.only:
            found["only"] = sorted(self.only)
        return found | ({"find": self.find} if self.find else {})

    def chosen(self, columns: Sequence[Column]) -> tuple[int, ...]:
        """Places of the columns that are shown, in the order that was asked for; what cannot be left out stands first
        where nobody placed it."""
        if not self.columns:
            return tuple(range(len(columns)))
        places = {column.name: place for place, column in enumerate(columns)}
        named = [places[name] for name in self.columns if name in places]
        kept = [place for place, column in enumerate(columns) if column.fixed and place not in named]
        return tuple(kept + named) or tuple(range(len(columns)))


def asked(report: Report, args: MultiDict[str, str], today: date) -> Asked:
    """Of the words of an address; what is not understood is the usual. Without a period it is the last whole one of the
    report's usual length. `tariffs` is on unless the address, or a form that was sent (`sent`), says otherwise."""
    period = _period(report, args, today)
    digits = whole(args.get("digits", ""))
    points = dict.fromkeys(key for text in args.getlist("point") if (key := whole(text)) is not None)
    channel, step = args.get("channel", ""), args.get("step", "")
    sent = "sent" in args
    may = report.parameters
    return Asked(
        report=report.word,
        period=period,
        points=tuple(points),
        digits=digits if digits is not None and digits in DIGITS else USUAL_DIGITS,
        tariffs=Parameter.TARIFFS not in may or args.get("tariffs", "0" if sent else "1") != "0",
        fixed=Parameter.FIXED in may and args.get("fixed", "0") != "0",
        replaced=Parameter.REPLACED in may and args.get("replaced", "0") != "0",
        channel=channel if Parameter.CHANNEL in may and channel in words.CHANNELS else "active_import",
        step=step if Parameter.STEP in may and step in STEPS else USUAL_STEP,
        columns=tuple(dict.fromkeys(args.getlist("column"))),
        only=frozenset(Only(name) for name in args.getlist("only") if name in set(Only)),
        find=args.get("find", "").strip()[:MOST_FIND],
    )


def _period(report: Report, args: MultiDict[str, str], today: date) -> Chosen:
    words_of = {name: args[name] for name in ("length", "day", "last") if name in args} | _typed(args)
    if words_of.get("length") not in report.lengths:
        words_of["length"] = report.lengths[0]
    found = choose(words_of, today, usual=report.lengths[0])
    return found if "day" in words_of else (found.before or found)


def _typed(args: MultiDict[str, str]) -> dict[str, str]:
    """What a form says, where the end of a period is `until`, the day after its last: `was` = length and until as they
    stood in it. Who changed the end without the length means a period of his own."""
    length, until = args.get("length", ""), args.get("until", "")
    before = args.get("was", "").split()
    try:
        last = date.fromisoformat(until) - timedelta(days=1)
    except (ValueError, OverflowError):
        return {}
    own = length == "own" or (before[:1] == [length] and before[1:] != [until])
    return {"length": "own", "last": last.isoformat()} if own else {}
