"""What an initiative did harm to, what it could ever have shown, and figures that must not be rounded away.

Under test: the verdict's rule for harm and guardrails, the power curve said at registration, the interval where days
follow each other, on made-up days with a known effect. The order of the other rules is ``test_evaluation.py``'s.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from okr_models.client.model import Control
from okr_models.initiatives import reasons as say
from okr_models.initiatives.effects import Effect, effect_of
from okr_models.initiatives.evaluation import InitiativeResult, evaluate_initiative
from okr_models.initiatives.guardrails import Guardrail
from okr_models.initiatives.placebo import NEEDED, run_placebos
from okr_models.initiatives.power import power_curve
from okr_models.initiatives.regression import time_based_regression
from okr_models.initiatives.verdicts import Evidence, verdict_of
from okr_models.periods import Window
from okr_models.words.numbers import ENGLISH, SWEDISH
from tests.unit.okr_models.initiatives.test_evaluation import AFTERWARDS, FIRST, START, client, daily, initiative

BEFORE = date(2026, 2, 15)
FALLING = Guardrail("Followers", daily(-0.3, seed=5))


def judge(effect: float, *, speech: Any = "en", change: dict[str, Any] | None = None, **known: Any) -> InitiativeResult:
    settings: dict[str, Any] = {"daily": daily(effect), "controls": [], "as_of": AFTERWARDS} | known
    series, controls = settings.pop("daily"), settings.pop("controls")
    return evaluate_initiative(initiative(**(change or {})), client(speech), series, controls, **settings)


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def with_two_controls(effect: float) -> dict[str, Any]:
    """Days that two controls explain but for ``effect``, on a figure that wanders."""
    rng = np.random.default_rng(11)
    days = [FIRST + timedelta(days=step) for step in range((AFTERWARDS - FIRST).days)]
    controls = [pd.Series(400 * np.exp(np.cumsum(0.05 * rng.standard_normal(len(days)))), index=days) for _ in range(2)]
    moved = np.array([1 + effect if day >= START else 1.0 for day in days])
    treated = (controls[0] + controls[1]) * moved * np.exp(0.01 * rng.standard_normal(len(days)))
    named = (Control(kpi="interactions"), Control(kpi="sessions"))
    return {"daily": treated, "controls": controls, "change": {"control": named}}


# --- harm ------------------------------------------------------------------------------------------------------------


def test_a_harm_is_killed_and_said_as_what_it_cost_and_no_control_is_asked_for() -> None:
    given = with_two_controls(-0.33)
    result = judge(-0.33, **given)
    assert result.verdict == "kill"
    assert plain(result.reason).startswith("It did harm: it cost a third, −33% (−")
    swedish = judge(-0.33, speech="sv", **given)
    assert plain(swedish.reason).startswith("Den skadade: den kostade en tredjedel, −33 % (−")
    for reason in (result.reason, swedish.reason):
        assert not any(word in reason for word in ("chance", "slump", "control", "kontroll"))


def test_a_harm_is_killed_where_a_fall_was_hoped_for_and_it_rose() -> None:
    result = judge(0.35, change={"smallest_worthwhile_effect": -0.15})
    assert result.verdict == "kill"
    assert plain(result.reason).startswith("It did harm: the figure rose instead of falling, +3")
    assert result.cost_per_unit is None


@pytest.mark.parametrize(
    ("low", "high", "worthwhile", "detectable", "verdict"),
    [
        (-0.35, -0.31, 0.15, None, "kill"),
        (-0.35, -0.31, 0.15, 5.0, "kill"),
        (-0.35, 0.01, 0.15, None, "undecided"),
        (0.31, 0.35, -0.15, None, "kill"),
        (0.31, None, -0.15, None, "kill"),
        (-0.01, 0.35, -0.15, None, "undecided"),
        (-0.35, None, 0.15, None, "undecided"),
    ],
)
def test_an_interval_on_the_wrong_side_of_zero_is_enough_and_one_across_it_is_not(
    low: float, high: float | None, worthwhile: float, detectable: float | None, verdict: str
) -> None:
    evidence = Evidence(
        effect=(low + (high or low)) / 2, low=low, high=high, worthwhile=worthwhile, probability_worthwhile=0.0,
        share_of_placebos_beyond=0.0, detectable=detectable,
    )  # fmt: skip
    assert verdict_of(evidence) == verdict


# --- what must not get worse -----------------------------------------------------------------------------------------


def test_nothing_is_kept_where_a_guardrail_fell() -> None:
    steady = Guardrail("Sessions", daily(0.0, seed=6))
    assert judge(0.35, guardrails=[steady]).verdict == "keep"
    result = judge(0.35, guardrails=[steady, FALLING])
    assert result.verdict == "undecided"
    assert "But what must not get worse did: Followers −3" in plain(result.reason)
    assert "Sessions" not in result.reason


def test_a_guardrail_that_is_better_lower_got_worse_where_it_rose() -> None:
    rose, fell = (Guardrail("Position", daily(effect, seed=7), falls_is_worse=False) for effect in (0.35, -0.3))
    assert judge(0.35, guardrails=[rose]).verdict == "undecided"
    assert judge(0.35, guardrails=[fell]).verdict == "keep"


def test_a_guardrail_without_days_is_named_and_decides_nothing() -> None:
    unknown = Guardrail("Position", pd.Series(dtype=float))
    result = judge(0.35, guardrails=[unknown])
    assert result.verdict == "keep"
    assert result.reason.count("Cannot be told: Position.") == 1


def test_a_fallen_guardrail_makes_no_kill_of_an_undecided_one_and_no_mercy_for_a_harm() -> None:
    assert judge(0.0, change={"smallest_worthwhile_effect": 0.01}, guardrails=[FALLING]).verdict == "undecided"
    assert judge(-0.4, guardrails=[FALLING]).verdict == "kill"


# --- what it could ever show -----------------------------------------------------------------------------------------


def test_at_registration_it_says_how_likely_half_once_and_twice_the_worthwhile_effect_are_to_be_kept() -> None:
    reason = plain(judge(0.0, as_of=BEFORE).reason)
    assert "The probability that it will be “keep” is " in reason
    assert all(f"if the effect is {effect}" in reason for effect in ("+7.5%", "+15%", "+30%"))
    swedish = plain(judge(0.0, as_of=BEFORE, speech="sv").reason)
    assert "Sannolikheten att den blir ”behåll” är " in swedish
    assert "om effekten är +30 %" in swedish


def placebos_of(series: pd.Series) -> Any:
    return run_placebos(series, [], first=series.index[0], last=series.index[-1], after_days=14)


def test_power_grows_with_the_effect_and_an_effect_of_nothing_is_hardly_ever_kept() -> None:
    found = placebos_of(daily(0.0, through=date(2026, 2, 28)))
    half, once, twice = power_curve(found, worthwhile=0.15)
    assert [round(each.effect, 3) for each in (half, once, twice)] == [0.075, 0.15, 0.3]
    assert half.keep <= 0.1
    assert half.keep <= once.keep <= twice.keep
    assert twice.keep >= 0.9
    assert max(each.keep for each in power_curve(found, worthwhile=0.001)) <= 0.2


def test_power_of_a_hoped_for_fall_is_that_of_falls_and_none_is_said_of_less_than_nothing() -> None:
    found = placebos_of(daily(0.0, through=date(2026, 2, 28)))
    assert [each.effect for each in power_curve(found, worthwhile=-0.6)] == [-0.3, -0.6]
    half, once, twice = power_curve(found, worthwhile=-0.3)
    assert half.keep <= once.keep <= twice.keep
    assert twice.keep >= 0.9
    few = run_placebos(daily(0.0), [], first=FIRST, last=FIRST + timedelta(days=60), after_days=14)
    assert len(few.effects) < NEEDED
    assert power_curve(few, worthwhile=0.15) == ()


# --- days that follow each other -------------------------------------------------------------------------------------


def following(rng: np.random.Generator, days: int, *, by: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    noise = rng.standard_normal(days)
    for day in range(1, days):
        noise[day] += by * noise[day - 1]
    return noise


@pytest.mark.parametrize(("by", "wider_from", "wider_to"), [(0.0, 1.0, 1.2), (0.7, 1.6, 2.6)])
def test_errors_that_follow_each_other_widen_the_interval_until_it_holds_what_it_says(
    by: float, wider_from: float, wider_to: float
) -> None:
    rng = np.random.default_rng(2)
    held, held_independent, wider = [], [], []
    for _ in range(300):
        control = 100 + 5 * rng.standard_normal(118)
        treated = 2 * control + following(rng, 118, by=by)
        total = time_based_regression(
            treated_before=treated[:90],
            controls_before=control[:90, np.newaxis],
            treated_after=treated[90:],
            controls_after=control[90:, np.newaxis],
        )
        miss = abs(total.actual - total.mean)
        held.append(miss <= 1.99 * total.standard_error)
        held_independent.append(miss <= 1.99 * total.independent_error)
        wider.append(total.standard_error / total.independent_error)
    assert wider_from <= float(np.median(wider)) <= wider_to
    assert float(np.mean(held)) >= 0.88
    if by:
        assert float(np.mean(held_independent)) <= 0.7, "without it the interval would hold far less than it says"


# --- figures that decide ---------------------------------------------------------------------------------------------


def test_whole_per_cents_hide_no_decision() -> None:
    assert "an effect of +1%: the smallest detectable effect is +1.4%" in say.capability(0.0135, 0.01, ENGLISH)
    assert "is +1.2%, so an effect of +1.4% can be shown" in say.capability(0.012, 0.0135, ENGLISH)
    close = Evidence(
        effect=0.151, low=0.02, high=0.3, worthwhile=0.15, probability_worthwhile=0.797,
        share_of_placebos_beyond=0.101, detectable=0.154,
    )  # fmt: skip
    swedish = plain(say.undecided(close, SWEDISH))
    assert "10,1 % av placebostarterna visar lika mycket" in swedish
    assert "från +15,4 %" in swedish


def test_an_effect_that_may_be_nothing_has_no_price() -> None:
    for effect in (0.0, 0.004):
        result = judge(effect)
        assert result.effect_low is not None
        assert result.effect_low <= 0
        assert result.cost_per_unit is None
        assert "Cost per unit" not in result.reason
    assert "Cost per unit (interactions): SEK " in plain(judge(0.35).reason)


def test_an_effect_is_never_of_days_that_no_series_has() -> None:
    window = Window(START, START + timedelta(days=27))
    series = daily(0.0)
    found = effect_of(series.drop([START]), [], before=Window(FIRST, START - timedelta(days=1)), after=window)
    assert isinstance(found, Effect)
    assert found.days == 27
