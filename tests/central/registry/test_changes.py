"""Every change is one act: kept whole before and after, told before it is saved, undone as a whole while it can be."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from central.db import metadata, writing
from central.figures.tables import dirty, point_day
from central.ingest.tables import meter_seen
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import FOREVER, SUBJECTS, Change, entering
from central.registry.consequences import consequences
from central.registry.refusals import Refused
from central.registry.schemes import TWO_ZONES
from central.registry.tables import change as changes
from central.registry.tables import change_line, change_subject, contract_point, mounting, point_terms
from central.registry.undo import undo
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene

NEW = "MIL-99"
SWAP = midnight(date(2026, 11, 20), s.TZ)
ACT: dict[str, Any] = {"old_meter": f"MIL-{s.FLAT}", "act": "акт 7", "reason": "поверка"}


@pytest.fixture
def own(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    made = copy_of(14, tmp_path / "scene")
    with writing(made.engine).begin() as connection:
        connection.execute(dirty.delete())
        with entering(connection, at=made.now, kind="meter") as change:
            enter.add_meter(change, NEW, serial="99", type="т", maker="м")
    yield made
    made.close()


def replaced(change: Change, own: Scene) -> None:
    enter.replace_meter(change, own.points[s.FLAT], NEW, SWAP, **ACT)


def standing(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the registry."""
    return {
        name: sorted(tuple(map(str, row)) for row in connection.execute(select(metadata.tables[name])))
        for name in SUBJECTS
        if name != "edge"
    }


def test_what_stood_and_what_stands_are_both_kept_with_who_and_why(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        author = own.viewer(s.OPERATOR).account
        with entering(connection, at=own.now, kind="replacement", account=author, reason="поверка") as change:
            replaced(change, own)
        head = connection.execute(select(changes).where(changes.c.id == change.id)).one()
        assert (head.at, head.account, head.kind, head.reason) == (own.now, author, "replacement", "поверка")
        query = select(change_line).where(change_line.c.change == change.id).order_by(change_line.c.id)
        closed, opened = connection.execute(query).all()
        assert closed.before == {name: value for name, value in closed.after.items() if name in closed.before}
        assert set(closed.after) - set(closed.before) == {"valid_to", "end_act", "end_reason"}
        assert (closed.object, closed.after["valid_to"]) == ("mounting", SWAP)
        assert opened.before is None
        assert (opened.after["meter"], opened.after["ki"]) == (NEW, "1")
        subjects = select(change_subject.c.kind, change_subject.c.key).where(change_subject.c.change == change.id)
        assert {tuple(row) for row in connection.execute(subjects)} == {
            ("point", str(own.points[s.FLAT])),
            ("meter", NEW),
            ("meter", f"MIL-{s.FLAT}"),
        }


def test_the_same_again_is_nothing(own: Scene) -> None:
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="correction") as change:
        row = connection.execute(select(mounting)).first()
        assert row is not None
        enter.correct_mounting(change, row.id, ki=row.ki, act=row.act)
        assert change.subjects == set()


def test_a_correction_of_the_past_tells_whose_figures_it_changes_and_marks_their_days(own: Scene) -> None:
    point = own.points[s.NEXT_DOOR]
    with writing(own.engine).begin() as connection:
        row = connection.execute(select(mounting).where(mounting.c.point == point)).one()
        with entering(connection, at=own.now, kind="correction") as change:
            enter.correct_mounting(change, row.id, ki=Decimal(40))
            (told,) = consequences(change, own.now)
        assert (told.point, told.code, told.name) == (point, "Т-47", "Мастерская")
        assert told.holders == ("Борис Сидоров",)
        assert (told.first, told.until) == (date(2026, 11, 10), date(2026, 11, 25))
        assert (told.days, told.published) == (15, 13), "yesterday is not published before noon"
        assert set(connection.execute(select(dirty.c.point, dirty.c.day))) == {
            (point, told.first + timedelta(days=number)) for number in range(15)
        }
    own.recompute()
    with own.engine.connect() as connection:
        query = select(point_day).where(point_day.c.point == point, point_day.c.day == date(2026, 11, 15))
        first, second = connection.execute(query.order_by(point_day.c.version)).all()
        energy = [sum(sum(zone.values()) for zone in day.energies["active_import"].values()) for day in (first, second)]
        assert energy[1] * 30 == energy[0] * 40


