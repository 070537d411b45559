"""A stream that not every account has: no failure while it never was read and nothing rests on it, and asked again.

Under test: planning and reading over a vendor in memory.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.core.errors import BadReply
from connectors.core.protocol import Stream
from connectors.core.raw_tables import WEB_EVENTS_DAILY
from okr_models.client.model import Client, Initiative
from tests.unit.warehouse_fakes import DAILY, FakeVendor, Night, Told, client

FIRST = date(2026, 10, 25)
START = FIRST - timedelta(days=20)
EVENTS = Stream(table=WEB_EVENTS_DAILY, delivery="window", is_optional=True)
SKIPPED = "select status, error_class, message like '%so far%' from ops.loads where stream = 'web_events_daily'"


def night_without_events(root: Path, *clients: Client) -> Night:
    vendor = FakeVendor()
    vendor.errors[EVENTS.name] = BadReply(client="acme", source="social", attempted="reading", status=400)
    return Night(root, *(clients or (client(start=START),)), vendor=vendor, streams=(DAILY, EVENTS))


def test_it_is_no_failure_and_is_asked_again_the_next_night(tmp_path: Path) -> None:
    night = night_without_events(tmp_path)
    told = Told()
    assert night.run(FIRST, stages=told).failed == ()
    assert told.lines[0].endswith("; does not give web_events_daily")
    assert told.expected == told.pieces
    assert night.rows(SKIPPED) == [("skipped", None, True)]
    night.vendor.errors.clear()
    night.vendor.mangle[EVENTS.name] = lambda _rows: EVENTS.table.arrow_schema().empty_table()
    night.vendor.asked.clear()
    night.run(FIRST + timedelta(days=1))
    windows = [window for stream, window in night.vendor.asked if stream == EVENTS.name and window]
    assert min(window.start for window in windows) == START


def test_once_it_was_read_a_failure_is_one(tmp_path: Path) -> None:
    night = night_without_events(tmp_path)
    trouble = dict(night.vendor.errors)
    night.vendor.errors.clear()
    night.vendor.mangle[EVENTS.name] = lambda _rows: EVENTS.table.arrow_schema().empty_table()
    night.run(FIRST)
    night.vendor.errors.update(trouble)
    assert [stream.stream for stream in night.run(FIRST + timedelta(days=1)).failed] == [EVENTS.name]


@pytest.mark.parametrize(
    "asking",
    [
        {"kpi": "conversions"},
        {"kpi": "sessions", "scope": {"channel": "email"}},
        {"guardrails": ("conversion_rate",)},
    ],
)
def test_what_the_file_asks_something_of_fails_from_the_first_night(tmp_path: Path, asking: dict[str, object]) -> None:
    rests = replace(EVENTS, table=replace(EVENTS.table, name="web_conversions_daily"))
    initiative = Initiative.model_validate({"id": "i", "title": "I", **asking})
    asks = client(start=START).model_copy(update={"initiatives": (initiative,)})
    night = night_without_events(tmp_path, asks)
    del night.kind["streams"]
    night.kind["streams"] = (DAILY, EVENTS if asking.get("kpi") else rests)
    night.vendor.errors["web_conversions_daily"] = night.vendor.errors[EVENTS.name]
    assert len(night.run(FIRST).failed) == 1
