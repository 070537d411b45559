"""The working database's schemas and the tables this program fills itself: ``raw``, ``ops``, ``config``, ``okr``.

What belongs here: their DDL, idempotent. What does not: the models of ``dbt_like_sql``, which their runner makes.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from connectors.core.raw_tables import RAW_TABLES, RawTable
from pipelines.warehouse.db import Connection, quote, transaction
from pipelines.warehouse.okr.tables import OKR_TABLES, STATE_TABLES
from pipelines.warehouse.tables import Column, Table, missing, names, statements

SCHEMAS = ("raw", "ops", "config", "staging", "intermediate", "marts", "okr")

_CLIENT = Column("client", "VARCHAR", "Client's slug")
_OBJECTIVE = Column("objective_id", "VARCHAR", "Objective's id in the client file")
_SOURCE = Column("source", "VARCHAR", "Source's id in the client file")

LOADS = Table(
    schema="ops",
    name="loads",
    meaning="The ledger: every read of every source, from which the next run works out what is missing. Only added to.",
    columns=(
        _CLIENT,
        _SOURCE,
        Column("stream", "VARCHAR", "What was read: the raw table's name"),
        Column("window_start", "DATE", "First day read, in the source's zone; a snapshot's or listing's day"),
        Column("window_end", "DATE", "Last day read, included"),
        Column("rows", "BIGINT", "Rows written; 0 is a true answer"),
        Column("status", "VARCHAR", "loaded, failed or skipped"),
        Column("attempts", "INTEGER", "Calls made for it, retries included"),
        Column("error_class", "VARCHAR", "NULL, or why it failed: auth, permission, rate_limited, …", nullable=True),
        Column("message", "VARCHAR", "What was attempted and the cure, without secrets", nullable=True),
        Column("started_at", "TIMESTAMPTZ", "When the read began"),
        Column("finished_at", "TIMESTAMPTZ", "When the read ended"),
        Column("run_id", "VARCHAR", "The run that did it"),
        Column(
            "quality",
            "VARCHAR",
            "JSON: the source's zone, quota left, metrics no longer given and since when; doubts: what speaks against"
            " the figures; partial: something was not read, message says what; seen: figures of days not settled",
            nullable=True,
        ),
    ),
)

BLOG_POST_HISTORY = Table(
    schema="ops",
    name="blog_post_history",
    meaning="Every address and publication that a list of blog posts ever gave a post. Never taken from.",
    key=("client", "source", "post_id", "url", "published_at"),
    # looked up a source at a time; an index would cost more than it saves
    enforced=False,
    columns=(
        _CLIENT,
        _SOURCE,
        Column("post_id", "VARCHAR", "The platform's own id, verbatim"),
        Column("url", "VARCHAR", "Public address that a list gave the post"),
        Column("published_at", "TIMESTAMPTZ", "When that list said it was published"),
        Column("published_on", "DATE", "Publication day in the site's zone (a feed: the client's)"),
        Column("first_seen_at", "TIMESTAMPTZ", "When a list first gave the post this address and publication"),
        Column("last_seen_at", "TIMESTAMPTZ", "When one last did"),
    ),
)
GONE_SOCIAL_POSTS = Table(
    schema="ops",
    name="gone_social_posts",
    meaning="When social posts were published that a list no longer named: what they received stays. Never taken from.",
    key=("client", "source", "post_id", "gone_at"),
    enforced=False,
    columns=(
        _CLIENT,
        _SOURCE,
        Column("post_id", "VARCHAR", "The platform's own id, verbatim"),
        Column("published_at", "TIMESTAMPTZ", "When the last list that named it said it was published"),
        Column("gone_at", "TIMESTAMPTZ", "When a list was read that named it no longer"),
    ),
)
SOURCE_IDENTITIES = Table(
    schema="ops",
    name="source_identities",
    meaning="Which account, property or site the readings under each source's id are of. Never taken from.",
    key=("client", "source", "first_seen_at"),
    enforced=False,
    columns=(
        _CLIENT,
        _SOURCE,
        Column("source_type", "VARCHAR", "ga4, linkedin, …"),
        Column("identity", "VARCHAR", "Which one, in words: mastodon account acme, instance mastodon.social"),
        Column("fingerprint", "VARCHAR", "JSON: each part by which it is known, with every name of that part"),
        Column("first_seen_at", "TIMESTAMPTZ", "When it was read first"),
        Column("from_on", "DATE", "First day of it where another was read before: the day of the break", nullable=True),
    ),
)
OPS_TABLES: dict[str, Table] = {
    table.name: table for table in (LOADS, BLOG_POST_HISTORY, GONE_SOCIAL_POSTS, SOURCE_IDENTITIES)
}

_CONFIG: tuple[Table, ...] = (
    Table(
        schema="config",
        name="clients",
        meaning="Clients of this run, from their files.",
        key=("client",),
        columns=(
            _CLIENT,
            Column("name", "VARCHAR", "Client's name"),
            Column("language", "VARCHAR", "Report language: sv or en"),
            Column("timezone", "VARCHAR", "The client's own zone (IANA)"),
            Column("fiscal_year_start", "INTEGER", "First month of the fiscal year"),
            Column("currency", "VARCHAR", "Currency of costs"),
            Column("as_of", "DATE", "The clock's date in the client's zone"),
            Column("now", "TIMESTAMPTZ", "The clock"),
        ),
    ),
    Table(
        schema="config",
        name="sources",
        meaning="Sources of each client.",
        key=("client", "source"),
        columns=(
            _CLIENT,
            _SOURCE,
            Column("position", "INTEGER", "Its place in the file, from 1: of two that see the same, the first counts"),
            Column("source_type", "VARCHAR", "ga4, linkedin, …"),
            Column("title", "VARCHAR", "What a reader of a report calls it"),
            Column("category", "VARCHAR", "web, search, social, blog or own"),
            Column("platform", "VARCHAR", "Social platform", nullable=True),
            Column("zone", "VARCHAR", "IANA zone in which its days begin"),
            Column("opened", "DATE", "First day of the account; before it a true zero", nullable=True),
            Column("start_on", "DATE", "First day to load", nullable=True),
            Column("blog_path", "VARCHAR", "Which page paths are blog posts", nullable=True),
            Column("base_url", "VARCHAR", "Address the file gives, where it gives one", nullable=True),
            Column("held_by", "VARCHAR", "The client's source that counts all that this one does too", nullable=True),
        ),
    ),
    Table(
        schema="config",
        name="streams",
        meaning="Streams of each source, with what a missing row means.",
        key=("client", "source", "stream"),
        columns=(
            _CLIENT,
            _SOURCE,
            Column("stream", "VARCHAR", "The raw table's name"),
            Column("delivery", "VARCHAR", "window, listing or snapshot"),
            Column("grain", "VARCHAR", "day or month", nullable=True),
            Column("zero_by_absence", "BOOLEAN", "A day that was read and has no row is a true 0"),
            Column("lag_days", "INTEGER", "Newest day is yesterday less this"),
            Column("settle_days", "INTEGER", "Age in days until which a day may be restated"),
            Column("history_from", "DATE", "First day it can give or is asked for", nullable=True),
        ),
    ),
    Table(
        schema="config",
        name="pauses",
        meaning="Expected silence of a source.",
        columns=(
            _CLIENT,
            _SOURCE,
            Column("from_on", "DATE", "First silent day"),
            Column("to_on", "DATE", "Last silent day"),
            Column("reason", "VARCHAR", "Why"),
        ),
    ),
    Table(
        schema="config",
        name="breaks",
        meaning="Days from which a source's figures mean something else.",
        columns=(
            _CLIENT,
            _SOURCE,
            Column("break_on", "DATE", "First day of the new meaning"),
            Column("reason", "VARCHAR", "Why"),
            Column("overlap_ratio", "DOUBLE", "New measure over old in the time both ran", nullable=True),
        ),
    ),
    Table(
        schema="config",
        name="hosts",
        meaning="Hosts with letters beyond ASCII, as they are asked for: two spellings of one host are one.",
        key=("client", "host"),
        columns=(
            _CLIENT,
            Column("host", "VARCHAR", "In lower case, without www. and port"),
            Column("ascii_host", "VARCHAR", "The same host as IDNA"),
        ),
    ),
    Table(
        schema="config",
        name="kpis",
        meaning="KPIs of each client: the built-in ones and its own.",
        key=("client", "kpi"),
        columns=(
            _CLIENT,
            Column("kpi", "VARCHAR", "KPI id"),
            Column("title", "VARCHAR", "Title in the client's language"),
            Column("kind", "VARCHAR", "flow, stock or ratio"),
            Column("unit", "VARCHAR", "Unit"),
            Column("better", "VARCHAR", "higher or lower"),
            Column("adds_over_time", "BOOLEAN", "Whether months may be summed"),
            Column("adds_over_sources", "BOOLEAN", "Whether sources may be summed"),
            Column("closing_days", "INTEGER", "Days after a month's end until it is closed"),
            Column("is_own", "BOOLEAN", "The client's own, fed by csv"),
            Column("source", "VARCHAR", "Own KPI: its csv source", nullable=True),
            Column("numerator", "VARCHAR", "Own ratio: what is divided, as declared", nullable=True),
            Column("denominator", "VARCHAR", "Own ratio: what it is divided by, as declared", nullable=True),
        ),
    ),
    Table(
        schema="config",
        name="objectives",
        meaning="Objectives of each client, as its file has them now.",
        key=("client", "objective_id"),
        columns=(
            _CLIENT,
            _OBJECTIVE,
            Column("position", "INTEGER", "Its place in the file, from 1"),
            Column("title", "VARCHAR", "Title as the client wrote it"),
            Column("team", "VARCHAR", "Team that owns it", nullable=True),
            Column("owner", "VARCHAR", "Who answers for it", nullable=True),
            Column("period_start", "DATE", "First day of its period"),
            Column("period_end", "DATE", "Last day of its period"),
        ),
    ),
    Table(
        schema="config",
        name="key_results",
        meaning="Key results of each client, with the definition in force.",
        key=("client", "objective_id", "key_result_id"),
        columns=(
            _CLIENT,
            _OBJECTIVE,
            Column("key_result_id", "VARCHAR", "Key result's id in the client file"),
            Column("position", "INTEGER", "Its place in its objective, from 1"),
            Column("title", "VARCHAR", "Title as the client wrote it"),
            Column("kpi", "VARCHAR", "KPI it is measured by; of a count what is counted", nullable=True),
            Column("measure", "VARCHAR", "kpi, count or milestones"),
            Column("scope", "VARCHAR", "all, platform=NAME or source=ID"),
            Column("condition", "VARCHAR", "What an item of a count has to reach", nullable=True),
            Column("target", "VARCHAR", "Target in force, as the file has it"),
            Column("first_target", "VARCHAR", "Target before any revision"),
            Column("baseline", "VARCHAR", "What it is compared with, where the file says", nullable=True),
            Column("weight", "DOUBLE", "Weight in its objective"),
            Column("ambition", "VARCHAR", "committed or stretch"),
            Column("owner", "VARCHAR", "Who answers for it: its own, else the objective's", nullable=True),
            Column("definition_version", "VARCHAR", "Fingerprint of the definition"),
        ),
    ),
    Table(
        schema="config",
        name="kpi_streams",
        meaning="Which stream of which source gives which built-in KPI.",
        key=("client", "kpi", "source", "stream"),
        columns=(
            _CLIENT,
            Column("kpi", "VARCHAR", "KPI id"),
            _SOURCE,
            Column("stream", "VARCHAR", "The raw table's name"),
            Column(
                "preference",
                "INTEGER",
                "Of what the source's figure can be read from, the least that is loaded counts; NULL: the figure of"
                " another source, or a part of it, rests on this one",
                nullable=True,
            ),
        ),
    ),
)
CONFIG_TABLES: dict[str, Table] = {table.name: table for table in _CONFIG}


def raw_table(table: RawTable) -> Table:
    """A connector's table with ``client`` and ``source`` in front.

    No enforced key: a batch is checked for unique keys before it is written, and an index on every row would cost
    more than the write itself.
    """
    columns = tuple(Column(c.name, c.type, c.meaning, c.nullable) for c in table.columns)
    return Table(
        schema="raw",
        name=table.name,
        meaning=table.meaning,
        columns=(_CLIENT, _SOURCE, *columns),
        key=("client", "source", *table.key),
        enforced=False,
    )


@cache
def declared_tables() -> tuple[Table, ...]:
    """Every table that ``ensure_schema`` makes."""
    ours = (OPS_TABLES, CONFIG_TABLES, OKR_TABLES, STATE_TABLES)
    return (*map(raw_table, RAW_TABLES.values()), *(table for tables in ours for table in tables.values()))


@cache
def declared_fingerprint() -> str:
    """Of everything that ``ensure_schema`` makes a database of."""
    declared = [(table.key, table.enforced, list(statements(table))) for table in declared_tables()]
    return sha256(repr((SCHEMAS, declared)).encode()).hexdigest()


def ensure_schema(con: Connection) -> None:
    """Make what is not there. Rows are never touched; doing it twice changes nothing."""
    with transaction(con):
        for schema in SCHEMAS:
            con.execute(f"create schema if not exists {quote(schema)}")
        there = _said_of_tables(con)
        wanted = [each for table in declared_tables() for each in missing(table, there.get(table.qualified))]
        if wanted:
            con.execute(";\n".join(wanted))
        _key_anew(con)
        _loosen(con)


def _said_of_tables(con: Connection) -> dict[str, dict[str | None, str | None]]:
    """The comment of each table that is there by None, and those of its columns; by the table's quoted name."""
    tables = con.execute(
        "select schema_name, table_name, comment from duckdb_tables() where database_name = current_database()"
    ).fetchall()
    found: dict[str, dict[str | None, str | None]] = {
        f"{quote(schema)}.{quote(table)}": {None: comment} for schema, table, comment in tables
    }
    columns = con.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = current_database() and not internal"
    ).fetchall()
    for schema, table, column, comment in columns:
        found.get(f"{quote(schema)}.{quote(table)}", {})[column] = comment  # a view's go nowhere
    return found