def test_a_tenure_that_is_cut_short_or_moved_tells_of_the_time_it_had(own: Scene) -> None:
    begun, point = midnight(date(2026, 11, 10), s.TZ), own.points[s.FLAT]
    with writing(own.engine).begin() as connection:
        key = connection.execute(select(mounting.c.id).where(mounting.c.point == point)).scalar_one()
        with entering(connection, at=own.now, kind="correction") as change:
            enter.correct_mounting(change, key, valid_from=SWAP)
        assert change.touched == {point: (begun, FOREVER)}
        with entering(connection, at=own.now, kind="correction") as change:
            added = enter.add_point(change, 1, "Т-99", name="Гараж", address="ул.", tz=s.TZ, scheme=own.schemes["two"])
            enter.correct_mounting(change, key, point=added)
        assert change.touched[point] == (SWAP, FOREVER)
        assert change.touched[added][1] == FOREVER


def test_a_hand_over_in_the_past_tells_of_both_holders(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        with entering(connection, at=own.now, kind="hand_over") as change:
            contract = enter.add_contract(change, 1, "100-9", "Новый хозяин")
            enter.hand_over(change, own.points[s.FLAT], contract, SWAP)
            (told,) = consequences(change, own.now)
        assert (told.holders, told.first) == (("Анна Петрова", "Новый хозяин"), date(2026, 11, 20))


def test_readings_that_waited_for_a_mounting_become_figures(own: Scene) -> None:
    """A meter was read before anyone entered where it stands."""
    with writing(own.engine).begin() as connection:
        connection.execute(meter_seen.insert().values(meter=NEW, last_stamp=SWAP + 86_400))
        with entering(connection, at=own.now, kind="mounting") as change:
            code = {"name": "Гараж", "address": "ул.", "tz": s.TZ, "scheme": own.schemes["two"]}
            point = enter.add_point(change, 1, "Т-99", **code)  # type: ignore[arg-type]
            enter.mount(change, point, NEW, SWAP)
        days = set(connection.scalars(select(dirty.c.day).where(dirty.c.point == point)))
        assert days == {date(2026, 11, 20), date(2026, 11, 21)}


def test_an_act_is_undone_whole_and_the_undoing_too(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        before = standing(connection)
        with entering(connection, at=own.now, kind="replacement") as change:
            replaced(change, own)
        after = standing(connection)
        for wanted, key in ((before, change.id), (after, None)):
            undone = key or connection.execute(select(changes.c.id).order_by(changes.c.id.desc())).scalars().first()
            assert undone is not None
            with entering(connection, at=own.now, kind="undo", undoes=undone) as back:
                undo(back, undone)
            assert standing(connection) == wanted
            assert own.points[s.FLAT] in back.touched


def test_an_act_is_undone_once(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        with entering(connection, at=own.now, kind="replacement") as change:
            replaced(change, own)
        with entering(connection, at=own.now, kind="undo", undoes=change.id) as back:
            undo(back, change.id)
        with pytest.raises(Refused, match="уже отменено"), entering(connection, at=own.now, kind="undo") as again:
            undo(again, change.id)


def test_what_was_changed_since_is_not_undone(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        with entering(connection, at=own.now, kind="replacement") as change:
            replaced(change, own)
        with entering(connection, at=own.now, kind="correction") as later:
            key = connection.execute(select(mounting.c.id).where(mounting.c.meter == NEW)).scalar_one()
            enter.correct_mounting(later, key, act="акт 8")
        with pytest.raises(Refused, match="установка счётчика с тех пор изменено"):
            attempt(connection, own, change.id)


def attempt(connection: Connection, own: Scene, key: int) -> None:
    """In a savepoint, as the transaction of a form."""
    with connection.begin_nested(), entering(connection, at=own.now, kind="undo") as back:
        undo(back, key)


def test_what_something_depends_on_is_not_undone(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        with entering(connection, at=own.now, kind="import") as change:
            contract = enter.add_contract(change, 1, "100-9", "Новый")
        with entering(connection, at=own.now, kind="hand_over"):
            pass
        with entering(connection, at=own.now, kind="hand_over") as later:
            enter.hand_over(later, own.points[s.FLAT], contract, SWAP)
        with pytest.raises(Refused, match="От этого уже зависит: точка в договоре"):
            attempt(connection, own, change.id)
        first = connection.execute(select(changes.c.id).order_by(changes.c.id)).scalars().first()
        assert first is not None
        with pytest.raises(Refused, match=r"зависит|изменено"):
            attempt(connection, own, first)


def test_readings_depend_on_a_meter(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        with entering(connection, at=own.now, kind="import") as change:
            enter.add_meter(change, "MIL-100", serial="100", type="т", maker="м")
        connection.execute(meter_seen.insert().values(meter="MIL-100", last_stamp=SWAP))
        with pytest.raises(Refused, match="показания, которые уже пришли"):
            attempt(connection, own, change.id)


def test_what_would_stand_again_beside_another_is_not_undone(own: Scene) -> None:
    point = own.points[s.DACHA]
    with writing(own.engine).begin() as connection:
        row = connection.execute(select(mounting).where(mounting.c.point == point)).one()
        with entering(connection, at=own.now, kind="correction") as change:
            enter.remove_mounting(change, row.id)
        with entering(connection, at=own.now, kind="mounting") as later:
            enter.mount(later, point, NEW, row.valid_from)
        with pytest.raises(Refused, match="на это время с тех пор внесено другое"):
            attempt(connection, own, change.id)


class TestTerms:
    """«Квартира» goes from three zones to two on the 16th."""

    DAY = date(2026, 11, 16)

    @pytest.fixture(autouse=True)
    def changed(self, own: Scene) -> None:
        with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="terms") as change:
            enter.set_terms(change, own.points[s.FLAT], self.DAY, scheme=own.schemes["two"], power_max=15_000)
        own.recompute()

    def test_days_have_the_zones_of_their_terms(self, own: Scene) -> None:
        with own.engine.connect() as connection:
            query = select(point_day.c.day, point_day.c.energies, point_day.c.version)
            rows = connection.execute(query.where(point_day.c.point == own.points[s.FLAT]).order_by("version")).all()
        zones = {row.day: set(row.energies["active_import"]) for row in rows}
        assert zones[self.DAY - timedelta(days=1)] == {"peak", "night", "half_peak"}
        assert zones[self.DAY] == {"day", "night"}
        assert {row.version for row in rows if row.day < self.DAY} == {1}, "the past is as it was"

    def test_a_month_is_billed_in_two_parts(self, own: Scene) -> None:
        from central import figures

        first, last = date(2026, 11, 12), date(2026, 11, 22)
        at = [midnight(day, s.TZ) for day in (first, self.DAY, last)]
        asked = (own.source, own.viewer(s.CONSUMER), own.points[s.FLAT])
        whole = figures.readings(*asked, at[0], at[2], own.now)
        before = figures.readings(*asked, at[0], at[1], own.now)
        after = figures.readings(*asked, at[1], at[2], own.now)
        assert whole.cost is not None
        assert before.cost is not None
        assert after.cost is not None
        assert set(before.totals.zones) == {"peak", "night", "half_peak"}  # type: ignore[union-attr]
        assert {line.zone for line in after.cost.lines} <= {"day", "night"}
        assert whole.cost.unpriced == ()
        assert {(line.zone, line.first) for line in whole.cost.lines} == {
            (line.zone, line.first)
            for part in (before, after)
            for line in part.cost.lines  # type: ignore[union-attr]
        }
        assert whole.totals.total == before.totals.total + after.totals.total  # type: ignore[union-attr]
        assert whole.cost.total == before.cost.total + after.cost.total  # type: ignore[operator]

    def test_the_terms_before_end_where_they_begin(self, own: Scene) -> None:
        with own.engine.connect() as connection:
            ours = select(point_terms).where(point_terms.c.point == own.points[s.FLAT]).order_by("valid_from")
            old, new = connection.execute(ours).all()
        assert (old.valid_to, new.valid_from, new.valid_to) == (self.DAY, self.DAY, None)
        assert list(TWO_ZONES.tariffs) == ["day", "night"]

    def test_a_wrong_day_is_corrected_with_the_terms_before(self, own: Scene) -> None:
        with writing(own.engine).begin() as connection:
            ours = select(point_terms).where(point_terms.c.point == own.points[s.FLAT]).order_by("valid_from")
            with entering(connection, at=own.now, kind="correction") as change:
                enter.correct_terms(change, connection.execute(ours).all()[1].id, valid_from=date(2026, 11, 18))
            old, new = connection.execute(ours).all()
            assert (old.valid_to, new.valid_from) == (date(2026, 11, 18), date(2026, 11, 18))
            assert change.touched[own.points[s.FLAT]][0] == midnight(self.DAY, s.TZ)


def test_no_row_of_the_registry_was_written_past_a_change(own: Scene) -> None:
    """Whatever stands is the last version in `change_line`."""
    with own.engine.connect() as connection:
        last = {(row.object, row.key): row.after for row in connection.execute(select(change_line).order_by("id"))}
        for name in sorted(set(SUBJECTS) - {"edge", "edge_meter"}):  # these two the scene binds by itself
            table = metadata.tables[name]
            key = next(iter(table.primary_key.columns)).name
            found = {str(row[key]) for row in connection.execute(select(table)).mappings()}
            assert found == {key for table_name, key in last if table_name == name and last[table_name, key]}
    assert contract_point.name in SUBJECTS
