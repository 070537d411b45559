"""Incremental models are the same tables as a full refresh makes, whatever happened before, and derive what changed.

Under test: the parts and fingerprints of ``dbt_like_sql`` and the runner's half of them. Every build here is compared
with one from nothing on the same rows, row for row, in every model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.warehouse.ingest.kpi_streams import fill_left_out
from pipelines.warehouse.models.incremental import bring_up_to_date
from pipelines.warehouse.models.project import Model, SqlProjectError, load_project
from pipelines.warehouse.models.runner import run_model, run_project
from tests.unit.dbt_like_sql.test_properties import YESTERDAY, random_story, tables
from tests.unit.sql_story import in_memory, write

Connection = duckdb.DuckDBPyConnection
PROJECT = load_project()
INCREMENTAL = [model for model in PROJECT.models if model.increment]
ABOVE = {model.name for model in PROJECT.models if model.layer != "marts"}
WINDOWED = {
    "web_pages_daily": "page_views",
    "search_pages_daily": "clicks",
    "web_daily": "page_views",
    "search_daily": "clicks",
    "interactions_daily": "likes",
    "follower_changes_daily": "change",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of two clients with every model built."""
    path = tmp_path_factory.mktemp("incremental") / "base.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")
        write(con, [random_story("one", 1), random_story("two", 2)])
        run_project(con, project=PROJECT)
    return path


@pytest.fixture
def con(base: Path) -> Iterator[Connection]:
    with copy_of(base) as con:
        yield con


def copy_of(base: Path) -> Connection:
    """A copy in memory; what the clients' config was at first stays attached as ``base``."""
    con = in_memory()
    con.execute(f"attach '{base}' as base (read_only)")
    con.execute("copy from database base to memory")
    return con


# ---- what may happen between two builds ----

Change = Callable[[Connection, random.Random], None]


def window(chance: random.Random) -> tuple[str, str, str]:
    """A client, and the first and last day of a window as SQL."""
    first = chance.randrange(1, 100)
    last = max(0, first - chance.randrange(6))
    return chance.choice(["one", "two"]), f"date '{YESTERDAY}' - {first}", f"date '{YESTERDAY}' - {last}"


def load(con: Connection, stream: str, client: str, first: str, last: str) -> None:
    con.execute(
        "insert into ops.loads by name select client, source, stream, "
        f"{first} as window_start, {last} as window_end, 1 as rows, 'loaded' as status, 1 as attempts,"
        " now as started_at, now as finished_at, 'later' as run_id"
        " from config.streams inner join config.clients using (client) where stream = ? and client = ?",
        [stream, client],
    )


def restated(con: Connection, chance: random.Random) -> None:
    table, column = chance.choice(sorted(WINDOWED.items()))
    client, first, last = window(chance)
    con.execute(
        f"update raw.{table} set {column} = {column} + 1 where client = '{client}' and day between {first} and {last}"
    )
    load(con, table, client, first, last)


def vanished(con: Connection, chance: random.Random) -> None:
    table = chance.choice(sorted(WINDOWED))
    client, first, last = window(chance)
    con.execute(f"delete from raw.{table} where client = '{client}' and day between {first} and {last}")
    load(con, table, client, first, last)


def a_day_passed(con: Connection, chance: random.Random) -> None:
    con.execute("update config.clients set as_of = as_of + 1, now = now + interval '1 day'")
    for table, column in WINDOWED.items():
        con.execute(
            f"insert into raw.{table} select * replace (day + 1 as day, {column} + {chance.randrange(3)} as {column})"
            f" from raw.{table} where day = (select max(day) from raw.{table})"
        )
        for client in ("one", "two"):
            load(con, table, client, "as_of - 4", "as_of - 1")


def post_deleted(con: Connection, chance: random.Random) -> None:
    con.execute(f"delete from raw.blog_posts where client = 'one' and post_id = '{chance.choice('ab')}'")


def post_moved(con: Connection, chance: random.Random) -> None:
    con.execute("update raw.blog_posts set url = replace(url, '/blogg/a', '/blogg/b') where client = 'two'")


def post_added(con: Connection, chance: random.Random) -> None:
    con.execute(
        "insert into raw.blog_posts select * replace ('c' as post_id, 'https://site.se/blogg/a/' as url,"
        f" published_on - {chance.randrange(20)} as published_on) from raw.blog_posts where post_id = 'b'"
    )


def social_post_deleted(con: Connection, chance: random.Random) -> None:
    con.execute(f"delete from raw.social_posts where post_id = 't{chance.randrange(8)}'")


