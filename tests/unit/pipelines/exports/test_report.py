"""The report's arithmetic, words and markup, without a browser.

Really under test: ``pipelines/exports/report/`` over a published database of the declared shape: what charts hold, that
nothing from outside becomes markup or a link, and that the bytes are the same whenever the same figures are drawn.
"""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from connectors.linkedin.settings import LinkedIn
from okr_models.client.model import (
    AtLeast,
    Between,
    Change,
    KeyResult,
    Milestone,
    Milestones,
    Number,
    Period,
)
from okr_models.client.sources import EnvRef
from okr_models.kpis import BUILT_IN
from okr_models.kpis.items import COUNT_METRICS
from okr_models.periods import add_months
from okr_models.progress.series import Series, series_of
from okr_models.words.numbers import ENGLISH, SWEDISH
from pipelines.exports.all import NotAFolder, export_all
from pipelines.exports.published import KeyResultRow, read_status
from pipelines.exports.reader import UnknownLanguage, agency_language, readers_of
from pipelines.exports.report.agency import render_agency
from pipelines.exports.report.client import render_client
from pipelines.exports.report.messages import MESSAGES
from pipelines.exports.report.methods import GENERAL, method
from pipelines.exports.report.posts import safe_url
from pipelines.exports.report.queries import Item, Month
from tests.home import PROJECT
from tests.unit.pipelines.exports.test_workbook import words_of
from tests.unit.published_clients import CLIENTS, EMPTY, FJALLGLAS, SKARGARD
from tests.unit.published_fixture import AS_OF, build_published

YEAR = Period(start=date(2026, 1, 1), end=date(2026, 12, 31))


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def report(tmp_path: Path, *, client: str = "fjallglas", hostile: bool = False) -> str:
    chosen = next(each for each in CLIENTS if each.client == client)
    with build_published(hostile=hostile) as con:
        return render_client(con, chosen, tmp_path / client).read_text("utf-8")


def row(**values: object) -> KeyResultRow:
    with build_published() as con:
        known = next(each for each in read_status(con, "fjallglas").key_results if each.key_result_id == "visitors")
    return replace(known, **values)  # type: ignore[arg-type]


def months(kpi: str, values: dict[date, float], *, kind: str = "flow") -> dict[tuple[str, str], dict[date, Month]]:
    made = {
        month: Month(
            month=month,
            value=value,
            unit="visitors",
            kind=kind,
            is_closed=month < date(2026, 11, 1),
            is_estimated=False,
        )
        for month, value in values.items()
    }
    return {(kpi, "all"): made}


def drawn(
    result: KeyResultRow,
    definition: KeyResult,
    values: dict[date, float],
    *,
    kind: str = "flow",
    items: tuple[Item, ...] = (),
) -> Series:
    kpi = result.kpi or ""
    series = series_of(
        result, definition=definition, period=YEAR, months=months(kpi, values, kind=kind), items=items, as_of=AS_OF
    )
    assert series is not None
    return series


def two_years(last: float, now: float) -> dict[date, float]:
    made = {add_months(date(2025, 1, 1), n): last for n in range(12)}
    return made | {add_months(date(2026, 1, 1), n): now for n in range(10)}


def test_a_growth_target_draws_last_year_times_the_growth_and_months_that_make_the_forecast() -> None:
    definition = KeyResult(id="visitors", title="x", kpi="unique_visitors", target=Change(share=0.3))
    result = row(baseline=100.0, target=130.0, current=110.0, forecast=115.0, forecast_low=112.0, forecast_high=118.0)
    series = drawn(result, definition, two_years(100.0, 110.0))
    assert series.form == "months"
    assert [point.path for point in series.points] == [pytest.approx(130.0)] * 12
    left = [point for point in series.points if point.mid is not None]
    assert [point.month.month for point in left] == [11, 12]
    # ten months of 110 and two of these average to the forecast
    assert (10 * 110 + sum(point.mid or 0 for point in left)) / 12 == pytest.approx(115.0)


