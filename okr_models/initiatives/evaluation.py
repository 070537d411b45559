"""One initiative, as of one day: may it be judged, what did it do, keep or kill (MEASURES.md, last section).

What belongs here: the order of the rules, and the row that comes out. What does not: the estimate (``effects.py``),
placebos, the verdict's rule, words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from okr_models.client.model import Client, Initiative
from okr_models.initiatives import reasons as say
from okr_models.initiatives.effects import Effect, NoEffect, effect_of
from okr_models.initiatives.guardrails import Guardrail, seen
from okr_models.initiatives.placebo import BEFORE_TO_AFTER, NEEDED, windows_of
from okr_models.initiatives.power import power_curve
from okr_models.initiatives.trial import Trial, figure_of, same_figure, silence_of, title_of, trial_of
from okr_models.initiatives.verdicts import Verdict, evidence_of, verdict_of
from okr_models.periods import Window
from okr_models.words.numbers import Speech

PATIENCE = timedelta(days=10)
"""After the end, data that are still missing are late for so long, then an outage."""

LEAST_OBSERVED_BEFORE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeResult:
    """A row of ``initiative_results``, and beyond it what the report may show.

    Effects are shares (.15 is +15 %). ``response`` is the effect in the KPI's unit, summed over the initiative's days.
    """

    client: str
    initiative_id: str
    as_of: date
    title: str
    key_result: str | None
    kpi: str | None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    effect_share: float | None = None
    detectable_effect: float | None = None
    probability_worthwhile: float | None = None
    verdict: Verdict
    reason: str
    cost: float | None = None
    response: float | None = None
    cost_per_unit: float | None = None


def evaluate_initiative(
    initiative: Initiative,
    client: Client,
    daily: pd.Series,
    controls: Sequence[pd.Series],
    *,
    as_of: date,
    breaks: Sequence[date] = (),
    outages: Sequence[Window] = (),
    other_initiatives: Sequence[Initiative] = (),
    guardrails: Sequence[Guardrail] = (),
    gap: float | None = None,
    adds_over_time: bool = True,
    unit: str = "",
    tested: int | None = None,
) -> InitiativeResult:
    """Judge ``initiative`` by what is known on the morning of ``as_of``.

    ``daily``: its KPI at its scope, indexed by day, missing days left out or NaN; days from ``as_of`` on are ignored.
    ``breaks``, ``outages`` (declared pauses): of the sources behind it and its controls. ``gap``: what its key result
    lacks from baseline to target, in the unit that ``response`` has (summed over days for flows, a level for stocks).
    """
    kpi = figure_of(initiative, client)
    row = InitiativeResult(
        client=client.client,
        initiative_id=initiative.id,
        as_of=as_of,
        title=initiative.title,
        key_result=initiative.key_result,
        kpi=kpi,
        cost=initiative.cost if isinstance(initiative.cost, float) else None,
        verdict="cannot_be_judged",
        reason="",
    )
    speech = Speech(client.language)
    start, end, worthwhile = initiative.start, initiative.end, initiative.smallest_worthwhile_effect
    if initiative.key_result is None:
        return replace(row, verdict="not_aligned", reason=say.not_aligned(goals_on(as_of, client), speech))
    if start is None:
        return replace(row, verdict="not_started", reason=say.not_started(None, speech))
    if end is None or end < start or not worthwhile or worthwhile <= -1 or kpi is None:
        return replace(row, reason=say.missing_definition(speech))
    window = Window(start, end)
    trial = trial_of(daily, controls, window=window, worthwhile=worthwhile, as_of=as_of, breaks=breaks)
    if as_of <= end:
        ahead = _spoilt_ahead(initiative, other_initiatives, breaks, window=window, client=client)
        return _before_its_end(initiative, row, trial, client=client, window=window, worthwhile=worthwhile, ahead=ahead)
    refused = _refusal(initiative, trial, client=client, as_of=as_of, breaks=breaks, outages=outages)
    refused = refused or _others(initiative, other_initiatives, client)
    if refused or trial is None:
        verdict, reason = refused or ("cannot_be_judged", say.no_data(speech, controls=len(initiative.control)))
        return replace(row, verdict=verdict, reason=reason)
    judged = _judge(row, trial, guardrails=guardrails, client=client)
    return _with_money(judged, trial, gap=gap, sums=adds_over_time, unit=unit, tested=tested, client=client)


def goals_on(day: date, client: Client) -> tuple[str, ...]:
    """The titles of the objectives in whose period ``day`` lies, each once; of all where it lies in none's."""
    current = [each for each in client.objectives if each.period.start <= day <= each.period.end]
    return tuple(dict.fromkeys(each.title for each in current or client.objectives))


