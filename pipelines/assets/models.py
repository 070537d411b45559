"""The SQL models as assets, a step a layer, with deps from their refs and columns from ``schema.yml``.

What rests on nothing new stays as it is (``unchanged.py``). All else is checked before it counts: a mart is built
beside the old one and put in its place, any other is built in a transaction that is undone where a blocking check
failed. A refused one is recorded for ``okr status``, is not materialised, and neither is anything that reads it; the
layer's others are, and then its step fails. What does not belong here: the checks' wiring (``pipelines/checks.py``).
"""

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter

import dagster as dg

from pipelines.checks import check_results, check_specs, record
from pipelines.keys import OWNERS, model_key, source_dep, source_key
from pipelines.markdown import markdown_table
from pipelines.preview import months_plot, preview
from pipelines.resources import Night
from pipelines.warehouse.checks.declared import checks_of
from pipelines.warehouse.checks.refusals import Audit, TableRefused, audit_in_place, audit_model
from pipelines.warehouse.checks.run import check_model
from pipelines.warehouse.checks.unchanged import Unchanged
from pipelines.warehouse.db import quote
from pipelines.warehouse.ingest.stages import StageListener
from pipelines.warehouse.models.lineage import ColumnOf, Origins, kept_column_lineage
from pipelines.warehouse.models.project import LAYERS, Layer, Model, Project, load_project
from pipelines.warehouse.models.runner import ModelResult, run_model

Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]
MOST_OF_ORIGINS = 1_000
_LAYERS: Mapping[Layer, str] = {
    "staging": "What was read, cleaned: a table of each raw one.",
    "intermediate": "The logic between what was read and what is served.",
    "marts": "What analysts query; each is checked beside the one before and then takes its place.",
}


def _read_by(model: Model) -> set[str]:
    """Models that this one or one of its checks reads."""
    return {*model.refs, *(name for check in checks_of(model) for name in check.refs)}


def _spec(model: Model, project: Project) -> dg.AssetSpec:
    columns = [dg.TableColumn(column.name, column.data_type, column.description) for column in model.columns]
    deps = [dg.AssetDep(model_key(project.model(name))) for name in sorted(_read_by(model))]
    deps += [source_dep(schema, table) for schema, table in sorted(model.sources)]
    return dg.AssetSpec(
        model_key(model),
        group_name=model.layer,
        deps=deps,
        description=model.description,
        kinds={"sql", "duckdb"},
        owners=OWNERS,
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "dagster/table_name": f"{model.layer}.{model.name}",
            # not as a code reference: that is beta in Dagster and says so on stderr, once a model, in every okr run
            "file": dg.MetadataValue.path(str(model.path)),
            "sql": dg.MetadataValue.md(f"```sql\n{model.raw_sql}\n```"),
        },
    )


def _layer(layer: Layer, project: Project) -> dg.AssetsDefinition:
    models = {model.name: model for model in project.models if model.layer == layer}
    keys = {(model.schema, model.name): model_key(model) for model in project.models}

    @dg.multi_asset(
        name=layer,
        specs=[_spec(model, project) for model in models.values()],
        check_specs=[spec for model in models.values() for spec in check_specs(model, asset=model_key(model))],
        can_subset=True,
        description=_LAYERS[layer],
    )
    def build(
        context: dg.AssetExecutionContext, night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]
    ) -> Events:
        asked = {check.asset_key for check in context.selected_asset_check_keys}
        refused: list[TableRefused] = []
        held: set[str] = set()
        made = [model for model in models.values() if model_key(model) in context.selected_asset_keys]
        origins = kept_column_lineage(night.con, project, made)
        unchanged = Unchanged(night.con, project, made)
        for model in _in_order(models):
            key = model_key(model)
            if key in context.selected_asset_keys and _read_by(model).isdisjoint(held):
                stages.done("models", model.name, 0)
                audit = _audited(night, model, project, unchanged)
                night.hold(_place(model), audit.held)
                if audit.result is not None:
                    yield _built(night, audit.result, model, origins=origins[model.name], keys=keys)
                if key in asked:
                    yield from check_results(audit.outcomes, asset=key)
                if audit.result is None:
                    held.add(model.name)
                    refused.append(record(night, table=_place(model), reasons=audit.reasons))
                stages.done("models", model.name)
            elif key in context.selected_asset_keys:
                held.add(model.name)
            elif key in asked:  # from Dagster's pages, alone: the table as it stands
                table = f"{quote(model.schema)}.{quote(model.name)}"
                yield from check_results(check_model(night.con, model, project=project, table=table), asset=key)
        unchanged.keep()
        if refused:
            raise refused[0]

    return build


def _in_order(models: Mapping[str, Model]) -> list[Model]:
    """Each after all that it and its checks read."""
    order = TopologicalSorter({name: sorted(_read_by(model) & models.keys()) for name, model in models.items()})
    return [models[name] for name in order.static_order()]


def _audited(night: Night, model: Model, project: Project, unchanged: Unchanged) -> Audit:
    kept = night.held.clients(but=_place(model)) if model.layer == "marts" else ()
    stands = None if night.full_refresh or kept else unchanged.audit(model)
    if stands is not None:
        return stands
    if model.layer == "marts":
        audit = audit_model(night.con, model, project=project, held=kept)
    else:
        audit = audit_in_place(
            night.con, model, lambda: run_model(night.con, model, full_refresh=night.full_refresh), project=project
        )
    unchanged.made(model, audit, of_all=not kept)
    return audit


def _place(model: Model) -> str:
    return f"{model.schema}.{model.name}"


def _built(
    night: Night, result: ModelResult, model: Model, *, origins: Origins, keys: Mapping[tuple[str, str], dg.AssetKey]
) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=model_key(model),
        metadata={
            "dagster/row_count": result.rows,
            "rows_derived": result.derived,
            "dagster/column_lineage": _lineage(origins, keys),
            "columns_from": _columns_from(origins),
            "seconds": round(result.seconds, 3),
            **preview(night.con, model.schema, model.name, columns=(column.name for column in model.columns)),
            **(months_plot(night.con) if model.name == "kpi_monthly" else {}),
        },
    )


def _lineage(origins: Origins, keys: Mapping[tuple[str, str], dg.AssetKey]) -> dg.TableColumnLineage:
    def key(of: ColumnOf) -> dg.AssetKey:
        return keys.get((of.schema, of.table)) or source_key(of.schema, of.table)

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
    """The assets of all models of the SQL project, a step a layer."""
    project = load_project()
    return [_layer(layer, project) for layer in LAYERS]
