"""What Dagster is told of checks: one for each severity of a table's declared tests, which stand in it as a table; and
whether tokens and API versions last.

What belongs here: wiring. What does not: which tests there are (``schema.yml``), how they run (``warehouse``), and
checks that an asset's own step answers (``assets/``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import dagster as dg

from pipelines.keys import config_key
from pipelines.markdown import markdown_table
from pipelines.notices.text import FAILING, FAILING_TESTS, SAMPLE
from pipelines.resources import Night
from pipelines.warehouse.checks.declared import Check, Checked, Severity, checks_of
from pipelines.warehouse.checks.refusals import TableRefused, first_row, reason
from pipelines.warehouse.checks.run import CheckOutcome
from pipelines.warehouse.ingest.access import TOKEN_WARNING_DAYS, VERSION_WARNING_DAYS, check_access
from pipelines.warehouse.refused import record_refusal

ACCESS_KEY = config_key("sources")
CHECK_NAMES: Mapping[Severity, str] = {"error": "tests", "warn": "warnings"}
"""The check that stands for all tests of a table of one severity."""
SEVERITIES = {"error": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}
_FOLLOWS = {
    "error": "A row that fails one of them refuses the table, and nothing of the night is published.",
    "warn": "What fails one of them is published, and somebody should look.",
}
MOST_OF_A_SENTENCE = 300


def check_specs(model: Checked, *, asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """One a severity; that of the errors blocks what comes after. Which tests it stands for is a table beside it."""
    return [
        dg.AssetCheckSpec(
            CHECK_NAMES[severity],
            asset=asset,
            description=f"{_count(len(checks), 'declared test')}. {_FOLLOWS[severity]}",
            blocking=severity == "error",
            metadata={"declared": _declared(checks)},
        )
        for severity, checks in _by_severity(checks_of(model)).items()
    ]


def _declared(checks: Sequence[Check]) -> dg.MetadataValue:
    rows = [{"test": check.name, "asks": check.description} for check in checks]
    return dg.MetadataValue.md(markdown_table(rows, most=MOST_OF_A_SENTENCE))


def check_results(outcomes: Iterable[CheckOutcome], *, asset: dg.AssetKey) -> Iterator[dg.AssetCheckResult]:
    """The results of a table's checks, in the order of ``check_specs``. A test that could not be run is no pass."""
    for severity, found in _by_severity(outcomes).items():
        failed = [outcome for outcome in found if not outcome.passed]
        blocks = any(outcome.blocks for outcome in failed)
        yield dg.AssetCheckResult(
            asset_key=asset,
            check_name=CHECK_NAMES[severity],
            passed=not failed,
            severity=SEVERITIES["error" if blocks or (severity == "error" and not failed) else "warn"],
            description="; ".join(map(reason, failed)) or None,
            metadata={"tests": len(found), **(_failures(failed) if failed else {})},
        )


def _failures(failed: Sequence[CheckOutcome]) -> dict[str, Any]:
    """Which tests failed, ten rows of each, and what Great Expectations says of them."""
    rows = [
        {
            "test": outcome.name,
            "failing rows": outcome.unexpected if outcome.raised is None else "could not be run",
            "first": outcome.raised or first_row(outcome.sample).removeprefix(", first "),
        }
        for outcome in failed
    ]
    explained = {outcome.name: outcome.explanation for outcome in failed if outcome.explanation}
    return {
        FAILING: sum(outcome.unexpected for outcome in failed),
        FAILING_TESTS: dg.MetadataValue.md(markdown_table(rows, most=MOST_OF_A_SENTENCE)),
        **{
            f"{SAMPLE}_{outcome.name}": dg.MetadataValue.md(markdown_table(outcome.sample))
            for outcome in failed
            if outcome.sample
        },
        **({"great_expectations": dg.MetadataValue.json(explained)} if explained else {}),
    }


def _by_severity(items: Iterable[Any]) -> dict[Severity, list[Any]]:
    """Checks or outcomes by severity, errors first; without severities that none has."""
    found = list(items)
    by = {severity: [item for item in found if item.severity == severity] for severity in CHECK_NAMES}
    return {severity: some for severity, some in by.items() if some}


def failing_rows(count: int, rows: Sequence[Mapping[str, object]]) -> str:
    """So many rows fail, and the first of them."""
    return f"{count} {'row fails' if count == 1 else 'rows fail'}{first_row(rows)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def record(night: Night, *, table: str, reasons: Sequence[str]) -> TableRefused:
    """Record why nothing of this night is published; the error to end the step with."""
    record_refusal(night.home, table=table, reasons=reasons, run_id=night.run_id, at=night.clock.now())
    return TableRefused(table=table, reasons=reasons)


def refuse(night: Night, *, table: str, reasons: Sequence[str]) -> NoReturn:
    """Record why nothing of this night is published, and end the step with it."""
    raise record(night, table=table, reasons=reasons)


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