def reading_parsed_anew(con: Connection, chance: random.Random) -> None:
    con.execute(
        f"update raw.post_counters set likes = likes + 3 where taken_at = (select taken_at from raw.post_counters"
        f" order by taken_at, post_id, client limit 1 offset {chance.randrange(50)})"
    )


def followers_read_anew(con: Connection, chance: random.Random) -> None:
    con.execute(
        f"update raw.follower_snapshots set followers = followers + 1 where hash(taken_at) % 7 = {chance.randrange(7)}"
    )


def csv_rewritten(con: Connection, chance: random.Random) -> None:
    con.execute(f"delete from raw.own_metrics where hash(period_start) % 3 = {chance.randrange(3)}")
    con.execute("update raw.own_metrics set value = value + 1 where client = 'one'")


def zone_learned(con: Connection, chance: random.Random) -> None:
    con.execute(
        f"update config.sources set zone = 'America/New_York' where source = '{chance.choice(['web', 'toots'])}'"
    )


def blog_path_instead_of_a_list(con: Connection, chance: random.Random) -> None:
    con.execute("update config.sources set blog_path = '/blogg/' where source = 'web' and client = 'one'")
    for table in ("sources", "streams"):
        con.execute(f"delete from config.{table} where source = 'blog' and client = 'one'")
    streams_again(con, "one")


def source_dropped(con: Connection, chance: random.Random) -> None:
    source = chance.choice(["web", "search", "linkedin", "toots", "files"])
    for table in ("sources", "streams"):
        con.execute(f"delete from config.{table} where source = '{source}' and client = 'two'")
    streams_again(con, "two")


def streams_again(con: Connection, client: str) -> None:
    """Which stream gives which KPI, as the config step would write it for the sources that are left."""
    con.execute("delete from config.kpi_streams where client = ?", [client])
    fill_left_out(con)


def source_opened_later(con: Connection, chance: random.Random) -> None:
    con.execute(
        f"update config.sources set opened = date '2026-09-{chance.randrange(1, 30)}' where source = 'linkedin'"
    )


def client_removed(con: Connection, chance: random.Random) -> None:
    for table in ("clients", "sources", "streams", "pauses", "breaks", "kpis", "kpi_streams"):
        con.execute(f"delete from config.{table} where client = 'two'")


def client_back(con: Connection, chance: random.Random) -> None:
    client_removed(con, chance)
    for table in ("clients", "sources", "streams", "pauses", "breaks", "kpis", "kpi_streams"):
        con.execute(f"insert into config.{table} by name select * from base.config.{table} where client = 'two'")


def the_sql_changed(con: Connection, chance: random.Random) -> None:
    """As after an upgrade: what is there was made by other SQL, and is not what this SQL makes."""
    model = chance.choice(INCREMENTAL)
    con.execute("update cache.model_builds set fingerprint = 'older' where table_name = ?", [model.name])
    con.execute(f"delete from {model.schema}.{model.name} where hash(day) % 2 = 0")


CHANGES: dict[str, Change] = {
    change.__name__: change
    for change in (
        restated,
        vanished,
        a_day_passed,
        post_deleted,
        post_moved,
        post_added,
        social_post_deleted,
        reading_parsed_anew,
        followers_read_anew,
        csv_rewritten,
        zone_learned,
        blog_path_instead_of_a_list,
        source_dropped,
        source_opened_later,
        client_removed,
        client_back,
        the_sql_changed,
    )
}


def build_until(con: Connection, stop: int) -> None:
    """A night that is killed, or held up by a refused mart, before its ``stop``th model."""
    for model in PROJECT.models[:stop]:
        run_model(con, model)


def assert_same_as_from_nothing(con: Connection) -> None:
    run_project(con, project=PROJECT)
    updated = tables(con)
    run_project(con, project=PROJECT, full_refresh=True)
    made_anew = tables(con)
    for model in PROJECT.models:
        assert updated[model.name] == made_anew[model.name], model.name


STEPS = st.tuples(
    st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 2**16)), min_size=1, max_size=3),
    st.integers(0, len(PROJECT.models)),
)


@settings(max_examples=4, deadline=None)
@given(nights=st.lists(STEPS, min_size=1, max_size=2))
def test_nights_on_top_of_each_other_give_the_same_tables_as_a_full_refresh(
    base: Path, nights: list[tuple[list[tuple[str, int]], int]]
) -> None:
    with copy_of(base) as con:
        for changes, stop in nights:
            for name, seed in changes:
                CHANGES[name](con, random.Random(seed))
            build_until(con, stop)
        assert_same_as_from_nothing(con)


