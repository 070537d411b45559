"""The house's own rules, read off the source: what each room may import, one clock, no file too long."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.home import PROJECT

ROOMS = {
    "okr_models": {"pipelines", "connectors", "dagster", "duckdb", "requests", "great_expectations"},
    "connectors": {"pipelines", "dagster", "duckdb", "great_expectations"},
    "pipelines/warehouse": {"dagster"},
    "pipelines/exports": {"dagster", "great_expectations"},
}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
LONGEST = 500


def modules(room: str) -> list[Path]:
    return sorted(path for path in (PROJECT / room).rglob("*.py") if ".venv" not in path.parts)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_nothing_from_further_down_the_flow(room: str) -> None:
    assert modules(room)
    for path in modules(room):
        wrong = ROOMS[room] & set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        assert not wrong, f"{path.relative_to(PROJECT)} imports {wrong}"


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    for room in ("okr_models", "connectors", "pipelines"):
        for path in modules(room):
            if path.relative_to(PROJECT).as_posix() == "pipelines/warehouse/clock.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                owner = node.func.value
                name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                assert (name, node.func.attr) not in CLOCKS, f"{path.relative_to(PROJECT)}:{node.lineno}"


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    for folder in ("okr_models", "connectors", "pipelines", "tests", "dbt_like_sql", "benchmarks"):
        for path in (PROJECT / folder).rglob("*"):
            if path.suffix in {".py", ".sql"}:
                lines = len(path.read_text(encoding="utf-8").splitlines())
                assert lines <= LONGEST, f"{path.relative_to(PROJECT)} has {lines} lines"
