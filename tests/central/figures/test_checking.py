"""What the checks find stands until it is so no more, or somebody decides; a decision changes figures, is undoable."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from central import figures
from central.accounts.policy import Viewer
from central.accounts.tables import audit
from central.commands import keys
from central.commands.tables import command
from central.db import writing
from central.figures import exceptions, limits
from central.figures.exceptions import NotNow
from central.figures.tables import conflict, exception
from central.figures.views import DayView, IntervalView
from central.ingest.remembered import save_health
from central.ingest.tables import edge_meter, event, meter_seen
from central.jobs.asking import enqueue
from central.jobs.kinds import KINDS
from central.jobs.leases import Keeper
from central.jobs.runner import Runner
from central.jobs.tables import State as JobState
from central.jobs.tables import job
from central.metering.checks.catalogue import PointKind, Severity
from central.metering.decisions import Decided
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.workings import as_data
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import mounting, point
from central.timeseries.base import LoadRow
from protocol.messages.control import Health, MeterHealth
from tests.central import scene as s
from tests.central.figures.reckoner import nodes, reckon, shown
from tests.central.scene import Household, Scene, build
from tests.central.sql import Sql
from tests.central.web.parts import settings as made_settings

A = "active_import"
METER = f"MIL-{s.FLAT}"
YESTERDAY = date(2026, 11, 23)
NOON = midnight(YESTERDAY, s.TZ) + 12 * 3600
WILD = 90_000_000  # mWh in a half-hour: 180 kW where 15 are permitted


@pytest.fixture
def operator(own: Scene) -> Viewer:
    return own.viewer(s.OPERATOR)


def row(energy: int, end: int = NOON) -> LoadRow:
    return LoadRow(METER, end, s.PERIOD, 0, {"ap": energy, "am": 0, "rp": 0, "rm": 0})


def found(scene: Scene, name: str, serial: str = s.FLAT) -> list[Any]:
    """Of the point, or of its active import; the flat's other channels have gaps of their own."""
    with scene.engine.connect() as connection:
        query = select(exception).where(exception.c.point == scene.points[serial], exception.c.name == name)
        query = query.where(exception.c.channel.in_(("", A)))
        return list(connection.execute(query.order_by(exception.c.day, exception.c.since)))


def states(scene: Scene, name: str, serial: str = s.FLAT) -> list[str]:
    return [one.state for one in found(scene, name, serial)]


def day_view(scene: Scene, day: date = YESTERDAY) -> IntervalView:
    since = midnight(day, s.TZ)
    return figures.interval(
        scene.source, scene.viewer(s.OPERATOR), scene.points[s.FLAT], since, since + 86_400, A, scene.now
    )


def place(scene: Scene, end: int = NOON) -> Slot:
    return next(slot for slot in day_view(scene).slots if slot.end == end)


def stored(scene: Scene, day: date = YESTERDAY) -> DayView:
    view = figures.days(
        scene.source, scene.viewer(s.OPERATOR), scene.points[s.FLAT], day, date(2026, 11, 24), A, scene.now
    )
    return view.days[0]


def decide(scene: Scene, name: str, kind: Decided, energy: int | None = None) -> int:
    (one,) = [each for each in found(scene, name) if each.state == "open"]
    who = scene.viewer(s.OPERATOR)
    made = exceptions.decide(scene.source, who, one.id, kind, reason="так надо", now=scene.now, energy=energy)
    scene.recompute()
    return made


def undo(scene: Scene, made: int) -> None:
    with scene.engine.connect() as connection:
        key = connection.scalar(select(exception.c.id).where(exception.c.decision == made))
    assert key is not None
    exceptions.undo(scene.source, scene.viewer(s.OPERATOR), key, made, reason="ошибся", now=scene.now)
    scene.recompute()


def test_what_comes_is_checked_as_it_comes_and_what_heals_is_gone(own: Scene) -> None:
    (gap,) = found(own, "missing_interval")
    assert (gap.day, gap.state, gap.severity, gap.trace) == (
        s.GAP,
        "open",
        "warning",
        {"missing": 48, "of": 48, "limit": 1},
    )
    since = midnight(s.GAP, s.TZ)
    own.arrive(METER, *(row(5, since + n * s.PERIOD) for n in range(1, 49)))
    assert states(own, "missing_interval") == ["gone"]
    assert states(own, "frozen") == ["open"], "and 48 equal values are found at once"


