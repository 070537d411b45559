"""How a key result and an objective are said: one line holds what belongs together, in both languages.

Really under test: ``pipelines/exports/standing.py`` on rows as the tables hold them. That the figures are right is not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from okr_models.client.model import (
    AtLeast,
    Between,
    Change,
    KeyResult,
    Milestone,
    Milestones,
    Number,
    Objective,
    Period,
)
from okr_models.words.codes import note
from okr_models.words.numbers import ENGLISH, SWEDISH, Speech
from pipelines.exports.changes import changes
from pipelines.exports.published import ClientStatus, KeyResultRow, ObjectiveRow
from pipelines.exports.reader import Reader, told_apart
from pipelines.exports.standing import Standing, reason_of, standing_of

YEAR = Period(start=date(2026, 1, 1), end=date(2026, 12, 31))
VISITORS = KeyResultRow(
    client="acme", objective_id="o", key_result_id="visitors", as_of=date(2026, 11, 20), title="Fler besökare",
    kpi="unique_visitors", unit="visitors", kind="flow", ambition="committed", baseline=6919.0, first_target=8994.7,
    target=8994.7, current=8874.0, current_growth=8874 / 6919 - 1, first_month=date(2026, 1, 1),
    last_month=date(2026, 10, 1), raw_progress=0.942, progress=0.942, expected_progress=1.0, forecast=9693.0,
    forecast_low=9532.0, forecast_high=9867.0, forecast_target=9676.0, probability=0.6, probability_full=0.6,
    status="at_risk", data_through=date(2026, 10, 31), is_estimated=False, notes=(), note_codes=(), explanation=None,
)  # fmt: skip
FOLLOWERS = replace(
    VISITORS, kpi="followers", unit="followers", kind="stock", baseline=27120.0, first_target=33900.0, target=33900.0,
    current=32528.0, current_growth=32528 / 27120 - 1, first_month=None, last_month=None, forecast=33280.0,
    forecast_low=32834.0, forecast_high=33732.0, forecast_target=33900.0, probability=0.1, status="off_track",
    data_through=date(2026, 11, 19),
)  # fmt: skip
POSTS = replace(
    VISITORS, kpi="blog_posts", unit="posts", kind="count", baseline=0.0, first_target=10.0, target=10.0, current=8.0,
    current_growth=None, first_month=None, last_month=None, raw_progress=0.8, expected_progress=0.8, forecast=None,
    forecast_low=None, forecast_high=None, forecast_target=10.0, probability=None, probability_full=None,
)  # fmt: skip


def said(row: KeyResultRow, *, speech: Speech = SWEDISH, target: Any = None, **settings: Any) -> Standing:
    wanted = target or Change(share=0.3)
    definition = KeyResult(id="r", title=row.title, kpi=row.kpi, target=wanted, **settings)
    return Standing(row=row, speech=speech, definition=definition, period=YEAR)


def reader_of(definition: KeyResult) -> Reader:
    objective = Objective(id="o", title="O", period=YEAR, key_results=(definition,))
    return Reader(client="acme", name="Acme", speech=SWEDISH, objectives=(objective,))


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_the_big_figure_of_growth_is_the_growth_and_under_it_what_it_is_made_of() -> None:
    assert [plain(each) for each in said(VISITORS).figures()] == ["+28 %", "+30 %"]
    assert plain(said(VISITORS).basis()) == "8 874 besökare i månaden, snitt jan–okt; i fjol 6 919"
    assert said(VISITORS).unit() == ""
    english = said(VISITORS, speech=ENGLISH)
    assert english.basis() == "8,874 visitors a month, mean of Jan–Oct; last year 6,919"


def test_the_base_of_a_period_longer_than_a_year_is_not_last_years() -> None:
    longer = replace(said(VISITORS, speech=ENGLISH), period=Period(start=date(2025, 7, 1), end=date(2026, 12, 31)))
    assert longer.basis() == "8,874 visitors a month, mean of Jan–Oct; baseline 6,919"


def test_forecast_span_target_and_probability_stand_in_one_line() -> None:
    assert plain(said(VISITORS).outlook()) == "Helårsprognos 9 693 (9 532–9 867) mot 9 676 · sannolikhet 60 %"
    english = said(VISITORS, speech=ENGLISH).outlook()
    assert english == "Full-year forecast 9,693 (9,532–9,867) against 9,676 · probability 60%"


def test_a_stock_is_forecast_at_the_end_and_stands_against_its_start() -> None:
    followers = said(FOLLOWERS, target=Change(share=0.25))
    assert plain(followers.basis()) == "32 528 följare 19 nov; 27 120 vid start"
    assert plain(followers.outlook()).startswith("Prognos vid årets slut 33 280 (32 834–33 732) mot 33 900 · ")
    half = replace(followers, period=Period(start=date(2026, 7, 1), end=date(2026, 12, 31)))
    assert half.outlook().startswith("Prognos vid periodens slut")


def test_a_stretch_goal_has_both_probabilities() -> None:
    row = replace(VISITORS, ambition="stretch", probability=0.95, probability_full=0.07, status="on_track")
    assert plain(said(row).chance()) == "95 % att nå 70 % av vägen, 7 % hela"
    assert said(row, speech=ENGLISH).chance() == "95% to get 70% of the way, 7% the whole"
    assert plain(said(row).likely_end()).endswith("(sträckmål: 70 % av vägen räcker)")
    reached = replace(row, probability=1.0, status="achieved")
    assert plain(said(reached).chance()) == "7 % att nå hela målet"
    assert said(replace(reached, probability_full=1.0)).chance() == ""


def test_what_is_settled_or_unknown_has_no_probability() -> None:
    for probability in (None, 0.0, 1.0):
        assert said(replace(VISITORS, probability=probability)).chance() == ""


@pytest.mark.parametrize(
    ("row", "target", "swedish"),
    [
        (VISITORS, None, "unika besökare väntas sluta på +30 %, målet är +30 %"),
        (FOLLOWERS, Change(share=0.25), "följare väntas sluta på +23 %, målet är +25 %"),
        (POSTS, Number(value=10), "blogginlägg: 8 av 10, borde vara 8 nu"),
        (replace(VISITORS, status="out_of_reach"), None, "målet för unika besökare går inte längre att nå"),
        (replace(VISITORS, status="achieved"), None, ""),
    ],
)
def test_the_likely_end_says_both_figures_in_the_targets_unit(row: KeyResultRow, target: Any, swedish: str) -> None:
    assert plain(said(row, target=target).likely_end()) == swedish


def test_a_level_is_said_as_a_bound_with_the_month_it_is_of() -> None:
    row = replace(
        POSTS, kpi="bookings", unit="share", kind="ratio", target=0.6, first_target=0.6, current=0.663, baseline=0.5
    )
    level = said(row, target=AtLeast(at_least=0.6))
    assert [plain(each) for each in level.figures()] == ["66 %", "minst 60 %"]
    assert level.basis() == "Senaste hela månaden, oktober"


def test_months_held_and_milestones_are_counted() -> None:
    held = replace(POSTS, unit="share", kind="ratio", current=0.75, target=1.0, status="off_track")
    assert plain(said(held, target=Between(between=(60, 90))).likely_end()).endswith("75 % av månaderna klarade målet")
    steps = Milestones(
        milestones=(Milestone(title="A", done=date(2026, 3, 1)), Milestone(title="B", done=date(2026, 12, 1)))
    )
    row = replace(POSTS, kpi=None, kind="milestones", unit="share", current=0.5, target=1.0)
    definition = KeyResult.model_construct(id="r", title="t", kpi=None, count=None, target=steps, revisions=())
    assert Standing(row=row, speech=SWEDISH, definition=definition, period=YEAR).figures() == ("1", "2")


def test_a_level_that_no_file_asks_for_any_more_is_no_sum_and_no_other_target() -> None:
    level = replace(
        VISITORS, kind="ratio", unit="points", baseline=41.1, target=44.0, current=41.3, current_growth=None,
        first_month=None, last_month=None,
    )  # fmt: skip
    gone = Standing(row=level, speech=SWEDISH)
    assert (gone.way, plain(gone.basis())) == ("level", "Senaste hela månaden, oktober")
    assert gone.figures() == ("41,3", "44")
    now = KeyResult(
        id="visitors", title="Fler", target=Milestones(milestones=tuple(Milestone(title=each) for each in "abc"))
    )
    assert standing_of(level, reader_of(now)).figures() == ("41,3", "44"), "not 0 of 3"
    asked = KeyResult(id="visitors", title="Fler", kpi="unique_visitors", target=AtLeast(at_least=44))
    assert plain(standing_of(level, reader_of(asked)).figures()[1]) == "minst 44"


def test_months_held_that_no_file_asks_for_any_more_are_no_sum() -> None:
    held = replace(VISITORS, unit="share", baseline=0.0, target=1.0, current=0.9, current_growth=None, first_month=None)
    gone = Standing(row=held, speech=SWEDISH)
    assert (gone.way, gone.basis()) == ("share", "")
    summed = replace(held, unit="sessions", kpi="sessions", target=12_000.0, current=9600.0)
    assert Standing(row=summed, speech=SWEDISH).basis() == "Summan t.o.m. 31 okt"


@pytest.mark.parametrize(
    ("title", "inside"), [("NPS (nöjdhet)", "NPS (nöjdhet)"), ("B2B-kunder", "B2B-kunder"), ("Kunder", "kunder")]
)
def test_a_title_keeps_its_capitals_inside_a_sentence_where_they_are_its_spelling(title: str, inside: str) -> None:
    row = replace(VISITORS, kpi="own", status="out_of_reach")
    assert replace(said(row), title_of_kpi=title).likely_end() == f"målet för {inside} går inte längre att nå"


def test_what_a_past_day_judged_again_changed_is_said_in_the_unit_of_each() -> None:
    points = replace(VISITORS, unit="points", baseline=None, target=44.0, current=41.3, current_growth=None)
    held = replace(points, unit="share", target=1.0, current=0.9)
    known, restated = (
        ClientStatus(client="acme", as_of=row.as_of, objectives=(), key_results=(row,), failed_loads=())
        for row in (points, held)
    )
    (_, line) = changes(known, restated, SWEDISH)
    assert plain(line) == "- Fler besökare: nu 41,3 → 90 %, mål 44 → 100 %"


def test_a_title_with_an_old_target_says_the_one_in_force() -> None:
    revision = {"from": date(2026, 6, 1), "target": 96_000, "by": "B", "why": "W"}
    row = replace(POSTS, title="92 000 besök", unit="sessions", kind="flow", target=96000.0, first_target=92000.0)
    old = said(row, target=Number(value=92_000), revisions=(revision,))
    assert plain(old.title()) == "92 000 besök (nu 96 000)"
    assert plain(old.first_target()) == "92 000"


def test_notes_are_for_any_reader_and_cures_for_the_agency_in_its_own_language() -> None:
    codes = (note("platform_too_large", label="Mastodon", part_share=0.48, side="last_year"), note("no_first_month"))
    swedish = said(replace(POSTS, note_codes=codes))
    assert plain(swedish.notes()[0]) == "Mastodon saknas i fjol; 48 % av helheten, gränsen är 20 %"
    assert all("csv" not in each for each in swedish.notes())
    assert replace(swedish, speech=ENGLISH).cures() == ("give history as csv, or opened where the account was new",)


def test_what_the_forecasts_line_says_is_no_note_too() -> None:
    codes = (note("final_target", value=9676.0), note("full_target_probability", probability_share=0.07))
    assert said(replace(VISITORS, note_codes=codes)).notes() == ()


def test_a_row_of_an_older_version_is_said_from_its_sentences_and_without_what_it_lacks() -> None:
    old = replace(
        VISITORS, current_growth=None, first_month=None, last_month=None, forecast_target=None, ambition=None,
        probability_full=None, note_codes=None, notes=("vilar på historik",),
    )  # fmt: skip
    older = said(old)
    assert older.notes() == ("vilar på historik",)
    assert plain(older.figures()[0]) == "8 874"
    assert plain(older.outlook()) == "Helårsprognos 9 693 (9 532–9 867) mot 8 995 · sannolikhet 60 %"
    assert Standing(row=old, speech=ENGLISH).outlook() != ""


MEMBERS = replace(
    VISITORS, kpi="club_members", unit="medlemmar", kind="stock", ambition="stretch", baseline=965.0, target=1250.0,
    first_target=1250.0, current=1194.0, current_growth=None, first_month=None, last_month=None, raw_progress=0.8,
    progress=0.8, expected_progress=0.83, forecast=None, forecast_low=None, forecast_high=None, status="on_track",
)  # fmt: skip


def test_a_stretch_goal_is_held_to_its_own_success_line() -> None:
    stretch = said(MEMBERS, target=Number(value=1250.0), ambition="stretch")
    assert stretch.due == pytest.approx(0.7 * 0.83)
    assert plain(stretch.likely_end()) == "club_members har nått 80 %, borde vara 58 % nu"
    assert said(replace(MEMBERS, ambition="committed"), target=Number(value=1250.0)).due == 0.83
    items = replace(POSTS, ambition="stretch", expected_progress=0.9)
    assert said(items, target=Number(value=10.0), ambition="stretch").due == 0.6
    assert said(replace(POSTS, expected_progress=None)).due is None


def test_one_of_a_thing_is_said_as_one() -> None:
    one = replace(VISITORS, current=1.0, baseline=2.0, target=2.6, current_growth=-0.5)
    assert said(one, speech=ENGLISH).basis().startswith("1 visitor a month")
    only = replace(POSTS, target=1.0, first_target=1.0, current=0.0)
    assert (said(only, speech=ENGLISH, target=Number(value=1.0)).unit(), said(only).unit()) == ("post", "")
    assert said(POSTS, speech=ENGLISH, target=Number(value=10.0)).unit() == "posts"


def test_an_objective_without_any_figure_says_just_that() -> None:
    objective = ObjectiveRow(
        client="acme", objective_id="o", as_of=date(2026, 11, 20), title="O", team=None, owner=None, progress=None,
        progress_low=0.0, progress_high=1.0, expected_progress=None, coverage=0.0, status="cannot_be_judged",
        weakest_key_result=None, deciding_key_result=None,
    )  # fmt: skip
    reader = Reader(client="acme", name="Acme", speech=SWEDISH)
    assert reason_of(objective, [], reader, speech=SWEDISH) == "inget nyckelresultat har en siffra än"
    some = replace(objective, coverage=0.33)
    assert plain(reason_of(some, [], reader, speech=ENGLISH)) == "only 33% of the weight has a figure"


def test_clients_that_share_a_name_are_told_apart_where_they_stand_beside_each_other() -> None:
    readers = [Reader(client=slug, name=name) for slug, name in (("a", "Twin"), ("b", "Twin"), ("c", "Other"))]
    assert [each.name for each in told_apart(readers)] == ["Twin (a)", "Twin (b)", "Other"]
