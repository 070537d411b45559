"""Raw tables as assets: first what can't be asked again, then everything else.

What belongs here: which raw tables a step fills and what Dagster is told about it. What does not: fetching, planning
and writing (``ingest/run.py``).
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from connectors.core.protocol import Delivery
from connectors.core.raw_tables import RAW_TABLES, RawTable
from connectors.registry import SOURCE_TYPES
from okr_models.client.model import Client
from okr_models.periods import Window
from pipelines.keys import CLIENTS, LAUNCHED_BY, OWNERS, SOURCES_FAILED, raw_key
from pipelines.markdown import markdown_table
from pipelines.partitions import nights, rerun_of
from pipelines.preview import row_count
from pipelines.resources import Night
from pipelines.warehouse.db import first_row
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.result import IngestResult, StreamLoads
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.ingest.stages import StageListener
from pipelines.warehouse.schema import raw_table

GROUP = "ingest"
CHECK = "sources_read"
MOST_OF_A_MESSAGE = 500
MOST_SOURCES = 60
SNAPSHOT_TABLES = frozenset(
    stream.table.name for kind in SOURCE_TYPES.values() for stream in kind.streams if stream.delivery == "snapshot"
)
OTHER_TABLES = frozenset(
    stream.table.name for kind in SOURCE_TYPES.values() for stream in kind.streams if stream.delivery != "snapshot"
)


def _spec(table: RawTable) -> dg.AssetSpec:
    sources = sorted(
        kind.type for kind in SOURCE_TYPES.values() if any(stream.table is table for stream in kind.streams)
    )
    columns = [dg.TableColumn(column.name, column.type, column.meaning) for column in raw_table(table).columns]
    return dg.AssetSpec(
        raw_key(table.name),
        group_name=GROUP,
        description=(
            f"{table.meaning}\n\nKey: client, source, {', '.join(table.key)}. Filled by: {', '.join(sources)}.\n\n"
            "A partition is a night, not a day of data: which days were read is in `ops.loads`."
        ),
        kinds={"duckdb", "python"},
        owners=OWNERS,
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns), "dagster/table_name": f"raw.{table.name}"},
    )


def _check(table: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        CHECK, asset=raw_key(table), description="Every source of every client was read; names those that were not."
    )


def _failures(streams: list[StreamLoads]) -> str:
    return markdown_table(
        [
            {"source": f"{s.client}/{s.source}", "class": s.error_class, "what happened": s.message}
            for s in streams
            if s.status == "failed"
        ],
        most=MOST_OF_A_MESSAGE,
    )


def _named(failed: list[StreamLoads], *, of: int) -> str:
    names = ", ".join(sorted({f"{stream.client}/{stream.source}" for stream in failed}))
    return f"{len(failed)} of {of} could not be read: {names}"


def _told(streams: list[StreamLoads]) -> dict[str, dg.MetadataValue]:
    """What each source gave tonight, those that failed first."""
    rows = [
        {"source": f"{s.client}/{s.source}", "status": s.status, "rows": s.rows} | _days(s.window)
        for s in sorted(streams, key=lambda s: (s.status != "failed", s.client, s.source))
    ]
    return {"sources": dg.MetadataValue.md(markdown_table(rows[:MOST_SOURCES]))} if rows else {}


def _days(window: Window | None) -> dict[str, object]:
    return {"from": window.start if window else "nothing was due", "to": window.end if window else ""}


def _results(
    context: dg.AssetExecutionContext, night: Night, result: IngestResult
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    by_table: dict[str, list[StreamLoads]] = {}
    for stream in result.streams:
        by_table.setdefault(stream.stream, []).append(stream)
    others = _last_read(night, night.not_chosen())
    for key in sorted(context.selected_asset_keys):
        table = key.path[-1]
        streams = by_table.get(table, [])
        failed = [stream for stream in streams if stream.status == "failed"]
        windows = [stream.window for stream in streams if stream.window is not None]
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                "dagster/row_count": row_count(night.con, "raw", table),
                "rows_read": sum(stream.rows for stream in streams),
                "windows": f"{min(w.start for w in windows)} to {max(w.end for w in windows)}" if windows else "none",
                "sources_read": len(streams) - len(failed),
                "sources_failed": len(failed),
                **_told(streams),
            },
        )
        if dg.AssetCheckKey(key, CHECK) in context.selected_asset_check_keys:
            yield _checked(key, [*streams, *others.get(table, [])])
    if alone := {check.asset_key for check in context.selected_asset_check_keys} - context.selected_asset_keys:
        read = _last_read(night, night.every_client().clients)
        for key in sorted(alone):
            yield _checked(key, read.get(key.path[-1], []))


def _checked(key: dg.AssetKey, streams: list[StreamLoads]) -> dg.AssetCheckResult:
    failed = [stream for stream in streams if stream.status == "failed"]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description=_named(failed, of=len(streams)) if failed else None,
        metadata={
            "sources_read": len(streams) - len(failed),
            "sources_failed": len(failed),
            **({"failures": dg.MetadataValue.md(_failures(streams))} if failed else {}),
        },
    )


def _last_read(night: Night, clients: Sequence[Client]) -> dict[str, list[StreamLoads]]:
    """What the last run that read it came to, of each source that these clients have, by table.

    For a check that is executed alone, and for clients that a run did not ask for: what is said of them stands.
    """
    if not clients:
        return {}
    sources = {(client.client, source.id) for client in clients for source in client.sources}
    found: dict[str, list[StreamLoads]] = {}
    for (client, source, stream), loads in ledger.by_stream(ledger.read(night.con)).items():
        if (client, source) in sources:
            last = tuple(load for load in loads if load.run_id == loads[-1].run_id)
            read = StreamLoads(client=client, source=source, stream=stream, loads=last)
            found.setdefault(stream, []).append(read)
    return found


def _read(
    context: dg.AssetExecutionContext, night: Night, stages: StageListener, deliveries: frozenset[Delivery]
) -> IngestResult:
    return ingest(
        con=night.con,
        clients=night.clients.clients,
        home=night.home,
        environ=night.environ,
        clock=night.clock,
        run_id=night.run_id,
        deliveries=deliveries,
        tables=frozenset(key.path[-1] for key in context.selected_asset_keys),
        reread=rerun_of(context, now=night.clock.now()),
        stages=stages,
        refuse_open_secrets=not night.lax_secrets,
    )


@dg.multi_asset(
    name="snapshots",
    specs=[_spec(RAW_TABLES[name]) for name in sorted(SNAPSHOT_TABLES)],
    check_specs=[_check(name) for name in sorted(SNAPSHOT_TABLES)],
    partitions_def=nights,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
    op_tags={"dagster/priority": "10"},
    description="What can't be asked again, first and light, so that no failure elsewhere loses a day.",
)
def snapshots(
    context: dg.AssetExecutionContext, night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read the counters of today."""
    yield from _results(context, night, _read(context, night, stages, frozenset({"snapshot"})))


@dg.multi_asset(
    name="ingest",
    specs=[_spec(RAW_TABLES[name]) for name in sorted(OTHER_TABLES)],
    check_specs=[_check(name) for name in sorted(OTHER_TABLES)],
    partitions_def=nights,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
    description="Every window and listing that the ledger says is due, across clients and sources.",
)
def ingest_sources(
    context: dg.AssetExecutionContext, night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read what is missing or may have been restated."""
    yield from _results(context, night, _read(context, night, stages, frozenset({"window", "listing"})))
    _tag(context, night)


def _tag(context: dg.AssetExecutionContext, night: Night) -> None:
    """Say on the run itself whose it is and what it could not read: a night with failed sources is not plain green."""
    failed = first_row(
        night.con,
        "select count(distinct (client, source)) from ops.loads where run_id = ? and status = 'failed'",
        [night.run_id],
    )
    tags = {
        CLIENTS: ",".join(client.client for client in night.clients.clients),
        SOURCES_FAILED: str(failed[0] if failed else 0),
    }
    if context.run.tags.get(LAUNCHED_BY) is None:
        tags[LAUNCHED_BY] = "schedule" if "dagster/schedule_name" in context.run.tags else "dagster"
    context.instance.add_run_tags(context.run_id, tags)