def _before_its_end(
    initiative: Initiative,
    row: InitiativeResult,
    trial: Trial | None,
    *,
    client: Client,
    window: Window,
    worthwhile: float,
    ahead: str,
) -> InitiativeResult:
    """Not started or running: what its history could show is said already now, and what spoils it (``ahead``)."""
    speech = Speech(client.language)
    has_begun = row.as_of >= window.start
    head = say.running(window.end, speech) if has_begun else say.not_started(window.start, speech)
    placebos = None if trial is None else trial.placebos()
    found = None if placebos is None else placebos.detectable(upward=worthwhile >= 0)
    curve = () if placebos is None else power_curve(placebos, worthwhile=worthwhile)
    verdict: Verdict = "running" if has_begun else "not_started"
    why = None if placebos is None else placebos.why_none
    if trial is None:
        shown = say.without_days(worthwhile, speech, controls=len(initiative.control))
    else:
        shown = say.capability(found, worthwhile, speech) if why is None else say.no_estimate(why, speech)
    reason = f"{head} {shown}{ahead or say.power(curve, speech)}"
    return replace(row, verdict=verdict, detectable_effect=found, reason=reason)


def _spoilt_ahead(
    initiative: Initiative, others: Sequence[Initiative], breaks: Sequence[date], *, window: Window, client: Client
) -> str:
    """What the file says already that will keep it from being judged; empty where nothing will."""
    on = min((each for each in breaks if each in window), default=None)
    title = next((other.title for other in others if same_figure(initiative, other, client)), None)
    return "" if on is None and title is None else say.spoilt_ahead(on=on, title=title, speech=Speech(client.language))


def _refusal(
    initiative: Initiative,
    trial: Trial | None,
    *,
    client: Client,
    as_of: date,
    breaks: Sequence[date],
    outages: Sequence[Window],
) -> tuple[Verdict, str] | None:
    """Why it may not be judged, or not yet; else None."""
    speech = Speech(client.language)
    if trial is None:
        return "cannot_be_judged", say.no_data(speech, controls=len(initiative.control))
    window = trial.window
    if initiative.registered is not None and initiative.registered >= window.start:
        return "cannot_be_judged", say.registered_late(initiative.registered, window.start, speech)
    inside = [on for on in breaks if on in window]
    if inside:
        return "cannot_be_judged", say.broken(min(inside), speech)
    return _missing_days(trial, as_of=as_of, outages=outages, speech=speech)


def _missing_days(
    trial: Trial, *, as_of: date, outages: Sequence[Window], speech: Speech
) -> tuple[Verdict, str] | None:
    """Days that have not come yet, were lost, or do not reach far enough back."""
    window = trial.window
    through = trial.through
    if through < window.end and as_of <= window.end + PATIENCE:
        return "running", say.awaiting_data(window.end, through, speech)
    silence = silence_of(trial, outages)
    if silence is not None:
        words = say.paused if silence.is_paused else say.outage
        return "cannot_be_judged", words(silence.days[0], len(silence.days), speech)
    have = (window.start - trial.first).days
    need = BEFORE_TO_AFTER * trial.days
    seen = trial.known_in(Window(trial.first, window.start - timedelta(days=1))) if have > 0 else 0
    if have < need or seen < LEAST_OBSERVED_BEFORE * need:
        return "cannot_be_judged", say.too_little_before(
            have=min(max(have, 0), seen),
            need=need,
            # a history that is long enough has holes: it counts from the last of them
            possible_from=_possible_from(trial, since=trial.first if have < need else trial.whole_since),
            speech=speech,
        )
    return None


