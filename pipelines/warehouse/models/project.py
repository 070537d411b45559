"""The SQL project in ``dbt_like_sql/``: its models, what they read, and what ``schema.yml`` says of them.

What belongs here: reading the folder into frozen values, dependencies and their order. What does not: the templates'
language (``render.py``), running a model (``runner.py``) and what its SQL says about columns
(``lineage.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

from pipelines.warehouse.models.render import Known, Rendered, SqlProjectError, macros, render, unknown
from pipelines.warehouse.models.schema_yml import (
    Column,
    DataTest,
    SourceTable,
    Yaml,
    audits_of,
    columns_of,
    source_tables,
    tests_of,
)

PROJECT = Path(__file__).resolve().parents[3] / "dbt_like_sql"
Layer = Literal["staging", "intermediate", "marts"]
LAYERS: tuple[Layer, ...] = get_args(Layer)

__all__ = ["LAYERS", "PROJECT", "Increment", "Layer", "Model", "Project", "SqlProjectError", "load_project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """How a model that is there already is brought up to date: hooks first, then the rows of ``sql`` replace all that
    have the same ``key`` (dbt's delete+insert).
    """

    sql: str
    key: tuple[str, ...]
    hooks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One SELECT that becomes the table ``schema.name``. ``sources`` are (schema, table) outside the project."""

    name: str
    layer: Layer
    schema: str
    path: Path
    raw_sql: str
    sql: str
    refs: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    description: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]
    tests: tuple[DataTest, ...] = ()
    """Tests of the whole table; a column's own are with the column."""
    audits: tuple[DataTest, ...] = ()
    """Tests against the table that this one is to replace."""
    increment: Increment | None = None
    """None: the whole table is made anew each time."""
    fingerprint: str = ""
    """Of its SQL and documented columns, and of those of all models above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The whole project; ``models`` stand in an order in which each comes after all that it reads."""

    name: str
    models: tuple[Model, ...]
    sources: tuple[SourceTable, ...]
    variables: Mapping[str, object] = field(default_factory=dict)

    def model(self, name: str) -> Model:
        """The model of that name. Raises ``SqlProjectError`` naming the nearest one."""
        for model in self.models:
            if model.name == name:
                return model
        raise unknown("model", name, [model.name for model in self.models], where="dbt_like_sql")

    def source(self, schema: str, table: str) -> SourceTable:
        """The declared source table. Raises ``SqlProjectError``."""
        for source in self.sources:
            if (source.schema, source.name) == (schema, table):
                return source
        known = [f"{source.schema}.{source.name}" for source in self.sources]
        raise unknown("source", f"{schema}.{table}", known, where="dbt_like_sql")

    def select(self, names: Collection[str]) -> tuple[Model, ...]:
        """Those models, in running order."""
        wanted = {self.model(name).name for name in names}
        return tuple(model for model in self.models if model.name in wanted)


def load_project(folder: Path | None = None) -> Project:
    """Read the project folder. Raises ``SqlProjectError`` naming the file and what would be right."""
    return _bundled() if folder is None else _read(folder)


@cache
def _bundled() -> Project:
    """The program's own project. Read once a process: four steps of a night ask for it."""
    return _read(PROJECT)


def _read(folder: Path) -> Project:
    settings = _yaml(folder / "dbt_project.yml")
    name, variables = str(settings["name"]), dict(settings.get("vars") or {})
    schemas = {layer: str(settings["models"][name].get(layer, {}).get("+schema", layer)) for layer in LAYERS}
    described, sources = _described(folder)
    files = {path.stem: path for layer in LAYERS for path in sorted((folder / "models" / layer).rglob("*.sql"))}
    for model in sorted(described.keys() - files.keys()):
        raise SqlProjectError(where=model, problem="schema.yml describes it, but there is no such model")
    relations = {stem: f"{schemas[_layer(path)]}.{stem}" for stem, path in files.items()}
    tables = {(source.schema, source.name) for source in sources}
    known = Known(relations=relations, tables=tables, macros=macros(folder / "macros"), variables=variables)
    models = []
    for stem, path in files.items():
        if stem not in described:
            raise SqlProjectError(where=str(path), problem="the model is not in its folder's schema.yml")
        models.append(_model(path, schemas[_layer(path)], described[stem], known))
    return Project(name=name, models=_ordered(models), sources=tuple(sources), variables=variables)


