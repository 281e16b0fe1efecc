"""Charts: the axis begins at zero and holds the highest bar, lengths add up, doubt is hatched, a gap is no bar."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.faces import charts
from central.faces.charts import Axes, Bar, Captions, Lined, Panel, Part, Strip, Tick

pytestmark = pytest.mark.quick
CAPTIONS = Captions("c", "title", "desc", "кВт·ч", "нет данных", "ещё не пришли", "24")


def drawn(*bars: Bar) -> ElementTree.Element:
    text = str(charts.bars(bars, CAPTIONS))
    assert " style=" not in text
    return ElementTree.fromstring(text)


def rects(tree: ElementTree.Element, looks: str) -> list[ElementTree.Element]:
    return [one for one in tree.iter("rect") if one.get("class", "").split()[:1] == [looks]]


@given(st.just(0.0) | st.floats(1e-6, 1e9))
def test_the_axis_holds_the_highest_bar_with_few_lines(highest: float) -> None:
    top, step = charts.scale(highest)
    assert top >= highest * (1 - 1e-9)
    assert 1 <= round(top / step) <= charts.LINES + 1
    assert highest == 0 or top <= 2.1 * highest


def test_parts_stand_on_each_other_from_zero() -> None:
    tree = drawn(Bar((Part("t3", 1.0), Part("t2", 2.0), Part("t1", 3.0)), charts.SOLID, "six"))
    found = rects(tree, "bar")
    assert [one.get("class") for one in found] == ["bar t3", "bar t2", "bar t1"]
    ends = [float(one.get("y", "")) + float(one.get("height", "")) for one in found]
    assert ends[0] == charts.TOP + charts.PLOT
    for below, end in zip(found, ends[1:], strict=False):
        assert end == pytest.approx(float(below.get("y", "")) - 1, abs=0.11)  # a gap of the surface between


def test_an_estimate_is_hatched_and_nothing_else() -> None:
    tree = drawn(
        Bar((Part("t2", 1.0), Part("t2", 1.0, True)), charts.SOLID, "", whole=False),
        Bar((Part("t1", 1.0),), charts.SOLID, ""),
    )
    (hatch,) = rects(tree, "hatch")
    assert hatch.get("fill") == "url(#c-t2)"
    assert [one.get("id") for one in tree.iter("pattern")] == ["c-t2"]
    assert len(rects(tree, "bar")) == 2


def test_four_nothings_look_different() -> None:
    tree = drawn(
        Bar((), charts.SOLID, ""), Bar((), charts.OFF, ""), Bar((), charts.MISSING, ""), Bar((), charts.NOT_DUE, "")
    )
    assert len(rects(tree, "nought")) == len(rects(tree, "off")) == len(rects(tree, "gap")) == 1
    assert rects(tree, "bar") == []
    assert len(rects(tree, "strip")) == 3


def test_words_stand_only_where_they_fit() -> None:
    def said(missing: int) -> list[str]:
        bars = [Bar((Part("t1", 1.0),), charts.SOLID, "")] * (48 - missing) + [Bar((), charts.MISSING, "")] * missing
        tree = drawn(*bars)
        return [one.get("class", "") for one in tree.iter("text") if one.get("class", "").startswith("inside")]

    assert said(1) == ["inside upright desktop-only"]
    assert said(5) == ["inside upright phone-only", "inside desktop-only"]
    assert said(48) == ["inside phone-only", "inside desktop-only"]


def test_names_are_text() -> None:
    bait = "</title><script>"
    text = str(charts.bars([Bar((), charts.SOLID, bait, tick=bait)], Captions("c", bait, bait, bait, bait, bait, bait)))
    assert "<script" not in text
    assert len(re.findall("&lt;script", text)) == 6


def test_the_strips_of_months_are_on_one_scale() -> None:
    this = Strip((Part("t1", 30.0), Part("t2", 20.0)), 80.0, True, 70.0, 90.0)
    before = Strip((Part("before", 40.0),), 100.0)
    text = str(charts.strips([this, before]))
    widths = [
        (looks, float(width))
        for looks, width in re.findall(r'class="([\w ]+)" x="[\d.]+%" y="[\d.]+" width="([\d.]+)%"', text)
    ]
    assert widths == [("rest", 80.0), ("bar t1", 30.0), ("bar t2", 20.0), ("hollow", 100.0), ("bar before", 40.0)]
    assert re.findall(r'class="band" x1="([\d.]+)%" x2="([\d.]+)%"', text)[0] == ("70", "90")
    assert "hollow" not in str(charts.strips([Strip(())]))


def test_an_earlier_period_is_a_line_over_each_bar() -> None:
    tree = drawn(Bar((Part("t1", 1.0),), charts.SOLID, "", before=2.0), Bar((), charts.MISSING, "", before=1.0))
    lines = [float(one.get("y")) + 0.75 for one in tree.iter() if one.get("class") == "earlier"]
    assert lines == pytest.approx([charts.TOP, charts.TOP + charts.PLOT / 2], abs=0.1), (
        "the axis holds the greater of both"
    )


def lined(
    *panels: Panel, due: int | None = None, limits: tuple[float, ...] = (), nought: bool = False
) -> ElementTree.Element:
    places = len(panels[0].places)
    axes = Axes([Tick(0.0, "00"), Tick(0.5, "12")], range(places if due is None else due), limits, nought)
    text = str(charts.lines(panels, axes, [f"step {place}" for place in range(places)], CAPTIONS))
    assert " style=" not in text
    return ElementTree.fromstring(text)


def paths(tree: ElementTree.Element, looks: str) -> list[str]:
    return [one.get("d", "") for one in tree.iter("path") if one.get("class") == looks]


def flat(value: float) -> Lined:
    return Lined(value - 1, value, value + 1)


def test_a_line_breaks_where_nothing_was_measured() -> None:
    tree = lined(Panel("A", [flat(230), flat(231), None, flat(229), None, None]), due=5)
    (mean,) = paths(tree, "mean")
    assert [len(part.split("L")) for part in mean.split("M")[1:]] == [2, 2]  # one place alone is as wide as it
    assert [float(one.get("width", "0%")[:-1]) for one in rects(tree, "gap")] == [pytest.approx(100 / 6, abs=0.01)] * 2
    assert len(rects(tree, "hit")) == 5  # what is yet to come has nothing to tell


def test_phases_stand_under_each_other_on_one_scale() -> None:
    tree = lined(*(Panel(name, [flat(value), flat(value)]) for name, value in (("A", 100), ("B", 300))))
    assert [one.text for one in tree.iter("text") if one.get("class") == "panel"] == ["A", "B"]
    first, second = (float(path.split()[1].split("L")[0]) for path in paths(tree, "mean"))
    assert first - second == pytest.approx(200 / (350 - 50) * charts.TOGETHER, abs=30)
    scales = [one.text for one in tree.iter("text") if one.get("class") == "axis end"]
    assert scales[: len(scales) // 2] == scales[len(scales) // 2 :]


@given(st.lists(st.none() | st.floats(-1e6, 1e6).map(flat), min_size=1, max_size=20), st.booleans())
def test_all_that_was_measured_lies_within_the_plot(places: list[Lined | None], nought: bool) -> None:
    tree = lined(Panel("A", places), nought=nought, limits=(10.0,))
    for looks in ("mean", "around"):
        for path in paths(tree, looks):
            heights = [
                float(point.split()[1]) for part in path.replace("Z", "").split("M")[1:] for point in part.split("L")
            ]
            assert all(-0.11 <= height <= charts.ALONE + 0.11 for height in heights)