def test_what_was_decided_stays_decided_while_the_same_is_found(own: Scene) -> None:
    own.arrive(METER, row(WILD))
    decide(own, "over_power", Decided.ACCEPT)
    own.arrive(METER, row(7, NOON + 3 * s.PERIOD))
    assert states(own, "over_power") == ["decided"]
    own.arrive(METER, row(WILD + 1))
    assert states(own, "over_power") == ["open"], "another value is another question"


def test_a_suspect_value_is_accepted_and_counts_and_that_is_taken_back(own: Scene) -> None:
    before = stored(own).totals
    own.arrive(METER, row(WILD))
    doubted = stored(own)
    assert doubted.totals.suspect == WILD
    assert doubted.totals.total is not None
    made = decide(own, "over_power", Decided.ACCEPT)
    accepted = stored(own)
    assert (place(own).state, place(own).energy, place(own).decision) == (State.MEASURED, WILD, made)
    assert accepted.totals.total == doubted.totals.total + WILD
    assert accepted.totals.suspect == 0
    undo(own, made)
    again = stored(own)
    assert (again.totals, states(own, "over_power")) == (doubted.totals, ["open"])
    assert before.total != accepted.totals.total


def test_a_value_set_aside_is_a_gap_that_registers_close(own: Scene) -> None:
    true = place(own).energy
    assert true is not None
    own.arrive(METER, row(WILD))
    decide(own, "over_power", Decided.ESTIMATE)
    closed = place(own)
    assert closed.state is State.ESTIMATED
    assert closed.energy is not None
    assert abs(closed.energy - true) <= 2 * s.RESOLUTION, "the register knows what was used"
    assert stored(own).totals.suspect == 0


def test_another_value_is_put_in_its_place_and_the_explanation_reckons_with_it(own: Scene) -> None:
    own.arrive(METER, row(WILD))
    made = decide(own, "over_power", Decided.SUBSTITUTE, energy=123_456)
    assert (place(own).state, place(own).energy) == (State.SUBSTITUTED, 123_456)
    told = figures.explain_days(
        own.source, own.viewer(s.OPERATOR), own.points[s.FLAT], YESTERDAY, date(2026, 11, 24), A, own.now
    )
    assert told.energy is not None
    for node in nodes(as_data(told.energy)):
        assert reckon(node) == shown(node)
    (about,) = told.decisions.values()
    assert (about.id, about.kind, about.reason) == (made, Decided.SUBSTITUTE, "так надо")
    leaf = next(one for one in told.energy.leaves() if one.rule == "decided")
    assert (leaf.value, leaf.facts["decision"]) == (123_456, made)


def test_the_next_version_of_a_published_day_says_who_decided_and_why(own: Scene) -> None:
    day = date(2026, 11, 21)
    end = midnight(day, s.TZ) + 12 * 3600
    own.arrive(METER, row(WILD, end))
    made = decide(own, "over_power", Decided.SUBSTITUTE, energy=5)
    undo(own, made)
    who = own.viewer(s.OPERATOR)
    newest, before, *_ = figures.revisions(own.source, who, own.points[s.FLAT], day, date(2026, 11, 22), A)
    for one in (newest, before):
        assert one.after.decision is not None
        assert (one.after.decision.id, one.after.decision.reason) == (made, "так надо")
    assert newest.after.decision is not None
    assert newest.after.decision.undone_at is not None
    assert newest.after.total == before.before.total, "undone, it is as if it had not been made"


def test_one_decision_at_a_time(own: Scene, operator: Viewer) -> None:
    own.arrive(METER, row(WILD))
    (one,) = found(own, "over_power")
    made = exceptions.decide(own.source, operator, one.id, Decided.ACCEPT, reason="а", now=own.now)
    with pytest.raises(NotNow):
        exceptions.decide(own.source, operator, one.id, Decided.ESTIMATE, reason="б", now=own.now)
    exceptions.undo(own.source, operator, one.id, made, reason="в", now=own.now)
    with pytest.raises(NotNow):
        exceptions.undo(own.source, operator, one.id, made, reason="г", now=own.now)
    (gap,) = found(own, "missing_interval")
    with pytest.raises(NotNow):
        exceptions.decide(own.source, operator, gap.id, Decided.ESTIMATE, reason="нечего оценивать", now=own.now)


