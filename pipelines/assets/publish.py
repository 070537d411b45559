"""What leaves the house: the published database, the CSVs and the reports."""

from __future__ import annotations

from contextlib import closing

import dagster as dg

from pipelines.exports.all import export_all
from pipelines.keys import OWNERS
from pipelines.markdown import markdown_table
from pipelines.preview import bullets
from pipelines.resources import Night
from pipelines.warehouse.checks.refusals import forget_refusals
from pipelines.warehouse.db import open_published
from pipelines.warehouse.ingest.progress import Progress
from pipelines.warehouse.publish.publish import publish

GROUP = "publish"
DATABASE = dg.AssetKey(["publish", "database"])
EXPORTS = dg.AssetKey(["publish", "exports"])


MOST_FILES = 100


def _tables(night: Night) -> dg.MetadataValue:
    with closing(open_published(night.home)) as con:
        rows = con.execute(
            """
            select schema_name as schema, table_name as "table", estimated_size as rows, comment as meaning
            from duckdb_tables()
            order by all
            """
        )
        names = [column[0] for column in rows.description or []]
        return dg.MetadataValue.md(markdown_table([dict(zip(names, row, strict=True)) for row in rows.fetchall()]))


def publish_assets(results: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The published files, downstream of every mart and result table."""

    @dg.asset(
        key=DATABASE,
        group_name=GROUP,
        deps=results,
        kinds={"duckdb"},
        owners=OWNERS,
        description="published/okr.duckdb: schemas marts and ops, swapped in whole; what analysts query.",
    )
    def database(night: dg.ResourceParam[Night], progress: dg.ResourceParam[Progress]) -> dg.MaterializeResult[None]:
        progress.done("publish", "database", 0)
        path = publish(night.con, night.home, run_id=night.run_id)
        forget_refusals(night.home)
        progress.done("publish", "database")
        return dg.MaterializeResult(
            metadata={"path": dg.MetadataValue.path(path), "bytes": path.stat().st_size, "tables": _tables(night)}
        )

    @dg.asset(
        key=EXPORTS,
        group_name=GROUP,
        deps=[DATABASE],
        kinds={"csv", "html"},
        owners=OWNERS,
        description="exports/: CSVs and a report a client, and the same over all clients.",
    )
    def exports(night: dg.ResourceParam[Night], progress: dg.ResourceParam[Progress]) -> dg.MaterializeResult[None]:
        progress.done("publish", "CSVs and reports", 0)
        with closing(open_published(night.home)) as con:
            written = export_all(con, night.home.exports, clients=night.clients.clients)
        progress.done("publish", "CSVs and reports")
        return dg.MaterializeResult(
            metadata={
                "files": len(written),
                "folder": dg.MetadataValue.path(night.home.exports),
                "written": bullets(sorted(str(path.relative_to(night.home.exports)) for path in written)[:MOST_FILES]),
            }
        )

    return [database, exports]
