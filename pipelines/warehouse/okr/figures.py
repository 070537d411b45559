"""One client's marts as the frames the OKR models take, and which of its sources last failed.

What belongs here: reading. What does not: what a frame means (``okr_models/progress/figures.py``), any judging.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

import pandas as pd

from okr_models.kpis import resting_on
from okr_models.progress.figures import Failure, Figures, Met, Reading, SourceDoubt
from pipelines.warehouse.db import Connection
from pipelines.warehouse.ingest.ledger import Load, by_stream, read
from pipelines.warehouse.okr.restatements import restatements

ONE_DAY = timedelta(days=1)
EVERY_STREAM = "all"
"""Stands in the ledger for the streams of a source that could not be opened at all."""

# client is a parameter; text that is never shown is not read
QUERIES: dict[str, str] = {
    "kpi_monthly": """
        select kpi, scope, month, value, numerator, denominator, is_closed, is_estimated, origin, data_through,
            closes_on, list_contains(list_transform(note_codes, lambda said: said.code), 'began') as is_first,
            list_contains(list_transform(note_codes, lambda said: said.code), 'nothing_to_divide') as is_undivided
        from marts.kpi_monthly where client = $client and list_contains($kpis, kpi) order by all
    """,
    "kpi_daily": """
        select kpi, scope, day, value, is_estimated, origin
        from marts.kpi_daily where client = $client and list_contains($kpis, kpi) order by all
    """,
    "blog_posts": """
        select source, post_id, url, title, published_at, published_on, page_views, engagement_seconds, search_clicks,
            search_position, redated_on, also_listed_by, unseen_host
        from marts.blog_posts where client = $client order by all
    """,
    "blog_post_daily": """
        select source, post_id, day, page_views, engagement_seconds
        from marts.blog_post_daily where client = $client order by all
    """,
    # the marts have one post of an id that two accounts of a platform gave, and every account's counts
    "social_posts": """
        select platform, source, post_id, url, published_at, client_published_on as published_on,
            likes, comments, shares, interactions
        from intermediate.int_social_post_totals where client = $client order by all
    """,
    "social_post_daily": """
        select source, post_id, day, interactions
        from intermediate.int_social_post_days where client = $client order by all
    """,
}


COUNTED = {"blog_posts": ("blog_post_daily",), "social_posts": ("social_posts", "social_post_daily")}
"""Frames with a row a post or more, by the count that is made of them: without one they are not read."""


def read_figures(con: Connection, client: str, *, kpis: Collection[str]) -> Figures:
    """Every frame of ``client`` that a key result on one of ``kpis``, or a count of them, rests on."""
    needless = {frame for count, frames in COUNTED.items() if count not in kpis for frame in frames}
    frames = {
        name: _frame(con, sql, {"client": client} | ({"kpis": sorted(kpis)} if "$kpis" in sql else {}))
        for name, sql in QUERIES.items()
        if name not in needless
    }
    zones = con.execute("select source, zone from config.sources where client = ?", [client]).fetchall()
    loaded = con.execute(
        "select distinct source, stream from ops.loads where client = ? and status = 'loaded'", [client]
    ).fetchall()
    return Figures(
        **frames,
        zones=dict(zones),
        loaded=frozenset((str(source), str(stream)) for source, stream in loaded),
        restatements=restatements(con, client),
        doubts=read_doubts(con, client),
        twins=read_twins(con, client),
        read=read_readings(con, client),
        met=read_met(con, client),
    )


def read_twins(con: Connection, client: str) -> dict[str, str]:
    """Web sources that do not count for all of the client's together, and the one that does."""
    made = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'intermediate' and table_name = 'int_web_twins'"
    ).fetchall()
    if not made:
        return {}
    return dict(
        con.execute("select source, counted_by from intermediate.int_web_twins where client = ?", [client]).fetchall()
    )


def read_readings(con: Connection, client: str) -> tuple[Reading, ...]:
    """Every stream that was ever read, and through when."""
    rows = con.execute(
        """
        select loads.source, loads.stream, max(loads.window_end), any_value(known.source_type),
            any_value(known.another_since)
        from ops.loads as loads
        left join (
            select source, arg_max(source_type, first_seen_at) as source_type, max(from_on) as another_since
            from ops.source_identities where client = $client group by source
        ) as known on loads.source = known.source
        where loads.client = $client and loads.status = 'loaded'
        group by loads.source, loads.stream
        order by loads.source, loads.stream
        """,
        {"client": client},
    ).fetchall()
    names = ("source", "stream", "through", "type", "another_since")
    return tuple(Reading(**dict(zip(names, row, strict=True))) for row in rows)