def _key_anew(con: Connection) -> None:
    """Give a table of an older version the key that is declared now; its rows stay as they are."""
    keys = con.execute(
        "select schema_name, table_name, constraint_column_names from duckdb_constraints()"
        " where database_name = current_database() and constraint_type = 'PRIMARY KEY'"
    ).fetchall()
    held = {(schema, name): tuple(columns) for schema, name, columns in keys}
    for table in declared_tables():
        key = held.get((table.schema, table.name))
        if not (table.enforced and table.key) or key is None or key == table.key:
            continue
        aside = quote(f"{table.name}_as_it_was")
        con.execute(f"create temp table {aside} as select * from {table.qualified}")  # noqa: S608 - quoted
        con.execute(f"drop table {table.qualified}")
        for statement in statements(table):
            con.execute(statement)
        columns = names(table.column_names)
        con.execute(f"insert into {table.qualified} ({columns}) select {columns} from {aside}")  # noqa: S608 - quoted
        con.execute(f"drop table {aside}")


def _loosen(con: Connection) -> None:
    """Let columns be empty that an older version held to a value."""
    strict = con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where not is_nullable and not internal"
    ).fetchall()
    loose = {(table.schema, table.name, column.name) for table in declared_tables() for column in table.columns
             if column.nullable}  # fmt: skip
    for schema, table, column in loose & set(strict):
        con.execute(f"alter table {quote(schema)}.{quote(table)} alter column {quote(column)} drop not null")