def test_without_all_closed_months_no_forecast_is_drawn_into_the_gap() -> None:
    definition = KeyResult(id="visitors", title="x", kpi="unique_visitors", target=Change(share=0.3))
    values = two_years(100.0, 110.0)
    del values[date(2026, 4, 1)]
    result = row(baseline=100.0, target=130.0, forecast=115.0, forecast_low=112.0, forecast_high=118.0)
    series = drawn(result, definition, values)
    assert series.points[3].actual is None
    assert all(point.mid is None for point in series.points)


def test_a_stock_fans_out_from_its_newest_figure_to_the_forecast_at_the_end() -> None:
    definition = KeyResult(id="followers", title="x", kpi="followers", target=Change(share=0.2))
    result = row(
        kpi="followers", kind="stock", baseline=100.0, target=120.0, forecast=118.0, forecast_low=115.0,
        forecast_high=121.0,
    )  # fmt: skip
    series = drawn(result, definition, two_years(90.0, 110.0), kind="stock")
    assert series.form == "level"
    assert series.points[-1].path == pytest.approx(120.0)
    assert (series.points[9].low, series.points[9].high) == (110.0, 110.0)
    assert (series.points[-1].low, series.points[-1].mid, series.points[-1].high) == (115.0, 118.0, 121.0)


def test_a_running_total_stops_at_a_month_without_a_value() -> None:
    definition = KeyResult(id="visits", title="x", kpi="sessions", target=Number(value=2000))
    values = two_years(100.0, 110.0)
    del values[date(2026, 4, 1)]
    series = drawn(row(kpi="sessions", target=2000.0, forecast=None), definition, values)
    assert [point.actual for point in series.points[:5]] == [110.0, 220.0, 330.0, None, None]
    assert series.points[-1].path == pytest.approx(2000.0)


def test_visitors_against_a_number_are_never_added_up() -> None:
    definition = KeyResult(id="visitors", title="x", kpi="unique_visitors", target=Number(value=140))
    series = drawn(row(target=140.0, forecast=None), definition, two_years(100.0, 110.0))
    assert {point.actual for point in series.points} == {110.0, None}
    assert series.bounds == (140.0,)


def test_a_count_grows_on_the_day_each_item_was_decided() -> None:
    definition = KeyResult(id="posts", title="x", count="blog_posts", target=Number(value=10))
    items = tuple(
        Item(
            objective_id="awareness", key_result_id="posts", title=None, url=None, published_at=None, value=600.0,
            threshold=500.0, outcome=outcome, decided_on=day,
        )
        for outcome, day in (("met", date(2026, 2, 3)), ("met", date(2026, 4, 3)), ("missed", date(2026, 4, 9)))
    )  # fmt: skip
    result = row(key_result_id="posts", kpi="blog_posts", kind="count", target=10.0, forecast=None)
    series = drawn(result, definition, {}, items=items)
    assert [point.actual for point in series.points] == [0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, None]


def test_bounds_are_drawn_as_they_are_and_milestones_not_at_all() -> None:
    inside = KeyResult(id="visitors", title="x", kpi="unique_visitors", target=Between(between=(60, 90)))
    assert drawn(row(), inside, two_years(70.0, 80.0)).bounds == (60, 90)
    steps = KeyResult(id="visitors", title="x", target=Milestones(milestones=(Milestone(title="a"),)))
    assert series_of(row(), definition=steps, period=YEAR, months={}, items=(), as_of=AS_OF) is None


