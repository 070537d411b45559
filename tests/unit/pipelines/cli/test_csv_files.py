"""``okr validate`` reads csv files too: every bad line named, and rows that nothing would use."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from connectors.catalogue import SETTINGS
from okr_models.client.file import parse_client
from pipelines.cli.csv_files import csv_problems, csv_warnings
from pipelines.cli.main import okr
from pipelines.warehouse.home import Home
from tests.unit.client_files import FILE, GOOD

NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)


def test_bad_lines_and_rows_that_gainsay_each_other_are_named(tmp_path: Path) -> None:
    more = "sources:\n  - {id: more, type: csv, path: data/more.csv}\n  - {id: none, type: csv, path: data/none.csv}\n"
    client = parse_client(GOOD.replace("sources:\n", more, 1), file_name=FILE, types=SETTINGS)
    home = Home(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/nps.csv").write_text("month,kpi,value\n2025-01,sessions,5\n")
    (tmp_path / "data/more.csv").write_text("month,kpi,value\n2025-01,sessions,6\n2025-01,nps,6\n")
    said = csv_problems(client, home=home, now=NOW)
    assert said == [
        "sessions of 2025-01 is 6 in data/more.csv:2 and 5 in data/nps.csv:2",
        "sessions of 2025-01 is 5 in data/nps.csv:2 and 6 in data/more.csv:2",
    ]
    (warning,) = csv_warnings(client, home=home)
    assert warning.startswith("data/more.csv:3: nps is fed by ")
    (tmp_path / "data/more.csv").write_text("month,kpi,value\n2025-1,sessions,6\n")
    assert [line.partition(": ")[0] for line in csv_problems(client, home=home, now=NOW)] == ["data/more.csv:2"]


def test_rows_of_days_to_come_and_files_where_none_may_lie_are_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/nps.csv").write_text("month,kpi,value\n2026-11,nps,5\n2062-01,nps,6\n2026-12,nps,6\n")
    client = parse_client(GOOD, file_name=FILE, types=SETTINGS)
    (warning,) = csv_warnings(client, home=Home(tmp_path), now=NOW)
    assert warning == (
        "data/nps.csv:3: 2 rows are of days to come, from 2026-12-01 on, and count once these have begun"
    )
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/tok").write_text("s3cret")
    slip = parse_client(GOOD.replace("data/nps.csv", "secrets/tok"), file_name=FILE, types=SETTINGS)
    (said,) = csv_problems(slip, home=Home(tmp_path), now=NOW)
    assert said == "secrets/tok: the path leads into secrets/, which holds no figures; move the file into data/"
    (tmp_path / "clients").mkdir()
    (tmp_path / FILE).write_text(GOOD.replace("data/nps.csv", "secrets/tok"))
    done = CliRunner().invoke(okr, ["--home", str(tmp_path), "validate"], env={"OKR_TODAY": "2026-11-20"})
    assert done.exit_code == 1
    assert said in done.output
    assert "s3cret" not in done.output