def _described(folder: Path) -> tuple[dict[str, Yaml], list[SourceTable]]:
    described: dict[str, Yaml] = {}
    sources: list[SourceTable] = []
    for path in sorted((folder / "models").rglob("*.yml")):
        content = _yaml(path)
        described |= {str(entry["name"]): entry for entry in content.get("models") or ()}
        sources.extend(source_tables(content))
    return described, sources


def _model(path: Path, schema: str, entry: Yaml, known: Known) -> Model:
    raw_sql = path.read_text(encoding="utf-8")
    rendered = render(raw_sql, known=known, this=f"{schema}.{path.stem}", where=str(path), incremental=False)
    increment = None
    if rendered.config.get("materialized", "table") != "table":
        again = render(raw_sql, known=known, this=f"{schema}.{path.stem}", where=str(path), incremental=True)
        increment = _increment(again, path)
    grain = (entry.get("config") or {}).get("meta", {}).get("grain")
    if not grain:
        raise SqlProjectError(where=path.stem, problem="schema.yml gives no config.meta.grain")
    return Model(
        name=path.stem,
        layer=_layer(path),
        schema=schema,
        path=path,
        raw_sql=raw_sql,
        sql=rendered.sql,
        increment=increment,
        refs=rendered.refs,
        sources=rendered.sources,
        description=" ".join(str(entry.get("description", "")).split()),
        grain=tuple(grain),
        columns=columns_of(entry),
        tests=tests_of(entry),
        audits=audits_of(entry),
    )


def _increment(rendered: Rendered, path: Path) -> Increment:
    settings = dict(rendered.config)
    kind, strategy = settings.get("materialized"), settings.get("incremental_strategy")
    if (kind, strategy) != ("incremental", "delete+insert"):
        raise SqlProjectError(
            where=str(path),
            problem=f"materialized {kind} with incremental_strategy {strategy} is not supported",
            cure="table, or incremental with delete+insert",
        )
    if _layer(path) == "marts":
        # it is checked beside the old one, whole
        raise SqlProjectError(where=str(path), problem="a mart is a table", cure="let what it reads be incremental")
    key = settings.get("unique_key") or ()
    columns = (key,) if isinstance(key, str) else tuple(str(column) for column in cast("list[str]", key))
    if not columns:
        raise SqlProjectError(where=str(path), problem="delete+insert needs a unique_key")
    return Increment(sql=rendered.sql, key=columns, hooks=rendered.hooks)


def _ordered(models: Iterable[Model]) -> tuple[Model, ...]:
    by_name = {model.name: model for model in models}
    try:
        order = list(TopologicalSorter({name: model.refs for name, model in by_name.items()}).static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(cast("list[str]", error.args[1])))
        raise SqlProjectError(where="dbt_like_sql", problem=f"models read each other in a circle: {circle}") from error
    done: dict[str, Model] = {}
    for name in order:
        done[name] = replace(by_name[name], fingerprint=_fingerprint(by_name[name], done))
    return tuple(done.values())


def _fingerprint(model: Model, above: Mapping[str, Model]) -> str:
    columns = [f"{column.name} {column.data_type} {column.description}" for column in model.columns]
    increment = [model.increment.sql, *model.increment.key, *model.increment.hooks] if model.increment else []
    read = [above[name].fingerprint for name in sorted(model.refs)]
    return sha256(
        "\x00".join([model.sql, model.description, *model.grain, *columns, *increment, *read]).encode()
    ).hexdigest()


def _layer(path: Path) -> Layer:
    """A model's layer is the folder below ``models``; folders below that one are subjects."""
    return cast("Layer", path.parts[len(path.parts) - 1 - path.parts[::-1].index("models") + 1])


def _yaml(path: Path) -> Yaml:
    try:
        # libyaml's loader where it is compiled in: ten times as fast, and the graph is loaded often
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return cast("Yaml", yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {})  # noqa: S506 - a safe one
    except (OSError, yaml.YAMLError) as error:
        raise SqlProjectError(where=str(path), problem=f"can't be read: {error}") from error
