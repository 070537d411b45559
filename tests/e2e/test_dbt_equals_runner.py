"""Real dbt builds the same rows as the program's own runner, and its data tests pass on them.

Under test: that ``dbt_like_sql/`` is a dbt project and that the runner speaks dbt's language as dbt does. The rows are
the stories of the KPI tests, which reach every model. By dbt 1 with its DuckDB adapter and by dbt Core v2, each where
it can be had.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.models.project import PROJECT, load_project
from pipelines.warehouse.models.runner import run_project
from tests.unit.dbt_like_sql import test_blog_and_search as test_sql_blog_and_search
from tests.unit.dbt_like_sql import test_conversions as test_sql_conversions
from tests.unit.dbt_like_sql import test_followers as test_sql_followers
from tests.unit.dbt_like_sql import test_interactions as test_sql_interactions
from tests.unit.dbt_like_sql import test_post_identity as test_sql_post_identity
from tests.unit.dbt_like_sql import test_sales_and_newsletters as test_sql_sales
from tests.unit.dbt_like_sql import test_scopes_and_history as test_sql_scopes_and_history
from tests.unit.dbt_like_sql import test_web_kpis as test_sql_web_kpis
from tests.unit.dbt_like_sql.test_properties import random_story
from tests.unit.sql_story import Story, write

STORAGE = "v1.4.0"


@dataclass(frozen=True)
class Dbt:
    """A dbt command, and the folder of DuckDB's library where it needs one beside it."""

    command: str
    library: Path | None = None

    @property
    def is_second(self) -> bool:
        """dbt Core v2, which brings no DuckDB and opens no database newer than its library."""
        return self.library is not None


def dbt_of(version: str) -> Dbt:
    """dbt 1 beside this Python, else one on the path; dbt 2 with DuckDB's library as ``make dbt2`` puts it there.

    Skips where there is none.
    """
    folders = [Path(sys.executable).parent, *(Path(folder) for folder in os.get_exec_path())]
    for command in dict.fromkeys(folder / "dbt" for folder in folders if (folder / "dbt").is_file()):
        said = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=120, check=False).stdout
        library = command.parents[1] / "lib"
        if version == "1" and "duckdb" in said:
            return Dbt(str(command))
        if version == "2" and re.match(r"dbt\S* 2\.", said) and (library / "libduckdb.so").is_file():
            return Dbt(str(command), library)
    cure = {"1": "make dbt brings dbt with its DuckDB adapter", "2": "make dbt2 brings it with DuckDB's library"}
    pytest.skip(f"dbt {version} is not on the path; {cure[version]}")


def all_stories() -> list[Story]:
    return [
        *test_sql_web_kpis.stories(),
        *test_sql_followers.stories(),
        *test_sql_interactions.stories(),
        *test_sql_blog_and_search.stories(),
        *test_sql_post_identity.stories(),
        Story("identified").identity("web", "ga4", first_seen=datetime(2026, 7, 1, 3, tzinfo=UTC)),
        *test_sql_scopes_and_history.stories(),
        *test_sql_conversions.stories(),
        random_story("one", 1),
        *test_sql_sales.stories(),
    ]


def renamed(stories: list[Story]) -> list[Story]:
    """Names of the clients made unique over all files."""
    for number, story in enumerate(stories):
        for rows in story.rows.values():
            for row in rows:
                row["client"] = f"{number:03}_{story.client}"
    return stories