def test_posts_of_two_counts_are_not_mixed(tmp_path: Path) -> None:
    with build_published() as con:
        con.execute(
            """insert into marts.key_result_items
               select * replace ('interactions' as key_result_id, 100 as threshold, 'met' as outcome)
               from marts.key_result_items where client = 'fjallglas' and key_result_id = 'posts'"""
        )
        html = render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
        items = con.execute(
            """select count(*) filter (outcome = 'met'), count(*) filter (outcome = 'open') from marts.key_result_items
               where as_of = $as_of and key_result_id = 'posts'""",
            {"as_of": AS_OF},
        ).fetchone()
    assert items is not None
    assert f"Har nått 500: {items[0]}. Öppna: {items[1]}." in html
    assert "Har nått 100" in html


def test_nothing_to_draw_is_nothing_and_not_an_empty_chart() -> None:
    assert series_of(row(), definition=None, period=YEAR, months={}, items=(), as_of=AS_OF) is None


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.se/x?y=1", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("//a.se/x", False),
        ("https:///x", False),
        ("https://a.se/\njavascript:x", False),
        ("http://[bad", False),
        ("", False),
        (None, False),
    ],
)
def test_only_a_web_address_becomes_a_link(url: str | None, *, kept: bool) -> None:
    assert safe_url(url) == (url if kept else None)


@pytest.mark.parametrize("client", ["fjallglas", "skargard", "lindhs"])
def test_the_page_asks_the_network_for_nothing(tmp_path: Path, client: str) -> None:
    html = report(tmp_path, client=client)
    for tag, attributes in Tags(html).found:
        assert tag not in {"script", "img", "iframe", "object", "embed", "base", "form"}
        assert "src" not in attributes
        if tag == "link":
            assert attributes["href"] == "data:,"
        assert not any(name.startswith("on") for name in attributes)
    assert "@import" not in html
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", html)
    assert "default-src 'none'" in html


def test_hostile_titles_become_text_and_no_tag_or_link(tmp_path: Path) -> None:
    html = report(tmp_path, hostile=True)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html
    assert "javascript:" not in html
    assert "Å" * 200 not in html


def test_the_same_figures_give_the_same_bytes_also_after_other_charts_were_drawn(tmp_path: Path) -> None:
    first = report(tmp_path / "a")
    report(tmp_path / "b", client="skargard")
    assert report(tmp_path / "c") == first


