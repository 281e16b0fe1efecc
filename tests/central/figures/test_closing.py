"""A month that is closed stays as it was closed; what changes later is a correction, and all of it adds up."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select, update

from central.db import writing
from central.figures import closing, correcting, dirty, recheck
from central.figures.closed import settled
from central.figures.monthly import Bill, bill, bill_line, is_closed, shares
from central.figures.tables import period_close, period_correction, period_recheck
from central.figures.views import ClosedMonth, Hindrance, NotFound, Settled
from central.metering.corrections import same
from central.metering.zones import midnight, next_month
from central.registry import enter
from central.registry.changes import entering
from central.registry.refusals import Refused
from central.registry.tables import change, mounting, point, price
from central.registry.undo import undo as undo_change
from central.timeseries.base import LoadRow, RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.closed import correct
from tests.central.conftest import Copy
from tests.central.scene import Scene

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
IN_DECEMBER = int(datetime.fromisoformat("2026-12-03T10:00+03:00").timestamp())


@pytest.fixture
def town(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """October is over; November will be on the third of December, when nothing more has come of it."""
    made = copy_of(56, tmp_path / "town")
    yield made
    made.close()


def one(scene: Scene, serial: str = s.FLAT, number: str | None = "100-1") -> tuple[int, int | None]:
    """A point and its contract."""
    return scene.points[serial], scene.accounts[number] if number else None


def now_of(scene: Scene, month: date, serial: str = s.FLAT, number: str = "100-1", now: int = s.NOW) -> Bill:
    key, its = one(scene, serial, number)
    with scene.engine.connect() as connection:
        row = connection.execute(select(point).where(point.c.id == key)).one()
        (share,) = [share for share in shares(connection, [row], month)[key] if share.contract == its]
        return bill(connection, scene.series, row, share, now)


def shut(
    scene: Scene, month: date = OCTOBER, serial: str = s.FLAT, number: str = "100-1", now: int = s.NOW, reason: str = ""
) -> int:
    return closing.close(
        scene.source, scene.viewer(s.OPERATOR), *one(scene, serial)[:1], month, scene.accounts[number], now, reason
    )


def seen(scene: Scene, month: date = OCTOBER, serial: str = s.FLAT, mail: str = s.CONSUMER) -> Settled:
    return settled(scene.source, scene.viewer(mail), scene.points[serial], month)


def closed(scene: Scene, month: date = OCTOBER, serial: str = s.FLAT, mail: str = s.CONSUMER) -> ClosedMonth:
    (found,) = seen(scene, month, serial, mail).closed
    return found


def adds_up(scene: Scene, month: date = OCTOBER, serial: str = s.FLAT, number: str = "100-1") -> None:
    """THE law: as it was closed, and corrected, is as it would be now."""
    key, its = one(scene, serial, number)
    with scene.engine.connect() as connection:
        ours = period_close.c.point == key, period_close.c.month == month, period_close.c.contract == its
        row = connection.execute(select(period_close).where(*ours, recheck.STANDING)).one()
        lines, _ = correcting.standing_bill(connection, row)
        made = connection.execute(
            select(func.sum(period_correction.c.energy)).where(period_correction.c.close == row.id)
        ).scalar()
    bill_now = now_of(scene, month, serial, number)
    assert same(lines, map(bill_line, bill_now.lines))
    assert sum(line.energy for line in lines) == row.energy + int(made or 0) == bill_now.energy
    assert sum(line.amount for line in lines) == bill_now.total


def more_at_the_end(scene: Scene, kwh: int, month: date = OCTOBER, serial: str = s.FLAT, field: str = "ap1") -> None:
    """The register at the end of the month is read again, and says more than it said."""
    end, meter = midnight(next_month(month), s.TZ), f"MIL-{serial}"
    (row,) = [row for row in scene.series.registers(meter, (Kind.DAILY,), end - 1, end) if field in row.values]
    added = {name: value + kwh * 10**6 for name, value in row.values.items() if name in ("ap0", field)}
    scene.arrive(meter, RegisterRow(meter, end, Kind.DAILY, 0, dict(row.values) | added))


class TestClosing:
    def test_a_closed_bill_is_what_the_cabinet_showed(self, town: Scene) -> None:
        before = now_of(town, OCTOBER)
        shut(town)
        found = closed(town)
        assert (found.energy, found.total, found.billed_by) == (before.energy, before.total, "registers")
        assert sum(line.amount for line in found.lines) == found.total
        assert [line.zone for line in found.lines] == ["peak", "night", "half_peak"]
        assert {line.rate for line in found.lines} == {Decimal("8.42"), Decimal("3.36"), Decimal("6.17")}
        assert (found.author, found.made_at, found.number) == ("Ольга Диспетчер", s.NOW, "100-1")
        assert (found.energy_working, found.cost_working) == (before.energy_working, before.cost_working)

    def test_it_is_not_closed_twice(self, town: Scene) -> None:
        shut(town)
        with pytest.raises(Refused, match="уже закрыт"):
            shut(town)

    def test_a_month_that_is_not_published_to_its_end_is_not_closed(self, town: Scene) -> None:
        end = midnight(NOVEMBER, s.TZ)
        assert now_of(town, OCTOBER, now=end + 12 * 3600 - 1).hindered_by(Hindrance.NOT_OVER)
        assert not now_of(town, OCTOBER, now=end + 12 * 3600).hindrances
        with pytest.raises(Refused, match="закрыть нельзя"):
            shut(town, NOVEMBER, reason="очень нужно")

    def test_nor_while_its_days_are_being_computed(self, town: Scene) -> None:
        with writing(town.engine).begin() as connection:
            dirty.mark_days(connection, town.points[s.FLAT], [date(2026, 10, 9)])
        assert now_of(town, OCTOBER).hindered_by(Hindrance.WAITING)
        with writing(town.engine).begin() as connection:
            dirty.mark_days(connection, town.points[s.DACHA], [date(2026, 11, 1)])
        assert not now_of(town, OCTOBER, s.DACHA).hindrances

    def test_nor_without_a_price_whatever_the_reason(self, town: Scene) -> None:
        with writing(town.engine).begin() as connection:
            connection.execute(update(price).where(price.c.zone == "peak").values(valid_to=date(2026, 10, 20)))
        assert now_of(town, OCTOBER).hindered_by(Hindrance.UNPRICED)
        with pytest.raises(Refused, match="закрыть нельзя"):
            shut(town, reason="очень нужно")

    def test_readings_far_from_the_end_of_the_month_want_a_reason(self, town: Scene) -> None:
        found = now_of(town, NOVEMBER, s.DACHA, now=IN_DECEMBER)
        assert [(one.what, one.days) for one in found.hindrances] == [(Hindrance.BOUNDARY, (s.SILENT_SINCE,))]
        with pytest.raises(Refused) as refused:
            shut(town, NOVEMBER, s.DACHA, now=IN_DECEMBER, reason="  ")
        assert refused.value.field == "reason"
        shut(town, NOVEMBER, s.DACHA, now=IN_DECEMBER, reason="счётчик снят на поверку")
        kept = closed(town, NOVEMBER, s.DACHA)
        assert (kept.reason, kept.hindrances) == ("счётчик снят на поверку", found.hindrances)

    def test_a_profile_that_lacks_more_than_an_hour_of_a_day_wants_a_reason(self, town: Scene) -> None:
        with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="terms") as act:
            enter.set_terms(
                act, town.points[s.DACHA], date(2026, 10, 1), scheme=town.schemes["three"], zone_source="profile"
            )
        town.recompute()
        assert not now_of(town, OCTOBER, s.DACHA).hindrances
        lacking = now_of(town, NOVEMBER, s.DACHA, now=IN_DECEMBER).hindrances
        assert [one.what for one in lacking] == [Hindrance.INCOMPLETE]
        assert lacking[0].days[0] == s.SILENT_SINCE
        assert len(lacking[0].days) == 30 - s.SILENT_SINCE.day + 1

    def test_a_register_that_fell_is_told(self, town: Scene) -> None:
        more_at_the_end(town, -1000)
        assert now_of(town, OCTOBER).hindered_by(Hindrance.SUSPECT)

    def test_a_month_in_which_the_point_changed_hands_is_two_bills(self, town: Scene) -> None:
        old, new = (now_of(town, NOVEMBER, s.NEXT_DOOR, number, IN_DECEMBER) for number in ("100-2", "100-3"))
        edge = midnight(s.HAND_OVER, s.TZ)
        assert (old.share.spans[0].until, new.share.spans[0].since) == (edge, edge)
        shut(town, NOVEMBER, s.NEXT_DOOR, "100-2", IN_DECEMBER)
        assert closed(town, NOVEMBER, s.NEXT_DOOR, s.FORMER).energy == old.energy > 0
        assert seen(town, NOVEMBER, s.NEXT_DOOR, s.NEIGHBOUR).closed == (), (
            "the new tenant has nothing of the old one's"
        )

    def test_another_consumer_sees_nothing_and_staff_of_another_company_closes_nothing(self, town: Scene) -> None:
        shut(town)
        with pytest.raises(NotFound):
            seen(town, mail=s.NEIGHBOUR)
        with pytest.raises(NotFound):
            closing.close(town.source, town.viewer(s.CONSUMER), *one(town), OCTOBER, s.NOW)


class TestUndoing:
    def test_it_is_opened_again_with_a_reason_and_stays_written(self, town: Scene) -> None:
        key, who = shut(town), town.viewer(s.OPERATOR)
        with pytest.raises(Refused), writing(town.engine).begin() as connection:
            closing.undo(connection, who, key, " ", s.NOW)
        with writing(town.engine).begin() as connection:
            closing.undo(connection, who, key, "не тот тариф", s.NOW + 5)
        with town.engine.connect() as connection:
            row = connection.execute(select(period_close)).one()
            assert not is_closed(connection, *one(town), OCTOBER)
        assert (row.undone_at, row.undone_reason, row.undone_by) == (s.NOW + 5, "не тот тариф", who.account)
        assert seen(town).closed == ()
        more_at_the_end(town, 3)
        assert correct(town) == {}, "what is open is not corrected"
        shut(town)
        assert closed(town).energy == now_of(town, OCTOBER).energy

    def test_not_while_a_correction_stands_on_it(self, town: Scene) -> None:
        key = shut(town)
        more_at_the_end(town, 3)
        correct(town)
        with pytest.raises(Refused, match="исправление"), writing(town.engine).begin() as connection:
            closing.undo(connection, town.viewer(s.OPERATOR), key, "не тот тариф", s.NOW)


class TestCorrections:
    def test_nothing_is_corrected_while_nothing_changes(self, town: Scene) -> None:
        shut(town)
        assert correct(town) == {"same": 1}
        town.arrive(f"MIL-{s.FLAT}")
        assert correct(town) == {}, "looked at once, it is not looked at for ever"

    def test_late_data_make_a_correction_and_the_closed_bill_stays(self, town: Scene) -> None:
        shut(town)
        before = closed(town)
        more_at_the_end(town, 3)
        assert correct(town, s.NOW + 100) == {"corrected": 1}
        found = closed(town)
        assert (found.energy, found.total, found.lines) == (before.energy, before.total, before.lines)
        (made,) = found.corrections
        (line,) = made.lines
        assert (made.energy, made.amount, made.change, made.made_at) == (3_000_000, Decimal("25.26"), None, s.NOW + 100)
        assert line.before is not None
        assert line.after is not None
        assert (line.told.zone, line.after.energy - line.before.energy) == ("peak", 3_000_000)
        assert (found.energy_now, found.total_now) == (before.energy + 3_000_000, before.total + Decimal("25.26"))
        adds_up(town)

    def test_it_is_charged_in_the_first_month_that_is_open(self, town: Scene) -> None:
        shut(town)
        more_at_the_end(town, 1)
        correct(town)
        assert [one.charged_in for one in closed(town).corrections] == [NOVEMBER]
        assert [one.month for one in seen(town, NOVEMBER).charged] == [OCTOBER]
        town.recompute(IN_DECEMBER)
        shut(town, NOVEMBER, now=IN_DECEMBER, reason="нет данных с 24-го")
        more_at_the_end(town, 1)
        correct(town, IN_DECEMBER)
        assert [one.charged_in for one in closed(town).corrections] == [NOVEMBER, DECEMBER]
        assert seen(town, NOVEMBER).charge == Decimal("8.42")

    def test_two_corrections_follow_each_other(self, town: Scene) -> None:
        shut(town)
        for kwh in (3, -2):
            more_at_the_end(town, kwh)
            correct(town)
            adds_up(town)
        assert [one.energy for one in closed(town).corrections] == [3_000_000, -2_000_000]
        assert closed(town).corrections[1].lines[0].before == closed(town).corrections[0].lines[0].after

    def test_what_became_the_same_again_between_two_looks_is_no_correction(self, town: Scene) -> None:
        shut(town)
        more_at_the_end(town, 3)
        more_at_the_end(town, -3)
        assert correct(town) == {"same": 1}
        assert closed(town).corrections == ()

    def test_late_intervals_change_no_bill_of_registers(self, town: Scene) -> None:
        shut(town)
        end = midnight(date(2026, 10, 9), s.TZ) + 1800
        town.arrive(f"MIL-{s.FLAT}", LoadRow(f"MIL-{s.FLAT}", end, 1800, 0, {"ap": 77}))
        assert correct(town) == {"same": 1}

    def test_a_ratio_that_was_entered_wrongly_is_a_correction_by_that_change(self, town: Scene) -> None:
        shut(town)
        before = closed(town)
        with town.engine.connect() as connection:
            stands = connection.execute(
                select(mounting.c.id).where(mounting.c.point == town.points[s.FLAT])
            ).scalar_one()
        with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="correction") as act:
            enter.correct_mounting(act, stands, ki=Decimal(2))
        assert correct(town) == {"held": 1}, "while days are being computed nothing is told"
        town.recompute()
        assert correct(town) == {"corrected": 1}
        (made,) = closed(town).corrections
        assert (made.change, made.energy) == ((act.id, "correction"), before.energy)
        adds_up(town)
        with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="undo") as back:
            undo_change(back, act.id)
        town.recompute()
        correct(town)
        adds_up(town)
        assert closed(town).total_now == before.total
        assert len(closed(town).corrections) == 2

    def test_a_price_of_a_closed_month_is_a_correction_though_no_day_changes(self, town: Scene) -> None:
        shut(town)
        before = closed(town)
        with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="price") as act:
            enter.set_price(act, town.schemes["three"], "night", Decimal("4.36"), date(2026, 10, 16))
        assert correct(town) == {"corrected": 1}
        (made,) = closed(town).corrections
        assert made.change == (act.id, "price")
        assert made.energy == 0
        assert made.amount > 0
        assert len(made.lines) == 2, "less at the old price, the rest at the new one"
        assert {line.told.zone for line in made.lines} == {"night"}
        assert closed(town).lines == before.lines
        adds_up(town)

    def test_a_price_from_today_on_concerns_no_closed_month(self, town: Scene) -> None:
        shut(town)
        correct(town)
        with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="price") as act:
            enter.set_price(act, town.schemes["three"], "night", Decimal("4.36"), date(2026, 12, 1))
            enter.set_price(act, town.schemes["two"], "night", Decimal("4.36"), date(2026, 10, 2))
        assert correct(town) == {}, "and that of another scheme neither"

    def test_a_hand_over_that_is_entered_late_takes_the_closed_bill_back_in_part(self, town: Scene) -> None:
        shut(town)
        before = closed(town)
        middle = midnight(date(2026, 10, 21), s.TZ)
        with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="hand_over") as act:
            enter.hand_over(act, town.points[s.FLAT], town.accounts["100-3"], middle)
        town.recompute()
        assert correct(town) == {"corrected": 1}
        (made,) = closed(town, mail=s.OPERATOR).corrections
        assert -before.energy < made.energy < 0
        adds_up(town)
        assert made.energy == -now_of(town, OCTOBER, number="100-3").energy

    def test_a_point_that_was_never_in_the_contract_takes_it_back_whole(self, town: Scene) -> None:
        shut(town)
        before = closed(town)
        with writing(town.engine).begin() as connection, entering(connection, at=s.NOW, kind="hand_over") as act:
            enter.hand_over(act, town.points[s.FLAT], town.accounts["100-3"], midnight(date(2026, 9, 30), s.TZ))
        town.recompute()
        correct(town)
        assert seen(town, mail=s.NEIGHBOUR).closed == (), "whose the time is now was not charged with this bill"
        (made,) = closed(town, mail=s.OPERATOR).corrections
        assert (made.energy, made.amount) == (-before.energy, -before.total)

    def test_nothing_is_taken_back_for_want_of_a_price_or_of_data(self, town: Scene) -> None:
        peak = price.c.zone == "peak", price.c.valid_from == OCTOBER
        shut(town)
        correct(town)
        with writing(town.engine).begin() as connection:
            recheck.mark(connection, _close(town))
            connection.execute(update(price).where(*peak).values(valid_to=date(2026, 10, 20)))
        assert correct(town) == {"held": 1}
        with town.engine.connect() as connection:
            assert connection.execute(select(period_recheck.c.held)).scalar_one() == "unpriced"
        with writing(town.engine).begin() as connection:
            connection.execute(update(price).where(*peak).values(valid_to=None))
        assert correct(town) == {"same": 1}, "it was looked at again by itself"

    def test_a_reading_nearer_to_the_end_that_comes_after_the_month_is_late_data_of_it(self, town: Scene) -> None:
        shut(town, NOVEMBER, s.DACHA, now=IN_DECEMBER, reason="не на связи")
        correct(town, IN_DECEMBER)
        meter, at = f"MIL-{s.DACHA}", midnight(DECEMBER, s.TZ) + 7200
        last = town.series.last_register(meter, (Kind.DAILY, Kind.NOW), at)
        assert last is not None
        now = {name: value + 5_000_000 for name, value in last.values.items()}
        town.arrive(meter, RegisterRow(meter, at, Kind.NOW, 0, now), now=IN_DECEMBER)
        assert correct(town, IN_DECEMBER) == {"corrected": 1}
        assert closed(town, NOVEMBER, s.DACHA).corrections[0].energy == 15_000_000

    def test_a_mark_that_grew_meanwhile_stays(self, town: Scene) -> None:
        shut(town)
        with town.engine.connect() as connection:
            (mark,) = recheck.take(connection, 0, 10)
        found = correcting.look(town.source, mark, s.NOW)
        more_at_the_end(town, 3)
        with writing(town.engine).begin() as connection:
            correcting.settle(connection, mark, found, s.NOW)
        assert correct(town) == {"corrected": 1}

    def test_two_workers_make_one_correction(self, town: Scene) -> None:
        shut(town)
        more_at_the_end(town, 3)
        with town.engine.connect() as connection:
            (mark,) = recheck.take(connection, 0, 10)
        found = [correcting.look(town.source, mark, s.NOW) for _ in range(2)]
        said = []
        for one_of_them in found:
            with writing(town.engine).begin() as connection:
                said.append(correcting.settle(connection, mark, one_of_them, s.NOW))
        assert said == ["corrected", "late"]
        assert len(closed(town).corrections) == 1

    def test_the_mark_comes_with_the_day_or_not_at_all(self, town: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        shut(town)
        correct(town)

        def dies(*_: Any) -> None:
            raise RuntimeError("the power went")

        with monkeypatch.context() as patch:
            patch.setattr(dirty, "clear", dies)
            with pytest.raises(RuntimeError):
                more_at_the_end(town, 3)
        assert correct(town) == {}
        town.recompute()
        assert correct(town) == {"corrected": 1}


def _close(scene: Scene) -> int:
    with scene.engine.connect() as connection:
        return int(connection.execute(select(period_close.c.id)).scalar_one())


def _late(scene: Scene, chance: Random) -> None:
    more_at_the_end(scene, chance.randint(1, 9), field=chance.choice(("ap1", "ap2", "ap3")))


def _priced(scene: Scene, chance: Random) -> None:
    day = OCTOBER + timedelta(days=chance.randint(1, 28))
    zone, amount = chance.choice(("peak", "night", "half_peak")), Decimal(chance.randint(100, 900)) / 100
    engine = writing(scene.engine)
    with suppress(Refused), engine.begin() as connection, entering(connection, at=s.NOW, kind="price") as act:
        enter.set_price(act, scene.schemes["three"], zone, amount, day)  # two of one day are refused


def _ratio(scene: Scene, chance: Random) -> None:
    with writing(scene.engine).begin() as connection, entering(connection, at=s.NOW, kind="correction") as act:
        stands = connection.scalar(select(mounting.c.id).where(mounting.c.point == scene.points[s.FLAT]))
        enter.correct_mounting(act, stands, ki=Decimal(chance.randint(1, 40)))


def _undone(scene: Scene, _chance: Random) -> None:
    with suppress(Refused), writing(scene.engine).begin() as connection:  # another change stands on it
        last = connection.scalar(select(func.max(change.c.id)).where(change.c.kind.in_(("price", "correction"))))
        with entering(connection, at=s.NOW, kind="undo", undoes=last) as act:
            undo_change(act, last or 0)


def _profile(scene: Scene, chance: Random) -> None:
    day = OCTOBER + timedelta(days=chance.randint(0, 20))
    engine, source = writing(scene.engine), chance.choice(("registers", "profile"))
    with suppress(Refused), engine.begin() as connection, entering(connection, at=s.NOW, kind="terms") as act:
        enter.set_terms(act, scene.points[s.FLAT], day, scheme=scene.schemes["three"], zone_source=source)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_changes_the_closed_bill_and_its_corrections_are_the_bill_as_it_would_be_now(
    town: Scene, seed: int
) -> None:
    chance = Random(seed)
    key = shut(town)
    with town.engine.connect() as connection:
        kept = connection.execute(select(period_close).where(period_close.c.id == key)).one()
    for _ in range(8):
        for change_it in chance.sample((_late, _priced, _ratio, _undone, _profile), chance.randint(1, 2)):
            change_it(town, chance)
        town.recompute()
        correct(town)
        adds_up(town)
    with town.engine.connect() as connection:
        row = connection.execute(select(period_close).where(period_close.c.id == key)).one()
        assert connection.execute(select(period_recheck)).all() == []
    forever = ("energy", "total", "lines", "workings", "spans", "billed_by", "scheme", "made_at", "account")
    assert [getattr(row, name) for name in forever] == [getattr(kept, name) for name in forever]
    assert len(closed(town).corrections) >= 3, "something did change"