def test_what_is_decided_is_written_down_with_its_author(own: Scene, operator: Viewer) -> None:
    own.arrive(METER, row(WILD))
    made = decide(own, "over_power", Decided.ACCEPT)
    undo(own, made)
    with own.engine.connect() as connection:
        noted = connection.execute(select(audit).where(audit.c.action == "decision").order_by(audit.c.id)).all()
    assert [(one.account, one.subject) for one in noted] == [(operator.account, f"decision {made}")] * 2
    (one,) = found(own, "over_power")
    (deed,) = exceptions.one(own.source, operator, one.id, own.now).deeds
    assert (deed.who, deed.reason, deed.undone_by, deed.undo_reason) == (
        operator.name,
        "так надо",
        operator.name,
        "ошибся",
    )


def work(scene: Scene, folder: Path, kind: str) -> Any:
    """The worker does the job of this kind that waits, or a new one; its row."""
    settings = made_settings(folder / "scene")
    with writing(scene.engine).begin() as connection:
        keys.make(connection, settings)
        if (
            connection.execute(select(job.c.id).where(job.c.kind == kind, job.c.state == JobState.WAITING)).first()
            is None
        ):
            enqueue(connection, kind, {}, scene.now)
    keeper = Keeper(scene.engine, "worker-1", wall=lambda: scene.now)
    assert Runner(settings, keeper, scene.series, {kind: KINDS[kind]}, lambda: scene.now).turn(threading.Event())
    with scene.engine.connect() as connection:
        return connection.execute(select(job).where(job.c.kind == kind).order_by(job.c.id.desc())).first()


def test_every_night_all_points_are_looked_at_though_they_say_nothing(own: Scene, tmp_path: Path) -> None:
    assert YESTERDAY not in [one.day for one in found(own, "missing_interval", s.DACHA)]
    with writing(own.engine).begin() as connection:
        told = "meter refused: serial number 777 answers, 04217795 is expected"
        connection.execute(update(meter_seen).where(meter_seen.c.meter == METER).values(fault=told))
    assert work(own, tmp_path, "checks").result["points"] == 3
    silent = found(own, "missing_interval", s.DACHA)[-1]
    assert (silent.day, silent.trace["missing"]) == (YESTERDAY, 48)
    (other,) = found(own, "meter_differs")
    assert (other.day, other.severity, other.trace) == (YESTERDAY, "alarm", {"found": "777", "expected": "04217795"})
    own.arrive(METER, row(7))
    assert states(own, "meter_differs") == ["open"], "a slow check was not run: what it found stands"
    with writing(own.engine).begin() as connection:
        connection.execute(update(meter_seen).values(fault=None))
    work(own, tmp_path, "checks")
    assert states(own, "meter_differs") == ["gone"]


def contradict(scene: Scene, kind: str, stamp: int, field: str) -> int:
    with writing(scene.engine).begin() as connection:
        twice = {"meter": METER, "kind": kind, "stamp": stamp, "kept": {field: 1}, "came": {field: 2}}
        made = connection.execute(conflict.insert().values(**twice, at=scene.now, state="open")).inserted_primary_key
    assert made is not None
    scene.arrive(METER, row(7, NOON + s.PERIOD))
    return int(made[0])


def state_of(scene: Scene, key: int) -> str:
    with scene.engine.connect() as connection:
        return str(connection.scalar(select(conflict.c.state).where(conflict.c.id == key)))


def test_two_values_of_one_stamp_are_an_exception_until_somebody_decides(own: Scene) -> None:
    key = contradict(own, "load", NOON, "ap")
    (one,) = found(own, "duplicate_stamp")
    assert (one.severity, one.since, one.until) == ("alarm", NOON - s.PERIOD, NOON)
    made = decide(own, "duplicate_stamp", Decided.SUBSTITUTE, energy=2)
    assert place(own).energy == 2
    since = NOON - s.PERIOD
    reactive = figures.interval(
        own.source, own.viewer(s.OPERATOR), own.points[s.FLAT], since, NOON, "reactive_import", own.now
    )
    assert reactive.slots[0].decision is None, "what was typed is active energy"
    assert state_of(own, key) == "closed"
    undo(own, made)
    assert state_of(own, key) == "open"


