"""Which libraries a command loads: those that it has a use for. Each runs in a process of its own over a small home.

What loads costs a command more than what it does; how much is in ``docs/performance.md``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.template import client_template
from tests.unit.published_fixture import build_published

COMMAND = """
import sys
from pipelines.cli.main import main
sys.argv = ["okr", *sys.argv[1:]]
try:
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""
TYPES = """
import sys
from connectors.registry import SOURCE_TYPES
assert all(kind.streams for kind in SOURCE_TYPES.values())
print(*sorted(sys.modules), file=sys.stderr)
"""
READING = frozenset({"requests", "urllib3", "google", "sqlglot", "sqlalchemy", "feedparser", "filelock"})
COUNTING = frozenset({"pyarrow", "numpy", "pandas", "statsmodels"})
NIGHT = frozenset({"dagster", "great_expectations"})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One client whose file and whose first day's reading are there, and what is published of others."""
    root = tmp_path_factory.mktemp("home")
    for folder in ("clients", "published"):
        (root / folder).mkdir()
    (root / "clients" / "acme.yaml").write_text(client_template("acme", types=SETTINGS), encoding="utf-8")
    file = root / "published" / "okr-1.duckdb"
    with build_published() as con:
        con.execute(
            "insert into ops.loads select 'acme', 'ga4', 'web_daily', '2026-11-18', '2026-11-18', 1, 'loaded', 1, null,"
            " null, '2026-11-20 04:00:00+00', '2026-11-20 04:00:01+00', 'r', '{}'"
        )
        con.execute(f"attach '{file}' as publication")
        con.execute("copy from database memory to publication")
        con.execute("detach publication")
    (root / "published" / "okr.duckdb").symlink_to(file.name)
    return root


def loaded_by(program: str, *arguments: str) -> frozenset[str]:
    """The packages that a program had loaded in the end, and of ours the modules."""
    ended = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    modules = ended.stderr.splitlines()[-1].split()
    return frozenset(modules) | {name.split(".")[0] for name in modules}


def test_status_loads_nothing_that_reads_a_source_counts_or_draws(home: Path) -> None:
    loaded = loaded_by(COMMAND, "--home", str(home), "status")
    assert "connectors.ga4.source" in loaded, "nothing was asked of a source, whose facts are the dear part"
    assert not loaded & (READING | COUNTING | NIGHT | {"jinja2", "xlsxwriter"})


def test_export_loads_nothing_that_reads_a_source_counts_or_checks_charts(home: Path, tmp_path: Path) -> None:
    loaded = loaded_by(COMMAND, "--home", str(home), "export", "--client", "fjallglas", "--out", str(tmp_path))
    assert '<svg class="chart"' in (tmp_path / "fjallglas" / "report.html").read_text("utf-8")
    assert (tmp_path / "fjallglas" / "figures.xlsx").exists()
    assert not loaded & (READING | COUNTING | NIGHT | {"altair", "vl_convert", "jsonschema", "rich"})


def test_what_a_source_is_can_be_told_without_what_reads_it() -> None:
    loaded = loaded_by(TYPES)
    assert not loaded & (READING | COUNTING | NIGHT | {"pipelines"})
