"""Notes and explanations in Swedish and English: every sentence in both, every clause from its own figures."""

from __future__ import annotations

from datetime import date
from string import Formatter
from typing import Any

import pytest

from okr_models.forecast.types import Forecast
from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.explanations import CLAUSES, explain
from okr_models.progress.figures import Failure, Restatement
from okr_models.words.codes import NOTE_CODES, note
from okr_models.words.notes import CATALOGUE, sentence, sentences
from okr_models.words.numbers import Language, Speech
from tests.unit.okr_figures import (
    FACEBOOK,
    LINKEDIN,
    WEB,
    blog_post,
    daily,
    evaluated,
    figures_of,
    key_result,
    month,
    monthly,
    source,
)

SV, EN = Speech("sv"), Speech("en")
SEASON = [100.0, 100, 100, 100, 100, 100, 60, 100, 100, 100, 100, 100]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_note_has_a_sentence_in_each_language(language: Language) -> None:
    assert set(CATALOGUE[language]) == set(NOTE_CODES)


@pytest.mark.parametrize("code", NOTE_CODES)
def test_both_languages_say_the_same_things(code: Any) -> None:
    assert placeholders(CATALOGUE["sv"][code]) == placeholders(CATALOGUE["en"][code])


@pytest.mark.parametrize("clause", sorted(CLAUSES["sv"]))
def test_both_languages_have_the_same_clauses(clause: str) -> None:
    assert set(CLAUSES["sv"]) == set(CLAUSES["en"])
    assert placeholders(CLAUSES["sv"][clause]) == placeholders(CLAUSES["en"][clause])


def test_dates_are_written_as_each_language_does() -> None:
    each = note("source_missing", label="LinkedIn", short_day=date(2026, 11, 3))
    assert (sentence(each, SV), sentence(each, EN)) == (
        "LinkedIn har inte kunnat läsas sedan 3 nov",
        "LinkedIn has not been readable since 3 Nov",
    )


@pytest.mark.parametrize(
    ("first", "now", "share"), [(10, 8, -0.2), (-10, -5, 0.5), (-10, 5, 1.5), (0, 3, 1.0), (0, -3, -1.0)]
)
def test_a_restatement_that_rose_is_no_fall_whatever_was_known_first(first: float, now: float, share: float) -> None:
    restated = Restatement(kpi="new_followers", scope="all", month=date(2026, 3, 1), first_value=first, value=now)
    assert restated.share == pytest.approx(share)


def test_a_note_said_twice_is_said_once() -> None:
    assert len(sentences([note("no_data"), note("no_data")], SV)) == 1


def test_a_clients_own_braces_are_not_read_as_placeholders() -> None:
    each = note("revised", day=date(2026, 7, 1), by="{label}", why="{0}")
    assert sentence(each, EN) == "the target was changed on 1 Jul 2026 by {label}: {0}"


# explanations


def growth(now: list[float | None], **settings: Any) -> KeyResultProgress:
    rows = monthly("unique_visitors", month("2025-01"), [*SEASON, *now])
    as_of = settings.pop("as_of", date(2026, 11, 20))
    return evaluated(key_result(target="+30%"), figures_of(months=rows), as_of=as_of, **settings)


def both(progress: KeyResultProgress) -> tuple[str, str]:
    return explain(progress, SV), explain(progress, EN)


def test_growth_says_where_it_stands_against_its_target_and_how_the_last_month_went() -> None:
    assert both(growth([value * 1.32 for value in SEASON[:10]])) == (
        "+32\xa0% av +30\xa0%; senaste månaden, oktober, +32\xa0%.",
        "+32% of +30%; the last month, October, +32%.",
    )


def test_a_month_that_dips_as_it_did_the_year_before_is_said_to_be_the_seasons() -> None:
    progress = growth([value * 1.32 for value in SEASON[:7]], as_of=date(2026, 8, 20))
    assert both(progress) == (
        "+32\xa0% av +30\xa0%; juli är säsongsmässigt svag, som väntat.",
        "+32% of +30%; July is seasonally low, as expected.",
    )


