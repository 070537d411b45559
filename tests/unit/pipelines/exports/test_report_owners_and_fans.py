"""The owners' record beside ours, and the forecast's fan of a bound and of months below zero."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from okr_models.client.model import AtLeast, AtMost, Change, KeyResult
from okr_models.words.numbers import Speech
from pipelines.exports.report.agency import render_agency
from pipelines.exports.report.client import render_client
from pipelines.exports.report.evidence import owner_scores
from pipelines.exports.report.queries import OwnerScores
from tests.unit.pipelines.exports.test_report import drawn, row, two_years
from tests.unit.published_clients import CLIENTS, FJALLGLAS
from tests.unit.published_fixture import build_published


def test_what_owners_said_is_scored_beside_our_forecasts_of_the_same_days(tmp_path: Path) -> None:
    with build_published() as con:
        assert "avstämningar:" not in render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
        con.execute(
            """
            insert into marts.forecast_scores by name
            select * replace ('owner' as said_by, 0.5 as probability, 0.25 as brier) from marts.forecast_scores
            where as_of < date '2025-06-01'
            union all by name
            select * replace ('owner' as said_by, date '2025-01-02' as as_of, 0.9 as probability, 0.01 as brier)
            from marts.forecast_scores where as_of = date '2025-07-20'
            """
        )
        pages = [
            render_client(con, FJALLGLAS, tmp_path).read_text("utf-8"),
            render_agency(con, CLIENTS, tmp_path / "all").read_text("utf-8"),
        ]
    # .5 .5 .5 .9, came 1 1 0 1; on the three days of both the owner has .25 and the program (.04 + .09 + .09) / 3
    for html in pages:
        assert "4 har fått sitt facit. I snitt var de 60\xa0% säkra; 75\xa0% slog in. Brier 0,19." in html
        assert "De dagar då båda finns (3): ägarna 0,25, våra prognoser 0,07." in html


def test_one_forecast_is_told_as_one_and_has_no_share(tmp_path: Path) -> None:
    with build_published() as con:
        con.execute("delete from marts.forecast_scores where as_of <> (select max(as_of) from marts.forecast_scores)")
        con.execute(
            "update marts.forecast_scores set probability = 0.6, outcome = false, brier = 0.36, is_inside = null"
        )
        swedish = render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
    assert "En prognos har fått sitt facit. Vi sade 60\xa0%, och målet nåddes inte. Brier 0,36," in swedish
    assert "1 prognoser" not in swedish
    record = OwnerScores(count=1, brier=0.04, said=0.8, came=1.0, both=0, both_brier=None, program_brier=None)
    assert "one has been scored. Its owner was 80% sure, and the target was reached. Brier 0.04." in owner_scores(
        record, Speech("en")
    )


def test_a_bound_to_be_reached_shows_where_it_is_expected_to_go_and_one_to_hold_does_not() -> None:
    values = two_years(100.0, 110.0)
    foreseen = row(kpi="sessions", forecast=120.0, forecast_low=90.0, forecast_high=150.0)
    for target in (AtLeast(at_least=90), AtMost(at_most=130)):
        points = drawn(foreseen, KeyResult(id="visits", title="x", kpi="sessions", target=target), values).points
        assert [(point.low, point.mid, point.high) for point in points[8:10]] == [(None,) * 3, (110.0,) * 3]
        assert (points[-1].low, points[-1].mid, points[-1].high) == (90.0, 120.0, 150.0)
    held = KeyResult(id="visits", title="x", kpi="sessions", target=AtLeast(at_least=90, hold=True))
    assert all(point.mid is None for point in drawn(foreseen, held, values).points)


@pytest.mark.parametrize(("january", "left"), [(110.0, 0.0), (-10.0, -190.0)], ids=["never below zero", "has been"])
def test_months_that_make_the_forecast_may_be_below_zero_where_others_were(january: float, left: float) -> None:
    """Followers are lost in some months: then the months to come may end so too."""
    definition = KeyResult(id="followers", title="x", kpi="new_followers", target=Change(share=0.3))
    values = two_years(100.0, 110.0) | {date(2026, 1, 1): january}
    result = row(
        kpi="new_followers", baseline=100.0, target=130.0, forecast=50.0, forecast_low=50.0, forecast_high=50.0
    )
    series = drawn(result, definition, values)
    assert [point.mid for point in series.points if point.mid is not None] == pytest.approx([left, left])
