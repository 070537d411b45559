"""What a client's page shows where one points, of a social post's text, and which KPIs come first."""

from __future__ import annotations

import re
from pathlib import Path

from okr_models.kpis import BUILT_IN
from pipelines.exports.report.client import render_client
from tests.unit.pipelines.exports.test_report import report
from tests.unit.published_clients import FJALLGLAS
from tests.unit.published_fixture import build_published


def test_every_month_of_a_chart_says_its_figures_where_one_points_at_it(tmp_path: Path) -> None:
    page = report(tmp_path)
    said = re.findall(r"<(?:path|line)[^>]*><title>([^<]+)</title></(?:path|line)>", page)
    assert "Oktober: 8" in " ".join(said).replace("oktober", "Oktober") or any("okt" in each for each in said)
    assert len(said) > 12
    assert not any(each.startswith("§") or 'aria-label="§' in each for each in said)
    assert 'aria-label="§' not in page
    assert "<script" not in page


def test_a_social_post_is_known_by_its_text_and_the_text_is_never_markup(tmp_path: Path) -> None:
    with build_published() as con:
        con.execute("update marts.social_posts set caption = '<b>Nytt</b> glas & mer'")
        page = render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
        con.execute("alter table marts.social_posts drop column caption")
        older = render_client(con, FJALLGLAS, tmp_path / "older").read_text("utf-8")
    assert "&lt;b&gt;Nytt&lt;/b&gt; glas &amp; mer" in page
    assert 'class="caption"' not in older


def test_the_kpis_that_key_results_are_measured_by_lead_in_the_files_order(tmp_path: Path) -> None:
    page = report(tmp_path)
    shown = re.findall(r'<article class="kpi">\s*<h3><bdi>([^<]+)</bdi>', page)
    asked = dict.fromkeys(
        result.kpi for objective in FJALLGLAS.objectives for result in objective.key_results if result.kpi
    )
    titles = [BUILT_IN[kpi].title_sv for kpi in asked if kpi in BUILT_IN and BUILT_IN[kpi].title_sv in shown]
    assert len(titles) > 2
    assert [title for title in shown if title in titles][: len(titles)] == titles
    assert shown[0] == titles[0]