def read_met(con: Connection, client: str) -> tuple[Met, ...]:
    """Every item that a night called met, by its address of that night, with what was said of it last."""
    rows = con.execute(
        """
        select objective_id, key_result_id, item_id, url,
            arg_max(value, (as_of, known_at)), threshold, min(decided_on), min(as_of)
        from okr.key_result_items where client = $client and outcome = 'met'
        group by objective_id, key_result_id, item_id, url, threshold
        order by objective_id, key_result_id, item_id, url, threshold
        """,
        {"client": client},
    ).fetchall()
    names = ("objective", "key_result", "item_id", "url", "value", "threshold", "decided_on", "since")
    return tuple(Met(**dict(zip(names, row, strict=True))) for row in rows)


def read_doubts(con: Connection, client: str) -> tuple[SourceDoubt, ...]:
    """What sources say against their figures, where no later read of the same days says otherwise."""
    rows = con.execute(
        """
        with told as (
            select client, source, stream, finished_at, rowid as place,
                unnest(cast(json_extract(quality, '$.doubts') as json[])) as doubt
            from ops.loads where client = $client and status = 'loaded'
        ),
        said as (
            select client, source, stream, finished_at, place, doubt ->> 'code' as code, doubt ->> 'moves' as moves,
                cast(doubt ->> 'from' as date) as from_on, cast(doubt ->> 'to' as date) as to_on,
                cast(json_extract(doubt, '$.kpis') as varchar[]) as kpis,
                -- a list is read whole, whatever days of it are doubted
                doubt ->> 'from' is null or (source, stream) in (
                    select (source, stream) from config.streams where client = $client and delivery = 'listing'
                ) as is_of_all
            from told
            where (moves <> 'nothing' or code in ('list_empty', 'rows_fell'))
                and (source, stream) in (select (source, stream) from config.streams where client = $client)
        ),
        by_day as (
            select *, cast(null as date) as day from said where is_of_all
            union all
            select *, cast(unnest(generate_series(from_on, to_on, interval 1 day)) as date) as day
            from said where not is_of_all
        )
        select distinct source, stream, code, coalesce(min(day), from_on), coalesce(max(day), to_on), kpis
        from by_day as said
        where not exists (
            select 1 from ops.loads as later
            where later.client = said.client and later.source = said.source and later.stream = said.stream
                and later.status = 'loaded' and (later.finished_at, later.rowid) > (said.finished_at, said.place)
                and (is_of_all or said.day between later.window_start and later.window_end)
        )
        group by source, stream, code, from_on, to_on, kpis, finished_at, place
        order by all
        """,
        {"client": client},
    ).fetchall()
    return tuple(
        SourceDoubt(
            source=source,
            stream=stream,
            code=code,
            since=since,
            until=until,
            kpis=frozenset(resting_on(stream) if kpis is None else kpis),
        )
        for source, stream, code, since, until, kpis in rows
    )


def read_failures(con: Connection, client: str) -> tuple[Failure, ...]:
    """Streams whose newest load failed, with the first day that is therefore missing; of those that the file has, and
    of sources that could not be opened at all since they last could."""
    asked = con.execute("select distinct source, stream from config.streams where client = ?", [client]).fetchall()
    loads = read(con, client=client)
    known = {(str(source), str(stream)) for source, stream in asked} or {(load.source, load.stream) for load in loads}
    newest = {load.source: load for load in loads if load.status == "loaded" or load.stream == EVERY_STREAM}
    known |= {(load.source, load.stream) for load in newest.values() if load.stream == EVERY_STREAM}
    found = [_failure(rows) for (_, *whose), rows in sorted(by_stream(loads).items()) if tuple(whose) in known]
    return tuple(failure for failure in found if failure is not None)


def _frame(con: Connection, sql: str, values: Mapping[str, object]) -> pd.DataFrame:
    cursor = con.execute(sql, values)
    columns = [str(column[0]) for column in cursor.description]
    # as plain objects, since they are only ever read row by row (``records``): typed columns would be taken apart again
    return pd.DataFrame(cursor.fetchall(), columns=columns, dtype=object)


def _failure(loads: tuple[Load, ...]) -> Failure | None:
    """``loads`` of one stream, in the order they were added; reads that were skipped say nothing."""
    asked = [load for load in loads if load.status != "skipped"]
    if not asked or asked[-1].status != "failed":
        return None
    last = asked[-1]
    reached = max((load.window.end for load in asked if load.status == "loaded"), default=None)
    if reached is None:
        since = None
    elif reached < last.window.end:
        since = reached + ONE_DAY
    else:
        since = last.window.start
    return Failure(source=last.source, stream=last.stream, since=since, error_class=last.error_class)
