"""The checks of a table, as ``schema.yml`` declares them, each as SQL that gives the rows that fail it.

What belongs here: which checks a table has, what each is called and asks, and its SQL (dbt's own tests are written
here, the project's in ``dbt_like_sql/tests/generic``). What does not: running it (``run.py``), and the same as an
expectation on a frame (``expectations.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

import jinja2

from pipelines.warehouse.db import literal, quote
from pipelines.warehouse.models.project import PROJECT, Project, SqlProjectError
from pipelines.warehouse.models.schema_yml import Column, DataTest
from pipelines.warehouse.tables import names

Explanation = Mapping[str, Any]
"""What Great Expectations says of a check that failed, as plain values."""
Severity = Literal["error", "warn"]

_REF = re.compile(r"ref\('(\w+)'\)")
_TEST = re.compile(r"\{%(-?)\s*test\s+(\w+)")
_END = re.compile(r"\{%(-?)\s*endtest\b")

# what Great Expectations says natively of one frame; every other test is SQL
_MEANING: Mapping[str, str] = {
    "not_null": "`{column}` is never null.",
    "unique": "`{column}` is unique.",
    "accepted_values": "`{column}` is one of {values}.",
    "relationships": "`{column}` is found in {to}, column {field}.",
    "grain": "One row for each {columns}.",
    "non_negative": "`{column}` is never negative.",
    "accepted_range": "`{column}` lies between {min_value} and {max_value}.",
    "not_above": "`{column}` never exceeds {total}.",
}
_BOUNDLESS = {"min_value": "-∞", "max_value": "∞"}


class Checked(Protocol):
    """A table with declared tests: a model of the SQL project, or a result table (``results.py``)."""

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> str: ...
    @property
    def grain(self) -> tuple[str, ...]: ...
    @property
    def columns(self) -> tuple[Column, ...]: ...
    @property
    def tests(self) -> tuple[DataTest, ...]: ...
    @property
    def audits(self) -> tuple[DataTest, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One declared test of a model. ``column`` is None for a test of the whole table."""

    model: str
    name: str
    test: DataTest
    column: str | None
    severity: Severity
    is_audit: bool = False

    @property
    def is_native(self) -> bool:
        """Whether it is an expectation about the table's own frame."""
        return self.test.name in _MEANING

    @property
    def is_of_the_whole(self) -> bool:
        """Whether failing it is never one client's affair: published rows that are gone tell of a damaged file."""
        return self.test.name == "append_only"

    @property
    def description(self) -> str:
        """What it asks, in a sentence."""
        known = {name: _worded(value) for name, value in {**_BOUNDLESS, **self.test.arguments}.items()}
        text = _MEANING[self.test.name] if self.is_native else _about(self.test.name)
        sentence = text.format(**known, column=self.column)
        return f"{sentence} Only where `{self.test.where}`." if self.test.where else sentence

    @property
    def refs(self) -> tuple[str, ...]:
        """Other models that it reads."""
        texts = [value for value in self.test.arguments.values() if isinstance(value, str)]
        return tuple(match.group(1) for text in texts if (match := _REF.fullmatch(text)))


def checks_of(model: Checked) -> tuple[Check, ...]:
    """Every check of a model in the order of ``schema.yml``. Raises ``SqlProjectError`` on a test nobody knows."""
    declared: list[tuple[DataTest, str | None, bool]] = [(test, None, False) for test in model.tests]
    declared += [(test, column.name, False) for column in model.columns for test in column.tests]
    declared += [(test, None, True) for test in model.audits]
    checks: dict[str, Check] = {}
    for test, column, is_audit in declared:
        name = test.title or (f"{test.name}__{column}" if column else test.name)
        if name in checks:
            raise SqlProjectError(where=model.name, problem=f"two tests are called {name}", cure="give one a `name`")
        if test.severity not in ("error", "warn"):
            raise SqlProjectError(where=model.name, problem=f"{name} has severity {test.severity}: error or warn")
        if test.name not in (_AUDITS if is_audit else {*_MEANING, *_generic_names()}):
            raise SqlProjectError(where=model.name, problem=f"there is no test {test.name}")
        severity: Severity = "warn" if test.severity == "warn" else "error"
        checks[name] = Check(
            model=model.name, name=name, test=test, column=column, severity=severity, is_audit=is_audit
        )
    return tuple(checks.values())


def failing_rows_sql(check: Check, *, model: Checked, project: Project, table: str, previous: str) -> str:
    """The query that gives the rows which fail a check. ``table`` holds what is checked."""
    if check.is_audit:
        return _AUDITS[check.test.name](model, check.test.arguments, table, previous)
    condition = failing_condition(check, project=project)
    if condition is not None:
        shown = names(dict.fromkeys([*model.grain, str(check.column)]))
        return f"select {shown} from {table} as checked where {condition}"  # noqa: S608 - quoted
    checked = f"(select * from {table} where {check.test.where})" if check.test.where else table  # noqa: S608
    if check.test.name == "unique":
        column = quote(str(check.column))
        return f"select {column}, count(*) as rows from {checked} group by {column} having count(*) > 1"  # noqa: S608
    arguments = {
        name: _relation(value, project) if isinstance(value, str) else value
        for name, value in check.test.arguments.items()
    }
    if check.column is not None:
        arguments["column_name"] = quote(check.column)
    return str(_generic(check.test.name)(model=checked, **arguments)).strip()


