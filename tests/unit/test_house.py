"""The house's own rules, read off the source: what each room may import, one clock, no file too long."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.home import PROJECT

ROOMS = {
    "okr_models": {"pipelines", "connectors", "dagster", "duckdb", "requests", "great_expectations"},
    "connectors": {"pipelines", "dagster", "duckdb", "great_expectations"},
    "pipelines/warehouse": {"dagster"},
    "pipelines/exports": {"dagster", "great_expectations"},
    "pipelines/shards": {"dagster", "great_expectations"},
}
HOUSE = ("okr_models", "connectors", "pipelines", "benchmarks")
PACKAGES = {
    "okr_models/client": {"okr_models.progress", "okr_models.forecast", "okr_models.initiatives"},
    "okr_models/words": {"okr_models.progress", "okr_models.forecast", "okr_models.initiatives"},
    "okr_models/forecast": {"okr_models.progress", "okr_models.initiatives", "okr_models.client"},
    "connectors/core": {f"connectors.{path.parent.name}" for path in (PROJECT / "connectors").glob("*/source.py")},
    "pipelines/warehouse": {
        "pipelines.exports",
        "pipelines.cli",
        "pipelines.assets",
        "pipelines.notices",
        "pipelines.shards",
    },
    "pipelines/exports": {"pipelines.cli", "pipelines.assets", "pipelines.notices", "pipelines.shards"},
    # the night is handed to it
    "pipelines/shards": {"pipelines.cli", "pipelines.assets", "pipelines.notices", "pipelines.sending"},
}
VENDORS = sorted({path.parent for path in (PROJECT / "connectors").glob("*/settings.py")})
SHARED_BY = {name: {"connectors.google"} for name in ("ga4", "search_console", "youtube")} | {
    "meta_ads": {"connectors.meta"},
    "threads": {"connectors.meta"},
    "sheet": {"connectors.csv", "connectors.google"},
    "sql": {"connectors.csv"},  # one set of rules for figures of the client's own
    "wordpress": {"connectors.feed"},  # its posts from its feed where the REST list can't be had
}
NAMED_FILE = re.compile(r"``((?:[\w*-]+/)*[\w*]+\.py)``")
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


def packages_imported(path: Path) -> set[str]:
    """Every module of ours that a file imports, by its dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in {"okr_models", "connectors", "pipelines"}}


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(("package", "never"), PACKAGES.items())
def test_a_package_imports_nothing_from_a_package_above_it(package: str, never: set[str]) -> None:
    for path in modules(package):
        wrong = {name for name in packages_imported(path) if within(name, never)}
        assert not wrong, f"{path.relative_to(PROJECT)} imports {wrong}"


@pytest.mark.parametrize("package", VENDORS)
def test_a_vendor_imports_what_all_share_and_no_other_vendor(package: Path) -> None:
    may = {"connectors.core", f"connectors.{package.name}", "okr_models"} | SHARED_BY.get(package.name, set())
    for path in package.glob("*.py"):
        wrong = {name for name in packages_imported(path) if not within(name, may) and name != "connectors"}
        assert not wrong, f"{path.relative_to(PROJECT)} imports {wrong}"


def test_no_file_imports_itself_by_way_of_others() -> None:
    files = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
        for room in ("okr_models", "connectors", "pipelines")
        for path in modules(room)
    }
    graph = {name: (packages_imported(path) & files.keys()) - {name} for name, path in files.items()}
    for name, path in files.items():
        if path.name == "__init__.py":  # `from package import module` names the package as well
            for each in graph.values():
                each.discard(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_ray_and_the_store_of_a_bucket_are_loaded_where_they_are_used_alone() -> None:
    for path in (path for room in HOUSE for path in modules(room)):
        loaded = {"ray", "obstore"} & set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        where = path.relative_to(PROJECT).as_posix()
        assert not loaded or where in {"pipelines/shards/ray_engine.py", "pipelines/shards/bucket.py"}, where


def test_every_file_that_a_docstring_names_is_there() -> None:
    known = {path.relative_to(PROJECT).as_posix() for folder in HOUSE for path in (PROJECT / folder).rglob("*.py")}
    for room in HOUSE:
        for path in modules(room):
            beside = path.parent.relative_to(PROJECT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                    continue
                for name in NAMED_FILE.findall(ast.get_docstring(node) or ""):
                    there = f"{beside}/{name}" in known or any(
                        each == name or each.endswith(f"/{name}") for each in known
                    )
                    assert there or "*" in name, f"{path.relative_to(PROJECT)} names {name}, which is not there"


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


def test_no_answer_of_duckdb_is_left_half_read() -> None:
    for path in modules("pipelines"):
        if path.name == "event_log.py":  # SQLite's, whose answers stand in nobody's way
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"fetchone", "fetchmany"}, (
                    f"{path.relative_to(PROJECT)}:{node.lineno}: db.first_row reads the answer to its end"
                )


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    for folder in ("okr_models", "connectors", "pipelines", "tests", "dbt_like_sql", "benchmarks"):
        for path in (PROJECT / folder).rglob("*"):
            if path.suffix in {".py", ".sql"}:
                lines = len(path.read_text(encoding="utf-8").splitlines())
                assert lines <= LONGEST, f"{path.relative_to(PROJECT)} has {lines} lines"