def test_every_chart_has_a_title_and_its_figures_in_words(tmp_path: Path) -> None:
    html = report(tmp_path)
    charts = html.count('<svg class="chart"')
    assert charts == 6 + 9
    assert html.count("<desc id=") == charts
    assert "Fler följare, månad för månad" in html
    assert re.search(r"januari: [\d\xa0]+, förra året [\d\xa0]+, krävs", html)
    ids = [attributes["id"] for _, attributes in Tags(html).found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_page_is_in_the_clients_language_and_missing_is_said(tmp_path: Path) -> None:
    swedish, english = report(tmp_path), report(tmp_path, client="skargard")
    assert '<html lang="sv">' in swedish
    assert "Så räknas siffrorna" in swedish
    assert "1\xa0av" not in swedish
    assert '<html lang="en">' in english
    assert "How the figures are made" in english
    assert "cannot be judged" in english
    assert "give them as csv" in english


def test_a_client_without_anything_gets_a_page_that_says_so(tmp_path: Path) -> None:
    assert "När den första natten har körts" in report(tmp_path, client="lindhs")


def test_the_boards_page_names_no_key_result(tmp_path: Path) -> None:
    with build_published() as con:
        html = render_client(con, FJALLGLAS, tmp_path, audience="board").read_text("utf-8")
    assert "Öka varumärkeskännedom" in html
    assert "Fler unika besökare" not in html
    assert "Sociala medier" not in html


def test_the_boards_page_says_why_an_objective_stands_there_and_where_it_is_likely_to_end(tmp_path: Path) -> None:
    with build_published() as con:
        board = render_client(con, FJALLGLAS, tmp_path, audience="board").read_text("utf-8")
    assert re.search(r"i riskzonen</span><span class=\"reason\">: interaktioner väntas sluta på", board)


def test_a_failed_read_is_said_to_a_client_by_the_sources_name_without_stream_or_id(tmp_path: Path) -> None:
    linkedin = LinkedIn(id="x_x", type="linkedin", organization_id="1", token=EnvRef(env="T"))
    client = FJALLGLAS.model_copy(update={"sources": (linkedin,)})
    with build_published() as con:
        con.execute("update ops.loads set source='x_x' where source='linkedin'; update marts.sources set source='x_x'")
        con.execute(
            "insert into ops.loads select * replace ('loaded' as status, date '2026-11-16' as window_start,"
            " date '2026-11-16' as window_end, started_at - interval 3 day as started_at,"
            " finished_at - interval 3 day as finished_at) from ops.loads where status = 'failed'"
        )
        html = render_client(con, client, tmp_path).read_text("utf-8")
        agency = render_agency(con, [client], tmp_path / "agency").read_text("utf-8")
    assert "LinkedIn har inte kunnat läsas sedan 17 nov. Siffrorna därifrån står kvar." in html
    assert "LinkedIn: läst t.o.m." in html
    assert "x_x" not in html
    assert "x_x/interactions" in agency


def test_a_failed_source_without_a_name_is_a_source(tmp_path: Path) -> None:
    with build_published() as con:
        html = render_client(con, SKARGARD, tmp_path / "s").read_text("utf-8")
        named = render_client(con, FJALLGLAS, tmp_path / "f").read_text("utf-8")
    assert "En källa har inte kunnat läsas i sin helhet." in named
    assert "readable" not in html


@pytest.mark.parametrize(("given", "language"), [(None, "sv"), ("en", "en")])
def test_the_agencys_page_is_in_the_language_that_is_set(given: Any, language: str, tmp_path: Path) -> None:
    with build_published() as con:
        export_all(con, tmp_path, clients=CLIENTS, language=given)
    assert f'<html lang="{language}">' in (tmp_path / "_agency" / "report.html").read_text("utf-8")
    assert '<html lang="en">' in (tmp_path / "skargard" / "report.html").read_text("utf-8")


def test_the_agencys_language_is_read_as_it_is_meant_and_refused_with_the_two_there_are() -> None:
    assert [agency_language(given) for given in ({}, {"OKR_AGENCY_LANGUAGE": ""})] == [None, None]
    assert [agency_language({"OKR_AGENCY_LANGUAGE": given}) for given in ("en", " SV ")] == ["en", "sv"]
    with pytest.raises(UnknownLanguage, match="OKR_AGENCY_LANGUAGE is 'de'; write sv or en"):
        agency_language({"OKR_AGENCY_LANGUAGE": "de"})


def test_the_agency_page_lists_worst_first_and_links_to_every_client(tmp_path: Path) -> None:
    with build_published() as con:
        html = render_agency(con, CLIENTS, tmp_path).read_text("utf-8")
    hrefs = re.findall(r'<td data-order="[^"]+" class="who"><a href="([^"]+)"', html)
    assert hrefs == [
        "../skargard/report.html",
        "../fjallglas/report.html",
        "../lindhs/report.html",
        "../fjallglas/report.html",
    ]


def test_the_agency_page_has_every_key_result_and_the_boards_none(tmp_path: Path) -> None:
    with build_published() as con:
        team = render_agency(con, CLIENTS, tmp_path / "team").read_text("utf-8")
        board = render_agency(con, CLIENTS, tmp_path / "board", audience="board").read_text("utf-8")
    for title in ("Fler unika besökare", "150 000 sessioner i år", "More interactions"):
        assert title in team
        assert title not in board
    assert "Be the smokehouse people name first" in board


def test_the_forecasts_record_is_shown_by_client_with_brier_and_coverage(tmp_path: Path) -> None:
    with build_published() as con:
        con.execute("update marts.forecast_scores set is_inside = outcome")
        html = render_agency(con, CLIENTS, tmp_path).read_text("utf-8")
        own = render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
    record = html[html.index('id="scores"') :]
    # five forecasts, said .8 .7 .3 .6 .9 and came 1 1 0 0 1: mean square .118
    assert re.search(r"Fjällglas AB</bdi></td><td[^>]*>5</td><td[^>]*>66\xa0%</td><td[^>]*>60\xa0%</td>", record)
    assert "0,12" in record
    assert "0,12" in own
    assert "60\xa0% av fallen" in own


def test_a_client_whose_file_is_gone_is_still_shown_from_what_is_published(tmp_path: Path) -> None:
    with build_published() as con:
        assert [reader.client for reader in readers_of(con, (SKARGARD, EMPTY))] == ["fjallglas", "lindhs", "skargard"]
        written = export_all(con, tmp_path, clients=(SKARGARD, EMPTY))
    html = (tmp_path / "fjallglas" / "report.html").read_text("utf-8")
    assert "Fler följare" in html
    assert tmp_path / "_agency" / "report.html" in written


def test_a_client_whose_file_is_gone_keeps_what_was_exported_of_it_and_is_marked_on_the_agencys_page(
    tmp_path: Path,
) -> None:
    with build_published() as con:
        export_all(con, tmp_path, clients=CLIENTS)
        before = {path: path.read_bytes() for path in (tmp_path / "fjallglas").rglob("*.*")}
        con.execute(
            "delete from marts.objective_progress where client = 'fjallglas' and as_of = $as_of", {"as_of": AS_OF}
        )
        con.execute(
            "delete from marts.key_result_progress where client = 'fjallglas' and as_of = $as_of", {"as_of": AS_OF}
        )
        con.execute("delete from marts.kpi_monthly where client = 'fjallglas'")
        written = export_all(con, tmp_path, clients=(SKARGARD, EMPTY))
        agency = (tmp_path / "_agency" / "report.html").read_text("utf-8")
        asked_for = export_all(con, tmp_path, clients=(SKARGARD, EMPTY), only=("fjallglas",))
    assert "fjallglas" not in {path.parent.name for path in written}
    assert before[tmp_path / "fjallglas" / "report.html"].count(b"<svg") > 10
    assert agency.count("Ingen ny natt sedan 19 nov. 2026") + agency.count("No new night since 19 Nov 2026") == 2
    assert "fjallglas" in {path.parent.name for path in asked_for}


@pytest.mark.parametrize("slug", ["../elsewhere", "_agency", "a/b", "", "Å", "x" * 41])
def test_no_file_is_written_outside_of_a_clients_own_folder(tmp_path: Path, slug: str) -> None:
    with build_published() as con:
        con.execute("update marts.objective_progress set client = $slug where client = 'skargard'", {"slug": slug})
        with pytest.raises(NotAFolder):
            export_all(con, tmp_path / "exports", clients=())
    assert not (tmp_path / "elsewhere").exists()


def test_the_boards_files_lie_apart_in_the_home_and_flat_in_a_folder_of_their_own(tmp_path: Path) -> None:
    with build_published() as con:
        apart = export_all(con, tmp_path / "a", clients=CLIENTS, audience="board")
        flat = export_all(con, tmp_path / "b", clients=CLIENTS, audience="board", board_apart=False)
    names = {"objectives.csv", "kpis_monthly.csv", "initiatives.csv", "report.html", "figures.xlsx"}
    assert {path.name for path in apart} == {path.name for path in flat} == names
    assert tmp_path / "a/fjallglas/board/report.html" in apart
    assert tmp_path / "b/fjallglas/report.html" in flat
    agencies = [
        (tmp_path / name).read_text("utf-8") for name in ("a/_agency/board/report.html", "b/_agency/report.html")
    ]
    assert 'href="../../fjallglas/board/report.html"' in agencies[0]
    assert 'href="../fjallglas/report.html"' in agencies[1]
    for path in (*apart, *flat):
        text = words_of(path) if path.suffix == ".xlsx" else path.read_text("utf-8-sig")
        assert "Fler unika besökare" not in text


def test_a_past_night_is_shown_without_a_month_that_closed_after_it(tmp_path: Path) -> None:
    night = date(2026, 8, 15)
    with build_published() as con:
        export_all(con, tmp_path, clients=CLIENTS, as_of=night)
        newest = con.execute("select max(as_of) from marts.objective_progress").fetchone()
        export_all(con, tmp_path / "now", clients=CLIENTS)
        export_all(con, tmp_path / "same", clients=CLIENTS, as_of=newest[0] if newest else None)
    months = [line.split(",")[3] for line in (tmp_path / "fjallglas/kpis_monthly.csv").read_text("utf-8").splitlines()]
    assert max(months[1:]) == "2026-07-01"
    for path in (tmp_path / "now").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "same" / path.relative_to(tmp_path / "now")).read_bytes(), path.name


