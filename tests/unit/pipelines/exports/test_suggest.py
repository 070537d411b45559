"""What is realistic, as a person reads it: text, page, and key results to paste."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.file import parse_client
from okr_models.client.template import client_template
from okr_models.suggest.outlook import Outlook, Point, Refused
from pipelines.exports.suggest import as_text, as_yaml, next_period, suggestions, write_suggest_page
from tests.unit.okr_figures import source
from tests.unit.published_clients import FJALLGLAS
from tests.unit.published_fixture import AS_OF, build_published

PERIOD = next_period(FJALLGLAS, as_of=AS_OF)


def test_the_period_to_come_is_the_next_fiscal_year() -> None:
    assert (PERIOD.start, PERIOD.end) == (date(2027, 1, 1), date(2027, 12, 31))
    split = FJALLGLAS.model_copy(update={"fiscal_year_start": 7})
    assert next_period(split, as_of=date(2026, 3, 1)).start == date(2026, 7, 1)
    assert next_period(split, as_of=date(2026, 7, 1)).start == date(2027, 7, 1)


def test_every_figure_of_the_key_results_gets_an_answer_in_text_and_as_a_page(tmp_path: Path) -> None:
    with build_published() as con:
        found = suggestions(con, FJALLGLAS, PERIOD, as_of=AS_OF)
    asked = {result.kpi for objective in FJALLGLAS.objectives for result in objective.key_results if result.kpi}
    assert {each.kpi for each in found} == asked
    assert any(isinstance(each.found, Outlook) for each in found)
    text = as_text(found, FJALLGLAS, PERIOD).replace("\u00a0", " ")
    assert re.search(r"Åtagande \(90 %\): [+−]\d", text)
    assert "Väntat månad för månad: jan" in text
    page = write_suggest_page(found, FJALLGLAS, PERIOD, tmp_path / "suggest.html").read_text("utf-8")
    assert page.count("<svg") == sum(isinstance(each.found, Outlook) for each in found)
    assert "<script" not in page


def test_a_short_history_is_refused_with_what_is_missing() -> None:
    with build_published() as con:
        con.execute("delete from marts.kpi_monthly where month < date '2026-02-01'")
        found = suggestions(con, FJALLGLAS, PERIOD, kpis=["sessions"], as_of=AS_OF)
    assert [type(each.found) for each in found] == [Refused]
    text = as_text(found, FJALLGLAS, PERIOD)
    assert "9 stängda månader, 12 behövs" in text
    assert "3 stängda månader till (12 i allt) behövs för att säga något alls" in text


def test_one_month_that_is_lacking_is_one() -> None:
    english = FJALLGLAS.model_copy(update={"language": "en"})
    with build_published() as con:
        con.execute("delete from marts.kpi_monthly where month < date '2025-12-01'")
        found = suggestions(con, FJALLGLAS, PERIOD, kpis=["sessions"], as_of=AS_OF)
    assert "En stängd månad till (12 i allt) behövs för att säga något alls." in as_text(found, FJALLGLAS, PERIOD)
    assert "One more closed month (12 in all) is needed to say anything." in as_text(found, english, PERIOD)


@pytest.mark.parametrize("told", [True, False])
def test_zeros_before_an_account_opened_are_no_history(told: bool) -> None:
    opened = date(2026, 2, 1)
    client = FJALLGLAS.model_copy(update={"sources": (source("ga4", "web", opened=opened),)})
    with build_published() as con:
        change = "update marts.kpi_monthly set value = 0" if told else "delete from marts.kpi_monthly"
        con.execute(f"{change} where kpi = 'sessions' and month < ?", [opened])
        (found,) = suggestions(con, client, PERIOD, kpis=["sessions"], as_of=AS_OF)
    assert (type(found.found), found.closed) == (Refused, 9)


def test_a_history_counted_otherwise_than_the_accounts_own_readings_is_no_history_of_theirs() -> None:
    """A forecast of the key result takes the jump for a break, and so does what is said of the year to come."""
    with build_published() as con:
        change = "update marts.kpi_monthly set origin = 'history', value = 3 * value where kpi = 'followers'"
        con.execute(f"{change} and month < date '2026-02-01'")
        (found,) = suggestions(con, FJALLGLAS, PERIOD, kpis=["followers"], as_of=AS_OF)
    assert (type(found.found), found.closed) == (Refused, 8)


@pytest.mark.parametrize(
    ("growth", "changes", "target"),
    [
        (0.124, {}, '"+12%"'),
        (-0.05, {}, "1200010"),
        (None, {}, "1200010"),
        (0.004, {"kind": "stock"}, "{at_least: 100001}"),
        (-0.05, {"kind": "ratio"}, "{at_least: 100001}"),
        (-0.05, {"kind": "ratio", "better": "lower"}, '"-5%"'),
        (0.05, {"kind": "ratio", "better": "lower"}, "{at_most: 100001}"),
    ],
)
def test_a_key_result_to_paste_never_calls_it_success_that_a_figure_gets_worse(
    growth: float | None, changes: dict[str, Any], target: str
) -> None:
    """What is sure to be reached may be a little less than last year: then it is an amount, as the period counts it."""
    with build_published() as con:
        (one,) = suggestions(con, FJALLGLAS, PERIOD, as_of=AS_OF, kpis=["sessions"])
    assert isinstance(one.found, Outlook)
    sure = replace(one.found, levels={**one.found.levels, "committed": Point(100_001.2, growth, 0.9)})
    block = as_yaml([replace(one, found=sure, **changes)], FJALLGLAS, PERIOD)
    assert f"target: {target}}}" in block


def test_months_without_a_value_do_not_dilute_how_many_are_estimated() -> None:
    with build_published() as con:
        con.execute(
            "update marts.kpi_monthly set is_estimated = true where month between '2026-02-01' and '2026-04-01'"
        )
        con.execute("update marts.kpi_monthly set value = null where month between '2025-01-01' and '2025-05-01'")
        (one,) = suggestions(con, FJALLGLAS, PERIOD, as_of=AS_OF, kpis=["sessions"])
    assert isinstance(one.found, Refused)
    assert "10% is the limit" in one.found.reason, "three of the 29 that are known, of 34"


def test_the_key_results_to_paste_are_a_client_files_own() -> None:
    with build_published() as con:
        found = suggestions(con, FJALLGLAS, PERIOD, as_of=AS_OF, kpis=["sessions"])
    block = as_yaml(found, FJALLGLAS, PERIOD)
    head, _, rest = client_template("acme", types=SETTINGS).partition("\nobjectives:")
    tail = rest[rest.index("\n# What is tried") :]
    text = head + "\n" + block + tail
    client = parse_client(text, file_name="acme.yaml", types=SETTINGS)
    (objective,) = client.objectives
    assert [result.kpi for result in objective.key_results] == ["sessions"]
    assert objective.period == PERIOD


def test_a_title_with_a_backslash_is_pasted_as_it_is() -> None:
    with build_published() as con:
        (found,) = suggestions(con, FJALLGLAS, PERIOD, as_of=AS_OF, kpis=["sessions"])
    assert 'title: "C:\\\\besök"' in as_yaml([replace(found, title="C:\\besök")], FJALLGLAS, PERIOD)


def test_an_amount_of_money_has_its_sign_and_no_word_beside_it() -> None:
    with build_published() as con:
        (found,) = suggestions(con, FJALLGLAS, PERIOD, as_of=AS_OF, kpis=["sessions"])
    for kind in ("flow", "ratio", "stock"):
        text = as_text([replace(found, unit="EUR", kind=kind)], FJALLGLAS, PERIOD)
        based = next(line for line in text.splitlines() if "stängda månader" in line)
        assert "  " not in based.strip()
        assert " ." not in based
