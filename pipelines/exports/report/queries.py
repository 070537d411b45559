"""The report's tables as typed rows, from the published database.

What belongs here: reading. What does not: progress and statuses (``exports/published.py``), any word or drawing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import duckdb

from okr_models.words.months import MonthNote
from pipelines.exports.published import (
    MONTH_KNOWN,
    asked_by_file,
    asked_for,
    columns_of,
    judged_last,
    next_night,
    zone_of,
)
from pipelines.warehouse.db import first_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of one KPI in one scope."""

    month: date
    value: float | None
    unit: str | None
    kind: str
    is_closed: bool
    is_estimated: bool
    denominator: float | None = None
    notes: tuple[MonthNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A post behind a count."""

    objective_id: str
    key_result_id: str
    title: str | None
    url: str | None
    published_at: datetime | None
    value: float | None
    threshold: float | None
    outcome: str
    decided_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogPost:
    title: str | None
    url: str | None
    published_at: datetime | None
    page_views: float | None
    page_views_90d: float | None
    engagement_seconds: float | None
    search_clicks: float | None
    search_position: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialPost:
    platform: str
    url: str | None
    caption: str | None
    published_at: datetime | None
    likes: float | None
    comments: float | None
    shares: float | None
    interactions: float | None
    interactions_28d: float | None
    is_maturing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeRow:
    initiative_id: str
    title: str
    key_result: str | None
    kpi: str | None
    effect: float | None
    effect_low: float | None
    effect_high: float | None
    effect_share: float | None
    detectable_effect: float | None
    probability_worthwhile: float | None
    verdict: str
    reason: str | None
    cost: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How past forecasts turned out. ``said`` and ``came`` are the mean probability and the share that came true."""

    count: int
    brier: float
    said: float
    came: float
    inside: float | None
    """Share of outcomes inside the forecast's interval, of those that had one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerScores:
    """How sure people were, against what came. ``both``: of these, those of a day that has a forecast of ours too."""

    count: int
    brier: float
    said: float
    came: float
    both: int
    both_brier: float | None
    program_brier: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source's newest reads: the last day it was loaded for, when, and which of its streams failed.

    ``failed_since``: the first day that a failed stream lacks; None where none was ever loaded.
    """

    source: str
    loaded_through: date | None
    loaded_at: datetime | None
    failed: tuple[str, ...]
    failed_since: date | None


KpiKey = tuple[str, str]
Row = TypeVar("Row", Item, BlogPost, SocialPost, InitiativeRow)


def months_of(
    con: duckdb.DuckDBPyConnection, client: str, *, as_of: date | None
) -> Mapping[KpiKey, Mapping[date, Month]]:
    """Every KPI's months by (kpi, scope)."""
    # what was published by an earlier version has no codes
    there = columns_of(con, "kpi_monthly")
    codes = "note_codes" if "note_codes" in there else "[]"
    below = "denominator" if "denominator" in there else "null"
    rows = con.execute(
        f"""
        select kpi, scope, month, value, unit, kind, is_closed, is_estimated, {below}, {codes} from marts.kpi_monthly
        where client = $client and {MONTH_KNOWN} order by kpi, scope, month
        """,  # noqa: S608 - a condition of our own
        {"client": client, "as_of": as_of},
    ).fetchall()
    found: dict[KpiKey, dict[date, Month]] = defaultdict(dict)
    for kpi, scope, month, value, unit, kind, is_closed, is_estimated, denominator, said in rows:
        found[kpi, scope][month] = Month(
            month=month,
            value=value,
            unit=unit,
            kind=kind,
            is_closed=bool(is_closed),
            is_estimated=bool(is_estimated),
            denominator=denominator,
            notes=tuple(MonthNote.of(row) for row in said or ()),
        )
    return found


def items_of(
    con: duckdb.DuckDBPyConnection, client: str, *, as_of: date | None, restated: bool, zone: str
) -> tuple[Item, ...]:
    """The items behind the newest night's rows of progress, newest post first."""
    rows = con.execute(
        f"""
        select objective_id, key_result_id, title, url, published_at at time zone $zone, value, threshold, outcome,
            decided_on
        from marts.key_result_items
        where (client, objective_id, key_result_id, as_of, known_at) in (
            select client, objective_id, key_result_id, as_of, max(known_at) from marts.key_result_progress
            where client = $client and ($as_of is null or as_of <= $as_of)
              and ($known_before is null or known_at < $known_before)
              and {asked_by_file(con, "key_result_progress")}
            group by client, objective_id, key_result_id, as_of
            qualify as_of = max(as_of) over ()
        )
        order by published_at desc nulls last, item_id
        """,  # noqa: S608 - a condition of our own
        {
            "client": client,
            "as_of": as_of,
            "known_before": None if restated else next_night(as_of, ZoneInfo(zone)),
            "zone": zone,
        },
    ).fetchall()
    return _typed(Item, rows)


def blog_posts_of(
    con: duckdb.DuckDBPyConnection, client: str, *, as_of: date | None, zone: str
) -> tuple[BlogPost, ...]:
    """Every blog post, the most viewed in its first 90 days first."""
    rows = con.execute(
        """
        select title, url, published_at at time zone $zone, page_views, page_views_90d, engagement_seconds,
            search_clicks, search_position
        from marts.blog_posts
        where client = $client and ($as_of is null or published_at is null or published_at::date <= $as_of)
        order by page_views_90d desc nulls last, post_id
        """,
        {"client": client, "as_of": as_of, "zone": zone},
    ).fetchall()
    return _typed(BlogPost, rows)


def social_posts_of(
    con: duckdb.DuckDBPyConnection, client: str, *, since: date, until: date, zone: str
) -> tuple[SocialPost, ...]:
    """Social posts published in a span of days, the most interacted with first."""
    # what was published by an earlier version has no captions
    caption = "caption" if "caption" in columns_of(con, "social_posts") else "null"
    rows = con.execute(
        f"""
        select platform, url, {caption}, published_at at time zone $zone, likes, comments, shares, interactions,
            interactions_28d, coalesce(is_maturing, false)
        from marts.social_posts where client = $client
          and (published_at at time zone $zone)::date between $since and $until
        order by interactions desc nulls last, platform, post_id
        """,  # noqa: S608 - a column of our own
        {"client": client, "since": since, "until": until, "zone": zone},
    ).fetchall()
    return _typed(SocialPost, rows)


def initiatives_of(con: duckdb.DuckDBPyConnection, client: str, *, as_of: date | None) -> tuple[InitiativeRow, ...]:
    """Initiatives as of the newest night."""
    names = _names(InitiativeRow)
    rows = con.execute(
        f"""
        select {", ".join(names)} from marts.initiative_results
        where client = $client and ($as_of is null or as_of <= $as_of) and {judged_last(con)}
        qualify as_of = max(as_of) over () order by initiative_id
        """,  # noqa: S608 - the names are this module's own
        {"client": client, "as_of": as_of},
    ).fetchall()
    return _typed(InitiativeRow, rows)


def scores_of(con: duckdb.DuckDBPyConnection, client: str | None, *, as_of: date | None) -> Scores | None:
    """The program's own record for one client, or (None) over all; None where no outcome is known yet."""
    # what was published by an earlier version has none but the program's own
    mine = "said_by = 'program'" if "said_by" in columns_of(con, "forecast_scores") else "true"
    row = first_row(
        con,
        f"""
        select count(*), avg(brier), avg(probability), avg(outcome::integer), avg(is_inside::integer)
        from marts.forecast_scores
        where ($client is null or client = $client) and ($as_of is null or as_of <= $as_of) and {mine}
        """,  # noqa: S608 - a condition of our own
        {"client": client, "as_of": as_of},
    )
    if row is None or not row[0]:
        return None
    return Scores(count=row[0], brier=row[1], said=row[2], came=row[3], inside=row[4])


def owner_scores_of(con: duckdb.DuckDBPyConnection, client: str | None, *, as_of: date | None) -> OwnerScores | None:
    """The check-ins' record for one client, or (None) over all; None where no check-in has an outcome yet."""
    if "said_by" not in columns_of(con, "forecast_scores"):
        return None
    row = first_row(
        con,
        """
        with scored as (
            select * from marts.forecast_scores
            where ($client is null or client = $client) and ($as_of is null or as_of <= $as_of)
        ),
        program as (
            select client, objective_id, key_result_id, as_of, avg(brier) as brier
            from scored where said_by = 'program' group by all
        )
        select count(*), avg(owner.brier), avg(owner.probability), avg(owner.outcome::integer),
            count(program.brier), avg(owner.brier) filter (program.brier is not null), avg(program.brier)
        from scored as owner
        left join program using (client, objective_id, key_result_id, as_of)
        where owner.said_by = 'owner'
        """,
        {"client": client, "as_of": as_of},
    )
    return OwnerScores(**dict(zip(_names(OwnerScores), row, strict=True))) if row is not None and row[0] else None


def scored_clients(con: duckdb.DuckDBPyConnection, *, as_of: date | None) -> frozenset[str]:
    """The clients that have a forecast whose outcome is known."""
    rows = con.execute(
        "select distinct client from marts.forecast_scores where $as_of is null or as_of <= $as_of", {"as_of": as_of}
    ).fetchall()
    return frozenset(row[0] for row in rows)


def sources_of(con: duckdb.DuckDBPyConnection, client: str, *, as_of: date | None) -> tuple[SourceState, ...]:
    """Each source's state, from the ledger."""
    rows = con.execute(
        f"""
        with known as (
            select *, rowid as place from ops.loads
            where client = $client and ($known_before is null or started_at < $known_before) and {asked_for(con)}
        ),
        newest as (
            select * from known where status <> 'skipped'
            -- two runs of one day under OKR_TODAY end at one instant: the ledger's own order says which came later
            qualify row_number() over (partition by source, stream order by finished_at desc, place desc) = 1
        ),
        reached as (
            select source, stream, max(window_end) as last_day from known where status = 'loaded' group by all
        ),
        failed as (
            select newest.source, list(newest.stream order by newest.stream) as streams,
                min(if(last_day < newest.window_end, last_day + 1, if(last_day is null, null, newest.window_start)))
                    as since
            from newest
            left join reached on reached.source = newest.source and reached.stream = newest.stream
            where newest.status = 'failed'
            group by newest.source
        )
        select known.source, max(window_end) filter (known.status = 'loaded'),
            max(finished_at at time zone 'UTC') filter (known.status = 'loaded'), any_value(failed.streams),
            any_value(failed.since)
        from known left join failed on failed.source = known.source
        group by known.source order by known.source
        """,  # noqa: S608 - a constant condition
        {"client": client, "known_before": next_night(as_of, zone_of(con, client))},
    ).fetchall()
    return tuple(
        SourceState(
            source=row[0],
            loaded_through=row[1],
            loaded_at=row[2],
            failed=tuple(row[3] or ()),
            failed_since=row[4],
        )
        for row in rows
    )


def _typed(shape: type[Row], rows: list[tuple[Any, ...]]) -> tuple[Row, ...]:
    """Rows whose columns stand in the order of the shape's fields."""
    names = _names(shape)
    return tuple(shape(**dict(zip(names, row, strict=True))) for row in rows)


def _names(shape: type) -> list[str]:
    return [field.name for field in fields(shape)]
