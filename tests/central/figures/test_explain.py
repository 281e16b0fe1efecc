"""Every figure opens down to its readings, and reckoned anew from them by hand it is the same to the last digit."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from sqlalchemy import select

from central import figures
from central.db import writing
from central.figures.views import Explained
from central.ingest.tables import inbox
from central.metering.cost import Cost
from central.metering.hourly import HOUR
from central.metering.workings import Rule, as_data
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.consequences import consequences
from central.registry.look import segments_of
from central.registry.schemes import ONE_ZONE
from central.registry.tables import change_line, contract_point, hour_price, point_terms
from central.registry.undo import undo
from central.timeseries.base import LoadRow
from protocol.messages import bodies
from protocol.reading import Kind, Readings, Row
from tests.central import scene as s
from tests.central.figures.reckoner import nodes, reckon, shown
from tests.central.figures.test_way import send
from tests.central.scene import Scene
from tests.central.tariffs import DEARER, LIMITS, village

A = "active_import"
ONE_DAY = timedelta(days=1)
MONTH = (date(2026, 11, 1), date(2026, 12, 1))


def bill(scene: Scene, serial: str, first: date, until: date, mail: str = s.OPERATOR) -> Explained:
    span = midnight(first, s.TZ), min(midnight(until, s.TZ), scene.now)
    return figures.explain_bill(scene.source, scene.viewer(mail), scene.points[serial], *span, scene.now)


def days(scene: Scene, serial: str, first: date, until: date, channel: str = A) -> Explained:
    viewer = scene.viewer(s.OPERATOR)
    return figures.explain_days(scene.source, viewer, scene.points[serial], first, until, channel, scene.now)


def holds(tree: Any) -> int:
    """Each node is what its own leaves give; returns how many were reckoned."""
    found = nodes(as_data(tree))
    for node in found:
        assert reckon(node) == shown(node), node
    return len(found)


@pytest.mark.parametrize("serial", [s.FLAT, s.DACHA, s.NEXT_DOOR])
@pytest.mark.parametrize(
    ("first", "until"),
    [MONTH, (date(2026, 9, 1), date(2026, 11, 1)), (date(2026, 11, 10), date(2026, 11, 11)), (s.GAP, s.GAP + ONE_DAY)],
)
def test_a_bill_is_what_its_readings_and_prices_give(scene: Scene, serial: str, first: date, until: date) -> None:
    told = bill(scene, serial, first, until)
    view = told.bill
    assert view is not None
    if view.totals is not None and view.totals.total is not None:
        assert told.energy is not None
        assert told.energy.value == view.totals.total
        holds(told.energy)
    if view.cost is not None and view.cost.total is not None:
        assert told.cost is not None
        assert told.cost.value == view.cost.total
        holds(told.cost)


def test_a_bill_through_a_change_of_prices_is_cut_by_readings_of_that_day(scene: Scene) -> None:
    told = bill(scene, s.FLAT, date(2026, 9, 1), date(2026, 11, 1))
    assert told.cost is not None
    rules = {node["rule"] for node in nodes(as_data(told.cost))}
    assert rules == {"sum", "line", "difference", "reading", "price"}
    moments = {leaf.facts["time"] for leaf in told.cost.leaves() if leaf.rule is Rule.READING}
    assert midnight(date(2026, 10, 1), s.TZ) in moments
    assert len(told.cost.parts) == 6  # three zones, two prices


@pytest.mark.parametrize("serial", [s.FLAT, s.DACHA, s.NEXT_DOOR])
@pytest.mark.parametrize("channel", [A, "reactive_import"])
def test_a_day_is_what_its_rows_give(scene: Scene, serial: str, channel: str) -> None:
    for day in (date(2026, 11, 9), s.GAP, date(2026, 11, 23), date(2026, 11, 24)):
        told = days(scene, serial, day, day + ONE_DAY, channel)
        assert told.intervals is not None
        assert (told.energy.value if told.energy else None) == told.intervals.totals.total
        if told.energy is not None:
            assert holds(told.energy) > 30
            if told.cost is not None:
                assert channel == A
                holds(told.cost)


def test_a_month_is_the_sum_of_its_days(scene: Scene) -> None:
    told = days(scene, s.FLAT, *MONTH)
    assert told.energy is not None
    assert told.days is not None
    assert told.energy.value == told.days.totals.total
    assert [leaf.rule for leaf in told.energy.parts] == [Rule.STORED] * len(told.energy.parts)
    silent = days(scene, s.DACHA, *MONTH)
    assert silent.energy is not None
    assert min(one.facts["day"] for one in silent.energy.beside) == s.SILENT_SINCE
    holds(told.energy)


def test_a_row_over_several_places_is_cut_and_rests_of_k_are_carried(own: Scene) -> None:
    """Rows that the meter makes only each two hours, K = 3/7: nothing is lost, each place says how it was rounded."""
    point, meter, day = own.points[s.FLAT], f"MIL-{s.FLAT}", date(2026, 11, 23)
    begin = midnight(day, s.TZ)
    with writing(own.engine).begin() as connection:
        found = segments_of(connection, point, begin, begin + 1)
        with entering(connection, at=own.now, kind="mounting_correction", reason="проба") as act:
            enter.correct_mounting(act, found[0].mounting, ki=Decimal("1.333333"))
    own.series.erase()
    rows = [LoadRow(meter, begin + 7200 * n, 7200, 4, {"ap": 1_000_001 + n}) for n in range(1, 13)]
    own.arrive(meter, *rows)
    told = days(own, s.FLAT, day, day + ONE_DAY)
    assert told.energy is not None
    rules = {node["rule"] for node in nodes(as_data(told.energy))}
    assert {"cut", "times", "carried"} <= rules
    assert holds(told.energy) > 48 * 3


def test_a_gap_is_opened_down_to_the_registers_that_closed_it(scene: Scene) -> None:
    told = days(scene, s.FLAT, s.GAP, s.GAP + ONE_DAY)
    assert told.energy is not None
    places = [place for zone in told.energy.parts for place in zone.parts]
    assert {place.rule for place in places} == {Rule.CLOSED}
    assert {leaf.facts["field"] for leaf in told.energy.leaves()} == {"ap1", "ap2", "ap3"}
    assert {leaf.facts["time"] for leaf in told.energy.leaves()} == {
        midnight(s.GAP, s.TZ),
        midnight(s.GAP + ONE_DAY, s.TZ),
    }
    assert holds(told.energy) > 48 * 3


def test_what_is_in_no_sum_stands_beside_it(scene: Scene) -> None:
    told = days(scene, s.FLAT, date(2026, 11, 24), date(2026, 11, 25))
    assert told.energy is not None
    states = {one.facts["state"] for one in told.energy.beside}
    assert "not_due" in states
    assert all(one.value is None for one in told.energy.beside)


def test_a_foreign_bill_is_not_there_and_an_own_one_ends_with_the_tenancy(scene: Scene) -> None:
    with pytest.raises(figures.NotFound):
        bill(scene, s.NEXT_DOOR, *MONTH, mail=s.CONSUMER)
    told = bill(scene, s.NEXT_DOOR, *MONTH, mail=s.FORMER)
    assert told.energy is not None
    moments = [int(str(leaf.facts["time"])) for leaf in told.energy.leaves()]
    assert max(moments) <= midnight(s.HAND_OVER, s.TZ)
    assert told.days is not None
    assert max(day.day for day in told.days.days) < s.HAND_OVER


def test_each_row_names_the_message_that_brought_it_while_the_inbox_keeps_it(own: Scene) -> None:
    begin = midnight(s.GAP, s.TZ)
    rows = tuple(Row(begin + 1800 * n, 1800, 0, (1000,)) for n in range(1, 49))
    readings = [Readings(Kind.LOAD, (A,), part) for part in (rows[:20], rows[20:])]
    sent = [body for part in readings for body in bodies.encode_readings(part, made=own.now, offset=180)]
    send(own, *(("archive", body) for body in sent))
    told = days(own, s.FLAT, s.GAP, s.GAP + ONE_DAY)
    assert told.energy is not None
    meter = f"MIL-{s.FLAT}"
    for n, seq in ((1, 1), (20, 1), (21, 2), (48, 2)):
        origin = told.origins[meter, "load", begin + 1800 * n]
        assert (origin.edge, origin.store, origin.seq) == ("edge-1", "s1", seq)
        assert (origin.received_at, origin.made_at, origin.offset) == (own.now, own.now, 180)
    with writing(own.engine).begin() as connection:
        connection.execute(inbox.delete())
    origin = days(own, s.FLAT, s.GAP, s.GAP + ONE_DAY).origins[meter, "load", begin + 1800]
    assert (origin.edge, origin.seq, origin.received_at) == ("edge-1", None, None)


def test_a_reading_of_the_time_before_closes_a_gap_and_is_not_told(own: Scene) -> None:
    """The flat changes hands inside the day without half-hours: the registers at its midnights are each another's."""
    turn = midnight(s.GAP, s.TZ) + 10 * 3600
    with writing(own.engine).begin() as connection:
        of_the_flat = contract_point.c.point == own.points[s.FLAT]
        connection.execute(contract_point.update().where(of_the_flat).values(valid_from=turn))
    viewer = own.viewer(s.CONSUMER)
    told = figures.explain_days(own.source, viewer, own.points[s.FLAT], s.GAP, s.GAP + ONE_DAY, A, own.now)
    assert told.energy is not None
    places = [place for zone in told.energy.parts for place in zone.parts]
    assert [place.facts["state"] for place in places] == ["estimated"] * 28
    assert min(int(str(place.facts["start"])) for place in places) == turn
    assert {leaf.rule for leaf in told.energy.leaves()} == {Rule.STORED}
    assert told.origins == {}
    holds(told.energy)


