"""What Dagster is told of checks: a spec for each declared test of a table, a result with the rows that fail it,
whether each raw table holds what the ledger says was written, and whether tokens and API versions last.

What belongs here: wiring. What does not: which tests there are (``schema.yml``) and how they run (``warehouse``).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

import dagster as dg

from connectors.core.raw_tables import RAW_TABLES
from pipelines.assets.config import config_key
from pipelines.assets.ingest import raw_key
from pipelines.markdown import markdown_table
from pipelines.notices.text import FAILING
from pipelines.resources import Night
from pipelines.warehouse.checks.declared import Checked, checks_of
from pipelines.warehouse.checks.refusals import TableRefused, first_row, record_refusal
from pipelines.warehouse.checks.run import SAMPLE_ROWS, CheckOutcome
from pipelines.warehouse.ingest.access import TOKEN_WARNING_DAYS, VERSION_WARNING_DAYS, check_access
from pipelines.warehouse.ingest.ledger_check import collapsed_windows, has_windows, rows_against_ledger

LEDGER_CHECK = "rows_match_ledger"
COLLAPSE_CHECK = "no_window_collapsed"
ACCESS_KEY = config_key("sources")
WINDOWED = tuple(sorted(name for name, table in RAW_TABLES.items() if has_windows(table)))
SAMPLE = "sample"
SEVERITIES = {"error": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def check_specs(model: Checked, *, asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """One a declared test; those of severity error block what comes after."""
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=asset,
            description=check.description,
            blocking=check.severity == "error",
            metadata={"severity": check.severity, "test": check.test.name},
        )
        for check in checks_of(model)
    ]


def check_result(outcome: CheckOutcome, *, asset: dg.AssetKey) -> dg.AssetCheckResult:
    """The result of a check that could be run."""
    metadata: dict[str, dg.MetadataValue] = {FAILING: dg.MetadataValue.int(outcome.unexpected)}
    if outcome.sample:
        metadata[SAMPLE] = dg.MetadataValue.md(markdown_table(outcome.sample))
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=outcome.name,
        passed=outcome.passed,
        severity=SEVERITIES[outcome.severity],
        description=None if outcome.passed else _fail(outcome.unexpected, outcome.sample),
        metadata=metadata,
    )


def _fail(count: int, rows: Sequence[Mapping[str, object]]) -> str:
    return f"{count} {'row fails' if count == 1 else 'rows fail'}{first_row(rows)}"


def refuse(night: Night, *, table: str, reasons: Sequence[str]) -> NoReturn:
    """Record why nothing of this night is published, and end the step with it."""
    record_refusal(night.home, table=table, reasons=reasons, run_id=night.run_id, at=night.clock.now())
    raise TableRefused(table=table, reasons=reasons)


@dg.multi_asset_check(
    name="ledger",
    specs=[
        dg.AssetCheckSpec(
            LEDGER_CHECK,
            asset=raw_key(name),
            blocking=True,
            description="Each window holds as many rows as the ledger says were written.",
        )
        for name in WINDOWED
    ]
    + [
        dg.AssetCheckSpec(
            COLLAPSE_CHECK,
            asset=raw_key(name),
            description="No window of this night came back with less than half of the rows it replaced.",
        )
        for name in WINDOWED
    ],
    can_subset=True,
)
def ledger_checks(
    context: dg.AssetCheckExecutionContext, night: dg.ResourceParam[Night]
) -> Iterator[dg.AssetCheckResult]:
    """Count the rows of what was written last, table by table."""
    selected = {(key.asset_key.path[-1], key.name) for key in context.selected_asset_check_keys}
    for name in WINDOWED:
        if (name, COLLAPSE_CHECK) in selected:
            collapsed = collapsed_windows(night.con, RAW_TABLES[name], run_id=night.run_id)
            yield _counted(name, COLLAPSE_CHECK, collapsed, severity=dg.AssetCheckSeverity.WARN)
    wrong = {
        name: rows_against_ledger(night.con, RAW_TABLES[name]) for name in WINDOWED if (name, LEDGER_CHECK) in selected
    }
    for name, rows in wrong.items():
        yield _counted(name, LEDGER_CHECK, rows, severity=dg.AssetCheckSeverity.ERROR)
    for name, rows in wrong.items():
        if rows:
            first = ", ".join(f"{column} {value}" for column, value in rows[0].items())
            counted = (
                f"check {LEDGER_CHECK} failed ({len(rows)} window(s), first {first}); okr run --from reads them again"
            )
            refuse(night, table=f"raw.{name}", reasons=[counted])


def _counted(
    table: str, check: str, rows: Sequence[Mapping[str, object]], *, severity: dg.AssetCheckSeverity
) -> dg.AssetCheckResult:
    shown = {SAMPLE: dg.MetadataValue.md(markdown_table(rows[:SAMPLE_ROWS]))} if rows else {}
    return dg.AssetCheckResult(
        asset_key=raw_key(table),
        check_name=check,
        passed=not rows,
        severity=severity,
        description=_fail(len(rows), rows) if rows else None,
        metadata={FAILING: len(rows), **shown},
    )


@dg.asset_check(
    name="access_lasts",
    asset=ACCESS_KEY,
    description=(
        f"No token ends within {TOKEN_WARNING_DAYS} days and no API version within {VERSION_WARNING_DAYS}; a token that"
        " is renewed by itself counts until somebody has to sign in again."
    ),
)
def access_lasts(night: dg.ResourceParam[Night]) -> dg.AssetCheckResult:
    """Ask each source that was given a token, at most one cheap call each. What can't be read is ``sources_read``'s."""
    report = check_access(night.clients.clients, home=night.home, environ=night.environ, now=night.clock.now())
    metadata: dict[str, dg.MetadataValue] = {"endings": dg.MetadataValue.int(len(report.endings))}
    if report.endings:
        rows = [
            {"client": end.client, "source": end.source, "what": end.what, "ends": end.ends_on, "cure": end.cure}
            for end in report.endings
        ]
        metadata["ends_soon"] = dg.MetadataValue.md(markdown_table(rows))
    if report.unknown:
        rows = [{"client": client, "source": source, "why": why} for client, source, why in report.unknown]
        metadata["not_known"] = dg.MetadataValue.md(markdown_table(rows))
    return dg.AssetCheckResult(passed=not report.endings, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)
