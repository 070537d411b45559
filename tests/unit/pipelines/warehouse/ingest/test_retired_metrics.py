"""A metric that a vendor retires: noted with the day since when it is gone, in good loads and in failed ones."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.core.errors import MetricGone
from okr_models.periods import Window
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.retired_metrics import with_since
from tests.unit.warehouse_fakes import FakeSource, FakeVendor, Night, client, nights

ZONE = ZoneInfo("Europe/Stockholm")
FIRST = date(2026, 11, 10)


def load(night: int, gone: str | None, status: Any = "loaded") -> Load:
    day = FIRST + timedelta(days=night)
    at = fixed_clock(day).now()
    return Load(
        client="acme",
        source="social",
        stream="web_daily",
        window=Window(day, day),
        rows=0,
        status=status,
        attempts=1,
        started_at=at,
        finished_at=at,
        run_id="r",
        quality={"unavailable": gone} if gone else {},
    )


@pytest.mark.parametrize(
    ("loads", "gone", "since"),
    [
        ([], "shares", "shares 2026-11-20"),
        ([load(0, None), load(1, "shares"), load(2, "shares")], "shares", "shares 2026-11-11"),
        ([load(0, "shares"), load(1, None), load(2, "shares")], "shares", "shares 2026-11-12"),
        ([load(0, "shares"), load(1, None, "failed"), load(2, "shares")], "shares", "shares 2026-11-10"),
        ([load(0, "shares", "failed"), load(1, "shares", "failed")], "shares", "shares 2026-11-10"),
        ([load(0, "shares"), load(1, "reposts, shares")], "reposts, shares", "reposts 2026-11-11, shares 2026-11-10"),
        ([load(0, "shares"), load(1, None)], "shares", "shares 2026-11-20"),
    ],
)
def test_a_metric_is_gone_since_the_first_reading_that_has_lacked_it_ever_since(
    loads: list[Load], gone: str, since: str
) -> None:
    said = with_since({"unavailable": gone, "zone": "UTC"}, loads=loads, today=date(2026, 11, 20), zone=ZONE)
    assert said == {"unavailable": gone, "zone": "UTC", "unavailable_since": since}


def test_a_reading_that_lacks_nothing_says_nothing() -> None:
    assert with_since({"zone": "UTC"}, loads=[load(0, "shares")], today=FIRST, zone=ZONE) == {"zone": "UTC"}


def test_the_ledger_says_since_when_for_a_stream_that_goes_on_and_for_one_that_fails(tmp_path: Path) -> None:
    class Lacking(FakeSource):
        def read(self, stream: Any, window: Window | None) -> Any:
            batch = super().read(stream, window)
            return replace(batch, quality={"unavailable": "shares"}) if stream.name == "web_daily" else batch

    night = Night(tmp_path, client(start=date(2026, 11, 1)), vendor=LackingVendor(Lacking))
    error = MetricGone(client="acme", source="social", attempted="reading")
    error.unavailable = "page_follows"
    night.vendor.errors["web_monthly"] = error
    for day in nights(FIRST, 3):
        night.run(day)
    rows = night.rows("select stream, status, quality from ops.loads where stream in ('web_daily', 'web_monthly')")
    told = {(stream, status, json.loads(quality).get("unavailable_since")) for stream, status, quality in rows}
    assert told == {
        ("web_daily", "loaded", f"shares {FIRST}"),
        ("web_monthly", "failed", f"page_follows {FIRST}"),
    }


class LackingVendor(FakeVendor):
    """A vendor whose sources are of the given class."""

    def __init__(self, kind: type[FakeSource]) -> None:
        super().__init__()
        self._kind = kind

    def open(self, settings: Any, context: Any) -> FakeSource:
        return self._kind(self, context)
