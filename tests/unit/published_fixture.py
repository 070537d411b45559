"""A published database with a year of plausible figures, built by the declared DDL; and the client files behind it.

What is really under test where this is used: reading, wording and drawing. How the figures come about is not.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from okr_models.periods import add_months, month_end
from pipelines.warehouse.okr.tables import OKR_TABLES, STATE_TABLES
from pipelines.warehouse.publish.views import VIEWS
from pipelines.warehouse.tables import statements
from tests.unit.published_clients import CLIENTS

AS_OF = date(2026, 11, 20)
KNOWN_AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script> =HYPERLINK(\"http://x\") \u202etxet\u202c 🚀🎉 " + "Å" * 5000

MARTS_DDL = """
create table marts.kpi_monthly (client varchar, kpi varchar, scope varchar, month date, value double, unit varchar,
    kind varchar, scope_kind varchar, scope_name varchar, is_closed boolean, is_estimated boolean,
    observed_share double, note varchar, note_codes struct(code varchar, scope varchar, part bigint, whole bigint,
    value double, day date, name varchar)[], numerator double, denominator double, origin varchar, data_through date,
    closes_on date);
create table marts.kpi_daily (client varchar, kpi varchar, scope varchar, day date, value double);
create table marts.blog_posts (client varchar, source varchar, post_id varchar, url varchar, path varchar,
    title varchar, published_at timestamptz, page_views bigint, page_views_90d bigint, engagement_seconds double,
    search_clicks bigint, search_position double);
create table marts.social_posts (client varchar, platform varchar, post_id varchar, url varchar,
    caption varchar, published_at timestamptz, likes bigint, comments bigint, shares bigint, interactions bigint,
    interactions_28d bigint, is_maturing boolean);
create table marts.objectives (client varchar, objective_id varchar, position integer, title varchar, team varchar,
    owner varchar, period_start_on date, period_end_on date);
create table marts.sources (client varchar, source varchar);
create table marts.clients (client varchar, as_of date);
create table marts.key_results (client varchar, objective_id varchar, key_result_id varchar);
create table ops.loads (client varchar, source varchar, stream varchar, window_start date, window_end date,
    rows bigint, status varchar, attempts integer, error_class varchar, message varchar, started_at timestamptz,
    finished_at timestamptz, run_id varchar, quality varchar);
