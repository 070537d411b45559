"""A home folder with csv sources alone, and nights over it in this process. No test lives here.

The steps are those of the nightly job in their order (``docs/architecture.md``), without Dagster and without the checks
before a mart, which have tests of their own: what is under test is each figure from a csv to the published table.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import yaml

from connectors.core.protocol import Delivery
from pipelines.exports.all import export_all
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import Connection, open_published, transaction
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.config_tables import write_config
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.models.runner import run_project
from pipelines.warehouse.okr.forecasts import night_forecaster, score_forecasts
from pipelines.warehouse.okr.initiatives import judge_initiatives
from pipelines.warehouse.okr.judge import evaluate_all
from pipelines.warehouse.publish.publish import publish
from pipelines.warehouse.schema import ensure_schema
from tests.empty_home import connected

YEAR = {"start": "2026-01-01", "end": "2026-12-31"}
Row = dict[str, Any]


def night_steps(con: Connection, home: Home, today: str, *, may_fail: bool = False) -> None:
    """The night of ``today`` over all clients of ``home``, as far as the published database."""
    clock, run_id = fixed_clock(date.fromisoformat(today)), f"run-{today}"
    loaded = load_clients(home)
    assert not loaded.broken, [error for file in loaded.broken for error in file.errors]
    ensure_schema(con)
    for deliveries in (frozenset[Delivery]({"snapshot"}), frozenset[Delivery]({"window", "listing"})):
        report = ingest(
            con=con,
            clients=loaded.clients,
            home=home,
            environ=os.environ,
            clock=clock,
            run_id=run_id,
            deliveries=deliveries,
        )
        assert may_fail or not report.failed, report
    write_config(con, loaded.clients, now=clock.now(), known=loaded.known)
    run_project(con)
    # each judgement inside the transaction in which a night checks its rows
    with transaction(con):
        evaluate_all(con, loaded.clients, clock, forecaster=night_forecaster(con, workers=1))
    with transaction(con):
        judge_initiatives(con, loaded.clients, clock, workers=1)
    with transaction(con):
        score_forecasts(con, loaded.clients)
    publish(con, home, run_id=run_id)


def query(home: Home, sql: str) -> list[Row]:
    """Rows of the published database, by column."""
    with asked(home) as ask:
        return ask(sql)


@contextmanager
def asked(home: Home) -> Iterator[Callable[[str], list[Row]]]:
    """The published database, opened once for many questions."""
    with closing(duckdb.connect(str(home.published_database.resolve()), read_only=True)) as con:
        con.execute("set timezone = 'UTC'")

        def ask(sql: str) -> list[Row]:
            cursor = con.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        yield ask


@dataclass
class CsvHome:
    """One client, ``acme``, with one objective ``o`` and one csv source ``own``."""

    root: Path
    rows: list[tuple[str, str, float, str]] = field(default_factory=list)
    kpis: list[Row] = field(default_factory=list)
    key_results: list[Row] = field(default_factory=list)
    period: Row = field(default_factory=lambda: dict(YEAR))
    source: Row = field(default_factory=dict)
    client: Row = field(default_factory=dict)
    initiatives: list[Row] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return Home.resolve(str(self.root), {})

    def own(self, kpi: str, kind: str, **more: Any) -> CsvHome:
        """A KPI of the client's own."""
        self.kpis.append({"id": kpi, "title": kpi, "kind": kind, "unit": "units", "source": "own"} | more)
        return self

    def months(self, kpi: str, first: str, values: Iterable[float | None], *, scope: str = "") -> CsvHome:
        """Values from month ``first`` on; None leaves a month out."""
        year, number = (int(part) for part in first.split("-"))
        for step, value in enumerate(values):
            index = year * 12 + number - 1 + step
            if value is not None:
                self.rows.append((f"{index // 12}-{index % 12 + 1:02}", kpi, value, scope))
        return self

    def days(self, kpi: str, values: dict[str, float], *, scope: str = "") -> CsvHome:
        self.rows += [(day, kpi, value, scope) for day, value in values.items()]
        return self

    def result(self, name: str, **settings: Any) -> CsvHome:
        """A key result, titled as its id."""
        self.key_results.append({"id": name, "title": name} | settings)
        return self

    def write(self) -> None:
        """The files as they stand now."""
        (self.root / "clients").mkdir(parents=True, exist_ok=True)
        (self.root / "data").mkdir(exist_ok=True)
        for column, path in (("month", "months.csv"), ("date", "days.csv")):
            wanted = [row for row in self.rows if (len(row[0]) == 7) == (column == "month")]
            lines = [
                f"{column},kpi,value,scope",
                *(f"{when},{kpi},{value},{scope}" for when, kpi, value, scope in wanted),
            ]
            (self.root / "data" / path).write_text("\n".join(lines) + "\n", encoding="utf-8")
        has_days = any(len(row[0]) == 10 for row in self.rows)
        sources = [{"id": "own", "type": "csv", "path": "data/months.csv"} | self.source]
        sources += [{"id": "daily", "type": "csv", "path": "data/days.csv"} | self.source] if has_days else []
        written = {
            "client": "acme",
            "name": "Acme AB",
            "language": "en",
            "sources": sources,
            "kpis": self.kpis,
            "objectives": [{"id": "o", "title": "O", "period": self.period, "key_results": self.key_results}],
            "initiatives": self.initiatives,
        } | self.client
        text = yaml.safe_dump({key: value for key, value in written.items() if value}, sort_keys=False)
        (self.root / "clients" / "acme.yaml").write_text(text, encoding="utf-8")

    def night(self, today: str, *, may_fail: bool = False) -> dict[str, Row]:
        """Run the night of ``today``; the newest row of each key result by its id. ``may_fail``: a source."""
        self.write()
        with closing(connected(self.home)) as con:
            night_steps(con, self.home, today, may_fail=may_fail)
        return self.latest()

    def latest(self) -> dict[str, Row]:
        """The newest row of each key result."""
        rows = self.query("select * from marts.key_result_latest order by key_result_id")
        return {row["key_result_id"]: row for row in rows}

    def query(self, sql: str) -> list[Row]:
        """Rows of the published database, by column."""
        return query(self.home, sql)

    def exports(self) -> dict[str, bytes]:
        """Everything a night exports, by path."""
        with closing(open_published(self.home)) as con:
            export_all(con, self.home.exports, clients=load_clients(self.home).clients)
        return {
            str(path.relative_to(self.home.exports)): path.read_bytes()
            for path in self.home.exports.rglob("*")
            if path.is_file()
        }


SMALL_NIGHT = "2026-11-20"
_FOLDER = TemporaryDirectory(prefix="small-")
"""Goes when the process ends."""


def small_home(root: Path) -> CsvHome:
    """One key result over the months of one KPI, before its first night."""
    home = CsvHome(root).own("orders", "flow").months("orders", "2025-01", [100.0] * 22)
    return home.result("more", kpi="orders", target="+10%")


def small_home_after_a_night(root: Path) -> CsvHome:
    """The same after ``SMALL_NIGHT``, which is run once a process; the copy is the caller's own to change."""
    shutil.copytree(_after_a_night(), root, symlinks=True, dirs_exist_ok=True)
    return small_home(root)


@cache
def _after_a_night() -> Path:
    home = small_home(Path(_FOLDER.name))
    home.night(SMALL_NIGHT)
    return home.root
