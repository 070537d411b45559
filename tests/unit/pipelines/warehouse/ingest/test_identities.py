"""One account behind a source's id: kept with the first reading, held to, and let go on as another after a break.

Really under test: ``identities.py``, and nights through ``reading`` and ``writer`` in which it applies.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.core.errors import Unavailable
from connectors.core.protocol import Batch, Stream
from connectors.core.raw_tables import FOLLOWER_SNAPSHOTS, SOCIAL_POSTS, WEB_MONTHLY
from connectors.ga4.settings import Ga4
from connectors.matomo.settings import Matomo
from okr_models.client.model import Client
from okr_models.client.sources import Break, EnvRef
from okr_models.periods import Window
from pipelines.warehouse.ingest.identities import part_since
from tests.unit.warehouse_fakes import MONTHLY, Night, client, monthly, nights, table_of

FIRST = date(2026, 11, 10)
SWAPPED = FIRST + timedelta(days=5)
ZONE = ZoneInfo("Europe/Stockholm")


def who(name: str) -> dict[str, frozenset[str]]:
    return {"did": frozenset({name})}


def swapped(tmp_path: Path, *, breaks: tuple[Break, ...] = ()) -> Night:
    """Five nights of one account, and then another one behind the same id."""
    night = Night(tmp_path, client(start=FIRST - timedelta(days=9), breaks=breaks))
    night.vendor.identity = who("did:plc:acme")
    for day in nights(FIRST, 5):
        night.run(day)
    night.vendor.identity = who("did:plc:other")
    return night


def of_type(night: Night, name: str) -> dict[str, object]:
    """The fake vendor as what reads a type."""
    kind = night.vendor.type(name=name)
    return {"source_types": {name: kind}, "open_source": kind.build}


def kept(night: Night) -> list[tuple[object, ...]]:
    return night.rows("select source, identity, from_on from ops.source_identities order by first_seen_at")


def test_who_it_is_is_kept_once_with_the_first_reading(tmp_path: Path) -> None:
    night = swapped(tmp_path)
    assert kept(night) == [("social", "bluesky did did:plc:acme", None)]


def test_another_account_is_refused_for_that_source_alone_and_nothing_of_it_is_stored(tmp_path: Path) -> None:
    night = swapped(tmp_path)
    before = [night.table(name) for name in ("follower_snapshots", "web_daily", "blog_posts")]
    night.run(SWAPPED)
    assert [night.table(name) for name in ("follower_snapshots", "web_daily", "blog_posts")] == before
    assert len(kept(night)) == 1
    (first, *_) = failed = night.loads("failed")
    assert {error for _, _, _, error, _ in failed} == {"config"}
    message = str(first[4])
    assert "did:plc:acme" in message and "did:plc:other" in message  # noqa: PT018 - both are named
    assert "an id of its own" in message
    assert "breaks: [{date: 2026-11-14" in message
    night.vendor.identity = who("did:plc:acme")
    night.run(SWAPPED + timedelta(days=1))
    assert len(night.loads("failed")) == len(failed), "the account of before goes on"


def test_a_break_after_the_last_reading_lets_another_go_on_from_that_day(tmp_path: Path) -> None:
    night = swapped(tmp_path, breaks=(Break(date=SWAPPED, reason="New account"),))
    before = night.rows("select * from raw.web_daily where day < ? order by all", SWAPPED)
    for day in nights(SWAPPED, 3):
        night.run(day)
    assert night.loads("failed") == []
    assert kept(night)[1:] == [("social", "bluesky did did:plc:other", SWAPPED)]
    # the fourth was the last of the account before, the break's own day the first of the other
    assert night.rows("select distinct day from raw.follower_snapshots where day >= ? order by day", SWAPPED) == [
        (SWAPPED,), (SWAPPED + timedelta(days=1),)
    ]  # fmt: skip
    assert night.rows("select count(*) from raw.follower_snapshots where day = ?", SWAPPED - timedelta(days=1)) == [
        (0,)
    ]
    assert night.rows("select * from raw.web_daily where day < ? order by all", SWAPPED) == before
    assert night.rows("select max(day) from raw.web_daily") == [(SWAPPED + timedelta(days=1),)]


def test_days_before_the_other_account_are_never_asked_of_it_again(tmp_path: Path) -> None:
    night = swapped(tmp_path, breaks=(Break(date=SWAPPED, reason="New account"),))
    for day in nights(SWAPPED, 2):
        night.run(day)
    night.vendor.asked.clear()
    night.run(SWAPPED + timedelta(days=2), reread=Window(FIRST, SWAPPED + timedelta(days=1)))
    days = [window for name, window in night.vendor.asked if name == "web_daily" and window]
    assert min(window.start for window in days) == SWAPPED


@pytest.mark.parametrize("too_early", [FIRST - timedelta(days=200), FIRST])
def test_a_break_before_the_last_reading_is_about_something_else(tmp_path: Path, too_early: date) -> None:
    night = swapped(tmp_path, breaks=(Break(date=too_early, reason="Cookie banner"),))
    night.run(SWAPPED)
    assert {error for _, _, _, error, _ in night.loads("failed")} == {"config"}
    assert "too early" in str(night.loads("failed")[0][4])


def test_a_failed_read_says_nothing_of_who_it_is(tmp_path: Path) -> None:
    night = Night(tmp_path, client(start=FIRST))
    night.vendor.identity = who("did:plc:acme")
    error = Unavailable(client="acme", source="social", attempted="reading")
    night.vendor.errors = dict.fromkeys(("follower_snapshots", "web_daily", "web_monthly", "blog_posts"), error)
    night.run(FIRST)
    assert kept(night) == []


def test_what_is_learned_later_of_the_same_account_is_added(tmp_path: Path) -> None:
    night = Night(tmp_path, client(start=FIRST))
    night.run(FIRST)
    night.vendor.identity = who("did:plc:acme")
    night.run(FIRST + timedelta(days=1))
    assert [identity for _, identity, _ in kept(night)] == ["bluesky", "bluesky did did:plc:acme"]
    night.vendor.identity = who("did:plc:other")
    night.run(FIRST + timedelta(days=2))
    assert {error for _, _, _, error, _ in night.loads("failed")} == {"config"}


def test_what_a_file_names_for_certain_is_compared_before_anything_is_asked(tmp_path: Path) -> None:
    def of(number: str) -> Client:
        web = Ga4(id="web", property_id=number, credentials=EnvRef(env="KEY"), start=FIRST)
        return Client(client="acme", name="Acme", sources=(web,))

    night = Night(tmp_path, of("111111111"))
    kinds = of_type(night, "ga4")
    night.run(FIRST, **kinds)
    night.clients = (of("222222222"),)
    night.vendor.asked.clear()
    night.run(FIRST + timedelta(days=1), **kinds)
    assert night.vendor.asked == []
    assert "property id 222222222" in str(night.loads("failed")[0][4])


def test_a_server_that_moves_with_its_sites_is_the_same_one(tmp_path: Path) -> None:
    def at(server: str) -> Client:
        web = Matomo(id="web", site_id="3", base_url=server, token=EnvRef(env="T"), start=FIRST)
        return Client(client="acme", name="Acme", sources=(web,))

    night = Night(tmp_path, at("https://matomo.acme.se"))
    kinds = of_type(night, "matomo")
    night.vendor.identity = {"server": frozenset({"acme.se since 2024-01-01 00:00:00"})}
    night.run(FIRST, **kinds)
    night.clients = (at("https://stats.acme.se/matomo"),)
    night.run(FIRST + timedelta(days=1), **kinds)
    assert night.loads("failed") == []
    night.vendor.identity = {"server": frozenset({"annan.se since 2025-06-01 00:00:00"})}
    night.clients = (at("https://matomo.annan.se"),)
    night.run(FIRST + timedelta(days=2), **kinds)
    assert {error for _, _, _, error, _ in night.loads("failed")} == {"config"}


def test_posts_of_before_stay_and_a_month_with_the_break_in_it_is_the_other_ones() -> None:
    now = datetime(2026, 11, 20, 4, tzinfo=UTC)
    plain = {"platform": "bluesky", "url": None, "text": None}
    published = {"old": datetime(2026, 11, 12, tzinfo=UTC), "new": datetime(2026, 11, 16, tzinfo=UTC)}
    posts = table_of(SOCIAL_POSTS, [plain | {"post_id": name, "published_at": at} for name, at in published.items()])
    listing = Stream(table=SOCIAL_POSTS, delivery="listing", grain=None)
    today = Window(date(2026, 11, 19), date(2026, 11, 19))

    def cut(batch: Batch, stream: Stream, window: Window) -> Batch | None:
        return part_since(batch, stream=stream, window=window, first=SWAPPED, now=now, zone=ZONE, is_social=True)

    own = cut(Batch(rows=posts), listing, today)
    assert own is not None
    assert own.rows.column("post_id").to_pylist() == ["new"]
    assert own.listed_since is not None
    assert own.listed_since < datetime(2026, 11, 14, 23, tzinfo=UTC)
    months = Window(date(2026, 10, 1), date(2026, 11, 19))
    rows = table_of(WEB_MONTHLY, [monthly(month, through=months.end) for month in months.months()])
    of_months = cut(Batch(rows=rows, covers=months), MONTHLY, months)
    assert of_months is not None
    assert of_months.covers == Window(date(2026, 11, 1), date(2026, 11, 19))
    counters = Stream(table=FOLLOWER_SNAPSHOTS, delivery="snapshot")
    before = Window(SWAPPED - timedelta(days=1), SWAPPED - timedelta(days=1))
    assert cut(Batch(rows=table_of(FOLLOWER_SNAPSHOTS, [])), counters, before) is None
