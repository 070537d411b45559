"""okr doctor says of a baseline from own reports what the night makes of it: by value, by parts, from any of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.doctor import doctor

CLIENT = """client: acme
name: Acme
language: en
sources:
  - {id: files, type: csv, path: data/files.csv}
  - {id: shop, type: sql, url: {env: SHOP}, query: "select * from figures"}
kpis:
  - {id: won_share, title: Won, kind: ratio, unit: share, source: files, numerator: won, denominator: asked}
  - {id: orders, title: Orders, kind: flow, unit: orders, source: shop}
  - {id: members, title: Members, kind: stock, unit: members, source: shop}
  - {id: elsewhere, title: Elsewhere, kind: flow, unit: orders, source: shop}
objectives:
  - id: o
    title: O
    period: {start: 2026-01-01, end: 2026-01-31}
    key_results:
"""
MONTH = "2025-01"
FILE = f"""month,kpi,value,numerator,denominator,scope
{MONTH},search_position,,500,100,
{MONTH},conversion_rate,,0,0,
{MONTH},won,3,,,
{MONTH},asked,10,,,
{MONTH},interactions,7,,,platform=linkedin
{MONTH},conversions,7,,,event=lead
{MONTH},elsewhere,7,,,
"""


@pytest.mark.parametrize(
    ("kpi", "said"),
    [
        ("search_position", "ok   o/kr: baseline 2025-01 from csv"),
        ("conversion_rate", "need o/kr"),
        ("won_share", "ok   o/kr: baseline 2025-01 from files"),
        ("orders", "ok   o/kr: baseline 2025-01 from shop"),
        ("members", "ok   o/kr: baseline 2025-12 from shop"),
        ("elsewhere", "need o/kr"),
        ("interactions", "ok   o/kr: baseline 2025-01 from csv"),
        ("conversions", "need o/kr"),
    ],
)
def test_a_baseline_from_own_reports_is_told_as_the_night_reads_it(
    kpi: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("clients", "data"):
        (tmp_path / folder).mkdir()
    key_result = f'      - {{id: kr, title: T, kpi: {kpi}, target: "+10%"}}\n'
    (tmp_path / "clients" / "acme.yaml").write_text(CLIENT + key_result, encoding="utf-8")
    (tmp_path / "data" / "files.csv").write_text(FILE, encoding="utf-8")
    with sqlite3.connect(tmp_path / "data" / "shop.db") as database:
        database.execute("create table figures (month text, kpi text, value real)")
        database.executemany("insert into figures values (?, ?, ?)", [(MONTH, "orders", 5), ("2024-03", "members", 9)])
    monkeypatch.setenv("SHOP", "sqlite:///data/shop.db")
    monkeypatch.setenv("OKR_TODAY", "2026-02-20")
    monkeypatch.setenv("OKR_HOME", str(tmp_path))
    told = CliRunner().invoke(doctor, [], catch_exceptions=False)
    assert said in told.output
    assert told.exit_code == 0
