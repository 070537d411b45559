"""What the client files say and what the ledger holds, as assets: the other tables that SQL models begin from.

What belongs here: the assets of the schemas ``config`` and ``ops``, and what their pages show. What does not: filling
them (``ingest/config_tables.py``; the ledger is written with each window by the ingest writer).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from connectors.core.raw_tables import RAW_TABLES
from pipelines.assets.ingest import GROUP, MOST_OF_A_MESSAGE, OTHER_TABLES, SNAPSHOT_TABLES
from pipelines.checks import failing_rows, refuse
from pipelines.keys import LEDGER_KEY, OWNERS, config_key, ops_key, source_dep
from pipelines.markdown import markdown_table
from pipelines.notices.text import FAILING, SAMPLE
from pipelines.preview import bullets, row_count
from pipelines.resources import Night
from pipelines.warehouse.checks.bulkheads import Blame
from pipelines.warehouse.checks.refusals import first_row
from pipelines.warehouse.checks.run import SAMPLE_ROWS
from pipelines.warehouse.faults import ClientFaults
from pipelines.warehouse.held_back import CONFIG
from pipelines.warehouse.ingest.config_tables import write_config
from pipelines.warehouse.ingest.ledger_check import collapsed_windows, has_windows, rows_against_ledger
from pipelines.warehouse.schema import CONFIG_TABLES, OPS_TABLES
from pipelines.warehouse.tables import Table

FILES_CHECK = "client_files_valid"
LEDGER_CHECK = "rows_match_ledger"
COLLAPSE_CHECK = "no_window_collapsed"
RAW_TABLES_READ = [source_dep("raw", name) for name in sorted(SNAPSHOT_TABLES | OTHER_TABLES)]
WINDOWED = tuple(table for _, table in sorted(RAW_TABLES.items()) if has_windows(table))

Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def _metadata(table: Table) -> dict[str, object]:
    columns = [dg.TableColumn(column.name, column.type, column.meaning) for column in table.columns]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/table_name": f"{table.schema}.{table.name}",
    }


@dg.multi_asset(
    name="ledger",
    specs=[
        dg.AssetSpec(
            ops_key(name),
            group_name=GROUP,
            deps=RAW_TABLES_READ,
            kinds={"duckdb", "python"},
            owners=OWNERS,
            description=f"{table.meaning} Each row is written in the transaction that writes what was read.",
            metadata=_metadata(table),
        )
        for name, table in OPS_TABLES.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            LEDGER_CHECK,
            asset=LEDGER_KEY,
            blocking=True,
            description="Each window of each raw table holds as many rows as the ledger says were written.",
        ),
        dg.AssetCheckSpec(
            COLLAPSE_CHECK,
            asset=LEDGER_KEY,
            description="No window of this night came back with less than half of the rows it replaced.",
        ),
    ],
    can_subset=True,
)
def ledger_table(context: dg.AssetExecutionContext, night: dg.ResourceParam[Night]) -> Events:
    """What the ledger says of this night, and whether the raw tables hold it."""
    for name in OPS_TABLES:
        if ops_key(name) in context.selected_asset_keys:
            metadata = _reads(night) if ops_key(name) == LEDGER_KEY else {}
            metadata["dagster/row_count"] = row_count(night.con, "ops", name)
            yield dg.MaterializeResult(asset_key=ops_key(name), metadata=metadata)
    asked = {check.name for check in context.selected_asset_check_keys}
    if COLLAPSE_CHECK in asked:
        collapsed = {table.name: collapsed_windows(night.con, table, run_id=night.run_id) for table in WINDOWED}
        yield _counted(COLLAPSE_CHECK, collapsed, severity=dg.AssetCheckSeverity.WARN)
    if LEDGER_CHECK not in asked:
        return
    wrong = {table.name: rows_against_ledger(night.con, table) for table in WINDOWED}
    yield _counted(LEDGER_CHECK, wrong, severity=dg.AssetCheckSeverity.ERROR)
    for name, rows in wrong.items():
        if rows:
            counted = (
                f"check {LEDGER_CHECK} failed ({len(rows)} window(s){first_row(rows)}); okr run --from reads them again"
            )
            refuse(night, table=f"raw.{name}", reasons=[counted])


def _reads(night: Night) -> dict[str, Any]:
    reads = night.con.execute(
        """
        select stream, status, count(*) as reads, sum(rows) as rows
        from ops.loads
        where run_id = ?
        group by stream, status
        order by stream, status
        """,
        [night.run_id],
    ).fetchall()
    rows = [dict(zip(("stream", "status", "reads", "rows"), read, strict=True)) for read in reads]
    return {
        "reads_of_this_run": sum(read["reads"] for read in rows),
        **({"this_run": dg.MetadataValue.md(markdown_table(rows))} if rows else {}),
    }


def _counted(
    check: str, found: Mapping[str, Sequence[Mapping[str, object]]], *, severity: dg.AssetCheckSeverity
) -> dg.AssetCheckResult:
    """The result of a check over all raw tables, from the rows of each that fail it."""
    rows = [{"table": f"raw.{name}", **row} for name, failing in found.items() for row in failing]
    shown = {SAMPLE: dg.MetadataValue.md(markdown_table(rows[:SAMPLE_ROWS]))} if rows else {}
    return dg.AssetCheckResult(
        asset_key=LEDGER_KEY,
        check_name=check,
        passed=not rows,
        severity=severity,
        description=failing_rows(len(rows), rows) if rows else None,
        metadata={FAILING: len(rows), **shown},
    )


@dg.multi_asset(
    name="client_files",
    specs=[
        dg.AssetSpec(
            config_key(name),
            group_name=GROUP,
            deps=[ops_key(kept) for kept in OPS_TABLES],
            kinds={"yaml", "duckdb"},
            owners=OWNERS,
            description=f"{table.meaning} Rewritten each run from the client files, for SQL to join with.",
            metadata=_metadata(table),
        )
        for name, table in CONFIG_TABLES.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            FILES_CHECK,
            asset=config_key("clients"),
            description="Every client file could be read; names each error. A client whose file is broken keeps its"
            " figures of the last good night.",
        )
    ],
)
def client_files(night: dg.ResourceParam[Night]) -> Events:
    """Write the ``config`` schema, with the zones that the sources told."""
    night.held.begin()
    blames: dict[str, Blame] = {}
    try:
        write_config(night.con, night.clients.clients, now=night.clock.now(), known=night.clients.known)
    except ClientFaults as error:
        blames = {client: Blame(text=fault.reason, part=fault.part) for client, fault in error.faults.items()}
    night.hold(CONFIG, blames)
    for name in CONFIG_TABLES:
        yield dg.MaterializeResult(
            asset_key=config_key(name), metadata={"dagster/row_count": row_count(night.con, "config", name)}
        )
    # of all files, also of clients that were not asked for: the check says so of every one
    files = night.every_client()
    broken = files.broken
    lines = [line for file in broken for line in file.errors]
    errors = {"errors": bullets(lines, most=MOST_OF_A_MESSAGE)} if broken else {}
    yield dg.AssetCheckResult(
        asset_key=config_key("clients"),
        check_name=FILES_CHECK,
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"clients": len(files.clients), "broken_files": len(broken), **errors},
    )