def test_every_kind_of_change_is_seen(con: Connection) -> None:
    for name, change in CHANGES.items():
        change(con, random.Random(4))
        run_project(con, ABOVE, project=PROJECT)
        for model in INCREMENTAL:
            updated = con.execute(f"select * from {model.schema}.{model.name} order by all").fetchall()
            assert updated == con.execute(f"select * from ({model.sql}) order by all").fetchall(), (name, model.name)
    assert_same_as_from_nothing(con)


# ---- what a part rests on ----

OTHERWISE = {
    "VARCHAR": "coalesce({0}, '') || 'x'",
    "DATE": "coalesce({0}, date '2026-09-01') - 1",
    "BIGINT": "coalesce({0}, 0) + 1",
    "INTEGER": "coalesce({0}, 0) + 1",
    "DOUBLE": "coalesce({0}, 0) + 1",
    "BOOLEAN": "not coalesce({0}, false)",
    "TIMESTAMP WITH TIME ZONE": "coalesce({0}, timestamptz '2026-09-01') + interval '1 day'",
}


def reads(model: Model) -> Iterator[tuple[str, str, str]]:
    """(table, column, its type) of everything that a model reads."""
    for name in model.refs:
        for column in PROJECT.model(name).columns:
            yield f"{PROJECT.model(name).schema}.{name}", column.name, column.data_type
    for schema, table in model.sources:
        for column in PROJECT.source(schema, table).columns:
            yield f"{schema}.{table}", column.name, column.data_type


@pytest.mark.parametrize("model", INCREMENTAL, ids=lambda model: model.name)
def test_another_value_in_any_column_that_a_model_reads_is_seen(con: Connection, model: Model) -> None:
    assert model.increment is not None
    place, changed = f"{model.schema}.{model.name}", 0
    before = con.execute(f"select * from {place} order by all").fetchall()
    for table, column, data_type in reads(model):
        if table.endswith("stg_raw__web_pages_daily") and column in ("client", "source", "day", "fingerprint"):
            continue  # its rows speak of their day by the fingerprint that comes with it, as below
        for which in ("rowid % 97 = 5", "true"):
            con.execute("begin transaction")
            con.execute(f"update {table} set {column} = {OTHERWISE[data_type].format(column)} where {which}")
            if table.endswith("stg_raw__web_pages_daily"):
                con.execute(
                    f"update {table} as pages set fingerprint = fingerprint + 1"
                    f" from (select distinct client, day from {table} where {which}) as days"
                    " where pages.client = days.client and pages.day = days.day"
                )
            bring_up_to_date(con, model, model.increment)
            updated = con.execute(f"select * from {place} order by all").fetchall()
            made_anew = con.execute(f"select * from ({model.sql}) order by all").fetchall()
            con.execute("rollback")
            assert updated == made_anew, (table, column, which)
            changed += before != updated
    assert changed > 5, "a test of nothing"


# ---- how much is derived, and when all of it ----


def derived(con: Connection) -> dict[str, int]:
    return {
        result.model: result.derived
        for result in run_project(con, {model.name for model in INCREMENTAL}, project=PROJECT)
    }


def test_only_days_that_changed_are_derived_again(con: Connection) -> None:
    assert set(derived(con).values()) == {0}
    con.execute(
        f"update raw.web_pages_daily set page_views = page_views + 1 where client = 'one' and day = '{YESTERDAY}'"
    )
    found = run_project(con, project=PROJECT)
    again = {result.model: result.derived for result in found}
    assert again["stg_raw__web_pages_daily"] == 2
    assert again["int_blog_post_days"] == 2
    assert again["stg_raw__search_pages_daily"] == again["int_kpi_scope_days"] == 0


def test_of_a_day_only_the_kpi_that_changed_is_derived_again(con: Connection) -> None:
    day = f"client = 'one' and day = '{YESTERDAY}'"
    con.execute(f"update raw.web_daily set page_views = page_views + 1 where {day}")
    again = {result.model: result.derived for result in run_project(con, project=PROJECT)}
    ((rows, kpis, all_rows),) = con.execute(
        "select count(*) filter (kpi = 'page_views'), count(distinct kpi), count(*)"
        f" from intermediate.int_kpi_scope_days where {day}"
    ).fetchall()
    assert again["int_kpi_scope_days"] == rows
    assert 0 < rows < all_rows
    assert kpis > 2


def test_a_day_read_again_as_it_was_is_left_alone(con: Connection) -> None:
    con.execute("create temp table again as select * from raw.web_pages_daily order by page_views")
    con.execute("delete from raw.web_pages_daily; insert into raw.web_pages_daily select * from again")
    assert set(derived(con).values()) == {0}


