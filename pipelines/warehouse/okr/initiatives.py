"""A night's judgement of every initiative, from the daily marts into ``okr.initiative_results``.

What belongs here: reading days, breaks, pauses and the key result's gap, and writing the rows. What does not: any
judging (``okr_models/initiatives/evaluation.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from zoneinfo import ZoneInfo

from okr_models.client.model import (
    AtLeast,
    AtMost,
    Change,
    Client,
    Control,
    Initiative,
    KeyResult,
    Number,
    Objective,
    Scope,
)
from okr_models.forecast.jobs import in_parallel
from okr_models.initiatives.cases import (
    Days,
    GuardrailDays,
    InitiativeCase,
    case_hash,
    from_json,
    judge,
    to_json,
    trimmed,
)
from okr_models.initiatives.evaluation import InitiativeResult
from okr_models.initiatives.trial import figure_of, title_of
from okr_models.periods import ONE_DAY, Window, local_date
from okr_models.progress.components import Measured, feeding_sources, measured, opening_of
from pipelines.warehouse.cache import keep, recall
from pipelines.warehouse.clock import Clock
from pipelines.warehouse.db import Connection, first_row, transaction
from pipelines.warehouse.faults import Faults
from pipelines.warehouse.okr.tables import INITIATIVE_RESULTS
from pipelines.warehouse.tables import names

DAYS_A_MONTH = 365.25 / 12


def judge_initiatives(
    con: Connection, clients: Iterable[Client], clock: Clock, *, workers: int
) -> list[InitiativeResult]:
    """Judge every initiative on the clock's date in its client's zone; that day's rows are replaced.

    What was judged on an earlier night from the same inputs is recalled, not judged again. All or nothing: raises
    ``ClientFaults`` with nothing changed where a client can't be judged.
    """
    chosen, faults = tuple(clients), Faults()
    with transaction(con):
        return _judged(con, chosen, clock, faults, workers=workers)


def _judged(
    con: Connection, chosen: Sequence[Client], clock: Clock, faults: Faults, *, workers: int
) -> list[InitiativeResult]:
    cases: list[InitiativeCase] = []
    for client in chosen:
        with faults.of(client.client):
            cases += [trimmed(case) for case in _cases(con, client, as_of=_today(client, clock), faults=faults)]
    faults.raise_any()
    hashes = [case_hash(case) for case in cases]
    known = recall(con, "initiative", hashes)
    missing = {key: case for key, case in zip(hashes, cases, strict=True) if key not in known}
    judged = _answers(list(missing.values()), faults, workers=workers)
    new = {key: to_json(result) for key, result in zip(missing, judged, strict=True)}
    if new:
        keep(con, "initiative", new)
    answers = known | new
    results = [from_json(answers[key], as_of=case.as_of) for key, case in zip(hashes, cases, strict=True)]
    for client in chosen:
        con.execute(
            "delete from okr.initiative_results where client = ? and as_of = ?",
            [client.client, _today(client, clock)],
        )
    for result in results:
        with faults.of(result.client, initiative_id=result.initiative_id):
            _insert(con, result)
    faults.raise_any()
    return results


def _answers(cases: Sequence[InitiativeCase], faults: Faults, *, workers: int) -> list[InitiativeResult]:
    """The judgement of each. Where not all can be judged, each is judged alone, so that it shows whose it is."""
    try:
        return in_parallel(judge, cases, workers=workers)
    except Exception:  # noqa: BLE001 - the same error comes again below, and is then somebody's
        found = []
        for case in cases:
            with faults.of(case.client.client, initiative_id=case.initiative.id):
                found.append(judge(case))
        faults.raise_any()
        return found


def _today(client: Client, clock: Clock) -> date:
    return local_date(clock.now(), ZoneInfo(client.timezone))


def _cases(con: Connection, client: Client, *, as_of: date, faults: Faults) -> list[InitiativeCase]:
    tested = sum(1 for each in client.initiatives if each.key_result and each.end and each.end < as_of)
    cases = []
    for initiative in client.initiatives:
        with faults.of(client.client, initiative_id=initiative.id):
            cases.append(_case(con, client, initiative, as_of=as_of, tested=tested))
    return cases


def _case(con: Connection, client: Client, initiative: Initiative, *, as_of: date, tested: int) -> InitiativeCase:
    kpi = figure_of(initiative, client)
    facts = measured(client, kpi) if kpi else None
    figures = [(kpi, initiative.scope)] if kpi else []
    figures += [(control.kpi, control.scope) for control in initiative.control]
    series = [_history(con, client, name, scope, before=as_of) for name, scope in figures]
    sources = {source.id: source for name, scope in figures for source in feeding_sources(client, name, scope)}
    return InitiativeCase(
        initiative=initiative.model_copy(update={"cost": _cost(con, client, initiative, as_of=as_of)}),
        client=client,
        as_of=as_of,
        daily=series[0] if kpi else (),
        controls=tuple(series[1:]) if kpi else (),
        guardrails=tuple(_guardrail(con, client, name, initiative, before=as_of) for name in initiative.guardrails),
        breaks=tuple(sorted({each.date for source in sources.values() for each in source.breaks})),
        outages=tuple(
            sorted({Window(pause.from_, pause.to) for source in sources.values() for pause in source.paused})
        ),
        gap=_gap(con, client, initiative, facts=facts, as_of=as_of) if facts else None,
        adds_over_time=facts.adds_over_time if facts else True,
        unit=facts.unit if facts else "",
        tested=tested,
    )


def _cost(con: Connection, client: Client, initiative: Initiative, *, as_of: date) -> float | None:
    """What it cost, or has cost so far; of a figure the sum of its days, None where one of them is not known."""
    cost = initiative.cost
    if not isinstance(cost, Control):
        return cost
    if initiative.start is None or initiative.end is None:
        return None
    last = min(initiative.end, as_of - ONE_DAY)
    if last < initiative.start:
        return None
    days = Window(initiative.start, last)
    known = {day: value for day, value in _days(con, client, cost.kpi, cost.scope, before=as_of) if day in days}
    return round(sum(known.values()), 6) if len(known) == days.days else None


def _guardrail(con: Connection, client: Client, kpi: str, initiative: Initiative, *, before: date) -> GuardrailDays:
    """Of everything the client has of it: a harm elsewhere is one too. Without days where a break lies inside."""
    start, end = initiative.start or date.max, initiative.end or date.max
    breaks = [each.date for source in feeding_sources(client, kpi, Scope()) for each in source.breaks]
    is_broken = any(start <= on <= end for on in breaks)
    since = max((on for on in breaks if on < start), default=date.min)
    days = () if is_broken else _history(con, client, kpi, Scope(), before=before)
    return GuardrailDays(
        name=title_of(kpi, client),
        falls_is_worse=measured(client, kpi).better != "lower",
        days=tuple(each for each in days if each[0] >= since),
    )


def _history(con: Connection, client: Client, kpi: str, scope: Scope, *, before: date) -> Days:
    """``_days`` since the first of its accounts opened: the true zeros before are nothing that it did."""
    opened = opening_of(feeding_sources(client, kpi, scope)) or date.min
    return tuple(each for each in _days(con, client, kpi, scope, before=before) if each[0] >= opened)


def _days(con: Connection, client: Client, kpi: str, scope: Scope, *, before: date) -> Days:
    """Days with a value, oldest first. ``all`` of a figure that only one source has is that source's."""
    rows = con.execute(
        "select scope, day, value from marts.kpi_daily"
        " where client = ? and kpi = ? and day < ? and value is not null order by scope, day",
        [client.client, kpi, before],
    ).fetchall()
    scopes = {name for name, _, _ in rows}
    wanted = str(scope)
    sources = sorted(name for name in scopes if name.startswith("source="))
    if wanted == "all" and "all" not in scopes and len(sources) == 1:
        wanted = sources[0]
    return tuple((day, float(value)) for name, day, value in rows if name == wanted)