def test_exports_of_one_client_touch_no_other(tmp_path: Path) -> None:
    with build_published() as con:
        export_all(con, tmp_path, clients=CLIENTS, only=("skargard",))
    assert [path.name for path in tmp_path.iterdir()] == ["skargard"]


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    assert MESSAGES["sv"].keys() == MESSAGES["en"].keys()
    for key, swedish in MESSAGES["sv"].items():
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (swedish, MESSAGES["en"][key])
        ]
        assert names[0] == names[1], key


def test_every_built_in_kpi_says_how_it_is_made_in_both_languages() -> None:
    assert all(method(kpi, SWEDISH) and method(kpi, ENGLISH) for kpi in BUILT_IN)
    assert method("nps", SWEDISH) is None
    assert len(GENERAL["sv"]) == len(GENERAL["en"])


def test_every_message_is_used_somewhere() -> None:
    folder = PROJECT / "pipelines" / "exports" / "report"
    text = "\n".join(
        path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.suffix in {".py", ".j2"} and path.stem != "messages"
    )
    dynamic = {"met", "open", "missed", "keep", "kill", "undecided", "running", "not_started", "not_aligned"}
    dynamic |= {"cannot_be_judged"}
    # the column head of a count's metric
    dynamic |= {f"metric_{metric}" for metrics in COUNT_METRICS.values() for metric in metrics}
    unused = [key for key in MESSAGES["sv"] if not re.search(f"['\"]{key}['\"]", text) and key not in dynamic]
    assert unused == []