def _others(initiative: Initiative, others: Sequence[Initiative], client: Client) -> tuple[Verdict, str] | None:
    for other in others:
        if same_figure(initiative, other, client):
            return "cannot_be_judged", say.shared_with(other.title, Speech(client.language))
    return None


def _judge(row: InitiativeResult, trial: Trial, *, guardrails: Sequence[Guardrail], client: Client) -> InitiativeResult:
    speech = Speech(client.language)
    placebos = trial.placebos()
    if not placebos.enough:
        if placebos.why_none is not None:
            return replace(row, reason=say.no_estimate(placebos.why_none, speech))
        reason = say.too_few_placebos(
            have=len(placebos.effects),
            need=NEEDED,
            possible_from=_possible_from(trial, since=trial.first),
            speech=speech,
        )
        return replace(row, reason=reason)
    before, after = windows_of(trial.window.start, first=trial.first, after_days=trial.days)
    effect = effect_of(trial.series, trial.controls, before=before, after=after)
    if isinstance(effect, NoEffect):
        return replace(row, reason=say.no_estimate(effect.reason, speech))
    evidence = evidence_of(effect, placebos, worthwhile=trial.worthwhile, controls=len(trial.controls))
    verdict = verdict_of(evidence)
    words = {"keep": say.keep, "kill": say.kill, "undecided": say.undecided}[verdict]
    watched = [seen(each, window=trial.window) for each in guardrails]
    worse = [each for each in watched if each.got_worse]
    unknown = [each for each in watched if each.effect is None]
    said = [words(evidence, speech), say.guardrails(worse, unknown, speech)]
    return replace(
        row,
        verdict="undecided" if worse and verdict == "keep" else verdict,
        reason=" ".join(each for each in said if each),
        effect=effect.effect,
        effect_low=effect.low,
        effect_high=effect.high,
        detectable_effect=evidence.detectable,
        probability_worthwhile=evidence.probability_worthwhile,
        response=_finite(effect),
    )


def _possible_from(trial: Trial, *, since: date) -> date:
    """The first start that data ``since`` then could judge: 20 placebo starts fit before it, each with its own days
    before."""
    return since + timedelta(days=(BEFORE_TO_AFTER + 1) * trial.days + NEEDED - 1)


def _finite(effect: Effect) -> float | None:
    return effect.response if np.isfinite(effect.response) else None


def _is_something(row: InitiativeResult, trial: Trial) -> bool:
    """An effect that may be nothing has no price: its 95 % interval must lie on the good side of 0."""
    if trial.worthwhile >= 0:
        return row.effect_low is not None and row.effect_low > 0
    return row.effect_high is not None and row.effect_high < 0


def _counted(kpi: str | None, unit: str, client: Client) -> str:
    """What a price is paid for, in the client's words: a unit's English id stands only where nothing else is known."""
    if known := client.built_in(kpi):
        title = title_of(known.id, client)
        return title[:1].lower() + title[1:]
    return unit or kpi or ""


def _with_money(
    row: InitiativeResult,
    trial: Trial,
    *,
    gap: float | None,
    sums: bool,
    unit: str,
    tested: int | None,
    client: Client,
) -> InitiativeResult:
    """What the effect is worth: its share of the key result's gap, its price, and among how many it was tried."""
    if row.response is None:
        return row
    # a level was moved on the days that are known; on the others nobody saw it
    gained = row.response if sums else row.response / trial.known_in(trial.window)
    is_gain = gained * trial.worthwhile > 0
    price = row.cost / abs(gained) if row.cost is not None and is_gain and _is_something(row, trial) else None
    said = [row.reason]
    if price is not None:
        name = _counted(row.kpi, unit, client)
        said.append(say.cost_per_unit(price, currency=client.currency, unit=name, speech=Speech(client.language)))
    if tested is not None:
        said.append(say.tested(tested, Speech(client.language)))
    share = gained / gap if gap else None
    return replace(row, response=gained, effect_share=share, cost_per_unit=price, reason=" ".join(said))
