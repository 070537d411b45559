"""Each SQL model as an asset, with deps from its refs and its columns from ``schema.yml``.

Each is checked before it counts: a mart is built beside the old one and put in its place, any other is built in a
transaction that is undone where a blocking check failed. A refused one is recorded for ``okr status``, is not
materialised, and stops everything after it. What does not belong here: the checks' wiring (``pipelines/checks.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg

from pipelines.assets.config import source_key
from pipelines.assets.ingest import OWNERS
from pipelines.checks import check_result, check_specs, refuse
from pipelines.markdown import markdown_table
from pipelines.preview import months_plot, preview
from pipelines.resources import Night
from pipelines.warehouse.checks.declared import checks_of
from pipelines.warehouse.checks.refusals import Audit, audit_in_place, audit_model
from pipelines.warehouse.ingest.progress import Progress
from pipelines.warehouse.models.lineage import ColumnOf, kept_column_lineage
from pipelines.warehouse.models.project import Model, Project, load_project
from pipelines.warehouse.models.runner import ModelResult, run_model

Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]
Origins = Mapping[str, tuple[ColumnOf, ...]]
"""Of each column those of other tables that it is made of."""
MOST_OF_ORIGINS = 1_000


def model_key(model: Model) -> dg.AssetKey:
    """Asset key of a SQL model: its layer and name."""
    return dg.AssetKey([model.layer, model.name])


def _deps(model: Model, project: Project) -> list[dg.AssetKey]:
    read = {*model.refs, *(name for check in checks_of(model) for name in check.refs)}
    keys = {model_key(project.model(name)) for name in read}
    return sorted(keys | {source_key(schema, table) for schema, table in model.sources})


def _asset(model: Model, project: Project) -> dg.AssetsDefinition:
    columns = [dg.TableColumn(column.name, column.data_type, column.description) for column in model.columns]

    @dg.asset(
        key=model_key(model),
        group_name=model.layer,
        deps=_deps(model, project),
        description=model.description,
        code_version=model.fingerprint[:12],
        kinds={"sql", "duckdb"},
        owners=OWNERS,
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "dagster/table_name": f"{model.layer}.{model.name}",
            # not as a code reference: that is beta in Dagster and says so on stderr, once a model, in every okr run
            "file": dg.MetadataValue.path(str(model.path)),
            "sql": dg.MetadataValue.md(f"```sql\n{model.raw_sql}\n```"),
        },
        check_specs=check_specs(model, asset=model_key(model)),
    )
    def build(night: dg.ResourceParam[Night], progress: dg.ResourceParam[Progress]) -> Events:
        progress.done("models", model.name, 0)
        if model.layer == "marts":
            audit = audit_model(night.con, model, project=project)
        else:
            audit = audit_in_place(
                night.con, model, lambda: run_model(night.con, model, full_refresh=night.full_refresh), project=project
            )
        yield from _told(night, audit, model, project)
        progress.done("models", model.name)

    return build


def _told(night: Night, audit: Audit, model: Model, project: Project) -> Events:
    if audit.result is not None:
        yield _built(night, audit.result, model, project)
    for outcome in audit.outcomes:
        if outcome.raised is None:  # else it neither passed nor failed, and the step says that it raised
            yield check_result(outcome, asset=model_key(model))
    if audit.result is None:
        refuse(night, table=f"{model.schema}.{model.name}", reasons=audit.reasons)


def _built(night: Night, result: ModelResult, model: Model, project: Project) -> dg.MaterializeResult[None]:
    origins = kept_column_lineage(night.con, project, model)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": result.rows,
            "rows_derived": result.derived,
            "dagster/column_lineage": _lineage(origins, project),
            "columns_from": _columns_from(origins),
            "seconds": round(result.seconds, 3),
            **preview(night.con, model.schema, model.name),
            **(months_plot(night.con) if model.name == "kpi_monthly" else {}),
        }
    )


def _lineage(origins: Origins, project: Project) -> dg.TableColumnLineage:
    models = {(each.schema, each.name): model_key(each) for each in project.models}

    def key(of: ColumnOf) -> dg.AssetKey:
        return models.get((of.schema, of.table)) or source_key(of.schema, of.table)

    return dg.TableColumnLineage(
        deps_by_column={
            column: [dg.TableColumnDep(asset_key=key(of), column_name=of.column) for of in found]
            for column, found in origins.items()
        }
    )


def _columns_from(origins: Origins) -> dg.MetadataValue:
    """The same as text: Dagster's open-source pages keep what they are told of column lineage to themselves."""
    rows = [
        {
            "column": column,
            "made of": ", ".join(f"{of.table}.{of.column}" for of in found) or "no column: a constant or a count",
        }
        for column, found in origins.items()
    ]
    return dg.MetadataValue.md(markdown_table(rows, most=MOST_OF_ORIGINS))


def model_assets() -> list[dg.AssetsDefinition]:
    """One asset a model of the SQL project."""
    project = load_project()
    return [_asset(model, project) for model in project.models]
