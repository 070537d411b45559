"""dbt as a command over the program's own dbt project: dbt 1 with its adapter, or dbt Core v2 with DuckDB's library.

What belongs here: the words of a command, its profile, its environment, its version. What does not: what is compared
(``sql_build.py``). Needs nothing but Python, so that an environment of its own can use it too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "dbt_like_sql"


@dataclass(frozen=True, slots=True)
class Dbt:
    """One dbt, and what it is called in a report."""

    name: str
    command: Path

    def words(self, what: str, *, database: Path) -> list[str]:
        """``dbt run`` or ``build`` of the project on a database; its profile and its own files are put beside that.

        The project is copied first, as dbt 2 writes into it.
        """
        folder = database.parent / self.name.replace(" ", "")
        project = folder / "project"
        if not project.exists():
            shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs", "__pycache__", "*.py"))
        output = {
            "type": "duckdb",
            "path": str(database),
            "threads": os.cpu_count() or 1,
            "settings": {"timezone": "UTC"},
        }
        # JSON is YAML
        (folder / "profiles.yml").write_text(json.dumps({"marketing_okr": {"target": "t", "outputs": {"t": output}}}))
        where = ["--project-dir", str(project), "--profiles-dir", str(folder)]
        where += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--quiet"]
        return [str(self.command), what, *where]

    def version(self) -> str:
        """Its own words for it."""
        done = subprocess.run([self.command, "--version"], capture_output=True, text=True, check=False)
        found = re.findall(r"(?:installed|duckdb): \S+|dbt\S* \d\S+", done.stdout)
        return ", ".join(found)


def environment(command: str) -> dict[str, str]:
    """The environment of one run: no statistics sent, DuckDB's library found where it lies beside dbt 2."""
    environ = {**os.environ, "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    library = Path(command).absolute().parents[1] / "lib"
    return {**environ, "LD_LIBRARY_PATH": str(library)} if (library / "libduckdb.so").is_file() else environ