def test_two_values_of_a_register_are_no_matter_of_an_interval(own: Scene) -> None:
    noon_day = midnight(date(2026, 11, 24), s.TZ)
    contradict(own, "daily", noon_day, "ap0")
    assert not found(own, "duplicate_stamp")
    (one,) = found(own, "duplicate_register")
    seen = exceptions.one(own.source, own.viewer(s.OPERATOR), one.id, own.now)
    assert list(seen.may) == [Decided.ACCEPT, Decided.ASK]
    assert not seen.places


def test_use_through_an_open_relay_is_found_by_the_meters_journal(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        told = {"meter": METER, "edge": "", "journal": 2, "uptime": -1, "received_at": own.now}
        connection.execute(event.insert().values(**told, time=NOON - 3 * 86_400, code=3))
    own.arrive(METER, row(1_000_000))
    (one,) = [each for each in found(own, "use_while_off") if each.day == YESTERDAY]
    assert one.trace["places"] == 48, "off since days"


def test_limits_are_the_companys_own_by_kind_of_point(own: Scene, operator: Viewer) -> None:
    limits.set_limits(own.source, operator, "missing_interval", PointKind.HOUSEHOLD, {"places": 49}, own.now)
    own.arrive(METER, row(7, midnight(s.GAP, s.TZ) + s.PERIOD))
    assert states(own, "missing_interval") == ["gone"]
    with writing(own.engine).begin() as connection:
        connection.execute(update(point).where(point.c.id == own.points[s.FLAT]).values(kind="company"))
    own.arrive(METER, row(7, midnight(s.GAP, s.TZ) + 2 * s.PERIOD))
    assert states(own, "missing_interval") == ["open"], "the usual limit of another kind"
    limits.set_limits(own.source, operator, "missing_interval", PointKind.COMPANY, None, own.now)
    own.arrive(METER, row(7, midnight(s.GAP, s.TZ) + 3 * s.PERIOD))
    assert states(own, "missing_interval") == ["gone"], "switched off"
    mine = limits.limits(own.source, operator)
    assert mine["missing_interval", PointKind.COMPANY].who == operator.name
    assert not mine["missing_interval", PointKind.COMMON].own
    limits.set_limits(own.source, operator, "missing_interval", PointKind.COMPANY, {"places": 1}, own.now)
    assert not limits.limits(own.source, operator)["missing_interval", PointKind.COMPANY].own, "the usual is nobody's"


def test_exceptions_are_grouped_by_cause_the_gravest_first(own: Scene, operator: Viewer, tmp_path: Path) -> None:
    own.arrive(METER, row(WILD))
    work(own, tmp_path, "checks")
    causes = exceptions.causes(own.source, operator, own.now)
    assert [one.severity for one in causes] == sorted(
        (one.severity for one in causes), key=list(Severity).index, reverse=True
    )
    first = causes[0]
    assert (first.name, first.edge, first.count, first.points) == ("over_power", "edge-1", 1, 1)
    missing = next(one for one in causes if one.name == "missing_interval")
    assert missing.points == 2, "the flat's gap and the silent dacha"
    listed = exceptions.listed(own.source, operator, own.now, name="missing_interval", edge="edge-1")
    assert listed.count == missing.count == len(listed.found)
    assert not exceptions.listed(own.source, operator, own.now, name="missing_interval", edge="").found


def test_nobody_but_the_company_sees_or_decides(own: Scene, operator: Viewer) -> None:
    (one,) = found(own, "missing_interval")
    stranger = Viewer(operator.account, operator.organisation + 1, "operator", "approved", "Чужой", "x@example.org")
    for who in (own.viewer(s.CONSUMER), stranger):
        with pytest.raises(figures.NotFound):
            exceptions.one(own.source, who, one.id, own.now)
        with pytest.raises(figures.NotFound):
            exceptions.decide(own.source, who, one.id, Decided.ACCEPT, reason="x", now=own.now)
    assert not exceptions.causes(own.source, stranger, own.now)
    with pytest.raises(figures.NotFound):
        exceptions.causes(own.source, own.viewer(s.CONSUMER), own.now)


def test_the_meter_is_asked_again_by_a_signed_command(own: Scene, tmp_path: Path) -> None:
    decide(own, "missing_interval", Decided.ASK)
    assert states(own, "missing_interval") == ["asked"]
    done = work(own, tmp_path, "reread")
    assert (done.state, done.result) == ("done", {"commands": 2})
    with own.engine.connect() as connection:
        sent = connection.execute(select(command).order_by(command.c.counter)).all()
    assert [(one.edge, one.command, one.arguments["meter"], one.arguments["kind"]) for one in sent] == [
        ("edge-1", "backfill", METER, "load"),
        ("edge-1", "backfill", METER, "daily"),
    ]
    assert sent[0].arguments["from"] == "2026-11-16T21:00:00Z", "the gap of a day, in Moscow"
    (one,) = found(own, "missing_interval")
    deeds = exceptions.one(own.source, own.viewer(s.OPERATOR), one.id, own.now).deeds
    assert [deed.command for deed in deeds] == [sent[0].id]


def test_a_meter_that_answered_without_what_was_asked_for_waits_for_somebody_again(own: Scene, tmp_path: Path) -> None:
    decide(own, "missing_interval", Decided.ASK)
    work(own, tmp_path, "reread")
    assert work(own, tmp_path, "checks").result.get("reopened", 0) == 0, "it has not answered"
    with writing(own.engine).begin() as connection:
        connection.execute(update(command).values(state="done"))
    assert work(own, tmp_path, "checks").result["reopened"] == 1
    assert states(own, "missing_interval") == ["open"]


def test_what_a_meter_answers_is_an_exception_no_more(own: Scene) -> None:
    decide(own, "missing_interval", Decided.ASK)
    since = midnight(s.GAP, s.TZ)
    own.arrive(METER, *(row(5 + n, since + n * s.PERIOD) for n in range(1, 49)))
    assert states(own, "missing_interval") == ["gone"]


def test_a_meter_that_nobody_reads_is_not_asked(own: Scene, operator: Viewer) -> None:
    (one,) = found(own, "missing_interval")
    assert Decided.ASK in exceptions.one(own.source, operator, one.id, own.now).may
    with writing(own.engine).begin() as connection:
        connection.execute(update(edge_meter).values(valid_to=own.now - 1))
    assert Decided.ASK not in exceptions.one(own.source, operator, one.id, own.now).may


def test_a_question_that_was_taken_back_is_not_asked(own: Scene, tmp_path: Path) -> None:
    made = decide(own, "missing_interval", Decided.ASK)
    undo(own, made)
    assert work(own, tmp_path, "reread").state == "dead"
    assert states(own, "missing_interval") == ["open"]


class TestWhatNothingCloses:
    """The dacha has been silent since the 12th: yesterday no register stands after it."""

    @pytest.fixture
    def village(self, sql: Sql, tmp_path: Path) -> Iterator[Scene]:
        made = build(tmp_path / "scene", days=20)
        work(made, tmp_path, "checks")
        yield made
        made.close()

    def seen(self, scene: Scene) -> exceptions.Opened:
        one = found(scene, "missing_interval", s.DACHA)[-1]
        return exceptions.one(scene.source, scene.viewer(s.OPERATOR), one.id, scene.now)

    def total(self, scene: Scene) -> int | None:
        point, day = scene.points[s.DACHA], YESTERDAY
        who = scene.viewer(s.OPERATOR)
        return figures.days(scene.source, who, point, day, date(2026, 11, 24), A, scene.now).totals.total

    def settle(self, scene: Scene, kind: Decided, energy: int | None = None) -> int:
        key = self.seen(scene).found.id
        who = scene.viewer(s.OPERATOR)
        made = exceptions.decide(scene.source, who, key, kind, reason="по акту", now=scene.now, energy=energy)
        scene.recompute()
        return made

    def test_a_typical_day_is_told_and_is_in_no_sum_until_somebody_accepts_it(self, village: Scene) -> None:
        seen = self.seen(village)
        house = Household(s.DACHA, 2)
        like = [date(2026, 11, day) for day in (11, 10, 9, 6)]  # the last four workdays that it spoke
        begun = midnight(YESTERDAY, s.TZ)
        noons = [house.energy(midnight(day, s.TZ) + 12 * 3600) for day in like]
        assert abs(seen.typical[begun + 12 * 3600] * 4 - sum(noons)) <= 4
        assert self.total(village) is None
        made = self.settle(village, Decided.TYPICAL)
        assert self.total(village) == sum(seen.typical.values())
        told = figures.explain_days(
            village.source,
            village.viewer(s.CONSUMER),
            village.points[s.DACHA],
            YESTERDAY,
            date(2026, 11, 24),
            A,
            village.now,
        )
        assert told.energy is not None
        assert reckon(as_data(told.energy)) == shown(as_data(told.energy))
        assert told.intervals is not None
        assert {slot.state for slot in told.intervals.slots} == {State.MANUAL}
        exceptions.undo(village.source, village.viewer(s.OPERATOR), seen.found.id, made, reason="x", now=village.now)
        village.recompute()
        assert self.total(village) is None

    def test_what_is_filled_in_leaves_what_came_and_yields_to_what_comes(self, village: Scene) -> None:
        def came(end: int) -> LoadRow:
            return LoadRow(f"MIL-{s.DACHA}", end, s.PERIOD, 0, {"ap": 777})

        village.arrive(f"MIL-{s.DACHA}", came(NOON))
        assert len(self.seen(village).places) == 47, "only what is empty"
        self.settle(village, Decided.FILL, energy=47_000)
        assert self.total(village) == 47_000 + 777
        village.arrive(f"MIL-{s.DACHA}", came(NOON + s.PERIOD))
        assert self.total(village) == 46_000 + 2 * 777


def test_a_gap_longer_than_the_company_allows_is_not_estimated(own: Scene, operator: Viewer) -> None:
    """The flat lost a day; the registers of the midnights around it are a day apart."""
    lost = LoadRow(METER, midnight(s.GAP, s.TZ) + s.PERIOD, s.PERIOD, 0, {"ap": 7})
    own.arrive(METER, lost)
    assert day_view(own, s.GAP).completeness.estimated == 47
    with writing(own.engine).begin() as connection:
        connection.execute(update(point).where(point.c.id == own.points[s.FLAT]).values(kind="common"))
    for longest, estimated in ((1, 47), (0, 0)):
        own_limits = {"days": 7, "longest": longest}
        limits.set_limits(own.source, operator, "long_estimate", PointKind.COMMON, own_limits, own.now)
        assert day_view(own, s.GAP).completeness.estimated == estimated


def test_undoing_what_was_decided_about_another_exception_leaves_the_conflict_alone(own: Scene) -> None:
    own.arrive(METER, row(90_000_000))
    key = contradict(own, "load", NOON, "ap")
    (twice,) = found(own, "duplicate_stamp")
    (power,) = found(own, "over_power")
    accepted = decide(own, "over_power", Decided.ACCEPT)
    put = decide(own, "duplicate_stamp", Decided.SUBSTITUTE, energy=5_000)
    who, told = own.viewer(s.OPERATOR), {"reason": "ошибся", "now": own.now}
    exceptions.undo(own.source, who, twice.id, accepted, **told)
    own.recompute()
    assert (states(own, "duplicate_stamp"), state_of(own, key)) == (["decided"], "closed")
    exceptions.undo(own.source, who, power.id, put, **told)
    own.recompute()
    assert (states(own, "duplicate_stamp"), state_of(own, key)) == (["open"], "open")


def test_a_decision_here_leaves_the_conflict_of_a_meter_that_stands_elsewhere_now(own: Scene) -> None:
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as act:
        scheme = own.schemes["three"]
        other = enter.add_point(act, 1, "Т-99", name="Гараж", address="ул.", tz=s.TZ, scheme=scheme)
        stands = connection.execute(select(mounting).where(mounting.c.point == own.points[s.FLAT])).one()
        enter.add_meter(act, "MIL-OLD", serial="1", type="Милур 107S", maker="Милур")
        moved = stands.valid_from + 2 * 86_400
        enter.correct_mounting(act, stands.id, valid_from=moved)
        enter.mount(act, own.points[s.FLAT], "MIL-OLD", stands.valid_from, moved, act="акт 1")
        enter.mount(act, other, "MIL-OLD", moved, act="акт 2")
    own.recompute()
    twice = {"meter": "MIL-OLD", "kind": "load", "stamp": NOON, "kept": {"ap": 1}, "came": {"ap": 2}}
    with writing(own.engine).begin() as connection:
        foreign = connection.execute(conflict.insert().values(**twice, at=own.now, state="open")).inserted_primary_key
    assert foreign is not None
    key = contradict(own, "load", NOON, "ap")
    decide(own, "duplicate_stamp", Decided.SUBSTITUTE, energy=5_000)
    assert (state_of(own, key), state_of(own, int(foreign[0]))) == ("closed", "open")


def test_what_a_night_found_is_gone_when_better_values_come_later(own: Scene, tmp_path: Path) -> None:
    own.arrive(METER, row(7_000_000))
    work(own, tmp_path, "checks")
    assert states(own, "over_median") == ["open"]
    own.now += 2 * 86_400
    own.arrive(METER, row(60_000))
    work(own, tmp_path, "checks")
    assert states(own, "over_median") == ["gone"]


def test_an_older_day_that_is_looked_at_again_is_not_judged_by_the_meter_of_today(own: Scene, tmp_path: Path) -> None:
    """Another number answered then, and nobody has decided; since then the clock has gone wrong, and values came."""

    def seen(**values: Any) -> None:
        with writing(own.engine).begin() as connection:
            connection.execute(update(meter_seen).where(meter_seen.c.meter == METER).values(**values))

    own.arrive(METER, row(7_000_000))
    seen(fault="meter refused: serial number 777 answers, 04217795 is expected")
    work(own, tmp_path, "checks")
    own.now += 2 * 86_400
    seen(fault=None, ahead=99.0)
    own.arrive(METER, row(60_000))
    work(own, tmp_path, "checks")
    assert states(own, "over_median") == ["gone"], "it was looked at again"
    assert states(own, "meter_differs") == ["open"]
    assert [one.day for one in found(own, "clock_drift")] == [YESTERDAY + timedelta(days=2)]


def test_a_question_that_could_not_be_asked_waits_for_somebody_again(own: Scene, tmp_path: Path) -> None:
    decide(own, "missing_interval", Decided.ASK)
    assert states(own, "missing_interval") == ["asked"]
    with writing(own.engine).begin() as connection:
        connection.execute(update(edge_meter).values(valid_to=own.now - 1))
    assert work(own, tmp_path, "reread").state == "dead"
    assert states(own, "missing_interval") == ["open"]


def test_a_substitute_is_so_much_though_the_period_is_corrected(own: Scene) -> None:
    own.arrive(METER, row(90_000_000))
    decide(own, "over_power", Decided.SUBSTITUTE, energy=2_000_000)
    before = day_view(own).totals.total
    assert before is not None
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as act:
        key = connection.scalar(select(mounting.c.id).where(mounting.c.point == own.points[s.FLAT]))
        assert key is not None
        enter.correct_mounting(act, key, period=900)
    own.recompute()
    put = [slot for slot in day_view(own).slots if slot.state is State.SUBSTITUTED]
    assert [(slot.end - slot.start, slot.energy) for slot in put] == [(900, 1_000_000)] * 2


def test_a_meter_s_clock_is_judged_by_what_its_concentrator_says(own: Scene, tmp_path: Path) -> None:
    """As the health of edge-1 brings it; of another's meter it is not believed."""

    def says(edge: str, **clock: Any) -> None:
        seen = MeterHealth(last_success=None, fault=None, overwritten_from=None, **clock)
        moment = datetime.fromtimestamp(own.now, UTC)
        more = {"waiting": 0, "oldest": None, "days_left": 40.0, "clock": "trusted", "meters": {METER: seen}}
        with writing(own.engine).begin() as connection:
            save_health(connection, {edge: Health(time=moment, **more)})

    says("edge-1", ahead=-95.5)
    says("edge-2", ahead=0.0)
    work(own, tmp_path, "checks")
    (drift,) = found(own, "clock_drift")
    assert drift.trace == {"ahead": -96, "limit": 30}
    says("edge-1", clock_stands=True)
    work(own, tmp_path, "checks")
    assert states(own, "clock_drift") == ["gone"]
    assert states(own, "clock_stands") == ["open"]
    says("edge-1", ahead=0.4)
    work(own, tmp_path, "checks")
    assert states(own, "clock_stands") == ["gone"]
