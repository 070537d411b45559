"""dbt's exposures against what the code reads: the OKR step, the report, the terminal and the csv files."""

from __future__ import annotations

import re

import yaml

from pipelines.exports.files import TEAM_FILES
from pipelines.exports.report import queries
from pipelines.warehouse.models.project import PROJECT, load_project
from pipelines.warehouse.okr.figures import QUERIES

MARTS = {model.name for model in load_project().models if model.layer == "marts"}
EXPOSURES = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text("utf-8"))["exposures"]
READ = {
    each["name"]: {re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in each["depends_on"]}  # type: ignore[index]
    for each in EXPOSURES
}


def test_the_okr_step_and_with_it_the_terminal_read_these_marts() -> None:
    assert READ["results"] == READ["status"] == set(QUERIES)


def test_the_report_reads_these_marts() -> None:
    with open(queries.__file__, encoding="utf-8") as file:
        assert READ["report"] == set(re.findall(r"from marts\.(\w+)", file.read())) & MARTS


def test_the_csv_files_are_of_these_marts() -> None:
    assert READ["csv_exports"] == {file.table for file in TEAM_FILES} & MARTS
