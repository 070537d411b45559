"""The whole judgement of one initiative, run on made-up daily figures with a known effect; nothing is replaced.

Under test: the order of the rules, each reason for not judging, and that a real effect is kept and none is not.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from connectors.linkedin.settings import LinkedIn
from connectors.meta.settings import FacebookPage
from okr_models.client.model import Change, Client, Control, Initiative, KeyResult, Objective, Period, Scope
from okr_models.client.sources import EnvRef
from okr_models.initiatives import reasons as say
from okr_models.initiatives.effects import NOT_POSITIVE, TOO_FEW_SHARED
from okr_models.initiatives.evaluation import InitiativeResult, evaluate_initiative
from okr_models.periods import Window
from okr_models.words.numbers import SWEDISH, Speech

START, END = date(2026, 3, 1), date(2026, 3, 28)
AFTERWARDS = date(2026, 4, 5)
FIRST = date(2025, 10, 1)


def client(language: Literal["sv", "en"] = "en") -> Client:
    token = EnvRef(env="T")
    return Client(
        client="fjallglas",
        name="Fjällglas AB",
        language=language,
        sources=(
            LinkedIn(id="linkedin", organization_id="1", token=token),
            FacebookPage(id="facebook", page_id="1", token=token),
        ),
        objectives=(
            Objective(
                id="awareness",
                title="Be known",
                period=Period(start=date(2026, 1, 1), end=date(2026, 12, 31)),
                key_results=(KeyResult(id="interactions", title="More", kpi="interactions", target=Change(share=0.4)),),
            ),
        ),
    )


def initiative(**changes: Any) -> Initiative:
    values: dict[str, Any] = {
        "id": "weekly",
        "title": "Weekly series",
        "key_result": "awareness/interactions",
        "kpi": "interactions",
        "scope": Scope(platform="linkedin"),
        "registered": date(2026, 2, 10),
        "start": START,
        "end": END,
        "smallest_worthwhile_effect": 0.15,
        "cost": 40_000.0,
    }
    return Initiative(**(values | changes))


def daily(effect: float, *, through: date = AFTERWARDS, first: date = FIRST, seed: int = 3) -> pd.Series:
    """Interactions a day with a weekly season; ``effect`` from the start to the end."""
    days = [first + timedelta(days=step) for step in range((through - first).days)]
    rng = np.random.default_rng(seed)
    week = np.array([1 + 0.3 * np.sin(2 * np.pi * day.toordinal() / 7) for day in days])
    moved = np.array([1 + effect if START <= day <= END else 1.0 for day in days])
    return pd.Series(500 * week * moved * np.exp(0.05 * rng.standard_normal(len(days))), index=days)


def judge(effect: float = 0.3, *, change: dict[str, Any] | None = None, **known: Any) -> InitiativeResult:
    settings: dict[str, Any] = {"as_of": AFTERWARDS, "daily": daily(effect), "controls": [], "client": client()} | known
    return evaluate_initiative(
        initiative(**(change or {})),
        settings.pop("client"),
        settings.pop("daily"),
        settings.pop("controls"),
        **settings,
    )


def test_a_clear_effect_beyond_the_worthwhile_one_is_kept() -> None:
    result = judge(0.35, gap=20_000.0, tested=3)
    assert result.verdict == "keep"
    assert result.effect == pytest.approx(0.35, abs=0.06)
    assert result.effect_low is not None
    assert result.effect_low > 0
    assert result.probability_worthwhile is not None
    assert result.probability_worthwhile >= 0.8
    assert result.effect_share == pytest.approx(result.response / 20_000)  # type: ignore[operator]
    assert result.cost_per_unit == pytest.approx(40_000 / result.response)  # type: ignore[operator]
    assert "One of 3 initiatives tested." in result.reason


def test_no_effect_where_the_worthwhile_one_would_have_been_seen_is_killed() -> None:
    result = judge(0.0, change={"smallest_worthwhile_effect": 0.4})
    assert result.verdict == "kill"
    assert result.detectable_effect is not None
    assert result.detectable_effect <= 0.4
    assert result.cost_per_unit is None or result.effect > 0  # type: ignore[operator]


def test_an_effect_that_the_data_could_not_have_shown_is_undecided_and_says_what_it_would_take() -> None:
    result = judge(0.0, change={"smallest_worthwhile_effect": 0.01})
    assert result.verdict == "undecided"
    assert "Its data can only show effects from +" in result.reason


@pytest.mark.parametrize(("base", "factor"), [(0.0, 0.0), (-1000.0, 1.0)], ids=["nothing before", "below zero"])
def test_a_figure_that_no_share_can_be_taken_of_is_not_told_to_begin_on_a_day_gone_by(
    base: float, factor: float
) -> None:
    days = base + daily(0.3, first=date(2025, 6, 1)) * factor
    over = judge(daily=days)
    ahead = judge(daily=days, as_of=date(2026, 2, 20))
    why = "no estimate (what would have been is not above zero, so no share of it exists)"
    assert (over.verdict, ahead.verdict) == ("cannot_be_judged", "not_started")
    assert why in over.reason
    assert why in ahead.reason
    assert "Possible for a start from" not in over.reason
    assert "too short" not in ahead.reason


@pytest.mark.parametrize("why", [TOO_FEW_SHARED, "the model's fit did not converge", "the fitted model is not finite"])
def test_no_english_stands_in_a_swedish_reason(why: str) -> None:
    assert why not in say.no_estimate(why, SWEDISH)
    assert why in say.no_estimate(why, Speech("en"))


def test_a_swedish_reader_is_told_in_swedish_why_there_is_no_estimate() -> None:
    reason = say.no_estimate(NOT_POSITIVE, SWEDISH)
    assert reason.endswith("(det som annars hade kommit är inte över noll, och av det finns ingen andel).")


def test_a_figure_that_never_moved_was_not_harmed() -> None:
    days = daily(0.3, first=date(2025, 6, 1)) * 0 + 100.1
    result = judge(daily=days)
    assert (result.effect, result.effect_low, result.effect_high) == (0.0, 0.0, 0.0)
    assert result.verdict == "kill", "an effect would have been seen"
    assert "harm" not in result.reason


@pytest.mark.parametrize("effect", [0.1, 0.15, 0.3, -0.1, -0.3])
def test_on_a_figure_that_never_moved_an_effect_of_just_what_is_worthwhile_is_one(effect: float) -> None:
    days = daily(0.0, first=date(2025, 6, 1)) * 0 + 100.1
    moved = days.where([not START <= day <= END for day in days.index], 100.1 * (1 + effect))
    alone = judge(daily=moved, change={"smallest_worthwhile_effect": effect})
    controlled = judge(daily=moved, controls=[days * 2], change={"smallest_worthwhile_effect": effect})
    assert (alone.verdict, alone.probability_worthwhile) == ("keep", 1.0)
    assert controlled.verdict == "keep"


def test_a_level_that_is_not_known_on_every_day_was_moved_by_as_much() -> None:
    whole = daily(0.35)
    silent = [START + timedelta(days=step) for step in range(14)]
    known: dict[str, Any] = {"adds_over_time": False, "gap": 500.0, "outages": [Window(silent[0], silent[-1])]}
    every, half = (judge(daily=days, **known) for days in (whole, whole.drop(silent)))
    assert every.effect_share == pytest.approx(0.35, abs=0.06)
    assert half.effect_share == pytest.approx(0.35, abs=0.06)


def test_days_before_that_only_its_own_figure_has_are_no_days_before() -> None:
    control = daily(0.0, seed=4, first=date(2025, 6, 1))
    hole = control.drop([day for day in control.index if date(2025, 6, 20) < day < date(2026, 2, 1)])
    result = judge(daily=daily(0.35, first=date(2025, 6, 1)), controls=[hole])
    assert result.verdict == "cannot_be_judged"
    said = "48 days of data before its start, 84 are needed. Possible for a start from 12 Jun 2026"
    assert said in result.reason, "it named a day before its own start"


def test_a_control_shows_an_effect_that_the_series_alone_cannot() -> None:
    rng = np.random.default_rng(9)
    quiet = daily(0.0)
    quiet *= np.exp(np.cumsum(0.04 * rng.standard_normal(len(quiet))))
    treated = quiet * np.exp(0.01 * rng.standard_normal(len(quiet)))
    treated[[START <= day <= END for day in treated.index]] *= 1.06
    change = {"smallest_worthwhile_effect": 0.03, "control": (Control(kpi="interactions"),)}
    alone = judge(daily=treated, change={"smallest_worthwhile_effect": 0.03})
    controlled = judge(daily=treated, controls=[quiet], change=change)
    assert alone.verdict == "undecided"
    assert controlled.verdict == "keep"
    assert controlled.effect == pytest.approx(0.06, abs=0.01)


def test_a_fall_is_the_effect_where_the_worthwhile_one_is_negative() -> None:
    result = judge(-0.4, change={"smallest_worthwhile_effect": -0.1})
    assert result.verdict == "keep"
    assert result.effect_high is not None
    assert result.effect_high < 0
    assert result.cost_per_unit is not None
    assert result.cost_per_unit > 0


def test_one_without_a_key_result_is_not_aligned_whatever_its_effect() -> None:
    result = judge(0.5, change={"key_result": None})
    assert (result.verdict, result.effect) == ("not_aligned", None)
    assert result.reason == "Not in line with this year's goals. They are: Be known."
    swedish = judge(0.5, change={"key_result": None}, client=client("sv"))
    assert swedish.reason == "Inte i linje med årets mål. Målen är: Be known."


def test_before_its_start_it_says_what_its_history_cannot_show() -> None:
    result = judge(as_of=date(2026, 2, 15), change={"smallest_worthwhile_effect": 0.01})
    assert result.verdict == "not_started"
    assert result.detectable_effect is not None
    assert "This cannot show an effect of +1%" in result.reason
    assert (
        "Detta kan inte visa en effekt på +1\u00a0%"
        in judge(as_of=date(2026, 2, 15), change={"smallest_worthwhile_effect": 0.01}, client=client("sv")).reason
    )


@pytest.mark.parametrize("as_of", [START, END])
def test_on_its_first_and_last_day_it_is_running(as_of: date) -> None:
    assert judge(as_of=as_of).verdict == "running"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"breaks": [date(2026, 3, 6)]}, "can never be judged: the measurement changes on 6 Mar 2026"),
        (
            {"other_initiatives": [initiative(id="ads", title="Ads")]},
            "can never be judged: “Ads” works on the same figure",
        ),
        (
            {"daily": pd.Series(dtype=float)},
            "Its KPI has no daily values before its start, so this cannot show an effect of +15%",
        ),
    ],
)
def test_what_will_keep_it_from_being_judged_is_said_while_it_can_be_changed(known: dict[str, Any], words: str) -> None:
    result = judge(as_of=date(2026, 2, 20), **known)
    assert result.verdict == "not_started"
    assert words in result.reason
    assert "that it will be “keep”" not in result.reason
    assert "that it will be “keep”" in judge(as_of=date(2026, 2, 20)).reason
    swedish = judge(as_of=date(2026, 3, 20), client=client("sv"), **known)
    assert swedish.verdict == "running"
    assert "kan inte visa en effekt på" in swedish.reason or "kommer den inte att kunna bedömas" in swedish.reason


def test_days_after_as_of_are_never_used() -> None:
    early = date(2026, 3, 10)
    assert judge(as_of=early, daily=daily(0.3)) == judge(as_of=early, daily=daily(0.3, through=early))


def test_it_keeps_running_while_its_last_days_are_on_their_way() -> None:
    late = judge(daily=daily(0.3, through=date(2026, 3, 26)), as_of=date(2026, 4, 1))
    assert late.verdict == "running"
    assert "data reach 25 Mar 2026" in late.reason
    lost = judge(daily=daily(0.3, through=date(2026, 3, 20)), as_of=date(2026, 4, 20))
    assert lost.verdict == "cannot_be_judged"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"breaks": [date(2026, 3, 6)]}, "the measurement changed on 6 Mar 2026"),
        ({"breaks": [START]}, "the measurement changed on 1 Mar 2026"),
        ({"change": {"registered": START}}, "registered on 1 Mar 2026, not before its start"),
        ({"daily": pd.Series(dtype=float)}, "no daily values"),
        ({"change": {"smallest_worthwhile_effect": None}}, "is missing in the client file"),
        ({"other_initiatives": [initiative(id="ads", title="Ads", scope=Scope())]}, "“Ads” worked on the same figure"),
        (
            {"other_initiatives": [initiative(id="ads", title="Ads", scope=Scope(source="linkedin"))]},
            "“Ads” worked on the same figure",
        ),
    ],
)
def test_what_spoils_the_comparison_is_named_and_nothing_is_estimated(known: dict[str, Any], words: str) -> None:
    result = judge(**known)
    assert result.verdict == "cannot_be_judged"
    assert words in result.reason
    assert (result.effect, result.probability_worthwhile) == (None, None)


def test_a_declared_pause_spoils_nothing_where_its_days_are_there() -> None:
    pause = Window(date(2026, 3, 27), date(2026, 4, 2))
    assert judge(0.35, outages=[pause]).verdict == "keep"


def test_days_that_a_declared_pause_left_empty_are_no_outage_as_long_as_half_of_all_are_there() -> None:
    whole = daily(0.35)
    for length, verdict in ((7, "keep"), (14, "keep"), (15, "cannot_be_judged")):
        silent = [START + timedelta(days=step) for step in range(length)]
        paused = judge(daily=whole.drop(silent), outages=[Window(silent[0], silent[-1])])
        assert paused.verdict == verdict
        undeclared = judge(daily=whole.drop(silent))
        assert f"data are missing for {length} of its days" in undeclared.reason
    assert "its source was paused for 15 of its days, from 1 Mar 2026" in paused.reason


@pytest.mark.parametrize(
    "other",
    [
        initiative(id="fb", scope=Scope(platform="facebook")),
        initiative(id="seo", kpi="search_clicks"),
        initiative(id="late", start=END + timedelta(days=1), end=END + timedelta(days=9)),
    ],
)
def test_one_on_another_figure_or_at_another_time_spoils_nothing(other: Initiative) -> None:
    assert judge(0.35, other_initiatives=[other, initiative()]).verdict == "keep"


def test_one_on_the_control_spoils_it() -> None:
    change = {"control": (Control(kpi="interactions", scope=Scope(platform="facebook")),)}
    other = initiative(id="fb", title="Boost", scope=Scope(platform="facebook"))
    result = judge(change=change, controls=[daily(0.0, seed=4)], other_initiatives=[other])
    assert result.verdict == "cannot_be_judged"


def test_too_short_a_time_before_says_from_when_it_could_be_judged() -> None:
    result = judge(daily=daily(0.3, first=date(2026, 1, 1)))
    assert result.verdict == "cannot_be_judged"
    assert "59 days of data before its start, 84 are needed. Possible for a start from 12 May 2026" in result.reason
    days = daily(0.0, first=date(2026, 1, 1), through=date(2026, 6, 20))
    for start, said in ((date(2026, 5, 12), True), (date(2026, 5, 11), False)):
        then = {"start": start, "end": start + timedelta(days=27)}
        later = judge(daily=days, as_of=date(2026, 6, 20), change=then)
        assert (later.verdict != "cannot_be_judged") is said, "it named a day from which nothing could be judged yet"
    assert ": 1 day of data before" in judge(daily=daily(0.3, first=START - timedelta(days=1))).reason
    for room, said in ((100, "0 placebo starts fit"), (112, "1 placebo start fits"), (113, "2 placebo starts fit")):
        assert f"{said}, 20 are needed" in judge(daily=daily(0.3, first=START - timedelta(days=room))).reason


def test_a_break_before_the_start_shortens_what_it_may_rest_on() -> None:
    assert "days of data before its start" in judge(breaks=[date(2026, 1, 10)]).reason
    assert judge(0.35, breaks=[date(2025, 10, 15)]).verdict == "keep"


def test_a_missing_day_is_not_a_zero() -> None:
    whole = daily(0.35)
    holes = whole.drop([START + timedelta(days=3), START - timedelta(days=20)])
    assert judge(daily=holes).effect == pytest.approx(judge(daily=whole).effect, abs=0.02)
