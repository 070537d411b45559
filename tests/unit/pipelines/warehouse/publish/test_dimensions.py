"""The dimensions that analysts join with: what the client files say, published, also after an edit."""

from __future__ import annotations

from pathlib import Path

from tests.csv_home import CsvHome


def test_titles_units_targets_and_owners_are_those_of_the_file_now(tmp_path: Path) -> None:
    home = CsvHome(tmp_path).own("nps", "ratio", better="higher").months("nps", "2025-01", [30.0] * 23)
    home.result("happy", kpi="nps", target={"at_least": 40}, owner="vd@acme.se", weight=2)
    home.result(
        "grown",
        kpi="nps",
        target="+10%",
        revisions=[{"from": "2026-06-01", "target": "+5%", "by": "Board", "why": "A slow spring"}],
    )
    home.night("2026-11-20")
    assert home.query("select name, currency, as_of::varchar as as_of from marts.clients") == [
        {"name": "Acme AB", "currency": "SEK", "as_of": "2026-11-20"}
    ]
    assert home.query("select title, unit, better, is_own, source from marts.kpis where kpi = 'nps'") == [
        {"title": "nps", "unit": "units", "better": "higher", "is_own": True, "source": "own"}
    ]
    results = home.query(
        "select key_result_id, position, target, first_target, owner, weight from marts.key_results order by position"
    )
    assert results == [
        {
            "key_result_id": "happy",
            "position": 1,
            "target": "at_least 40",
            "first_target": "at_least 40",
            "owner": "vd@acme.se",
            "weight": 2.0,
        },
        {
            "key_result_id": "grown",
            "position": 2,
            "target": "+5%",
            "first_target": "+10%",
            "owner": None,
            "weight": 1.0,
        },
    ]
    joined = home.query(
        "select k.title, p.status from marts.key_result_latest p"
        " join marts.key_results k using (client, objective_id, key_result_id) order by k.position"
    )
    assert len(joined) == 2


def test_a_key_result_taken_out_of_the_file_is_no_dimension_any_more(tmp_path: Path) -> None:
    home = CsvHome(tmp_path).own("nps", "ratio").months("nps", "2025-01", [30.0] * 23)
    home.result("happy", kpi="nps", target={"at_least": 40}).result("gone", kpi="nps", target={"at_least": 50})
    home.night("2026-11-20")
    home.key_results.pop()
    home.night("2026-11-21")
    assert home.query("select key_result_id from marts.key_results") == [{"key_result_id": "happy"}]
    assert home.query("select count(*) as n from marts.key_result_progress where key_result_id = 'gone'") == [{"n": 1}]
