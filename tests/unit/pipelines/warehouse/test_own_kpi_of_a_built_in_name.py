"""A KPI of the client's own is judged, noted and shown by its declaration, whatever built-in one bears its id since.

Under test: two homes alike but for the id, from csv to the report.
"""

from __future__ import annotations

from pathlib import Path

from tests.csv_home import CsvHome

VALUES = [100.0 + n + (n % 5) for n in range(33)] + [-4.0]


def outcome(root: Path, kpi: str) -> tuple[list[object], list[object], str]:
    """Key results, months and report of one home on its second night, its csv file gone since the first."""
    home = CsvHome(root).own(kpi, "flow", unit="st").months(kpi, "2024-01", VALUES).result("k", kpi=kpi, target="+10%")
    home.night("2026-11-20")
    home.source = {"path": "data/gone.csv"}
    home.night("2026-11-21", may_fail=True)
    results = home.query("select * exclude (kpi, input_hash, definition_version) from marts.key_result_latest")
    months = home.query(f"select * exclude kpi from marts.kpi_monthly where kpi = '{kpi}' order by scope, month")
    report = home.exports()["acme/report.html"].decode()
    return [tuple(row.items()) for row in results], [tuple(row.items()) for row in months], report.replace(kpi, "KPI")


def test_the_id_changes_nothing(tmp_path: Path) -> None:
    assert outcome(tmp_path / "one", "tickets") == outcome(tmp_path / "other", "biljetter")
