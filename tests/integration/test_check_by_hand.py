"""A check executed alone from Dagster's pages: it asks the ledger and reads nothing.

Under test: ``sources_read`` of the ingest assets without their tables. The warehouse is a small one in memory.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.template import client_template
from pipelines.assets.config import client_files
from pipelines.assets.ingest import CHECK, _results, ingest_sources
from pipelines.keys import raw_key
from pipelines.resources import Night
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.result import IngestResult
from pipelines.warehouse.ingest.stages import Unwatched
from tests.unit.pipelines.warehouse.checks.test_mart_checks import AS_OF, story
from tests.unit.sql_story import copy_of_built

WEB = dg.AssetCheckKey(raw_key("web_daily"), CHECK)
LEDGER = """
    insert into ops.loads by name
    select
        'acme' as client, source, 'web_daily' as stream, date '2026-11-19' as window_start,
        date '2026-11-19' as window_end, 0 as rows, status, 1 as attempts, error_class, message,
        finished_at as started_at, finished_at, 'r' as run_id
    from (values
        ('web', 'failed', 'server', 'web: down', timestamptz '2026-11-20 04:00Z'),
        ('gone', 'failed', 'auth', 'gone: refused', timestamptz '2026-11-20 04:00Z')
    ) as t (source, status, error_class, message, finished_at)
"""


@pytest.mark.parametrize("mended", [False, True])
def test_a_check_alone_says_what_the_last_read_of_each_source_came_to(tmp_path: Path, mended: bool) -> None:
    home = Home(tmp_path)
    home.clients.mkdir()
    (home.clients / "acme.yaml").write_text(client_template("acme", types=SETTINGS), encoding="utf-8")
    con = copy_of_built(story)
    con.execute(LEDGER)
    if mended:
        again = LEDGER.replace("'r' as run_id", "'s' as run_id").replace("04:00", "05:00")
        con.execute(again.replace("'failed', 'server', 'web: down'", "'loaded', null, null"))
    before = con.execute("select count(*) from ops.loads").fetchall()
    night = Night(
        home=home, clock=fixed_clock(AS_OF), environ={}, con=con, clients=load_clients(home), run_id="by hand"
    )
    defs = dg.Definitions(
        assets=[ingest_sources],
        jobs=[dg.define_asset_job("alone", selection=dg.AssetSelection.checks(WEB))],
        resources={"night": night, "stages": Unwatched()},
    )
    with dg.DagsterInstance.ephemeral() as instance:
        done = defs.resolve_job_def("alone").execute_in_process(instance=instance, raise_on_error=True)
    (found,) = done.get_asset_check_evaluations()
    assert (found.asset_key, found.passed) == (WEB.asset_key, mended)
    assert done.get_asset_materialization_events() == []
    assert con.execute("select count(*) from ops.loads").fetchall() == before
    if not mended:
        assert "web: down" in str(found.metadata["failures"].value)
        assert "gone" not in str(found.metadata["failures"].value), "a source that no client has any more"


def test_what_is_wrong_with_a_client_stands_in_a_run_of_another(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.clients.mkdir()
    for name in ("acme", "other"):
        (home.clients / f"{name}.yaml").write_text(client_template(name, types=SETTINGS), encoding="utf-8")
    (home.clients / "broken.yaml").write_text("client: broken", encoding="utf-8")
    con = copy_of_built(story)
    con.execute(LEDGER)
    night = Night(
        home=home,
        clock=fixed_clock(AS_OF),
        environ={},
        con=con,
        clients=load_clients(home, only=("other",)),
        run_id="s",
    )
    assert [each.client for each in night.clients.clients] == ["other"]
    asked: Any = SimpleNamespace(selected_asset_keys={WEB.asset_key}, selected_asset_check_keys={WEB})
    *_, read = _results(asked, night, IngestResult(streams=()))
    assert isinstance(read, dg.AssetCheckResult)
    assert read.description == "1 of 1 could not be read: acme/web"
    *_, files = client_files.op.compute_fn.decorated_fn(night)
    assert (files.passed, files.metadata["clients"].value, files.metadata["broken_files"].value) == (False, 2, 1)