def test_a_month_that_dips_without_a_season_is_not_excused() -> None:
    progress = growth([112.0] * 9 + [60.0])
    assert "som väntat" not in explain(progress, SV)
    assert "senaste månaden, oktober, \N{MINUS SIGN}40\xa0%" in explain(progress, SV)


def test_a_silent_source_is_named_with_its_day() -> None:
    failures = (Failure(source="web", stream="web_monthly", since=date(2026, 11, 3)),)
    progress = growth([value * 1.12 for value in SEASON[:10]], failures=failures)
    assert explain(progress, SV).endswith("; Google Analytics har inte kunnat läsas sedan 3 nov.")


def test_a_left_out_platform_is_named_with_its_share() -> None:
    rows = [
        *monthly("interactions", month("2025-01"), [90.0] * 22, scope="platform=linkedin"),
        *monthly("interactions", month("2026-01"), [10.0] * 10, scope="platform=facebook"),
    ]
    progress = evaluated(
        key_result(kpi="interactions", target="+40%"), figures_of(months=rows), sources=(LINKEDIN, FACEBOOK)
    )
    assert "Facebook is missing last year and left out on both sides (10% of the whole)" in explain(progress, EN)


def test_where_forecast_and_pace_disagree_one_clause_says_which_decided() -> None:
    behind = growth([value * 1.12 for value in SEASON[:10]], forecaster=lambda job: Forecast(probability=0.4))
    assert (behind.pace_status, behind.status) == ("off_track", "at_risk")
    assert explain(behind, SV).endswith("; prognosen ger bättre chans än läget hittills, och avgör.")
    ahead = growth([value * 1.32 for value in SEASON[:10]], forecaster=lambda job: Forecast(probability=0.4))
    assert (ahead.pace_status, ahead.status) == ("on_track", "at_risk")
    assert explain(ahead, EN).endswith("; so far it is enough, but the forecast decides.")
    agreed = growth([value * 1.32 for value in SEASON[:10]], forecaster=lambda job: Forecast(probability=0.8))
    assert "avgör" not in explain(agreed, SV)


def test_what_cannot_be_judged_says_why_and_leaves_the_cure_to_the_notes() -> None:
    progress = evaluated(
        key_result(target="+30%"), figures_of(months=monthly("unique_visitors", month("2026-01"), [9.0] * 10))
    )
    assert explain(progress, SV) == "Utgångsläget börjar 1 jan. 2026."


def test_a_stock_says_how_far_it_is_and_how_far_it_should_be() -> None:
    days = {date(2025, 12, 31): 1000.0, date(2026, 11, 19): 1200.0}
    rows = daily("followers", days, scope="platform=linkedin")
    progress = evaluated(key_result(kpi="followers", target="+25%"), figures_of(days=rows), sources=(LINKEDIN,))
    assert both(progress) == (
        "+20\xa0% av +25\xa0%; för +25\xa0% krävs 36,2 i månaden resten av året, hittills 18,8.",
        "+20% of +25%; +25% takes 36.2 a month for the rest of the year, 18.8 so far.",
    )


def test_a_sum_says_how_much_of_how_much() -> None:
    rows = monthly("sessions", month("2026-01"), [1000.0] * 10)
    progress = evaluated(key_result(kpi="sessions", target=12_000), figures_of(months=rows), sources=(WEB,))
    assert explain(progress, SV).startswith("10\xa0000 av 12\xa0000; framsteg 83\xa0%, borde vara 83\xa0% nu")


def test_a_count_says_how_many_are_done_and_how_many_can_still_be() -> None:
    posts = [blog_post("a", date(2026, 3, 1), [500.0]), blog_post("b", date(2026, 11, 1), [1.0] * 19)]
    result = key_result(count="blog_posts", where={"page_views": {"at_least": 500, "within_days": 90}}, target=10)
    progress = evaluated(result, figures_of(posts=posts), sources=(WEB, source("wordpress", "blog")))
    assert both(progress) == (
        "1 av 10 klara; borde vara 8 nu; 1 till kan ännu nå dit.",
        "1 of 10 done; should be 8 by now; 1 more can still get there.",
    )


