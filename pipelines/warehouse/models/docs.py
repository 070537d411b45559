"""``docs/models.md``, made from the SQL project's ``schema.yml`` and the declared tables: no less and no more.

What belongs here: words for what is declared there. What does not: any fact about a table.
``python -m pipelines.warehouse.models.docs`` prints the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipelines.warehouse.models.project import LAYERS, Model, Project, load_project
from pipelines.warehouse.models.schema_yml import Column, DataTest, canonical_type
from pipelines.warehouse.okr.tables import OKR_TABLES, STATE_TABLES
from pipelines.warehouse.publish.views import VIEWS
from pipelines.warehouse.schema import OPS_TABLES
from pipelines.warehouse.tables import Table

_INTRODUCTION = """\
# Tables

Made from `dbt_like_sql/models/*/schema.yml`, `sources.yml` and the declarations in `pipelines/warehouse`
(`python -m pipelines.warehouse.models.docs > docs/models.md`); a test compares. What analysts query is the schemas
[marts](#marts), [okr](#okr) (published in schema `marts` too) and [ops](#ops);
[the cookbook](cookbook.md) asks them ten questions.

*Grain* is the columns of which each combination occurs in one row at most. A test of severity *warn* is reported and
stops nothing; any other keeps the table that stood before, and what is published.
"""

_LAYER_WORDS = {
    "staging": "Cleans and names what was read; one model a raw table.",
    "intermediate": "Holds the logic: one step of MEASURES a model.",
    "marts": "The public contract, without logic; published under the same names.",
}


def models_markdown(project: Project | None = None) -> str:
    """The whole page; ``project`` defaults to the one in ``dbt_like_sql``."""
    project = project or load_project()
    parts = [_INTRODUCTION, *_lineage(project)]
    results = [*_okr(), *_ops()]
    for layer in reversed(LAYERS):
        # what analysts query comes first: the marts, then the results made from them
        parts += [f"## {layer}\n", f"{_LAYER_WORDS[layer]}\n", *_models(project, layer), *results]
        results = []
    parts += _sources(project)
    return "\n".join(parts)


def _models(project: Project, layer: str) -> Iterator[str]:
    for model in sorted(_of_layer(project, layer), key=lambda model: model.name):
        yield f"### {model.schema}.{model.name}\n"
        yield f"{model.description}\n"
        yield f"- Grain: {_codes(model.grain)}"
        yield f"- Reads: {_codes(_reads(project, model)) or 'no table'}"
        readers = sorted(f"{m.schema}.{m.name}" for m in project.models if model.name in m.refs)
        yield f"- Read by: {_codes(readers) or 'no model'}"
        tests = [
            *map(_test, model.tests),
            *(f"{_test(audit)}, against the table it replaces" for audit in model.audits),
        ]
        yield f"- Tests of the table: {'; '.join(tests) or 'none'}\n"
        yield _table(("column", "type", "meaning", "tests"), map(_column, model.columns))


def _okr() -> Iterator[str]:
    yield "## okr\n"
    yield "Results of the OKR step, one Python step after the marts; append-only"
    yield " but for `key_result_path` and `checkins`, which say what stands now; published in schema `marts`.\n"
    for table in (*OKR_TABLES.values(), *STATE_TABLES.values()):
        yield from _declared(table)
    for view in VIEWS:
        yield f"### marts.{view.name}\n"
        yield f"A view in the published database. {view.meaning}"
        yield (
            f"Of that night, for each {_codes(view.newest_per)}, the row with the highest `known_at`; what a client"
            " file no longer asks for is only in the table. Same columns.\n"
            if view.newest_per and view.of_newest_night
            else "Same columns.\n"
        )


def _ops() -> Iterator[str]:
    yield "## ops\n"
    for table in OPS_TABLES.values():
        yield from _declared(table)


def _declared(table: Table) -> Iterator[str]:
    yield f"### {table.schema}.{table.name}\n"
    yield f"{table.meaning}\n"
    yield f"- Grain: {_codes(table.key)}; enforced as primary key\n" if table.key else "- Grain: a row an event\n"
    rows = (
        (f"`{c.name}`", canonical_type(c.type).lower(), c.meaning, "" if c.nullable else "not_null")
        for c in table.columns
    )
    yield _table(("column", "type", "meaning", "tests"), rows)


def _sources(project: Project) -> Iterator[str]:
    yield "## Sources\n"
    yield "Tables outside the SQL project, which the night fills before the models are built.\n"
    for source in sorted(project.sources, key=lambda source: (source.schema, source.name)):
        readers = sorted(f"{m.schema}.{m.name}" for m in project.models if (source.schema, source.name) in m.sources)
        yield f"### {source.schema}.{source.name}\n"
        yield f"{source.description}\n"
        yield f"- Read by: {_codes(readers) or 'no model'}\n"
        yield _table(("column", "type", "meaning", "tests"), map(_column, source.columns))


def _lineage(project: Project) -> Iterator[str]:
    yield "## Lineage\n"
    yield "Each arrow is a table read by the next; tables of one layer stand in one box.\n"
    yield "```mermaid"
    yield "flowchart LR"
    read = sorted({source for model in project.models for source in model.sources})
    for schema in sorted({schema for schema, _ in read}):
        yield from _box(schema, (name for other, name in read if other == schema))
    for layer in LAYERS:
        yield from _box(layer, sorted(model.name for model in _of_layer(project, layer)))
    yield from _box("okr", sorted(OKR_TABLES))
    for model in sorted(project.models, key=lambda model: (LAYERS.index(model.layer), model.name)):
        for schema, name in sorted(model.sources):
            yield f"    {_node(schema, name)} --> {_node(model.layer, model.name)}"
        for name in sorted(model.refs):
            yield f"    {_node(project.model(name).layer, name)} --> {_node(model.layer, model.name)}"
    # the OKR step reads the marts together; which of them a key result needs is its client file's word
    yield f"    {LAYERS[-1]} --> okr"
    yield "```\n"
    yield "The same as text: below each mart, indented, all that it comes from, each table where it is first met.\n"
    yield "```text"
    for model in sorted(_of_layer(project, LAYERS[-1]), key=lambda model: model.name):
        yield from _tree(project, model, depth=0, met=set())
    yield "```\n"


def _box(schema: str, names: Iterable[str]) -> Iterator[str]:
    yield f"    subgraph {schema}"
    yield from (f'        {_node(schema, name)}["{name}"]' for name in names)
    yield "    end"


def _node(schema: str, name: str) -> str:
    # with its schema, so that no name is a word of Mermaid's own or that of a box
    return f"{schema}__{name}"


def _tree(project: Project, model: Model, *, depth: int, met: set[str]) -> Iterator[str]:
    name = f"{model.schema}.{model.name}"
    if name in met:
        yield f"{'  ' * depth}{name} (above)"
        return
    met.add(name)
    yield f"{'  ' * depth}{name}"
    for ref in sorted(model.refs):
        yield from _tree(project, project.model(ref), depth=depth + 1, met=met)
    for schema, table in sorted(model.sources):
        yield f"{'  ' * (depth + 1)}{schema}.{table}"


def _of_layer(project: Project, layer: str) -> Iterator[Model]:
    return (model for model in project.models if model.layer == layer)


def _reads(project: Project, model: Model) -> list[str]:
    refs = (project.model(name) for name in model.refs)
    return sorted([f"{ref.schema}.{ref.name}" for ref in refs] + [".".join(source) for source in model.sources])


def _column(column: Column) -> tuple[str, ...]:
    tests = "; ".join(map(_test, column.tests))
    return (f"`{column.name}`", column.data_type.lower(), column.description, tests)


def _test(test: DataTest) -> str:
    """``name (argument: value, …)``, then what narrows or softens it."""
    arguments = ", ".join(f"{name}: {_value(value)}" for name, value in test.arguments.items())
    words = f"{test.title} ({test.name})" if test.title else test.name
    words += f" [{arguments}]" if arguments else ""
    words += f" where `{test.where}`" if test.where else ""
    return words + (f", {test.severity}" if test.severity != "error" else "")


def _value(value: object) -> str:
    return " · ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join("| " + " | ".join(line) + " |" for line in cells) + "\n"


if __name__ == "__main__":
    print(models_markdown(), end="")
