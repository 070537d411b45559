"""A LinkedIn that takes every call and never answers: what a night waits for it, over its steps, is bounded."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from connectors.catalogue import SETTINGS
from connectors.core.http import SHARE_ONCE_SILENT, Http
from okr_models.client.file import read_client
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.schema import ensure_schema
from tests.drawn_out import never, serving

FILE = """\
client: acme
name: Acme AB
sources:
  - {id: li, type: linkedin, organization_id: "1", token: {env: TOKEN}, base_url: {env: BASE}}
"""
WAIT = 0.2


def test_a_silent_linkedin_is_timed_once_and_remembered_between_the_steps_of_a_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "timeout", (WAIT, WAIT))
    real = Http._waits

    def noted(http: Http) -> tuple[float, float]:
        waits.append(real(http)[1])
        return real(http)

    monkeypatch.setattr(Http, "_waits", noted)
    client = read_client(FILE, file_name="acme.yaml", types=SETTINGS).client
    home = Home(tmp_path)
    home.warehouse.mkdir()
    with serving(never) as (url, calls), closing(connect(home)) as con:
        ensure_schema(con)

        def night(day: int) -> list[str]:
            failed = []
            for deliveries in (("snapshot",), ("window", "listing")):
                done = ingest(
                    con=con, clients=[client], home=home, environ={"TOKEN": "t", "BASE": url},
                    clock=fixed_clock(date(2026, 11, day)), run_id=f"r{day}", deliveries=deliveries,
                )  # fmt: skip
                failed += [str(stream.error_class) for stream in done.failed]
            return failed

        failed = night(19)
        assert set(failed) == {"timeout"}
        # whole twice for the first stream, then half of it once a stream until it is given up
        assert waits == [WAIT, WAIT, *[WAIT * SHARE_ONCE_SILENT] * (len(waits) - 2)]
        assert len(waits) == len(calls) <= 4
        assert len(failed) > 3, "and every stream is said to have failed"
        asked = len(calls)
        night(20)
        assert len(calls) == 2 * asked, "the next night asks anew"
