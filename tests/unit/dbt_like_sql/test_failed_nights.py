"""A failed read changes nothing (MEASURES.md, "Missing is not zero"): nights that fail leave what was known as it was.

Under test: every model at once, over clients of every kind of source drawn at random: the marts of a morning, against
those of the same rows after so many nights on which nothing could be read. Each is a client of one database.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from datetime import timedelta

import duckdb
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.warehouse.models.runner import run_project
from tests.unit.dbt_like_sql.test_properties import SEEDS, random_story
from tests.unit.random_clients import random_client
from tests.unit.sql_story import Story, at, write

VALUE = "value, is_estimated, origin, data_through"
ALL = f"{VALUE}, is_closed, observed_share, note"


def after_failing(story: Story, *, nights: int, streams: Iterable[str] = ()) -> Story:
    """The story ``nights`` later, nothing having been read since; of ``streams`` alone, where they are given."""
    later = deepcopy(story)
    later.client = f"{story.client}_{nights}"
    for row in (row for rows in later.rows.values() for row in rows):
        row["client"] = later.client
    for night in range(1, nights + 1):
        day = story.as_of + timedelta(days=night)
        for stream in later.rows["config.streams"]:
            later.loaded(stream["source"], stream["stream"], day, day, on=at(day), status="failed")
    later.as_of = story.as_of + timedelta(days=nights)
    later.rows["config.clients"][0] |= {"as_of": later.as_of, "now": at(later.as_of, zone=story.zone)}
    return later


def months_that_differ(
    con: duckdb.DuckDBPyConnection, before: str, after: str, *, only: str, columns: str = ALL
) -> list[tuple[object, ...]]:
    """Months of ``before`` of which ``after`` says something else."""
    return con.execute(
        f"""
        select kpi, scope, month, {columns}
        from marts.kpi_monthly
        where client = $before and {only}
        except
        select kpi, scope, month, {columns}
        from marts.kpi_monthly
        where client = $after
        order by all
        """,
        {"before": before, "after": after},
    ).fetchall()


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS, nights=st.integers(1, 150))
@example(seed=2, nights=1)
@example(seed=5, nights=12)
@example(seed=11, nights=45)
def test_nights_that_fail_leave_every_closed_month_as_it_was(seed: int, nights: int) -> None:
    stories = [random_story("every", seed), *(random_client(seed + step) for step in range(6))]
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    write(con, [each for story in stories for each in (story, after_failing(story, nights=nights))])
    run_project(con)
    for story in stories:
        after = f"{story.client}_{nights}"
        assert months_that_differ(con, story.client, after, only="is_closed") == []
        # what is known of a running month stays too, as far as it goes; an observation of followers grows old, a month
        # that is over and little observed takes what csv gives for it
        open_months = (
            "not is_closed and value is not null and kpi not in ('followers', 'new_followers') and (kpi, month) not in"
            f" (select (kpi, month) from intermediate.int_csv_months where client = '{story.client}')"
        )
        assert months_that_differ(con, story.client, after, only=open_months, columns=VALUE) == []
