"""The client files behind the published fixture: one Swedish, one English with a fiscal year from July, one new."""

from __future__ import annotations

from datetime import date

import duckdb

from okr_models.client.model import (
    AtMost,
    Change,
    Client,
    Condition,
    Initiative,
    KeyResult,
    Number,
    Objective,
    Period,
)

FJALLGLAS = Client(
    client="fjallglas",
    name="Fjällglas AB",
    language="sv",
    objectives=(
        Objective(
            id="awareness",
            title="Öka varumärkeskännedom och engagemang online",
            team="marketing",
            owner="marketing@fjallglas.se",
            period=Period(start=date(2026, 1, 1), end=date(2026, 12, 31)),
            key_results=(
                KeyResult(id="visitors", title="Fler unika besökare", kpi="unique_visitors", target=Change(share=0.3)),
                KeyResult(id="followers", title="Fler följare", kpi="followers", target=Change(share=0.25)),
                KeyResult(
                    id="posts",
                    title="10 nya blogginlägg med minst 500 sidvisningar vardera",
                    count="blog_posts",
                    where=(Condition(metric="page_views", at_least=500, within_days=90),),
                    target=Number(value=10),
                ),
                KeyResult(
                    id="interactions",
                    title="Fler interaktioner",
                    kpi="interactions",
                    target=Change(share=0.4),
                    weight=2,
                ),
                KeyResult(
                    id="position",
                    title="Nya inlägg på första sidan",
                    kpi="search_position_new_posts",
                    target=AtMost(at_most=10),
                ),
            ),
        ),
        Objective(
            id="sales",
            title="Fler förfrågningar från webbplatsen",
            team="sales",
            period=Period(start=date(2026, 1, 1), end=date(2026, 12, 31)),
            key_results=(
                KeyResult(id="visits", title="150 000 sessioner i år", kpi="sessions", target=Number(value=150_000)),
            ),
        ),
    ),
    initiatives=(
        Initiative(
            id="linkedin_weekly",
            title="Veckovis LinkedIn-serie",
            hypothesis="En veckovis serie lyfter interaktionerna på LinkedIn",
            key_result="awareness/interactions",
            kpi="interactions",
            cost=40_000,
        ),
        Initiative(id="radio", title="Radioreklam i Dalarna", cost=120_000),
    ),
)
SKARGARD = Client(
    client="skargard",
    name="Skärgårdsrökeriet AB",
    language="en",
    fiscal_year_start=7,
    objectives=(
        Objective(
            id="reach",
            title="Be the smokehouse people name first",
            period=Period(start=date(2026, 7, 1), end=date(2027, 6, 30)),
            key_results=(
                KeyResult(id="visits", title="More sessions", kpi="sessions", target=Change(share=0.2)),
                KeyResult(id="likes", title="More interactions", kpi="interactions", target=Change(share=0.2)),
            ),
        ),
    ),
)
EMPTY = Client(client="lindhs", name="Lindhs Cykel AB", language="sv")
CLIENTS = (FJALLGLAS, SKARGARD, EMPTY)


def with_more_key_results(con: duckdb.DuckDBPyConnection, count: int) -> Client:
    """Fjällglas with ``count`` key results in all: those of its first objective again under other ids."""
    first, *others = FJALLGLAS.objectives
    results = list(first.key_results)
    present = sum(len(objective.key_results) for objective in FJALLGLAS.objectives)
    for n in range(count - present):
        like = first.key_results[n % len(first.key_results)]
        results.append(like.model_copy(update={"id": f"{like.id}{n}"}))
        for table in ("key_result_progress", "key_result_items"):
            con.execute(
                f"""insert into marts.{table} select * replace ($id as key_result_id) from marts.{table}
                    where client = 'fjallglas' and key_result_id = $like""",
                {"id": f"{like.id}{n}", "like": like.id},
            )
    objective = first.model_copy(update={"key_results": tuple(results)})
    return FJALLGLAS.model_copy(update={"objectives": (objective, *others)})
