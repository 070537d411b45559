"""What a run opens, what its launchpad shows, and what it says of itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.template import client_template
from pipelines.assets.ingest import _tag
from pipelines.keys import CLIENTS, LAUNCHED_BY, SOURCES_FAILED
from pipelines.resources import NightResource, NoClients, opened_night
from pipelines.warehouse.home import Home
from tests.unit.published_fixture import build_published


def test_the_launchpad_shows_what_a_person_may_choose_and_nothing_else() -> None:
    assert set(NightResource.model_fields) == {"clients", "full_refresh", "clock_is_right", "lax_secrets"}


def test_a_job_without_clients_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(NoClients, match=r"no client file in .*OKR_HOME"), opened_night(Home(tmp_path), run_id="r"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_whoever_holds_the_lock_may_run_for_no_client_as_a_shard_does_whose_last_ones_file_is_gone(
    tmp_path: Path,
) -> None:
    with opened_night(Home(tmp_path), run_id="r", locked=True) as night:
        assert night.clients.clients == ()


def test_a_client_that_has_no_file_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "acme.yaml").write_text(client_template("acme", types=SETTINGS), encoding="utf-8")
    with (
        pytest.raises(NoClients, match="did you mean acme"),
        opened_night(Home(tmp_path), run_id="r", clients=["acmee"]),
    ):
        pass
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize(
    ("tags", "launched"),
    [({}, "dagster"), ({"dagster/schedule_name": "nightly_schedule"}, "schedule"), ({LAUNCHED_BY: "okr run"}, None)],
)
def test_a_run_says_whose_it_is_and_how_many_sources_failed(tags: dict[str, str], launched: str | None) -> None:
    told: dict[str, Any] = {}
    context: Any = SimpleNamespace(
        run=SimpleNamespace(tags=tags),
        run_id="x",
        instance=SimpleNamespace(add_run_tags=lambda _run, given: told.update(given)),
    )
    clients = SimpleNamespace(clients=[SimpleNamespace(client="fjallglas"), SimpleNamespace(client="skargard")])
    with build_published() as con:
        night: Any = SimpleNamespace(con=con, run_id="r1", clients=clients)
        assert isinstance(con, duckdb.DuckDBPyConnection)
        _tag(context, night)
    assert (told[CLIENTS], told[SOURCES_FAILED], told.get(LAUNCHED_BY)) == ("fjallglas,skargard", "1", launched)