def test_months_held_say_how_many_of_how_many() -> None:
    rows = monthly("unique_visitors", month("2026-01"), [80.0, 80.0, 55.0, 80.0])
    progress = evaluated(key_result(target={"between": [60, 90]}), figures_of(months=rows), as_of=date(2026, 5, 10))
    assert explain(progress, SV) == "3 av 4 månader klarade målet; målet går inte längre att nå."


@pytest.mark.parametrize(("low", "met"), [(0.0, 0), (60.0, 4)])
def test_months_held_are_of_those_that_have_a_value_also_where_none_was_inside(low: float, met: int) -> None:
    rows = monthly("unique_visitors", month("2026-01"), [80.0, None, 80.0, 80.0, None, 80.0])
    progress = evaluated(
        key_result(target={"between": [low, low + 30]}), figures_of(months=rows), as_of=date(2026, 7, 10)
    )
    assert explain(progress, EN).startswith(f"{met} of 4 months met the target")


def test_one_month_held_and_one_milestone_are_said_as_one() -> None:
    rows = monthly("unique_visitors", month("2026-01"), [80.0])
    progress = evaluated(key_result(target={"between": [60, 90]}), figures_of(months=rows), as_of=date(2026, 2, 10))
    said = both(progress)
    assert said[0].startswith("1 av 1 månad klarade målet")
    assert said[1].startswith("1 of 1 month met the target")
    plan = key_result(milestones=[{"title": "Plan", "done": "2026-01-10"}])
    done = evaluated(plan, figures_of(), as_of=date(2026, 2, 10))
    assert explain(done, EN).startswith("1 of 1 milestone done")


def test_a_target_keeps_the_decimal_that_it_was_asked_for_with() -> None:
    visitors = monthly("unique_visitors", month("2025-01"), [*[100.0] * 12, *[104.0] * 10])
    progress = evaluated(key_result(target="+2.5%"), figures_of(months=visitors), as_of=date(2026, 11, 20))
    assert explain(progress, EN).startswith("+4% of +2.5%")
    rows = monthly("conversion_rate", month("2026-01"), [0.0312] * 10)
    rate = evaluated(key_result(kpi="conversion_rate", target={"at_least": 0.025}), figures_of(months=rows))
    assert explain(rate, SV) == "3,1\xa0%, ska vara minst 2,5\xa0%."


def test_a_level_says_the_figure_and_the_limit() -> None:
    rows = monthly("search_position", month("2026-01"), [12.0] * 10, closing_days=10)
    at_most = evaluated(key_result(kpi="search_position", target={"at_most": 10}), figures_of(months=rows))
    assert explain(at_most, SV) == "12, ska vara högst 10."
    at_least = evaluated(key_result(kpi="search_position", target={"at_least": 10}), figures_of(months=rows))
    assert explain(at_least, EN) == "12, to be at least 10."


def test_milestones_say_how_many_are_done() -> None:
    items = [{"title": "a", "done": date(2026, 3, 1)}, {"title": "b", "done": None}]
    progress = evaluated(key_result(milestones=items), figures_of())
    assert explain(progress, EN) == "1 of 2 milestones done; progress 50%, should be 88% by now."


def test_the_first_month_is_too_early_to_say() -> None:
    progress = growth([50.0], as_of=date(2026, 1, 20))
    assert both(progress) == ("För tidigt att säga.", "Too early to say.")


def test_a_reached_target_says_so() -> None:
    rows = monthly("sessions", month("2026-01"), [2000.0] * 10)
    progress = evaluated(key_result(kpi="sessions", target=12_000), figures_of(months=rows), sources=(WEB,))
    assert explain(progress, SV) == "20\xa0000 av 12\xa0000; målet är nått."
