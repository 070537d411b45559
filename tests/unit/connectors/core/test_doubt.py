"""Under test: the closed list of doubts, and the form in which a read's doubts stand in the ledger."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml

from connectors.core.doubt import KINDS, Doubt, by_month, partly, qualified, records
from okr_models.periods import Window
from tests.home import PROJECT

OCTOBER = Window(date(2026, 10, 1), date(2026, 10, 31))


def test_a_doubt_stands_in_the_ledger_with_its_numbers_its_days_and_the_kpis_that_rest_on_it() -> None:
    found = qualified(
        {"zone": "UTC"},
        [Doubt(code="other_row", quantity=50, of=500)],
        stream="web_pages_daily",
        covers=OCTOBER,
    )
    assert found == {
        "zone": "UTC",
        "doubts": [
            {
                "code": "other_row",
                "moves": "too_low",
                "quantity": 50,
                "of": 500,
                "what": None,
                "from": "2026-10-01",
                "to": "2026-10-31",
                "kpis": ["page_views_per_blog_post", "seconds_per_blog_post"],
            }
        ],
    }


def test_a_read_without_doubts_says_nothing_of_them() -> None:
    assert qualified({"zone": "UTC"}, [], stream="web_daily", covers=None) == {"zone": "UTC"}


def test_what_was_not_read_makes_a_load_partial_and_says_why() -> None:
    left_out = Doubt(code="entries_left_out", quantity=2, what="“A” (no date), “B” (no address)")
    told = qualified({}, [left_out], stream="blog_posts", covers=None)
    assert told["partial"] is True
    assert partly([left_out]) == "2 entries can't be used: “A” (no date), “B” (no address)"
    assert partly([Doubt(code="thresholded")]) is None


def test_a_doubt_about_single_days_names_them_and_may_name_its_own_kpis() -> None:
    ((told),) = records(
        [
            Doubt(
                code="scope_unknown", quantity=1, kpis=("followers",), days=Window(date(2026, 10, 3), date(2026, 10, 4))
            )
        ],
        stream="own_metrics",
        covers=None,
    )
    assert isinstance(told, dict)
    assert (told["from"], told["to"], told["kpis"]) == ("2026-10-03", "2026-10-04", ["followers"])


def test_what_is_counted_by_day_is_a_doubt_for_each_month_that_has_some() -> None:
    counted = {
        date(2026, 9, 30): (5.0, 10.0),
        date(2026, 10, 1): (1.0, 10.0),
        date(2026, 10, 9): (2.0, 20.0),
        date(2026, 11, 1): (0.0, 7.0),
    }
    assert by_month(counted, code="other_row") == [
        Doubt(code="other_row", quantity=5, of=10, days=Window(date(2026, 9, 30), date(2026, 9, 30))),
        Doubt(code="other_row", quantity=3, of=30, days=Window(date(2026, 10, 1), date(2026, 10, 9))),
    ]


def test_every_code_can_be_said() -> None:
    for code in KINDS:
        assert str(Doubt(code=code, quantity=3, of=4, what="x"))


def test_the_staging_model_knows_the_same_codes() -> None:
    path = Path(PROJECT) / "dbt_like_sql" / "models" / "staging" / "schema.yml"
    models = {model["name"]: model for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]}
    columns = {column["name"]: column for column in models["stg_ops__doubts"]["columns"]}
    (accepted,) = [test for test in columns["code"]["data_tests"] if isinstance(test, dict)]
    assert accepted["accepted_values"]["arguments"]["values"] == list(KINDS)