def test_a_bound_is_not_asked_of_half_a_month_and_a_clients_own_flow_adds_up() -> None:
    values = two_years(100.0, 110.0) | {date(2026, 11, 1): 40.0}
    every_month = KeyResult(id="visits", title="x", kpi="sessions", target=AtLeast(at_least=90, hold=True))
    assert drawn(row(kpi="sessions"), every_month, values).points[10].actual is None
    packages = KeyResult(id="packages", title="x", kpi="packages", target=Number(value=1500))
    series = drawn(row(kpi="packages", target=1500.0, forecast=None), packages, values)
    assert series.form == "total"
    assert series.points[10].actual == 1140.0


def test_a_post_without_a_title_is_named_by_its_path(tmp_path: Path) -> None:
    with build_published() as con:
        con.execute("update marts.key_result_items set title = null, url = 'https://a.se/blogg/r%C3%A4ksoppa/'")
        html = render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
    assert "<bdi>/blogg/räksoppa/</bdi>" in html


def test_a_kpi_without_a_value_is_shown_as_missing(tmp_path: Path) -> None:
    with build_published() as con:
        con.execute("update marts.kpi_monthly set value = null where kpi = 'interactions_per_post'")
        html = render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
    assert re.search(r"Interaktioner per inlägg</bdi></h3>\s*<p class=\"figure\"><span class=\"big\">–</span>", html)