@pytest.fixture
def ranged(own: Scene) -> Scene:
    village(own)
    return own


def steps(found: Cost) -> dict[int, int]:
    """Lower limit of a range -> what it holds of all zones."""
    sums: dict[int, int] = {}
    for line in found.lines:
        lower = line.step.lower if line.step is not None else -1
        sums[lower] = sums.get(lower, 0) + line.energy
    return sums


def bill_of(scene: Scene, first: date, until: date) -> Explained:
    """Each node of what is told holds."""
    told = bill(scene, s.FLAT, first, until)
    assert told.bill is not None
    assert told.bill.cost is not None
    assert told.cost is not None
    assert told.cost.value == told.bill.cost.total
    assert sum(line.energy for line in told.bill.cost.lines) == told.bill.totals.total  # type: ignore[union-attr]
    holds(told.cost)
    return told


@pytest.mark.parametrize("source", ["registers", "profile"])
def test_a_bill_by_ranges_is_what_its_month_used_up(ranged: Scene, source: str) -> None:
    with writing(ranged.engine).begin() as connection:
        connection.execute(point_terms.update().values(zone_source=source))
    told = bill_of(ranged, *MONTH)
    found = told.bill.cost  # type: ignore[union-attr]
    used = told.bill.totals.total  # type: ignore[union-attr]
    assert told.bill.billed_by == source  # type: ignore[union-attr]
    assert steps(found) == {0: LIMITS[0], LIMITS[0]: LIMITS[1] - LIMITS[0], LIMITS[1]: used - LIMITS[1]}  # type: ignore[operator,arg-type]
    assert {line.price.coefficient for line in found.lines} == {Decimal("0.7")}  # type: ignore[union-attr]
    (monthly,) = found.monthly  # type: ignore[union-attr]
    assert (monthly.days, monthly.of, monthly.amount) == (12, 30, Decimal("20.02"))  # contract since the 13th
    before = [line for line in found.lines if line.until <= DEARER]  # type: ignore[union-attr]
    assert {line.step.lower for line in before if line.step} == {0, LIMITS[0]}
    # the part after the change of price goes on where the one before it stopped
    first, rest = bill_of(ranged, MONTH[0], DEARER), bill_of(ranged, DEARER, MONTH[1])
    assert [line for line in found.lines if line.until <= DEARER] == list(first.bill.cost.lines)  # type: ignore[union-attr]
    assert [(line.zone, line.energy, line.amount) for line in found.lines if line.first >= DEARER] == [  # type: ignore[union-attr]
        (line.zone, line.energy, line.amount)
        for line in rest.bill.cost.lines  # type: ignore[union-attr]
    ]


