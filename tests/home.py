"""A home folder and a running sandbox for tests that run whole nights.

What is under test elsewhere: this only copies the demo's client files, starts the sandbox, and runs ``okr`` as a user
would, in a process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from connectors.sandbox.server import SandboxServer
from connectors.sandbox.shop_database import SHOP, write_shop_database

PROJECT = Path(__file__).resolve().parents[1]
DEMO = PROJECT / "demo"
OKR = str(Path(sys.executable).with_name("okr"))


@dataclass
class Installation:
    """One home folder, the sandbox it reads, and its clock."""

    root: Path
    server: SandboxServer
    today: date
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ = {**self.server.environment(), **self.environ}
        self._shop()

    def _shop(self) -> None:
        """The till's database as it stands now, where a client reads one, as ``okr demo`` writes it."""
        if (self.root / "clients" / f"{SHOP}.yaml").exists():
            write_shop_database(self.root, self.server.world)

    def at(self, today: date) -> Installation:
        """Move the clock, the sandbox's too."""
        self.today = today
        self.server.set_today(today)
        self._shop()
        return self

    def okr(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the command with this home folder; both streams as text."""
        kept = {name: value for name, value in os.environ.items() if name not in {"DAGSTER_HOME", "OKR_HOME"}}
        return subprocess.run(
            [OKR, "--home", str(self.root), *arguments],
            env={**kept, **self.environ, "OKR_TODAY": self.today.isoformat(), "COLUMNS": "80", **environ},
            capture_output=True,
            text=True,
            timeout=580,  # a whole night, on a machine that has much else to do
            check=False,
        )

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of the published database."""
        con = duckdb.connect(str((self.root / "published" / "okr.duckdb").resolve()), read_only=True)
        try:
            con.execute("set timezone = 'UTC'")
            return con.execute(sql, list(values)).fetchall()
        finally:
            con.close()

    def exports(self) -> dict[str, bytes]:
        """Every exported file by its path."""
        folder = self.root / "exports"
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def client_file(self, client: str) -> Path:
        return self.root / "clients" / f"{client}.yaml"


def copy_demo(root: Path, *, only: tuple[str, ...] = ()) -> Path:
    """The demo's client files and csv data in a home folder of the test's own."""
    shutil.copytree(DEMO / "data", root / "data")
    (root / "clients").mkdir()
    for path in sorted((DEMO / "clients").glob("*.yaml")):
        if not only or path.stem in only:
            shutil.copy(path, root / "clients" / path.name)
    return root
