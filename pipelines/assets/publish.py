"""What leaves the house: the published database, the CSVs and the reports."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from okr_models.client.model import Client
from okr_models.words.numbers import Language
from pipelines.exports.all import export_all
from pipelines.exports.reader import UnknownLanguage, agency_language
from pipelines.keys import OWNERS
from pipelines.markdown import markdown_table
from pipelines.preview import bullets
from pipelines.resources import Night
from pipelines.warehouse.checks.bulkheads import Blame
from pipelines.warehouse.db import open_published
from pipelines.warehouse.faults import reason_of
from pipelines.warehouse.held_back import EXPORTS as HELD_AT_EXPORTS
from pipelines.warehouse.held_back import Held, held_back
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.stages import StageListener
from pipelines.warehouse.publish.publish import publish
from pipelines.warehouse.refused import forget_refusals

if TYPE_CHECKING:
    from pipelines.sending.send import Done

GROUP = "publish"
DATABASE = dg.AssetKey(["publish", "database"])
EXPORTS = dg.AssetKey(["publish", "exports"])
SENT = dg.AssetKey(["publish", "sent"])
SENT_CHECK = "everything_sent"


MOST_FILES = 100
HELD_CHECK = "no_client_held_back"
EXPORTS_CHECK = "every_client_exported"


def _named(check: str, held: Sequence[Held]) -> dg.AssetCheckResult:
    """A warning that names each client and why."""
    lines = [each.line for each in held]
    return dg.AssetCheckResult(
        check_name=check,
        passed=not held,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(lines) or None,
        metadata={"clients": len(held), **({"held_back": bullets(lines)} if lines else {})},
    )


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
        check_specs=[
            dg.AssetCheckSpec(
                HELD_CHECK, asset=DATABASE, description="Each client's figures are tonight's; names those held back."
            )
        ],
        kinds={"duckdb"},
        owners=OWNERS,
        description="published/okr.duckdb: schemas marts and ops, swapped in whole; what analysts query.",
    )
    def database(
        night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        stages.done("publish", "database", 0)
        path = publish(night.con, night.home, run_id=night.run_id, held=night.held.clients())
        forget_refusals(night.home)
        night.held.settle()
        stages.done("publish", "database")
        yield dg.MaterializeResult(
            metadata={"path": dg.MetadataValue.path(path), "bytes": path.stat().st_size, "tables": _tables(night)}
        )
        yield _named(HELD_CHECK, [each for each in held_back(night.home) if each.stage != HELD_AT_EXPORTS])

    @dg.asset(
        key=EXPORTS,
        group_name=GROUP,
        deps=[DATABASE],
        check_specs=[
            dg.AssetCheckSpec(
                EXPORTS_CHECK, asset=EXPORTS, description="Each client's files could be written; names the others."
            )
        ],
        kinds={"csv", "html"},
        owners=OWNERS,
        description="exports/: CSVs and a report a client, and the same over all clients.",
    )
    def exports(
        night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        stages.done("publish", "CSVs and reports", 0)
        failed: dict[str, Blame] = {}
        with closing(open_published(night.home)) as con:
            written = export_all(
                con,
                night.home.exports,
                clients=night.clients.clients,
                held={each.client: each.reason for each in held_back(night.home) if each.stage != HELD_AT_EXPORTS},
                language=agency_page_language(),
                root=night.home.root,
                on_fault=lambda client, error: failed.update({client: Blame(text=reason_of(error), part={})}),
            )
        night.hold(HELD_AT_EXPORTS, failed)
        stages.done("publish", "CSVs and reports")
        yield dg.MaterializeResult(
            metadata={
                "files": len(written),
                "folder": dg.MetadataValue.path(night.home.exports),
                "written": bullets(sorted(str(path.relative_to(night.home.exports)) for path in written)[:MOST_FILES]),
            }
        )
        yield _named(EXPORTS_CHECK, [each for each in held_back(night.home) if each.stage == HELD_AT_EXPORTS])

    @dg.asset(
        key=SENT,
        group_name=GROUP,
        deps=[EXPORTS],
        check_specs=[
            dg.AssetCheckSpec(SENT_CHECK, asset=SENT, description="Every report that was due went out; names the rest.")
        ],
        kinds={"email"},
        owners=OWNERS,
        description="What the client files ask to be sent and is due: each message once, by the record in state/.",
    )
    def sent(
        night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        stages.done("publish", "reports sent", 0)
        kept = night.held.clients()
        # of a client that is held back there is nothing new to send
        clients = [client for client in night.clients.clients if client.client not in kept]
        done, trouble = sent_now(
            night.home,
            clients if night.sends else (),
            environ=night.environ,
            now=night.clock.now(),
            lax_secrets=night.lax_secrets,
        )
        stages.done("publish", "reports sent")
        yield dg.MaterializeResult(
            metadata={"messages": len(done), **({"sent": bullets([each.line for each in done])} if done else {})}
        )
        yield dg.AssetCheckResult(
            check_name=SENT_CHECK,
            passed=not trouble,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(trouble) or None,
            metadata={"messages": len(trouble), **({"not_sent": bullets(trouble)} if trouble else {})},
        )

    return [database, exports, sent]


def sent_now(
    home: Home, clients: Sequence[Client], *, environ: Mapping[str, str], now: datetime, lax_secrets: bool
) -> tuple[tuple[Done, ...], list[str]]:
    """What became of what was due, and what could not go. The figures are published whatever happens here."""
    if not any(client.send for client in clients):
        return (), []
    # what draws takes a second to load
    from pipelines.sending.send import send_due

    try:
        with closing(open_published(home)) as con:
            done = send_due(con, home, clients, environ=environ, now=now, refuse_open_secrets=not lax_secrets)
    except Exception as error:  # noqa: BLE001 - a mail server or a full disk must not make the night fail
        return (), [f"nothing was sent: {reason_of(error)}"]
    return done, [each.line for each in done if each.is_trouble]


def agency_page_language() -> Language | None:
    """The agency page's. A slip in it costs no client its report."""
    try:
        return agency_language(os.environ)
    except UnknownLanguage as error:
        dg.get_dagster_logger().warning(str(error))
        return None
