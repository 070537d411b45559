"""A source with another id keeps what was read under the one before, and what was read again stands once.

Really under test: ``renamed.take_over``, and nights over a real database in which it applies.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.warehouse.ingest import renamed
from pipelines.warehouse.ingest.renamed import take_over
from tests.unit.warehouse_fakes import Night, client, nights

FIRST = date(2026, 11, 10)
RENAMED = FIRST + timedelta(days=4)
TABLES = ("follower_snapshots", "web_daily", "web_monthly", "blog_posts", "snapshot_replies")


def night_of(tmp_path: Path) -> Night:
    night = Night(tmp_path, client(start=FIRST - timedelta(days=9), sources=("masto",)))
    night.vendor.identity = {"did": frozenset({"did:plc:acme"})}
    return night


def rename(night: Night, *formerly: str, sources: tuple[str, ...] = ("mastodon",)) -> None:
    night.clients = (client(start=FIRST - timedelta(days=9), sources=sources, formerly=formerly),)


def stood(night: Night) -> dict[str, list[tuple[Any, ...]]]:
    """All that is kept, whatever the id it is under."""
    found = {name: night.rows(f"select * exclude (source) from raw.{name} order by all") for name in TABLES}
    for name in ("loads", "blog_post_history", "gone_social_posts", "source_identities"):
        found[name] = night.rows(f"select * exclude (source) from ops.{name} order by all")
    return found


def owners(night: Night) -> set[str]:
    tables = [f"raw.{name}" for name in TABLES] + [
        "ops.loads",
        "ops.blog_post_history",
        "ops.gone_social_posts",
        "ops.source_identities",
    ]
    return {source for table in tables for (source,) in night.rows(f"select distinct source from {table}")}


def test_a_renamed_source_is_as_if_it_had_always_had_its_id(tmp_path: Path) -> None:
    same, other = night_of(tmp_path / "same"), night_of(tmp_path / "other")
    for day in nights(FIRST, 4):
        same.run(day)
        other.run(day)
    rename(other, "masto")
    for day in nights(RENAMED, 3):
        same.run(day)
        other.run(day)
    assert stood(other) == stood(same)
    assert owners(other) == {"mastodon"}


def test_what_was_read_under_both_ids_stands_once_as_it_was_read_last(tmp_path: Path) -> None:
    same, other = night_of(tmp_path / "same"), night_of(tmp_path / "other")
    for day in nights(FIRST, 4):
        same.run(day)
        other.run(day)
    other.vendor.deleted_posts = same.vendor.deleted_posts = {"a"}
    rename(other)
    for day in nights(RENAMED, 3):
        same.run(day)
        other.run(day)
    rename(other, "masto")
    for day in nights(RENAMED + timedelta(days=3), 2):
        same.run(day)
        other.run(day)
    for name in ("follower_snapshots", "web_daily", "web_monthly", "blog_posts"):
        assert stood(other)[name] == stood(same)[name], name
    assert owners(other) == {"mastodon"}
    assert other.rows("select count(*), count(distinct first_seen_at) from ops.source_identities") == [(2, 2)]
    assert len(stood(other)["blog_post_history"]) == len(stood(same)["blog_post_history"])


def test_a_night_killed_in_the_middle_loses_nothing_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = night_of(tmp_path)
    night.run(FIRST)
    before = stood(night)
    rename(night, "masto")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(renamed, "_merge_history", killed)
        with pytest.raises(KeyboardInterrupt):
            night.run(RENAMED)
    assert (stood(night), owners(night)) == (before, {"masto"})
    (settings,) = night.clients[0].sources
    assert take_over(night.con, settings, client="acme") == ("masto",)
    assert (stood(night), owners(night)) == (before, {"mastodon"})
    assert take_over(night.con, settings, client="acme") == ()


def test_readings_of_another_account_are_not_taken_over(tmp_path: Path) -> None:
    night = night_of(tmp_path)
    night.run(FIRST)
    rename(night)
    night.vendor.identity = {"did": frozenset({"did:plc:other"})}
    night.run(RENAMED)
    before = stood(night)
    rename(night, "masto")
    night.run(RENAMED + timedelta(days=1))
    kept = stood(night)
    assert all(kept[name] == before[name] for name in TABLES)
    assert owners(night) == {"masto", "mastodon"}
    failed = night.loads("failed")
    assert {error for _, _, _, error, _ in failed} == {"config"}
    assert "take masto out of formerly" in str(failed[0][4])


def test_another_client_with_the_same_id_keeps_its_own(tmp_path: Path) -> None:
    night = night_of(tmp_path)
    night.clients = (*night.clients, client("beta", start=FIRST, sources=("masto",)))
    night.run(FIRST)
    (settings,) = client(start=FIRST, sources=("mastodon",), formerly=("masto",)).sources
    take_over(night.con, settings, client="acme")
    assert night.rows("select distinct client, source from ops.loads order by all") == [
        ("acme", "mastodon"), ("beta", "masto")
    ]  # fmt: skip


def test_closed_months_of_its_own_scope_are_not_known_anew(tmp_path: Path) -> None:
    night = night_of(tmp_path)
    night.run(FIRST)
    night.con.execute("create schema first_known")
    night.con.execute("create table first_known.closed_months (client varchar, scope varchar)")
    night.con.execute("insert into first_known.closed_months values ('acme', 'source=masto'), ('acme', 'all')")
    (settings,) = client(start=FIRST, sources=("mastodon",), formerly=("masto",)).sources
    take_over(night.con, settings, client="acme")
    assert night.rows("select scope from first_known.closed_months order by all") == [("all",), ("source=mastodon",)]


def test_a_slip_in_formerly_is_refused_before_the_first_reading_and_moves_nothing(tmp_path: Path) -> None:
    night = night_of(tmp_path)
    night.run(FIRST)
    rename(night, "mastto")
    report = night.run(RENAMED)
    assert {(stream.source, stream.error_class) for stream in report.failed} == {("mastodon", "config")}
    said = {str(stream.message) for stream in report.failed}
    assert all("nothing was ever read under that id; read and without a source now: masto" in each for each in said)
    assert all('mend formerly; did you mean "masto"?' in each for each in said)
    rename(night, "masto")
    assert night.run(RENAMED + timedelta(days=1)).failed == ()
    # moved long ago, and nothing else without a source: no slip
    assert night.run(RENAMED + timedelta(days=2)).failed == ()
    assert owners(night) == {"mastodon"}


def test_a_new_home_may_name_ids_of_before(tmp_path: Path) -> None:
    night = night_of(tmp_path)
    rename(night, "masto")
    assert night.run(FIRST).failed == ()
