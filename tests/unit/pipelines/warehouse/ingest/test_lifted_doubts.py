"""What csv files say against each other is lifted once one is mended, by a second run of the same instant too."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.file import read_client
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.schema import ensure_schema

FILE = """\
client: acme
name: Acme AB
sources:
  - {id: one, type: csv, path: data/one.csv}
  - {id: two, type: csv, path: data/two.csv}
"""


@pytest.mark.parametrize("mended_on", [date(2026, 11, 20), date(2026, 11, 21)])
def test_a_doubt_is_lifted_by_the_next_run_whatever_the_clock_says(mended_on: date, tmp_path: Path) -> None:
    home, client = Home(tmp_path), read_client(FILE, file_name="acme.yaml", types=SETTINGS).client
    for folder in (home.warehouse, home.data):
        folder.mkdir()
    (home.data / "one.csv").write_text("month,kpi,value\n2025-03,sessions,50\n")
    with closing(connect(home)) as con:
        ensure_schema(con)

        def run(day: date, run_id: str, other: int) -> dict[str, list[str]]:
            (home.data / "two.csv").write_text(f"month,kpi,value\n2025-03,sessions,{other}\n")
            ingest(
                con=con, clients=[client], home=home, environ={}, clock=fixed_clock(day), run_id=run_id,
                deliveries=("listing",),
            )  # fmt: skip
            newest: dict[str, list[str]] = {}
            for load in sorted(ledger.read(con), key=lambda each: each.finished_at):
                doubts = load.quality.get("doubts", [])
                assert isinstance(doubts, list)
                newest[load.source] = [str(each["code"]) for each in doubts if isinstance(each, dict)]
            return newest

        assert run(date(2026, 11, 20), "r1", 51) == {"one": ["rows_differ"], "two": ["rows_differ"]}
        # one.csv itself is as it was
        assert run(mended_on, "r2", 50) == {"one": [], "two": []}
        noted = len(ledger.read(con))
        run(mended_on, "r3", 50)
        assert len(ledger.read(con)) == noted, "the same again leaves no trace"
        instants = [load.finished_at for load in ledger.read(con) if load.source == "one"]
        assert len(set(instants)) == len(instants) == 2


def test_a_row_that_ended_after_every_doubt_is_the_same_without_asking_for_one(tmp_path: Path) -> None:
    home, client = Home(tmp_path), read_client(FILE, file_name="acme.yaml", types=SETTINGS).client
    for folder in (home.warehouse, home.data):
        folder.mkdir()
    for name, sessions in (("one", 50), ("two", 51)):
        (home.data / f"{name}.csv").write_text(f"month,kpi,value\n2025-03,sessions,{sessions}\n")
    with closing(connect(home)) as con:
        ensure_schema(con)
        ingest(
            con=con, clients=[client], home=home, environ={}, clock=fixed_clock(date(2026, 11, 20)), run_id="r1",
            deliveries=("listing",),
        )  # fmt: skip
        loads = ledger.read(con)
        doubted = max(load.finished_at for load in loads)
        assert ledger.last_doubt(con, run_id="r1") is None
        assert ledger.last_doubt(con, run_id="r2") == doubted
        later = replace(loads[0], finished_at=doubted + timedelta(microseconds=1), run_id="r2")
        for after_doubts in (False, True):
            ledger.append(con, later, after_doubts=after_doubts)
        assert ledger.read(con)[len(loads) :] == (later, later)