def dbt(dbt: Dbt, what: str, database: Path) -> None:
    """Run dbt on a database, with its profile and its own files beside that."""
    folder = database.parent
    project = folder / "project"  # dbt 2 writes into it
    if not project.exists():
        shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    output = {"type": "duckdb", "path": str(database), "threads": 1, "settings": {"timezone": "UTC"}}
    # JSON is YAML
    (folder / "profiles.yml").write_text(json.dumps({"marketing_okr": {"target": "t", "outputs": {"t": output}}}))
    options = {
        "--project-dir": project,
        "--profiles-dir": folder,
        "--target-path": folder / "target",
        "--log-path": folder / "logs",
    }
    done = subprocess.run(
        [
            dbt.command,
            what,
            # what is looked at is printed: its file of every event at debug level is a tenth of dbt 1's work
            *([] if dbt.is_second else ["--no-use-colors", "--log-level-file", "none"]),
            *(str(part) for option in options.items() for part in option),
        ],
        env={
            **os.environ,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            **({"LD_LIBRARY_PATH": str(dbt.library)} if dbt.library else {}),
        },
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
    assert "Deprecat" not in done.stdout, done.stdout


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the rows alone, and with what the runner builds of them."""
    folder = tmp_path_factory.mktemp("written")
    with duckdb.connect() as con:
        # the oldest storage that all of them write
        con.execute(f"attach '{folder / 'rows.duckdb'}' as written (storage_version '{STORAGE}')")
        con.execute("use written")
        con.execute("set timezone = 'UTC'")
        write(con, renamed(all_stories()))
        con.execute("checkpoint written")
    shutil.copy(folder / "rows.duckdb", folder / "ours.duckdb")
    with duckdb.connect(str(folder / "ours.duckdb")) as con:
        con.execute("set timezone = 'UTC'")
        run_project(con)
        con.execute("checkpoint")
    return folder


@pytest.fixture(scope="module", params=["1", "2"])
def databases(
    request: pytest.FixtureRequest, written: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Dbt, Path, Path]:
    """The same rows built by the runner and by dbt."""
    command = dbt_of(request.param)
    folder = tmp_path_factory.mktemp("dbt")
    ours = Path(shutil.copy(written / "ours.duckdb", folder))
    theirs = Path(shutil.copy(written / "rows.duckdb", folder / "theirs.duckdb"))
    dbt(command, "build", theirs)
    return command, ours, theirs


def assert_same(ours: Path, theirs: Path) -> None:
    con = duckdb.connect()
    con.execute(f"attach '{ours}' as ours (read_only)")
    con.execute(f"attach '{theirs}' as theirs (read_only)")
    filled = set()
    for model in load_project().models:
        name = f"{model.schema}.{model.name}"
        columns = [con.execute(f"describe {side}.{name}").fetchall() for side in ("ours", "theirs")]
        assert columns[0] == columns[1], name
        for one, other in (("ours", "theirs"), ("theirs", "ours")):
            more = con.execute(f"select * from {one}.{name} except all select * from {other}.{name} limit 3").fetchall()
            assert more == [], f"{name}: rows that only {one} has"
        count = con.execute(f"select count(*) from ours.{name}").fetchone()
        assert count is not None
        if count[0]:
            filled.add(model.name)
    con.close()
    assert filled == {model.name for model in load_project().models}, "a comparison of nothing with nothing"


def test_dbt_builds_every_model_row_for_row(databases: tuple[Dbt, Path, Path]) -> None:
    _command, ours, theirs = databases
    assert_same(ours, theirs)


LATER = """
update raw.web_pages_daily set page_views = page_views + 1 where hash(client, day) % 3 = 0;
delete from raw.web_pages_daily where hash(client, day) % 7 = 0;
delete from raw.search_pages_daily where day = (select min(day) from raw.search_pages_daily);
update raw.web_daily set visitors = visitors + 1 where hash(client, day) % 4 = 0;
delete from raw.blog_posts where hash(client, post_id) % 3 = 0;
delete from config.streams where hash(client, source) % 9 = 0;
"""


def test_dbt_brings_incremental_models_up_to_date_as_the_runner_does(databases: tuple[Dbt, Path, Path]) -> None:
    command, ours, theirs = databases
    for database in (ours, theirs):
        with duckdb.connect(str(database)) as con:
            con.execute("set timezone = 'UTC'")
            con.execute(LATER)
    with duckdb.connect(str(ours)) as con:
        con.execute("set timezone = 'UTC'")
        results = run_project(con)
    incremental = [result for result in results if load_project().model(result.model).increment]
    assert all(result.derived < result.rows for result in incremental), incremental
    assert sum(result.derived > 0 for result in incremental) >= len(incremental) - 1, incremental
    dbt(command, "run", theirs)
    assert_same(ours, theirs)