def test_a_day_costs_what_the_days_before_it_left_of_the_ranges(ranged: Scene) -> None:
    whole = days(ranged, s.FLAT, *MONTH)
    assert whole.cost is not None
    holds(whole.cost)
    lower = {}
    for day in (one.day for one in whole.days.days if one.totals.total):  # type: ignore[union-attr]
        told = days(ranged, s.FLAT, day, day + ONE_DAY)
        assert told.cost is not None
        assert told.days is not None
        assert told.cost.value == told.days.cost.total  # type: ignore[union-attr]
        holds(told.cost)
        lower[day] = max(line.parts[0].facts["lower"] for line in told.cost.parts)
    assert set(lower.values()) == {0, *LIMITS}
    assert list(lower.values()) == sorted(lower.values())
    yesterday = figures.summary(ranged.source, ranged.viewer(s.OPERATOR), ranged.points[s.FLAT], ranged.now)
    day = date(2026, 11, 23)
    assert yesterday.yesterday_cost is not None
    assert yesterday.yesterday_cost.total == days(ranged, s.FLAT, day, day + ONE_DAY).cost.value  # type: ignore[union-attr]


PRICED = (date(2026, 11, 16), date(2026, 11, 21))  # the days that are billed by the hour


@pytest.fixture
def hourly(own: Scene) -> Scene:
    """Five days of the flat are priced by the hour: the gap and the long row are among them."""
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as act:
        own.schemes["hours"] = enter.add_scheme(act, "по часам", ONE_ZONE, date(2013, 11, 26))
        begin, end = (midnight(day, s.TZ) for day in PRICED)
        for number, hour in enumerate(range(begin, end, HOUR)):
            enter.set_hour_price(
                act, own.schemes["hours"], hour, Decimal(3) + Decimal(number % 7) / 3 // Decimal("0.01") / 100
            )
        enter.set_terms(act, own.points[s.FLAT], PRICED[0], scheme=own.schemes["hours"])
        enter.set_terms(act, own.points[s.FLAT], PRICED[1], scheme=own.schemes["three"])
    own.recompute()
    return own


