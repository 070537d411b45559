"""YAML text as plain values that remember their lines.

What belongs here: reading YAML strictly and safely (no tags, no bombs, no duplicate keys) into dict, list, str, int,
float, bool and None, with the line of every path. What does not: what a client file's keys mean (``file.py``).

Scalars follow YAML 1.2's core rather than 1.1: ``no``, ``on`` and ``0123`` stay text, and dates are text that the
models read; so ``language: no`` or a key ``on`` never turns into a boolean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = tuple[str | int, ...]

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 20
MAX_VALUES = 20_000
MAX_DIGITS = 15
"""Longer whole numbers are ids, and a float would not hold them."""

_DEFAULT_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}
_INT = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"-?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?|-?[0-9]+[eE][-+]?[0-9]{1,2}", re.ASCII)
_WORDS: dict[str, bool | None] = {
    spelled: value
    for word, value in (("", None), ("~", None), ("null", None), ("true", True), ("false", False))
    for spelled in (word, word.capitalize(), word.upper())
}


@dataclass(frozen=True, slots=True)
class YamlFault:
    """One thing wrong with the text as YAML. Never quotes a value: it may be a secret."""

    line: int
    message: str


class YamlFaults(ValueError):
    """The text can't be read as YAML at all."""

    def __init__(self, faults: tuple[YamlFault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"line {fault.line}: {fault.message}" for fault in faults))


@dataclass(slots=True)
class Document:
    """Plain values, the line of each path, and duplicate keys found on the way."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[YamlFault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of ``path``, or of its nearest parent that the file has; a key's line for a value in a mapping."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Stop(Exception):
    """Reading must not go on: too deep or too much."""

    def __init__(self, line: int, message: str) -> None:
        self.fault = YamlFault(line, message)
        super().__init__(message)


class _Loader(yaml.BaseLoader):
    """Composes nodes with every plain scalar as text, and stops at a depth that no client file needs."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                raise _Stop(self.line + 1, f"nested more than {MAX_DEPTH} levels deep; a client file needs about seven")
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def load_yaml(text: str) -> Document:
    """Read ``text``; raises ``YamlFaults`` where it is no YAML. Duplicate keys are faults of the document."""
    if len(text) > MAX_CHARACTERS:
        raise YamlFaults((YamlFault(1, f"longer than {MAX_CHARACTERS // 1024} KiB; a client file is a few pages"),))
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        document = Document()
        if node is not None:
            _Reader(document).read(node)
        return document
    except _Stop as stop:
        raise YamlFaults((stop.fault,)) from None
    except yaml.YAMLError as error:
        raise YamlFaults((_explain(error, text),)) from None
    except (ValueError, OverflowError, RecursionError):  # PyYAML on "\UFFFFFFFF" and the like
        line = loader.line + 1 if loader else 1
        raise YamlFaults((YamlFault(line, "not readable as YAML; put the value in single quotes"),)) from None


def _explain(error: yaml.YAMLError, text: str) -> YamlFault:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return YamlFault(line, "has a character that YAML does not allow (a control character); delete it")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 1
    problem = str(getattr(error, "problem", "") or "")
    if mark and _starts_with_tab(text, mark.line):
        return YamlFault(line, "is indented with a tab; YAML wants spaces")
    for start, cure in _CURES:
        if start in problem:
            return YamlFault(line, cure)
    return YamlFault(
        line, "is not valid YAML; check indentation, colons, brackets and quotes on this and the line above"
    )


_CURES = (
    ("undefined alias", "refers (*) to an anchor that nothing in this file defines (&); write the value out"),
    ("duplicate anchor", "defines an anchor (&) twice; give it another name"),
    (
        "mapping values are not allowed",
        "has a colon where no key can stand; put the text in quotes, or check indentation",
    ),
    ("'\\t' that cannot start", "has a tab where a value should begin; YAML wants spaces"),
    ("cannot start any token", "begins a value with a character that has a meaning in YAML (% @ `); put it in quotes"),
    ("but found another document", "begins a second document (---); a client file is one document"),
    ("did not find expected ',' or '}'", "has braces { } that are not closed, or a comma missing between two keys"),
    ("expected ',' or '}'", "has braces { } that are not closed, or a comma missing between two keys"),
    ("expected ',' or ']'", "has brackets [ ] that are not closed, or a comma missing"),
    ("unexpected end of stream", "opens a quote that is never closed"),
    ("could not find expected ':'", "has no colon after its key, or is indented less than the lines around it"),
    ("expected <block end>", "is indented differently from the lines it belongs to"),
)


def _starts_with_tab(text: str, index: int) -> bool:
    lines = text.splitlines()
    return index < len(lines) and "\t" in lines[index][: len(lines[index]) - len(lines[index].lstrip())]


class _Reader:
    """Nodes to values. Aliases are read where they stand, within one budget for the whole file."""

    def __init__(self, document: Document) -> None:
        self._document, self._budget = document, MAX_VALUES

    def read(self, root: Node) -> None:
        self._document.lines[()] = _line(root)
        self._document.data = self._value(root, ())

    def _value(self, node: Node, path: Path) -> Any:
        self._budget -= 1
        if self._budget < 0:
            raise _Stop(_line(node), f"holds more than {MAX_VALUES} values once its anchors are followed; write less")
        if len(path) > MAX_DEPTH:
            raise _Stop(_line(node), "has an anchor (&) that contains itself; write the values out")
        if node.tag not in _DEFAULT_TAGS:
            self._fault(node, "has a YAML tag (!), which a client file never needs; leave it out, or quote the value")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self._document.lines[(*path, index)] = _line(item)
                items.append(self._value(item, (*path, index)))
            return items
        return _scalar(node.value, is_plain=node.style is None) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._fault(key_node, "has a list or mapping where a key should stand")
                continue
            key = key_node.value
            if key == "<<" and key_node.style is None:
                merged += value_node.value if isinstance(value_node, SequenceNode) else [value_node]
                continue
            if key in found:
                first = self._document.lines[(*path, key)]
                self._fault(key_node, f"gives the key {shown(key)} a second time (first on line {first}); keep one")
                continue
            self._document.lines[(*path, key)] = _line(key_node)
            found[key] = self._value(value_node, (*path, key))
        for base in merged:
            self._merge(base, path, found)
        return found

    def _merge(self, base: Node, path: Path, found: dict[str, Any]) -> None:
        """``<<: *base``: keys of ``base`` that the mapping itself does not give."""
        if not isinstance(base, MappingNode):
            self._fault(base, "merges (<<) something that is not a mapping")
            return
        if len(path) > MAX_DEPTH:
            raise _Stop(_line(base), "has an anchor (&) that contains itself; write the values out")
        before = dict(self._document.lines)
        for key, value in self._mapping(base, path).items():
            if key not in found:
                found[key] = value
        self._document.lines |= before

    def _fault(self, node: Node, message: str) -> None:
        self._document.faults.append(YamlFault(_line(node), message))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _scalar(text: str, *, is_plain: bool) -> str | int | float | bool | None:
    if not is_plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= MAX_DIGITS + 1 and _INT.fullmatch(text):
        return int(text)
    if len(text) <= 2 * MAX_DIGITS and _FLOAT.fullmatch(text):
        return float(text)
    return text


_HARMLESS = re.compile(r"[\w./%+\u2212,-]{1,40}")


def shown(value: object) -> str:
    """``value`` in quotes where it is one short word; else nothing, as it may hold more than its writer meant."""
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return f'"{text}"' if _HARMLESS.fullmatch(text) else "(not shown)" if text else "nothing"