def test_a_full_refresh_derives_all_and_touches_no_table_but_those_of_models(con: Connection) -> None:
    con.execute(
        "insert into okr.key_result_items by name select 'one' as client, 'o' as objective_id, 'k' as key_result_id,"
        " date '2026-11-20' as as_of, now() as known_at, 'i' as item_id, 'met' as outcome, 't' as title, 1 as threshold"
    )
    others = (
        "select schema_name, table_name from duckdb_tables()"
        " where database_name = 'memory' and schema_name in ('raw', 'ops', 'okr', 'config')"
    )
    names = con.execute(others).fetchall()
    assert ("ops", "loads") in names
    assert ("okr", "key_result_items") in names
    assert ("raw", "post_counters") in names

    def rows() -> dict[str, list[tuple[object, ...]]]:
        return {
            f"{schema}.{table}": con.execute(f"select rowid, * from {schema}.{table}").fetchall()
            for schema, table in names
        }

    before, models = rows(), tables(con)
    found = run_project(con, project=PROJECT, full_refresh=True)
    assert all(result.derived == result.rows for result in found)
    assert rows() == before
    assert tables(con) == models


def test_a_model_that_goes_wrong_while_it_is_brought_up_to_date_keeps_its_rows(con: Connection) -> None:
    before = tables(con)
    con.execute("update raw.web_pages_daily set page_views = page_views + 1")
    model = PROJECT.model("stg_raw__web_pages_daily")
    con.execute("alter table staging.stg_raw__web_pages_daily drop column page_path")
    with pytest.raises(duckdb.Error):
        run_model(con, model)
    kept = con.execute("select sum(page_views) from staging.stg_raw__web_pages_daily").fetchall()
    assert kept == [(sum(int(str(row[7])) for row in before["stg_raw__web_pages_daily"]),)]


def small(folder: Path, config: str, *, layer: str = "intermediate", sql: str = "select 1 as id") -> Path:
    """A project of one model."""
    for each in ("staging", "intermediate", "marts"):
        (folder / "models" / each).mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text("{name: small, models: {small: {}}}")
    (folder / "models" / layer / "a.sql").write_text(f"{config}\n{sql}")
    column = "{name: id, data_type: integer, description: The id}"
    (folder / "models" / layer / "schema.yml").write_text(
        f"models: [{{name: a, description: One, config: {{meta: {{grain: [id]}}}}, columns: [{column}]}}]"
    )
    return folder


GOOD = "{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='id') }}"


def test_other_sql_makes_the_table_anew(tmp_path: Path) -> None:
    con = duckdb.connect()
    only_new = (
        "select {0} as id {{% if is_incremental() %}} where {0} not in (select id from {{{{ this }}}}) {{% endif %}}"
    )
    for number, expected in ((1, 1), (1, 0), (2, 1), (2, 0)):
        model = load_project(small(tmp_path, GOOD, sql=only_new.format(number))).model("a")
        assert run_model(con, model).derived == expected
        assert con.execute("select id from intermediate.a").fetchall() == [(number,)]
    con.execute("drop schema cache cascade")
    assert run_model(con, model).derived == 1


def test_sql_above_counts_as_the_models_own(tmp_path: Path) -> None:
    folder = small(tmp_path, GOOD, sql="select id from {{ ref('b') }}")
    described = folder / "models" / "intermediate" / "schema.yml"
    text = described.read_text()
    entry = text.removeprefix("models: [").removesuffix("]")
    described.write_text(f"models: [{entry}, {entry.replace('name: a', 'name: b')}]")
    fingerprints = []
    for sql in ("select 1 as id", "select 2 as id", "select 1 as id"):
        (folder / "models" / "intermediate" / "b.sql").write_text(sql)
        fingerprints.append(load_project(folder).model("a").fingerprint)
    assert fingerprints[0] == fingerprints[2] != fingerprints[1]


@pytest.mark.parametrize(
    ("config", "layer", "complaint"),
    [
        ("{{ config(materialized='view') }}", "intermediate", "materialized view"),
        (GOOD.replace("delete+insert", "append"), "intermediate", "incremental_strategy append"),
        (GOOD.replace(", unique_key='id'", ""), "intermediate", "needs a unique_key"),
        (GOOD, "marts", "a mart is a table"),
    ],
)
def test_what_the_runner_does_not_speak_is_refused_by_name(
    tmp_path: Path, config: str, layer: str, complaint: str
) -> None:
    with pytest.raises(SqlProjectError, match=complaint):
        load_project(small(tmp_path, config, layer=layer))