def slots_cost(scene: Scene, first: date, until: date) -> Decimal:
    """Reckoned from the intervals alone."""
    viewer, point = scene.viewer(s.OPERATOR), scene.points[s.FLAT]
    found = figures.interval(scene.source, viewer, point, midnight(first, s.TZ), midnight(until, s.TZ), A, scene.now)
    with scene.engine.connect() as connection:
        prices = {row.hour: row.amount for row in connection.execute(select(hour_price))}
    cost = sum(Decimal(slot.energy or 0) * prices[slot.start // HOUR * HOUR] for slot in found.slots)
    return (Decimal(cost) / 10**6).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_what_is_priced_by_the_hour_is_one_line_that_opens_to_its_hours(hourly: Scene) -> None:
    told = bill(hourly, s.FLAT, *PRICED)
    assert told.bill is not None
    assert told.bill.cost is not None
    assert told.cost is not None
    assert told.bill.billed_by == "profile"
    assert told.bill.cost.lines == ()
    assert told.cost.value == told.bill.cost.total == slots_cost(hourly, *PRICED)
    (line,) = told.cost.parts
    assert (line.rule, len(line.parts)) == (Rule.HOURS, 5 * 24)
    holds(told.cost)
    day = days(hourly, s.FLAT, PRICED[0], PRICED[0] + ONE_DAY)
    assert day.cost is not None
    assert day.days is not None
    assert day.cost.value == day.days.cost.total == slots_cost(hourly, PRICED[0], PRICED[0] + ONE_DAY)  # type: ignore[union-attr]
    holds(day.cost)


def test_days_by_the_hour_and_days_by_zones_stand_in_one_bill(hourly: Scene) -> None:
    month = bill(hourly, s.FLAT, date(2026, 11, 14), date(2026, 11, 23))
    assert month.bill is not None
    assert month.bill.cost is not None
    assert month.cost is not None
    assert month.bill.cost.hourly is not None
    assert month.bill.cost.hourly.amount == slots_cost(hourly, *PRICED)
    of_zones = sum(line.energy for line in month.bill.cost.lines)
    assert of_zones + month.bill.cost.hourly.energy == month.bill.totals.total  # type: ignore[union-attr]
    assert month.cost.value == month.bill.cost.total
    holds(month.cost)


def test_a_corrected_hour_keeps_what_it_was_and_tells_whose_bill_it_changes(hourly: Scene) -> None:
    before = bill(hourly, s.FLAT, *PRICED).cost
    hour, scheme = midnight(date(2026, 11, 18), s.TZ) + 9 * HOUR, hourly.schemes["hours"]
    with writing(hourly.engine).begin() as connection, entering(connection, at=hourly.now, kind="test") as act:
        assert enter.set_hour_price(act, scheme, hour, Decimal(30))
        (whose,) = consequences(act, hourly.now)
        assert not enter.set_hour_price(act, scheme, hour, Decimal(30))
        correction = act.id
    assert (whose.point, whose.first, whose.days) == (hourly.points[s.FLAT], date(2026, 11, 18), 1)
    with hourly.engine.connect() as connection:
        (line,) = connection.execute(select(change_line).where(change_line.c.change == correction)).all()
    assert (line.object, line.after["amount"]) == ("hour_price", "30")
    assert line.before["amount"] != "30"
    after = bill(hourly, s.FLAT, *PRICED).cost
    assert after is not None
    assert before is not None
    assert after.value == slots_cost(hourly, *PRICED) != before.value
    with writing(hourly.engine).begin() as connection:
        with entering(connection, at=hourly.now, kind="undo", undoes=correction) as back:
            undo(back, correction)
            assert [one.days for one in consequences(back, hourly.now)] == [1]
        connection.execute(hour_price.delete().where(hour_price.c.hour == hour))
    told = bill(hourly, s.FLAT, *PRICED)
    assert told.cost is None
    assert told.bill is not None
    assert told.bill.cost is not None
    assert (told.bill.cost.total, told.bill.cost.unpriced_hours) == (None, (hour,))
