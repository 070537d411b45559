"""Days that were read while a stream's figures counted something else are read again, and no others.

Really under test: ``Stream.counts_by`` and ``Counting`` through planning and reading, over a vendor in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.core.errors import Unavailable
from connectors.core.protocol import GIVES, SINCE, Context, Stream
from connectors.core.shape import Json
from connectors.registry import SOURCE_TYPES
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window
from tests.unit.warehouse_fakes import DAILY, FakeSource, FakeVendor, Night, client

START, FIRST = date(2026, 8, 10), date(2026, 10, 25)
COUNTED = replace(DAILY, counts_by=("actor",), slice_days=400)
ALL = Window(START, FIRST)
UNSETTLED = Window(FIRST - timedelta(days=3), FIRST)


@pytest.mark.parametrize(
    ("source_type", "stream", "names"),
    [
        ("ga4", "web_events_daily", ("events", "leads")),
        ("ga4", "web_channels_daily", ("events", "leads")),
        ("matomo", "web_events_daily", ("events",)),
        ("matomo", "web_conversions_daily", ("events",)),
        ("plausible", "web_channels_daily", ("events",)),
        ("hubspot", "deals_daily", ("rate", "currency")),
        ("meta_ads", "ad_cost_daily", ("rate", "currency")),
    ],
)
def test_settings_that_change_what_a_day_of_the_past_is_worth_are_known(
    source_type: str, stream: str, names: tuple[str, ...]
) -> None:
    assert SOURCE_TYPES[source_type].stream(stream).counts_by == names


def second_night(night: Night) -> list[Window | None]:
    """What is asked for on the night after the first."""
    night.vendor.asked.clear()
    night.run(FIRST + timedelta(days=1))
    return [window for _, window in night.vendor.asked]


@pytest.mark.parametrize(
    ("stream", "actor", "asked"),
    [
        (COUNTED, "acme.example", UNSETTLED),
        (COUNTED, "other.example", ALL),
        (replace(COUNTED, counts_by=()), "other.example", UNSETTLED),
    ],
)
def test_a_setting_that_says_what_is_counted_has_the_past_read_again(
    tmp_path: Path, stream: Stream, actor: str, asked: Window
) -> None:
    night = Night(tmp_path, client(start=START), streams=(stream,), category="own")
    night.run(FIRST)
    source = night.clients[0].sources[0].model_copy(update={"actor": actor})
    night.clients = (night.clients[0].model_copy(update={"sources": (source,)}),)
    windows = second_night(night)
    assert windows[0] is not None
    assert windows[0].start <= asked.start
    assert (windows[0].start == START) == (asked == ALL)
    assert second_night(night) == []


@pytest.mark.parametrize(("currency", "is_whole"), [("SEK", False), ("EUR", True)])
def test_another_currency_of_the_client_has_the_past_read_again(tmp_path: Path, currency: str, is_whole: bool) -> None:
    money = replace(COUNTED, counts_by=("currency",))
    night = Night(tmp_path, client(start=START), streams=(money,))
    night.run(FIRST)
    night.clients = (night.clients[0].model_copy(update={"currency": currency}),)
    (window,) = second_night(night)
    assert window is not None
    assert (window.start == START) == is_whole
    assert second_night(night) == []


@pytest.mark.parametrize("stream", [replace(COUNTED, counts_by=("currency",)), replace(DAILY, is_cut_here=True)])
def test_what_was_read_otherwise_in_between_is_read_again(tmp_path: Path, stream: Stream) -> None:
    """A slip in the file that is mended the next night: what was read before it was replaced by what came of it."""
    night = Night(tmp_path, client(start=START), streams=(replace(stream, slice_days=400),))
    for day, (currency, zone) in enumerate([("SEK", "Europe/Stockholm"), ("EUR", "Asia/Tokyo")] * 2):
        night.clients = (night.clients[0].model_copy(update={"currency": currency}),)
        night.vendor.zone = ZoneInfo(zone)
        night.vendor.asked.clear()
        night.run(FIRST + timedelta(days=day))
        ((_, window),) = night.vendor.asked
        assert window is not None
        assert window.start == START, day


def cut_here() -> set[tuple[str, str]]:
    return {(name, stream.name) for name, kind in SOURCE_TYPES.items() for stream in kind.streams if stream.is_cut_here}


def test_the_streams_are_known_whose_days_are_cut_out_of_instants() -> None:
    crm = {("hubspot", stream) for stream in ("contacts_daily", "deals_daily", "tickets_daily")}
    assert cut_here() == crm | {("brevo", "newsletters_daily"), ("mailchimp", "newsletters_daily")}


@pytest.mark.parametrize(
    ("is_cut_here", "zone", "is_whole"),
    [(True, "Asia/Tokyo", True), (True, "Europe/Stockholm", False), (False, "Asia/Tokyo", False)],
)
def test_days_that_were_cut_in_another_zone_are_read_again(
    tmp_path: Path, is_cut_here: bool, zone: str, is_whole: bool
) -> None:
    night = Night(tmp_path, client(start=START), streams=(replace(COUNTED, is_cut_here=is_cut_here),))
    night.run(FIRST)
    night.vendor.zone = ZoneInfo(zone)
    (window,) = second_night(night)
    assert window is not None
    assert (window.start == START) == is_whole
    assert second_night(night) == []


@dataclass
class CountingSource(FakeSource):
    goals: Mapping[str, Json]

    def counts(self, stream: Stream) -> Mapping[str, Json]:
        self.vendor.fail("counts")
        return self.goals


class CountingVendor(FakeVendor):
    goals: Mapping[str, Json] = {"goal 1": "Contact", "listed": {"Contact": True}}

    def open(self, settings: SourceSettings, context: Context) -> FakeSource:
        return CountingSource(self, context, goals=self.goals)


@pytest.mark.parametrize(
    ("goals", "is_whole"),
    [
        ({"goal 1": "Contact"}, False),
        ({"goal 1": "Lead"}, True),
        # what only one of the two names tells nothing of the days before
        ({"goal 1": "Contact", "goal 2": "Order"}, False),
        ({}, False),
        ({"listed": {"Contact": True, "Order": True}}, True),
        # nor does a goal that is deleted, or missing from the list for a night
        ({"listed": {}}, False),
    ],
)
def test_a_goal_that_means_another_thing_has_the_past_read_again(
    tmp_path: Path, goals: Mapping[str, Json], is_whole: bool
) -> None:
    vendor = CountingVendor()
    night = Night(tmp_path, client(start=START), vendor=vendor, streams=(COUNTED,))
    night.run(FIRST)
    vendor.goals = goals
    (window,) = second_night(night)
    assert window is not None
    assert (window.start == START) == is_whole


def test_goals_that_cannot_be_told_cost_no_figure(tmp_path: Path) -> None:
    vendor = CountingVendor()
    night = Night(tmp_path, client(start=START), vendor=vendor, streams=(COUNTED,))
    night.run(FIRST)
    vendor.errors["counts"] = Unavailable(client="acme", source="social", attempted="listing goals")
    (window,) = second_night(night)
    assert window is not None
    assert window.start > START
    assert len(night.loads("failed")) == 0
    # and the day after, the goals are the ones of the first night
    vendor.errors.clear()
    vendor.goals = {"goal 1": "Lead"}
    night.vendor.asked.clear()
    night.run(FIRST + timedelta(days=2))
    assert [window.start for _, window in night.vendor.asked if window][-1] == START


def test_days_that_were_read_while_a_goal_was_missing_are_read_again_when_it_is_back(tmp_path: Path) -> None:
    vendor = CountingVendor()
    night = Night(tmp_path, client(start=START), vendor=vendor, streams=(COUNTED,))
    night.run(FIRST)
    vendor.goals = {"listed": {}}
    (without,) = second_night(night)
    vendor.goals = CountingVendor.goals
    night.vendor.asked.clear()
    night.run(FIRST + timedelta(days=2))
    (window,) = [window for _, window in night.vendor.asked if window]
    assert without is not None
    assert START < window.start <= without.start


def test_days_read_without_what_a_source_lacked_are_read_again_once_it_has_it_also_that_day(tmp_path: Path) -> None:
    vendor = CountingVendor()
    night = Night(tmp_path, client(start=START), vendor=vendor, streams=(replace(DAILY, slice_days=400),))
    asked: list[list[Window | None]] = []
    for given in ({}, {}, {"amount": True}, {"amount": True}, {}):
        vendor.goals = {GIVES: given}
        vendor.asked.clear()
        night.run(FIRST)
        asked.append([window for _, window in vendor.asked])
    assert [len(windows) for windows in asked] == [1, 0, 1, 0, 0], "what it lacks again was read with it"


def test_a_past_that_was_brought_in_later_is_read_though_it_was_noted_as_not_to_be_had(tmp_path: Path) -> None:
    vendor = CountingVendor()
    night = Night(tmp_path, client(start=START), vendor=vendor, streams=(replace(DAILY, slice_days=400),))
    starts: list[date] = []
    for count, begins in enumerate([date(2026, 9, 20), date(2026, 9, 20), date(2026, 8, 20), date(2026, 10, 1)]):
        vendor.covers_from, vendor.goals = begins, {SINCE: begins.isoformat()}
        vendor.asked.clear()
        night.run(FIRST + timedelta(days=count))
        starts.append(min(window.start for _, window in vendor.asked if window))
    assert (starts[0], starts[2]) == (START, START)
    assert starts[1] > START, "it said that there was nothing before"
    assert starts[3] > START, "what it has no more was read"