def failing_condition(check: Check, *, project: Project) -> str | None:
    """The condition on which one row of the table fails the check; None where it is about more than one row."""
    if check.column is None or check.test.name not in _CONDITIONS:
        return None
    condition = _CONDITIONS[check.test.name](quote(check.column), check.test.arguments, project)
    return f"({check.test.where}) and ({condition})" if check.test.where else condition


def _not_among(column: str, arguments: Mapping[str, Any], _project: Project) -> str:
    return f"{column} not in ({', '.join(literal(str(value)) for value in arguments['values'])})"


def _not_related(column: str, arguments: Mapping[str, Any], project: Project) -> str:
    other, field = _relation(str(arguments["to"]), project), quote(str(arguments["field"]))
    known = f"select {field} from {other} where {field} is not null"  # noqa: S608 - quoted
    return f"{column} is not null and {column} not in ({known})"


def _outside(column: str, arguments: Mapping[str, Any], _project: Project) -> str:
    bounds = [("<", arguments.get("min_value")), (">", arguments.get("max_value"))]
    return " or ".join(f"{column} {sign} {float(bound)}" for sign, bound in bounds if bound is not None) or "false"


# of one row: the condition on which it fails
_CONDITIONS: Mapping[str, Callable[[str, Mapping[str, Any], Project], str]] = {
    "not_null": lambda column, _arguments, _project: f"{column} is null",
    "accepted_values": _not_among,
    "relationships": _not_related,
    "non_negative": lambda column, _arguments, _project: f"{column} < 0",
    "accepted_range": _outside,
    "not_above": lambda column, arguments, _project: f"{column} > {quote(str(arguments['total']))}",
    "finite": lambda column, _arguments, _project: f"not isfinite({column})",
}


def _restatement(model: Checked, arguments: Mapping[str, object], table: str, previous: str) -> str:
    """No {value} that was published differs now by more than {max_change_pct} %, and none is gone (where {where})."""
    value, where = quote(str(arguments["value"])), arguments.get("where", "true")
    keys = ", ".join(quote(column) for column in model.grain)
    return f"""
        select {keys}, old.{value} as old_value, new.{value} as new_value
        from (select * from {previous} where {where} and {value} is not null) as old
        left join {table} as new using ({keys})
        where new.{value} is null
            or abs(new.{value} - old.{value}) > {float(str(arguments["max_change_pct"])) / 100} * abs(old.{value})
    """  # noqa: S608 - identifiers are quoted, the rest is the project's own schema.yml


def _append_only(model: Checked, arguments: Mapping[str, object], table: str, previous: str) -> str:
    """Every row that was published is still there, and as it was."""
    chosen = arguments.get("columns")
    kept = [str(column) for column in chosen] if isinstance(chosen, list) else [column.name for column in model.columns]
    where = arguments.get("where", "true")
    # what an older version published may lack a column that came into the key since
    grain = [column for column in model.grain if column in kept] or kept
    return f"""
        select {names(grain)} from (
            select {names(kept)} from {previous} where {where} except select {names(kept)} from {table}
        )
    """  # noqa: S608 - identifiers are quoted


_AUDITS: Mapping[str, Callable[[Checked, Mapping[str, object], str, str], str]] = {
    "restatement": _restatement,
    "append_only": _append_only,
}


def _relation(text: str, project: Project) -> str:
    match = _REF.fullmatch(text)
    if match is None:
        return text
    model = project.model(match.group(1))
    return f"{quote(model.schema)}.{quote(model.name)}"


def model_named(text: object) -> str:
    """The model that an argument ``ref('…')`` names."""
    match = _REF.fullmatch(str(text))
    if match is None:
        raise SqlProjectError(where=str(text), problem="a relationship is to ref('…')")
    return match.group(1)


def _worded(value: object) -> str:
    """An argument as a sentence has it: a list without brackets, a model by its name."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_worded, value))
    if isinstance(value, (int, float)) or value in _BOUNDLESS.values():
        return str(value)
    match = _REF.fullmatch(str(value))
    return f"`{match.group(1) if match else value}`"


def _about(name: str) -> str:
    """What a test asks, as its own comment says it, with ``{argument}`` for each of its arguments."""
    if name in _AUDITS:
        return " ".join((_AUDITS[name].__doc__ or name).split())
    comment = re.search(r"\{#(.*?)#\}", _file(name).read_text(encoding="utf-8"), re.DOTALL)
    return " ".join(comment.group(1).split()) if comment else name


def _file(name: str) -> Path:
    return PROJECT / "tests" / "generic" / f"{name}.sql"


@cache
def _generic_names() -> frozenset[str]:
    """dbt's generic tests of the project."""
    return frozenset(path.stem for path in _file("*").parent.glob("*.sql"))


@cache
def _generic(name: str) -> Callable[..., str]:
    """One of them, as a function that gives its SQL."""
    jinja = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - SQL, no HTML
    # a test is to jinja a macro
    text = _END.sub(r"{%\1 endmacro", _TEST.sub(r"{%\1 macro \2", _file(name).read_text(encoding="utf-8")))
    made: Callable[..., str] = getattr(jinja.from_string(text).module, name)
    return made