def _gap(con: Connection, client: Client, initiative: Initiative, *, facts: Measured, as_of: date) -> float | None:
    """From baseline to target of its key result, in the unit the response has; None where they are not the same KPI, or
    where it moved what the key result does not count, or where that counts months inside bounds, or began inside
    its bound."""
    found = _key_result(client, initiative)
    if found is None or found[1].kpi != facts.id or initiative.start is None or initiative.end is None:
        return None
    objective, key_result = found
    if not lies_within(initiative.scope, key_result.scope, facts=facts, client=client):
        return None
    target = key_result.target_on(min(as_of, objective.period.end))
    is_level = isinstance(target, AtLeast | AtMost) and not target.hold
    if not (is_level or isinstance(target, Change | Number)):
        return None
    row = first_row(
        con,
        "select baseline, target from okr.key_result_progress"
        " where client = ? and objective_id = ? and key_result_id = ? and as_of <= ? and baseline is not null"
        " and target is not null order by as_of desc, known_at desc limit 1",
        [client.client, objective.id, key_result.id, as_of],
    )
    if row is None:
        return None
    months = 1.0
    if facts.adds_over_time and isinstance(target, Change):
        # growth compares the mean of months: over the period an additive flow lacks that much every month
        months = len(Window(objective.period.start, objective.period.end).months())
    elif facts.adds_over_time and is_level:
        # a bound is asked of one month's sum: over the initiative's days a flow lacks as many months' as they are
        months = Window(initiative.start, initiative.end).days / DAYS_A_MONTH
    gap = float((row[1] - row[0]) * months)
    has_gap = not is_level or gap * (1 if isinstance(target, AtLeast) else -1) > 0
    return gap if has_gap else None


def lies_within(part: Scope, whole: Scope, *, facts: Measured, client: Client) -> bool:
    """Whether what ``part`` gained, ``whole`` gained: it is some of the same sum; a rate is moved by its own alone."""
    if part == whole:
        return True
    inner, outer = ({each.id for each in feeding_sources(client, facts.id, scope)} for scope in (part, whole))
    if facts.adds_over_sources:
        return not whole.part and inner <= outer
    return not (part.part or whole.part) and inner == outer


def _key_result(client: Client, initiative: Initiative) -> tuple[Objective, KeyResult] | None:
    for objective in client.objectives:
        for key_result in objective.key_results:
            if f"{objective.id}/{key_result.id}" == initiative.key_result:
                return objective, key_result
    return None


def _insert(con: Connection, result: InitiativeResult) -> None:
    values = asdict(result)
    columns = INITIATIVE_RESULTS.column_names
    marks = ", ".join("?" for _ in columns)
    con.execute(
        f"insert into okr.initiative_results ({names(columns)}) values ({marks})",  # noqa: S608 - quoted names
        [values[column] for column in columns],
    )