"""

TITLES = (
    "Så väljer du glas till växthuset",
    "Fem misstag när du mäter för nya fönster",
    "Energiglas: vad sparar det egentligen?",
    "Sommarens öppettider",
    "Härdat eller laminerat?",
    "Bakom kulisserna i hyttan",
    "Glasräcken som håller för vintern",
    "Så putsar du stora fönster",
    "Vi bygger om i Falun",
    "Ljudglas i stadslägenheten",
    "Återbrukat glas i nya hus",
    "Tre vinterträdgårdar vi är stolta över",
    "Hösterbjudande på takfönster",
)


def build_published(*, hostile: bool = False) -> duckdb.DuckDBPyConnection:
    """An in-memory database like the published one; ``hostile`` puts dangerous text where text comes from outside.

    Each is the caller's own to change: a copy of one that is filled row by row once a process, 15 times as slowly.
    """
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.execute(f"attach '{_filled(hostile=hostile)}' as filled (read_only)")
    con.execute("copy from database filled to memory")
    con.execute("detach filled")
    return con


def copy_published(file: Path) -> None:
    """The same as a file."""
    shutil.copy(_filled(hostile=False), file)


_FOLDER = tempfile.TemporaryDirectory(prefix="published-")
"""Goes when the process ends."""


@cache
def _filled(*, hostile: bool) -> Path:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.execute("create schema marts; create schema ops;")
    con.execute(MARTS_DDL)
    for table in (*OKR_TABLES.values(), *STATE_TABLES.values()):
        for statement in statements(replace(table, schema="marts")):
            con.execute(statement)
    _kpis(con)
    _posts(con, hostile=hostile)
    _progress(con, hostile=hostile)
    _initiatives(con, hostile=hostile)
    _loads(con)
    for view in VIEWS:
        columns = [row[0] for row in con.execute(f"describe {view.schema}.{view.table}").fetchall()]
        con.execute(f"create view marts.{view.name} as {view.sql(columns)}")
    file = Path(_FOLDER.name) / f"{'hostile' if hostile else 'plain'}.duckdb"
    con.execute(f"attach '{file}' as kept")
    con.execute("copy from database memory to kept")
    con.close()
    return file


def insert(con: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    """One row; columns not named are NULL."""
    columns, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" for _ in values)
    con.execute(f"insert into {table} ({columns}) values ({marks})", list(values.values()))


def _season(month: date) -> float:
    return 1 + 0.18 * math.sin((month.month - 2) / 12 * 2 * math.pi) - (0.2 if month.month == 7 else 0)


def _kpis(con: duckdb.DuckDBPyConnection) -> None:
    shapes = (
        ("fjallglas", "unique_visitors", "source=web", "visitors", "flow", 8200, 0.019),
        ("fjallglas", "sessions", "all", "sessions", "flow", 11400, 0.012),
        ("fjallglas", "page_views", "all", "views", "flow", 30100, 0.012),
        ("fjallglas", "followers", "all", "followers", "stock", 5200, 0.011),
        ("fjallglas", "interactions", "all", "interactions", "flow", 760, 0.021),
        ("fjallglas", "interactions_per_post", "all", "interactions", "ratio", 41, 0.009),
        ("fjallglas", "seconds_per_blog_post", "all", "seconds", "ratio", 72, 0.004),
        ("fjallglas", "search_clicks", "all", "clicks", "flow", 2100, 0.02),
        ("fjallglas", "search_position_new_posts", "all", "position", "ratio", 16, -0.02),
        ("skargard", "sessions", "all", "sessions", "flow", 3900, 0.004),
    )
    for client, kpi, scope, unit, kind, level, growth in shapes:
        for index in range(35):
            month = add_months(date(2024, 1, 1), index)
            season = 1.0 if kind != "flow" else _season(month)
            value: float | None = (
                level
                * (1 + growth) ** index
                * season
                * (1 + 0.02 * ((index * 7) % 5 - 2) * (0.3 if kind != "flow" else 1))
            )
            missing = kpi == "search_clicks" and index == 30
            closed = month < date(2026, 11, 1)
            insert(
                con,
                "marts.kpi_monthly",
                client=client,
                kpi=kpi,
                scope=scope,
                month=month,
                value=None if missing or (kind == "flow" and scope != "all" and not closed) else round(value or 0, 1),
                unit=unit,
                kind=kind,
                scope_kind=scope.split("=")[0],
                scope_name=scope.partition("=")[2] or None,
                is_closed=closed,
                is_estimated=index == 28,
                observed_share=0.4 if missing else 1.0,
                note="web: 12 of 30 days observed" if missing else None,
                note_codes=[{"code": "days_observed", "scope": "source=web", "part": 12, "whole": 30}]
                if missing
                else [],
                origin="history" if kpi == "interactions" and index < 20 else "source",
                data_through=min(month_end(month), AS_OF - timedelta(days=1)),
                closes_on=month_end(month) + timedelta(days=5),
            )


def _posts(con: duckdb.DuckDBPyConnection, *, hostile: bool) -> None:
    for index, title in enumerate(TITLES):
        published = datetime(2026, 1, 14, 8, 0, tzinfo=UTC) + timedelta(days=24 * index)
        views = (1840, 912, 2210, 130, 655, 388, 1204, 760, 95, 541, 620, 333, 48)[index]
        open_ = published + timedelta(days=90) > KNOWN_AT
        insert(
            con,
            "marts.blog_posts",
            client="fjallglas",
            source="site",
            post_id=str(1200 + index),
            url=f"https://fjallglas.se/blogg/{1200 + index}/",
            path=f"/blogg/{1200 + index}/",
            title=HOSTILE if hostile and index in {0, 12} else title,
            published_at=published,
            page_views=views + 40,
            page_views_90d=views,
            engagement_seconds=views * 61.5,
            search_clicks=views // 4,
            search_position=7.25 + index,
        )
        insert(
            con,
            "marts.key_result_items",
            client="fjallglas",
            objective_id="awareness",
            key_result_id="posts",
            as_of=AS_OF,
            known_at=KNOWN_AT,
            item_id=str(1200 + index),
            title=HOSTILE if hostile and index in {0, 12} else title,
            url="javascript:alert(1)" if hostile else f"https://fjallglas.se/blogg/{1200 + index}/",
            published_at=published,
            value=float(views),
            threshold=500.0,
            outcome="met" if views >= 500 else ("open" if open_ else "missed"),
            decided_on=(published + timedelta(days=31 if views >= 500 else 89)).date()
            if views >= 500 or not open_
            else None,
        )
    for index in range(26):
        published = datetime(2026, 6, 2, 9, 30, tzinfo=UTC) + timedelta(days=6 * index, hours=index % 7)
        insert(
            con,
            "marts.social_posts",
            client="fjallglas",
            platform=("linkedin", "instagram", "facebook", "youtube")[index % 4],
            post_id=f"urn:li:share:{7_000_000_000_000_000_000 + index}"
            if index % 4 == 0
            else str(17841400000000000 + index),
            url=f"https://example.test/{index}",
            published_at=published,
            likes=30 + index * 3 % 41,
            comments=index % 6,
            shares=index % 4,
            interactions=30 + index * 3 % 41 + index % 6 + index % 4,
            interactions_28d=28 + index * 3 % 41 if index < 22 else None,
            is_maturing=index >= 22,
        )


def _like_for_like(con: duckdb.DuckDBPyConnection, kpi: str, *, growth: float, wide: float) -> dict[str, Any]:
    """Baseline, target, current and a forecast that fits the months, so that charts look as they would."""
    row = con.execute(
        """
        select avg(value) filter (year(month) = 2025), avg(value) filter (year(month) = 2026) from marts.kpi_monthly
        where client = 'fjallglas' and kpi = ? and month(month) <= 10 and year(month) in (2025, 2026)
        """,
        [kpi],
    ).fetchone()
    assert row is not None
    baseline, current = round(row[0], 1), round(row[1], 1)
    target, forecast = baseline * (1 + growth), current * 0.985
    raw = (current - baseline) / (target - baseline)
    return {
        "baseline": baseline,
        "first_target": target,
        "target": target,
        "current": current,
        "current_growth": current / baseline - 1,
        "first_month": date(2026, 1, 1),
        "last_month": date(2026, 10, 1),
        "forecast_target": target * 1.07,
        "raw_progress": raw,
        "progress": min(1.0, raw),
        "forecast": forecast,
        "forecast_low": forecast * (1 - wide),
        "forecast_high": forecast * (1 + wide),
    }


def _progress(con: duckdb.DuckDBPyConnection, *, hostile: bool) -> None:
    key_results: tuple[dict[str, Any], ...] = (
        {
            "key_result_id": "visitors",
            "kpi": "unique_visitors",
            **_like_for_like(con, "unique_visitors", growth=0.3, wide=0.02),
            "unit": "visitors",
            "kind": "flow",
            "expected_progress": 1.0,
            "probability": 0.25,
            "status": "off_track",
            "notes": ["+22 % av +30 %; juli är säsongsmässigt svag, som väntat.", "Oktober räknas om: +1,8 %."],
        },
        {
            "key_result_id": "followers",
            "kpi": "followers",
            "unit": "followers",
            "kind": "stock",
            "baseline": 6680.0,
            "first_target": 8350.0,
            "target": 8350.0,
            "current": 8104.0,
            "current_growth": 8104 / 6680 - 1,
            "forecast_target": 8350.0,
            "raw_progress": 0.853,
            "progress": 0.853,
            "expected_progress": 0.885,
            "forecast": 8290.0,
            "forecast_low": 8120.0,
            "forecast_high": 8460.0,
            "probability": 0.42,
            "status": "at_risk",
            "notes": ["+21 % av +25 %."],
        },
        {
            "key_result_id": "posts",
            "kpi": "blog_posts",
            "unit": "posts",
            "kind": "count",
            "baseline": 0.0,
            "first_target": 10.0,
            "target": 10.0,
            "current": 8.0,
            "raw_progress": 0.8,
            "progress": 0.8,
            "expected_progress": 0.71,
            "forecast": None,
            "forecast_low": None,
            "forecast_high": None,
            "probability": None,
            "status": "on_track",
            "notes": ["8 av 10 inlägg har nått 500 visningar; 2 är öppna."],
        },
        {
            "key_result_id": "interactions",
            "kpi": "interactions",
            **_like_for_like(con, "interactions", growth=0.4, wide=0.03),
            "unit": "interactions",
            "kind": "flow",
            "expected_progress": 1.0,
            "probability": 0.3,
            "status": "at_risk",
            "notes": [
                "+28 % av +40 %; LinkedIn har inte kunnat läsas sedan 3 nov.",
                "Förra årets siffror kommer från csv.",
            ],
            "is_estimated": True,
        },
        {
            "key_result_id": "position",
            "kpi": "search_position_new_posts",
            "unit": "position",
            "kind": "ratio",
            "baseline": None,
            "first_target": 10.0,
            "target": 10.0,
            "current": 8.4,
            "raw_progress": 1.0,
            "progress": 1.0,
            "expected_progress": None,
            "forecast": None,
            "forecast_low": None,
            "forecast_high": None,
            "probability": None,
            "status": "on_track",
            "notes": ["Utan jämförelsevärde: 1 innanför, 0 utanför."],
        },
    )
    titles = {
        (client.client, objective.id, result.id): result.title
        for client in CLIENTS
        for objective in client.objectives
        for result in objective.key_results
    }
    rows = [("fjallglas", "awareness", values) for values in key_results]
    rows.append(
        (
            "fjallglas",
            "sales",
            {
                "key_result_id": "visits", "kpi": "sessions", "unit": "sessions", "kind": "flow", "baseline": 0.0,
                "first_target": 140000.0, "target": 150000.0, "current": 176500.0, "raw_progress": 0.968,
                "progress": 0.968,
                "ambition": "stretch", "forecast_target": 150000.0, "probability_full": 0.55,
                "expected_progress": 0.86, "forecast": 196300.0, "forecast_low": 188100.0, "forecast_high": 204800.0,
                "probability": 0.95, "status": "on_track", "notes": ["Målet höjdes 1 juni från 140 000."],
            },
        )
    )  # fmt: skip
    for key, status in (("visits", "off_track"), ("likes", "cannot_be_judged")):
        judged = key == "visits"
        rows.append(
            (
                "skargard",
                "reach",
                {
                    "key_result_id": key, "kpi": "sessions" if judged else "interactions",
                    "unit": "sessions" if judged else "interactions", "kind": "flow",
                    "baseline": 4100.0 if judged else None,
                    "first_target": 4920.0 if judged else None, "target": 4920.0 if judged else None,
                    "current_growth": 4040 / 4100 - 1 if judged else None,
                    "current": 4040.0 if judged else None, "raw_progress": -0.073 if judged else None,
                    "progress": 0.0 if judged else None, "expected_progress": 1.0 if judged else None, "forecast": None,
                    "forecast_low": None, "forecast_high": None, "probability": None, "status": status,
                    "notes": ["−1% of +20%."] if judged else
                    ["Last year's interactions are unknown: the baseline starts on 1 July 2027, or give them as csv."],
                },
            )
        )  # fmt: skip
    for client, objective, values in rows:
        title = (
            HOSTILE
            if hostile and values["key_result_id"] == "visitors"
            else titles[client, objective, values["key_result_id"]]
        )
        for back, share in ((30, 0.92), (1, 0.99), (0, 1.0)):
            past = dict(values)
            for column in ("current", "raw_progress", "progress"):
                past[column] = None if values[column] is None else round(values[column] * share, 6)
            explanation, *notes = values["notes"]
            past["notes"] = "; ".join(notes) or None
            past["explanation"] = explanation
            insert(
                con,
                "marts.key_result_progress",
                **{"is_estimated": False, "ambition": "committed", **past},
                client=client,
                objective_id=objective,
                as_of=AS_OF - timedelta(days=back),
                known_at=KNOWN_AT - timedelta(days=back),
                title=title,
                data_through=None if values["current"] is None else AS_OF - timedelta(days=back + 1),
                definition_version="d1",
                input_hash=f"h{back}",
            )
    objectives = (
        ("fjallglas", "awareness", 0.798, 0.798, 0.798, 0.95, 1.0, "at_risk", "visitors", "interactions"),
        ("fjallglas", "sales", 0.968, 0.968, 0.968, 0.86, 1.0, "on_track", "visits", "visits"),
        ("skargard", "reach", 0.0, 0.0, 0.5, 1.0, 0.5, "off_track", "visits", "visits"),
    )
    named = {(c.client, o.id): o for c in CLIENTS for o in c.objectives}
    for client, objective_id, progress, low, high, expected, coverage, status, weakest, deciding in objectives:
        for back in (30, 1, 0):
            objective = named[client, objective_id]
            insert(
                con,
                "marts.objective_progress",
                client=client,
                objective_id=objective_id,
                as_of=AS_OF - timedelta(days=back),
                known_at=KNOWN_AT - timedelta(days=back),
                title=HOSTILE if hostile and objective_id == "awareness" else objective.title,
                team=objective.team,
                owner=objective.owner,
                progress=progress,
                progress_low=low,
                progress_high=high,
                expected_progress=expected,
                coverage=coverage,
                status=status,
                weakest_key_result=weakest,
                deciding_key_result=deciding,
            )


def _initiatives(con: duckdb.DuckDBPyConnection, *, hostile: bool) -> None:
    common: dict[str, Any] = {"client": "fjallglas", "as_of": AS_OF}
    insert(
        con, "marts.initiative_results", **common, initiative_id="linkedin_weekly",
        title=HOSTILE if hostile else "Veckovis LinkedIn-serie", key_result="awareness/interactions",
        kpi="interactions", effect=0.187, effect_low=0.052, effect_high=0.322, effect_share=0.31,
        detectable_effect=0.12, probability_worthwhile=0.71, verdict="undecided",
        reason="Effekten är troligen över noll men för osäker; åtta veckor till skulle räcka.", cost=40000.0,
    )  # fmt: skip
    insert(
        con, "marts.initiative_results", **common, initiative_id="radio", title="Radioreklam i Dalarna",
        verdict="not_aligned", reason="Inte i linje med årets mål: Öka varumärkeskännedom och engagemang online.",
        cost=120000.0,
    )  # fmt: skip
    for index, (probability, outcome) in enumerate(((0.8, True), (0.7, True), (0.3, False), (0.6, False), (0.9, True))):
        insert(
            con, "marts.forecast_scores", client="fjallglas", objective_id="awareness", key_result_id="visitors",
            as_of=date(2025, 3 + index, 20), known_at=KNOWN_AT, said_by="program", probability=probability,
            outcome=outcome,
            brier=(probability - outcome) ** 2,
        )  # fmt: skip


def _loads(con: duckdb.DuckDBPyConnection) -> None:
    for client, source, stream, status, error in (
        ("fjallglas", "web", "daily", "loaded", None),
        ("fjallglas", "linkedin", "followers", "loaded", None),
        ("fjallglas", "linkedin", "interactions", "failed", "auth"),
        ("fjallglas", "site", "posts", "loaded", None),
        ("skargard", "web", "daily", "loaded", None),
    ):
        insert(
            con, "ops.loads", client=client, source=source, stream=stream, window_start=date(2026, 11, 17),
            window_end=date(2026, 11, 19), rows=3, status=status, attempts=1, error_class=error,
            message="token expired" if error else None, started_at=KNOWN_AT, finished_at=KNOWN_AT, run_id="r1",
        )  # fmt: skip
    con.execute("insert into marts.sources select distinct client, source from ops.loads")
