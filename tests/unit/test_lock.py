"""``requirements.lock``: all that an installation needs, each file by its hash, in the versions that tests run with."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.e2e.fresh_install import left_out, written_by_runs
from tests.home import PROJECT

EXTRAS = ("postgres", "mysql", "dagster-postgres", "mcp")
LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
ENTRIES = [entry for entry in re.split(r"\n(?=\S)", "\n" + LOCK) if entry.strip() and not entry.startswith("#")]


def pins(text: str) -> dict[tuple[str, str], str]:
    """Version by package and marker."""
    found = {}
    for line in text.splitlines():
        if "==" in line and not line.startswith(("#", " ")):
            pin = Requirement(line.rstrip("\\ "))
            (version,) = pin.specifier
            found[canonicalize_name(pin.name), str(pin.marker)] = version.version
    return found


def test_every_file_is_named_by_its_hash_and_none_by_where_it_lies() -> None:
    assert len(ENTRIES) > 100
    assert [entry for entry in ENTRIES if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)] == []
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--extra-index" not in LOCK


def test_the_versions_are_those_that_tests_run_with() -> None:
    tested, locked = pins((PROJECT / "constraints.txt").read_text(encoding="utf-8")), pins(LOCK)
    assert {name: version for name, version in locked.items() if tested.get(name, version) != version} == {}
    # a browser that runs Python is no place for this program, whatever a library may ask for there
    here = {name for name, marker in locked if "emscripten" not in marker}
    assert here <= {name for name, _ in tested}


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_what_the_project_asks_for_is_in_it(extra: str) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["optional-dependencies"][extra] if extra else project["dependencies"]
    locked = {name: version for (name, _), version in pins(LOCK).items()}
    for each in map(Requirement, asked):
        assert each.specifier.contains(locked[canonicalize_name(each.name)]), each


def test_the_image_takes_every_module_and_nothing_that_runs_left_in_the_demo() -> None:
    """Once each folder that is called as one of a home's was left out, ``pipelines/warehouse`` too."""
    assert left_out(str(PROJECT / "demo"), ["clients", "data", "warehouse", "state"]) == {"warehouse", "state"}
    assert left_out(str(PROJECT / "pipelines"), ["cli", "exports", "warehouse", "__pycache__"]) == {"__pycache__"}
    said = [line for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("demo/")]
    assert {line.removeprefix("demo/") for line in said} >= set(written_by_runs())
