"""Each SQL model as an asset, with deps from its refs and its columns from ``schema.yml``."""

from __future__ import annotations

import dagster as dg

from pipelines.assets.ingest import CONFIG_KEY, OWNERS, raw_key
from pipelines.resources import Night
from pipelines.warehouse.sql_project import Model, Project, load_project
from pipelines.warehouse.sql_runner import run_model

PREVIEW_ROWS = 10


def model_key(model: Model) -> dg.AssetKey:
    """Asset key of a SQL model: its layer and name."""
    return dg.AssetKey([model.layer, model.name])


def _deps(model: Model, project: Project) -> list[dg.AssetKey]:
    keys = {model_key(project.model(name)) for name in model.refs}
    for schema, table in model.sources:
        keys.add(raw_key(table) if schema == "raw" else CONFIG_KEY)
    return sorted(keys)


def _asset(model: Model, project: Project) -> dg.AssetsDefinition:
    columns = [dg.TableColumn(column.name, column.data_type, column.description) for column in model.columns]

    @dg.asset(
        key=model_key(model),
        group_name=model.layer,
        deps=_deps(model, project),
        description=f"{model.description}\n\n```sql\n{model.raw_sql}\n```",
        kinds={"sql", "duckdb"},
        owners=OWNERS,
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "dagster/table_name": f"{model.layer}.{model.name}",
        },
    )
    def build(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
        result = run_model(night.con, model)
        return dg.MaterializeResult(metadata={"dagster/row_count": result.rows, "seconds": result.seconds})

    return build


def model_assets() -> list[dg.AssetsDefinition]:
    """One asset a model of the SQL project."""
    project = load_project()
    return [_asset(model, project) for model in project.models]
