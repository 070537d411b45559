"""The wheel outside a checkout: what it carries, and that commands find it there.

Its dependencies are this environment's; what is under test is that nothing of the checkout is needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ASKED = """
import runpy, sys
from pipelines.carried import carried, is_checkout
from pipelines.warehouse.models.project import load_project
assert not is_checkout()
assert (carried("demo") / "clients" / "fjallglas.yaml").is_file()
assert carried("workspace.yaml").is_file()
assert len(load_project().models) > 50
from pipelines.cli import demo
from pipelines.warehouse.home import Home
from pathlib import Path
demo._copy(carried("demo"), Home(Path("okr-demo")))
print(sorted(path.name for path in Path("okr-demo/clients").iterdir()))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    built = subprocess.run(
        [*pip, "wheel", "--no-deps", "-w", str(folder), str(PROJECT)], capture_output=True, text=True, check=False
    )
    if built.returncode:
        pytest.skip(f"no wheel can be built here: {built.stderr.strip().splitlines()[-1:]}")
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    return target


def test_nothing_of_a_checkout_is_needed(installed: Path, tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['fjallglas.yaml', 'lindhs.yaml', 'skargard.yaml']"
    validated = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli.main import main; main()", "--home", "okr-demo", "validate"],
        cwd=tmp_path, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert validated.returncode == 0, validated.stderr
