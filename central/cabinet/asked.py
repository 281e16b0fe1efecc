"""What an address of «Учетные данные» asks for: points, period, channel, step, a comparison, zones that are not drawn.

All of it stands in the address, so a view can be kept, sent and opened elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from werkzeug.datastructures import MultiDict

from central.faces import energy, words
from central.faces.periods import Chosen
from central.figures import NotFound
from central.figures.intervals import MOST
from central.figures.steps import DAY, MONTH
from central.figures.views import PointView
from central.metering.zones import midnight

STEPS = {"period": 0, "half_hour": 1800, "hour": 3600, "day": DAY, "month": MONTH}  # seconds, 0 = the meter's own
USUAL = {"day": "half_hour", "week": "hour", "month": "day", "quarter": "day", "year": "month"}  # length -> step
FORMS = {"xlsx": "Excel", "csv": "CSV", "json": "JSON"}
MOST_TOGETHER = 100  # points in one view; more are a report
SHORT = 8  # days: so long all intervals of a period are read at once


@dataclass(frozen=True, slots=True)
class Asked:
    """`points`: one at least. `steps`: word -> caption of those that make sense here; `compare` "" = not."""

    points: tuple[PointView, ...]
    period: Chosen
    channel: str
    step: str
    steps: Mapping[str, str]
    compare: str
    hidden: frozenset[str]

    @property
    def point(self) -> PointView:
        return self.points[0]

    @property
    def alone(self) -> bool:
        return len(self.points) == 1

    @property
    def clocks(self) -> tuple[str, ...]:
        """Time zones of the points, each once."""
        return tuple(dict.fromkeys(point.tz for point in self.points))

    @property
    def size(self) -> int:
        """Seconds of a step; DAY and MONTH are those of the calendar."""
        return STEPS[self.step] or self.point.period or STEPS["half_hour"]

    @property
    def zones(self) -> tuple[energy.Zone, ...]:
        """Of all the points, each once."""
        return energy.zones_together(self.points)

    @property
    def other(self) -> Chosen | None:
        """The period it is compared with."""
        return {"before": self.period.before, "year": self.period.year_ago}.get(self.compare)

    @property
    def comparisons(self) -> dict[str, LazyString]:
        """Word -> what it may be compared with."""
        return comparisons(self.period)

    @property
    def query(self) -> dict[str, object]:
        """The address again, of which a link changes a part."""
        found: dict[str, object] = {"point": [point.id for point in self.points], **self.period.named}
        found |= {"channel": self.channel, "step": self.step}
        return found | ({"compare": self.compare} if self.compare else {}) | self._hidden

    @property
    def files(self) -> list[tuple[str, dict[str, str]]]:
        """Caption of a file, and what of the address is another for it: as it is shown, and by the shortest step."""
        shown = [(word, {"form": form}) for form, word in FORMS.items()]
        shortest = next(iter(self.steps))
        if shortest == self.step:
            return shown
        by = _("шаг: %(step)s", step=self.steps[shortest])
        return [*shown, *((f"{word}, {by}", {**form, "step": shortest}) for word, form in shown[:2])]

    def without(self, *names: str) -> dict[str, object]:
        """For a picker that sets these itself."""
        return {name: value for name, value in self.query.items() if name not in names}

    def toggled(self, zone: str) -> dict[str, object]:
        """The address with this zone drawn, or no longer; one at least is."""
        hidden = self.hidden ^ {zone}
        every = {one.name for one in self.zones}
        kept = self.without("hide")
        return kept | ({"hide": sorted(hidden)} if hidden and hidden != every else {})

    @property
    def _hidden(self) -> dict[str, object]:
        return {"hide": sorted(self.hidden)} if self.hidden else {}


def asked(points: Sequence[PointView], period: Chosen, args: MultiDict[str, str]) -> Asked:
    """Raises NotFound for a channel that there is not; another word that is not understood is the usual one."""
    channel = args.get("channel", "active_import")
    if channel not in words.CHANNELS:
        raise NotFound("channel")
    may = offered(points, period)
    step = args.get("step", "")
    compare = args.get("compare", "")
    names = {zone for point in points for zone in point.zones}
    hidden = frozenset(args.getlist("hide")) & names
    return Asked(
        points=tuple(points),
        period=period,
        channel=channel,
        step=step if step in may else usual(period, may),
        steps=may,
        compare=compare if compare in comparisons(period) else "",
        hidden=hidden if hidden != names else frozenset(),
    )


def comparisons(period: Chosen) -> dict[str, LazyString]:
    """Word -> what a period may be compared with."""
    found = {"before": words.BEFORE[period.length]}
    return found | ({"year": words.YEAR_AGO} if period.length != "year" else {})


def usual(period: Chosen, may: Mapping[str, str]) -> str:
    """By how long the period is."""
    length = period.length
    if length == "own":
        days = period.days
        length = "day" if days == 1 else "week" if days <= SHORT else "month" if days <= 2 * 62 else "year"
    return USUAL[length] if USUAL[length] in may else next(iter(may))


def offered(points: Sequence[PointView], period: Chosen) -> dict[str, str]:
    """Steps that make sense: not shorter than the meter's own, no more intervals than a view may ask for, and of
    several points whole days."""
    own = points[0].period or STEPS["half_hour"]
    seconds = midnight(period.until, "UTC") - midnight(period.first, "UTC")
    found = {}
    if len(points) == 1 and seconds // own <= MOST:
        if own not in STEPS.values():
            found["period"] = energy.size_word(own)
        found |= {name: energy.size_word(size) for name, size in STEPS.items() if own <= size < DAY}
    if period.days > 1 or not found:
        found["day"] = energy.size_word(DAY)
    if period.days > 31:
        found["month"] = energy.size_word(MONTH)
    return found
