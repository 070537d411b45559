"""What the client files say and what the ledger holds, as assets: the other tables that SQL models begin from.

What belongs here: the assets of the schemas ``config`` and ``ops``, and what their pages show. What does not: filling
them (``ingest/config_tables.py``; the ledger is written with each window by the ingest writer).
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.assets.ingest import GROUP, MOST_OF_A_MESSAGE, OTHER_TABLES, OWNERS, SNAPSHOT_TABLES, raw_key
from pipelines.markdown import markdown_table
from pipelines.preview import bullets, row_count
from pipelines.resources import Night
from pipelines.warehouse.ingest.config_tables import write_config
from pipelines.warehouse.schema import CONFIG_TABLES, LOADS
from pipelines.warehouse.tables import Table

LEDGER_KEY = dg.AssetKey(["ops", "loads"])
FILES_CHECK = "client_files_valid"
RAW_KEYS = [raw_key(name) for name in sorted(SNAPSHOT_TABLES | OTHER_TABLES)]


def config_key(table: str) -> dg.AssetKey:
    """Asset key of a table of the schema ``config``."""
    return dg.AssetKey(["config", table])


def source_key(schema: str, table: str) -> dg.AssetKey:
    """Asset key of a table that SQL models read and do not make: of ``raw``, ``config`` or ``ops``."""
    return dg.AssetKey([schema, table])


def _metadata(table: Table) -> dict[str, object]:
    columns = [dg.TableColumn(column.name, column.type, column.meaning) for column in table.columns]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/table_name": f"{table.schema}.{table.name}",
    }


@dg.asset(
    key=LEDGER_KEY,
    group_name=GROUP,
    deps=RAW_KEYS,
    kinds={"duckdb", "python"},
    owners=OWNERS,
    description=f"{LOADS.meaning} Each row is written in the transaction that writes what was read.",
    metadata=_metadata(LOADS),
)
def ledger_table(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
    """What the ledger says of this night."""
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
    told = [dict(zip(("stream", "status", "reads", "rows"), read, strict=True)) for read in reads]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": row_count(night.con, "ops", "loads"),
            "reads_of_this_run": sum(read["reads"] for read in told),
            **({"this_run": dg.MetadataValue.md(markdown_table(told))} if told else {}),
        }
    )


@dg.multi_asset(
    name="client_files",
    specs=[
        dg.AssetSpec(
            config_key(name),
            group_name=GROUP,
            deps=[LEDGER_KEY],
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
def client_files(night: dg.ResourceParam[Night]) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Write the ``config`` schema, with the zones that the sources told."""
    write_config(night.con, night.clients.clients, now=night.clock.now(), known=night.clients.known)
    for name in CONFIG_TABLES:
        yield dg.MaterializeResult(
            asset_key=config_key(name), metadata={"dagster/row_count": row_count(night.con, "config", name)}
        )
    broken = night.clients.broken
    lines = [line for file in broken for line in file.errors]
    errors = {"errors": bullets(lines, most=MOST_OF_A_MESSAGE)} if broken else {}
    yield dg.AssetCheckResult(
        asset_key=config_key("clients"),
        check_name=FILES_CHECK,
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"clients": len(night.clients.clients), "broken_files": len(broken), **errors},
    )
