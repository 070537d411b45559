"""The report's small parts, each alone: scales, colours, how tightly print is set.

Really under test: pure functions of ``pipelines/exports/report/``, and the colours of the style sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_models.periods import add_months
from okr_models.progress.series import Point, Series
from okr_models.words.numbers import ENGLISH, SWEDISH, Speech
from pipelines.exports.published import read_status
from pipelines.exports.reader import reader_of
from pipelines.exports.report import charts
from pipelines.exports.report.drawing import Drawing
from pipelines.exports.report.kpi_cards import KpiSection
from pipelines.exports.report.paper import USABLE, paper_of
from pipelines.exports.report.queries import months_of
from pipelines.exports.report.results import Evidence, ObjectiveView, objectives
from pipelines.exports.report.scales import APART, scale_of, spread
from tests.home import PROJECT
from tests.unit.published_clients import with_more_key_results
from tests.unit.published_fixture import AS_OF, build_published

STYLE = (PROJECT / "pipelines/exports/report/templates/page.css").read_text("utf-8")
VALUES = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False).map(lambda value: round(value, 3))


@given(values=st.lists(VALUES, min_size=1, max_size=30), from_zero=st.booleans())
def test_a_scale_holds_every_value_between_two_of_its_ticks(values: list[float], *, from_zero: bool) -> None:
    scale = scale_of(values, from_zero=from_zero)
    assert scale.low <= min(values) + scale.step * 1e-6
    assert max(values) <= scale.high + scale.step * 1e-6
    assert 2 <= len(scale.ticks) <= 8
    assert not from_zero or scale.low <= 0 <= scale.high


def test_ticks_are_whole_where_the_step_is_and_never_rounded_to_a_wrong_figure() -> None:
    assert scale_of([0, 10], from_zero=True).labels(None, SWEDISH) == ["0", "5", "10"]
    assert scale_of([0, 1], from_zero=True).labels(None, SWEDISH) == ["0,0", "0,5", "1,0"]
    assert scale_of([0.2, 0.9], from_zero=True).labels("share", ENGLISH) == ["0%", "50%", "100%"]
    assert scale_of([0, 34_000], from_zero=True).labels("visitors", SWEDISH)[-1] == "40\xa0000"


def test_one_value_alone_stands_in_the_middle_and_not_on_an_axis_of_one_tick() -> None:
    scale = scale_of([923], from_zero=False)
    assert scale.low < 923 < scale.high


@given(st.lists(st.floats(min_value=0, max_value=130), min_size=1, max_size=3))
def test_end_labels_never_cover_each_other(heights: list[float]) -> None:
    placed = sorted(height + move for height, move in zip(heights, spread(heights), strict=True))
    assert all(b - a >= APART * 0.9 for a, b in pairwise(placed))


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _palettes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert len(blocks) == 2
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    return {"light": found[0], "dark": found[1]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_keep_wcags_contrast(scheme: str) -> None:
    """SC 1.4.3: text at 4.5 to 1; SC 1.4.11: what a chart says at 3 to 1 against the page."""
    palette = _palettes()[scheme]
    text = ("ink", "soft", "label", "good", "mid", "bad", "none", "path", "now")
    marks = ("now", "last-ink", "path", "bar", "axis", "good-fill", "mid-fill", "bad-fill", "none-fill")
    for name in text:
        assert _contrast(palette[name], palette["paper"]) >= 4.5, name
    for name in marks:
        assert _contrast(palette[name], palette["paper"]) >= 3, name
        if name.endswith("fill"):  # the ends of the interval lie over the bar
            assert _contrast(palette[name], palette["ink"]) >= 2, name
    # white paper is what is printed on
    assert all(_contrast(_palettes()["light"][name], "#ffffff") >= 3 for name in marks)


@pytest.mark.parametrize("form", ["months", "level", "total"])
@pytest.mark.parametrize("bounds", [(), (60.0,), (60.0, 90.0)])
@pytest.mark.parametrize("speech", [SWEDISH, ENGLISH])
def test_every_kind_of_chart_lies_within_its_picture(form: str, bounds: tuple[float, ...], speech: Speech) -> None:
    points = tuple(
        Point(
            month=add_months(date(2026, 1, 1), n),
            actual=80.0 + n if n < 10 else None,
            is_open=n == 9,
            last=70.0 + n,
            path=90.0 + n,
            low=85.0 if n > 8 else None,
            mid=90.0 if n > 8 else None,
            high=95.0 if n > 8 else None,
        )
        for n in range(12)
    )
    titles = [f"<{n}>" for n in range(12)]
    series = Series(form=form, points=points, bounds=bounds)  # type: ignore[arg-type]
    drawn = charts.key_result_chart(series, speech, unit="visitors", titles=titles)
    assert [mark.text for mark in marks(drawn, "title")] == titles
    assert len(marks(drawn, "text")) > 8
    assert len(marks(drawn, "circle")) == (form != "months")
    assert_within(drawn)
    for as_bars in (True, False):
        small = charts.kpi_chart([(point.month, point.actual) for point in points], speech, as_bars=as_bars)
        assert len(marks(small, "title")) == 10
        assert_within(small)


SVG = "{http://www.w3.org/2000/svg}"


def marks(drawn: Drawing, kind: str) -> list[ElementTree.Element]:
    page = ElementTree.fromstring(f'<svg xmlns="{SVG[1:-1]}">{drawn.body}</svg>')
    return list(page.iter(SVG + kind))


def assert_within(drawn: Drawing) -> None:
    """Where a mark begins, and where words stand: no coordinate is missing or outside of the picture."""
    placed = [(float(mark.get(x, "")), float(mark.get(y, ""))) for x, y, mark in _corners(drawn)]
    for path in marks(drawn, "path"):
        placed += [(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.]+),([-\d.]+)", path.get("d", ""))]
    assert len(placed) > 10
    for x, y in placed:
        assert -drawn.left - 3 <= x <= drawn.width - drawn.left, (x, y)
        assert -drawn.top <= y <= drawn.height - drawn.top, (x, y)


def _corners(drawn: Drawing) -> Iterator[tuple[str, str, ElementTree.Element]]:
    for kind, names in (("text", ("x", "y")), ("line", ("x1", "y1", "x2", "y2")), ("circle", ("cx", "cy"))):
        for mark in marks(drawn, kind):
            yield from ((x, y, mark) for x, y in zip(names[::2], names[1::2], strict=True))


def test_a_bar_stands_on_zero_and_is_as_high_as_its_figure() -> None:
    points = tuple(Point(month=date(2026, n, 1), actual=value) for n, value in ((1, 50.0), (2, 100.0), (3, -50.0)))
    drawn = charts.key_result_chart(Series(form="months", points=points), ENGLISH)
    found = [path.get("d", "") for path in marks(drawn, "path") if path.get("fill") == "var(--now)"]
    heights = [tuple(map(float, re.findall(r",([-\d.]+)h[-\d.]+v([-\d.]+)", path)[0])) for path in found]
    assert [round(height) for _, height in heights] == [45, 89, 45]
    (top, _), (highest, all_of_it), (ground, _) = heights
    assert (highest, round(top - highest), round(ground - highest)) == (0, 45, round(all_of_it))


def test_a_figure_with_many_decimals_is_said_whole_in_a_chart() -> None:
    points = tuple(Point(month=date(2026, n, 1), actual=n * 0.00125) for n in (1, 2, 3))
    drawn = charts.key_result_chart(Series(form="level", points=points), ENGLISH, titles=["January: 0.00125"])
    words = [mark.text for mark in marks(drawn, "text")]
    assert {"0.001", "0.002", "0.003", "0.004"} <= set(words)
    assert [mark.text for mark in marks(drawn, "title")] == ["January: 0.00125"]


def test_a_rank_has_its_first_place_at_the_top_and_other_lower_is_better_figures_fall_as_they_fall() -> None:
    def height_of(unit: str) -> list[float]:
        points = (Point(month=date(2026, 1, 1), actual=20.0), Point(month=date(2026, 2, 1), actual=2.0))
        svg = charts.key_result_chart(Series(form="level", points=points), ENGLISH, unit=unit).body
        line = re.search(r'd="M[\d.]+,([\d.]+)L[\d.]+,([\d.]+)"[^>]*stroke-width="2.6"', svg)
        assert line is not None
        return [float(line[1]), float(line[2])]

    first, second = height_of("position")
    assert second < first
    first, second = height_of("hours")
    assert second > first


def test_print_is_set_tighter_the_more_there_is_and_leaves_the_rest_to_the_screen() -> None:
    few, many = tuple(("Sessioner", "Summan av dagarna.") for _ in range(5)), (("Sessioner", "Summa. " * 30),) * 30
    none = KpiSection(month="", cards=())
    assert paper_of((), none, (), (), methods=few, groups=None).has_methods
    assert not paper_of((), none, (), (), methods=many, groups=None).has_methods
    found = [paper_of(card(count), none, (), (), methods=few, groups=1) for count in (2, 6, 9, 60)]
    assert [paper.density for paper in found] == ["roomy", "compact", "dense", "lines"]
    assert found[0].posts > found[-1].posts >= 2
    assert USABLE < 297


def test_growth_by_channel_is_printed_where_the_front_has_room_for_it() -> None:
    nothing, methods = KpiSection(month="", cards=()), (("Sessioner", "Summan av dagarna."),)
    none = paper_of((), nothing, (), (), methods=methods, groups=None)
    some = paper_of((), nothing, (), (), methods=methods, groups=None, channels=8)
    many = paper_of((), nothing, (), (), methods=methods, groups=None, channels=80)
    assert (none.with_growth, some.with_growth, many.with_growth) == (True, True, False)
    assert many.has_methods is none.has_methods


def card(count: int) -> tuple[ObjectiveView, ...]:
    """Objectives of so many key results, as Fjällglas has them."""
    with build_published() as con:
        client = with_more_key_results(con, max(count, 6))
        status = read_status(con, client.client)
        seen = Evidence(months=months_of(con, client.client, as_of=None), items=(), sources=(), as_of=AS_OF)
        (one, *_) = objectives(status, reader_of(client), seen, with_results=True)
    return (replace(one, results=one.results[:count]),)
