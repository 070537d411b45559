"""Rendering a model's template: the part of dbt's Jinja that the models use, so that real dbt reads the same files.

Spoken are ``ref``, ``source``, ``var``, ``config``, ``this`` and ``is_incremental``, and the project's macros. What
belongs here: text in, SQL out, and what the text referred to. What does not: which files there are
(``project.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import cast

import jinja2

from pipelines.compiled_templates import BesideTheTemplates

_CALL = re.compile(r"\{\{ (ref|source|var)\(('\w+'(?:, '\w+')*)\) \}\}")


class SqlProjectError(ValueError):
    """The SQL project can't be read as it stands."""

    def __init__(self, *, where: str, problem: str, cure: str = "") -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}" + (f"; {cure}" if cure else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a model's template may name."""

    relations: Mapping[str, str]
    tables: Collection[tuple[str, str]]
    macros: tuple[jinja2.Template, ...]
    variables: Mapping[str, object]


@dataclass(slots=True, kw_only=True)
class Rendered:
    """A template rendered once. ``hooks`` are the ``pre_hook`` statements of ``config``, those left empty aside."""

    sql: str
    hooks: tuple[str, ...]
    refs: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    config: Mapping[str, object]


@dataclass(slots=True)
class _Named:
    """What a template referred to while it was rendered."""

    refs: dict[str, None] = field(default_factory=dict)
    sources: dict[tuple[str, str], None] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)


def render(text: str, *, known: Known, this: str, where: str, incremental: bool) -> Rendered:
    """Render a model as for a first build, or with ``incremental`` as for one on top of the table ``this``.

    Raises ``SqlProjectError`` naming the file, and the nearest name where one is not known.
    """
    named = _Named()
    try:
        names = _names(named, known=known, this=this, where=where, incremental=incremental)
        sql = (_said_plainly(text, names) or _compiled(text, where).render(names)).strip()
        asked = named.config.get("pre_hook") or ()
        hooks = [asked] if isinstance(asked, str) else list(asked)  # type: ignore[call-overload]
        statements = [_compiled(str(hook), f"{where}.pre_hook.sql").render(names).strip() for hook in hooks]
    except jinja2.TemplateError as error:
        raise SqlProjectError(where=where, problem=f"can't be rendered: {error}") from error
    return Rendered(
        sql=sql,
        hooks=tuple(statement for statement in statements if statement),
        refs=tuple(named.refs),
        sources=tuple(named.sources),
        config=named.config,
    )


def _said_plainly(text: str, names: Mapping[str, object]) -> str | None:
    """What Jinja would make of a text that only calls ``ref``, ``source`` and ``var``; None where it says more.

    Most models are such, and Jinja takes a millisecond to compile each, every time that the project is loaded.
    """
    if re.search(r"\{[{%#]", _CALL.sub("", text)):
        return None

    def called(match: re.Match[str]) -> str:
        call = cast("Callable[..., object]", names[match[1]])
        return str(call(*(argument.strip("'") for argument in match[2].split(", "))))

    return _CALL.sub(called, text)


def _names(named: _Named, *, known: Known, this: str, where: str, incremental: bool) -> dict[str, object]:
    def ref(name: str) -> str:
        if name not in known.relations:
            raise unknown("model", name, known.relations, where=where)
        named.refs[name] = None
        return known.relations[name]

    def source(source_name: str, table: str) -> str:
        if (source_name, table) not in known.tables:
            raise unknown("source", f"{source_name}.{table}", map(".".join, known.tables), where=where)
        named.sources[(source_name, table)] = None
        return f"{source_name}.{table}"

    def var(name: str) -> object:
        if name not in known.variables:
            raise unknown("var", name, known.variables, where=where)
        return known.variables[name]

    def config(**settings: object) -> str:
        named.config.update(settings)
        return ""

    names: dict[str, object] = {
        "ref": ref,
        "source": source,
        "var": var,
        "config": config,
        "this": this,
        "is_incremental": lambda: incremental,
    }
    for template in known.macros:
        # a module a model: what a macro refers to, the model refers to
        module = vars(template.make_module(names))
        names |= {name: value for name, value in module.items() if not name.startswith("_")}
    return names


_texts: dict[str, str] = {}


@lru_cache(maxsize=64)
def _compiled(text: str, where: str) -> jinja2.Template:
    # an incremental model is rendered twice, and the project read more than once in a night
    if not Path(where).is_absolute():
        return environment().from_string(text)
    name = f"{where} {sha256(text.encode()).hexdigest()}"
    _texts[name] = text
    return environment().get_template(name)


class _OfFiles(BesideTheTemplates):
    """Compiled once for each text of a file; of a changed file the last one is kept."""

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return super().get_cache_key(name.rpartition(" ")[0], filename)


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The one Jinja environment. SQL, no HTML; values reach it as columns of config tables, never through it."""
    return jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701
        loader=jinja2.FunctionLoader(_texts.get),
        bytecode_cache=_OfFiles(Path()),
    )


def macros(folder: Path) -> tuple[jinja2.Template, ...]:
    """The project's macro files, compiled, in alphabetical order: one may use those of the files before it."""
    return tuple(_compiled(path.read_text(encoding="utf-8"), str(path)) for path in sorted(folder.glob("*.sql")))


def unknown(what: str, name: str, known: Iterable[str], *, where: str) -> SqlProjectError:
    """The error for a name that nobody knows, with the nearest known one."""
    nearest = get_close_matches(name, list(known), n=1)
    cure = f"did you mean {nearest[0]}?" if nearest else ""
    return SqlProjectError(where=where, problem=f"there is no {what} {name}", cure=cure)
