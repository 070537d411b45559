"""The SQL project in ``dbt_like_sql/``: its models, what they read, and what ``schema.yml`` says of them.

What belongs here: reading the folder into frozen values, rendering, dependencies and their order. What does not:
running a model (``sql_runner.py``) and what its SQL says about columns (``sql_lineage.py``). Only the part of dbt that
the models use is spoken (``ref``, ``source``, ``var``, ``config``), so that real dbt reads the same files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal, cast, get_args

import jinja2
import yaml

from pipelines.warehouse.sql_schema import (
    Column,
    DataTest,
    SourceTable,
    Yaml,
    audits_of,
    columns_of,
    source_tables,
    tests_of,
)

PROJECT = Path(__file__).resolve().parents[2] / "dbt_like_sql"
Layer = Literal["staging", "intermediate", "marts"]
LAYERS: tuple[Layer, ...] = get_args(Layer)


class SqlProjectError(ValueError):
    """The SQL project can't be read as it stands."""

    def __init__(self, *, where: str, problem: str, cure: str = "") -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}" + (f"; {cure}" if cure else ""))


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
        raise _unknown("model", name, [model.name for model in self.models], where="dbt_like_sql")

    def source(self, schema: str, table: str) -> SourceTable:
        """The declared source table. Raises ``SqlProjectError``."""
        for source in self.sources:
            if (source.schema, source.name) == (schema, table):
                return source
        known = [f"{source.schema}.{source.name}" for source in self.sources]
        raise _unknown("source", f"{schema}.{table}", known, where="dbt_like_sql")

    def select(self, names: Collection[str]) -> tuple[Model, ...]:
        """Those models, in running order."""
        wanted = {self.model(name).name for name in names}
        return tuple(model for model in self.models if model.name in wanted)


def load_project(folder: Path | None = None) -> Project:
    """Read the project folder. Raises ``SqlProjectError`` naming the file and what would be right."""
    folder = folder or PROJECT
    settings = _yaml(folder / "dbt_project.yml")
    name, variables = str(settings["name"]), dict(settings.get("vars") or {})
    schemas = {layer: str(settings["models"][name].get(layer, {}).get("+schema", layer)) for layer in LAYERS}
    described, sources = _described(folder)
    files = {path.stem: path for layer in LAYERS for path in sorted((folder / "models" / layer).glob("*.sql"))}
    for model in sorted(described.keys() - files.keys()):
        raise SqlProjectError(where=model, problem="schema.yml describes it, but there is no such model")
    relations = {stem: f"{schemas[_layer(path)]}.{stem}" for stem, path in files.items()}
    tables = {(source.schema, source.name) for source in sources}
    known = _Known(relations=relations, tables=tables, macros=_macros(folder / "macros"), variables=variables)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a model's template may name."""

    relations: Mapping[str, str]
    tables: Collection[tuple[str, str]]
    macros: tuple[jinja2.Template, ...]
    variables: Mapping[str, object]


def _model(path: Path, schema: str, entry: Yaml, known: _Known) -> Model:
    raw_sql = path.read_text(encoding="utf-8")
    refs: dict[str, None] = {}
    sources: dict[tuple[str, str], None] = {}

    def ref(name: str) -> str:
        if name not in known.relations:
            raise _unknown("model", name, known.relations, where=str(path))
        refs[name] = None
        return known.relations[name]

    def source(source_name: str, table: str) -> str:
        if (source_name, table) not in known.tables:
            raise _unknown("source", f"{source_name}.{table}", map(".".join, known.tables), where=str(path))
        sources[(source_name, table)] = None
        return f"{source_name}.{table}"

    def var(name: str) -> object:
        if name not in known.variables:
            raise _unknown("var", name, known.variables, where=str(path))
        return known.variables[name]

    try:
        names: dict[str, object] = {"ref": ref, "source": source, "var": var, "config": lambda **_: ""}
        for template in known.macros:
            # a module a model: what a macro refers to, the model refers to
            module = vars(template.make_module(names))
            names |= {name: value for name, value in module.items() if not name.startswith("_")}
        sql = _jinja().from_string(raw_sql).render(names)
    except jinja2.TemplateError as error:
        raise SqlProjectError(where=str(path), problem=f"can't be rendered: {error}") from error
    grain = (entry.get("config") or {}).get("meta", {}).get("grain")
    if not grain:
        raise SqlProjectError(where=path.stem, problem="schema.yml gives no config.meta.grain")
    return Model(
        name=path.stem,
        layer=_layer(path),
        schema=schema,
        path=path,
        raw_sql=raw_sql,
        sql=sql.strip(),
        refs=tuple(refs),
        sources=tuple(sources),
        description=" ".join(str(entry.get("description", "")).split()),
        grain=tuple(grain),
        columns=columns_of(entry),
        tests=tests_of(entry),
        audits=audits_of(entry),
    )


def _jinja() -> jinja2.Environment:
    # SQL, no HTML; values reach it as columns of config tables, never through the template
    return jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701


def _macros(folder: Path) -> tuple[jinja2.Template, ...]:
    jinja = _jinja()
    return tuple(jinja.from_string(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql")))


def _ordered(models: Iterable[Model]) -> tuple[Model, ...]:
    by_name = {model.name: model for model in models}
    try:
        order = list(TopologicalSorter({name: model.refs for name, model in by_name.items()}).static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(cast("list[str]", error.args[1])))
        raise SqlProjectError(where="dbt_like_sql", problem=f"models read each other in a circle: {circle}") from error
    return tuple(by_name[name] for name in order)


def _layer(path: Path) -> Layer:
    return cast("Layer", path.parent.name)


def _yaml(path: Path) -> Yaml:
    try:
        # libyaml's loader where it is compiled in: ten times as fast, and the graph is loaded often
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return cast("Yaml", yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {})  # noqa: S506 - a safe one
    except (OSError, yaml.YAMLError) as error:
        raise SqlProjectError(where=str(path), problem=f"can't be read: {error}") from error


def _unknown(what: str, name: str, known: Iterable[str], *, where: str) -> SqlProjectError:
    nearest = get_close_matches(name, list(known), n=1)
    cure = f"did you mean {nearest[0]}?" if nearest else ""
    return SqlProjectError(where=where, problem=f"there is no {what} {name}", cure=cure)
