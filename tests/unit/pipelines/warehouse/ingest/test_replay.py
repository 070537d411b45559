"""``okr replay``: replies kept by a real night over HTTP, parsed anew by the same readers without network or secrets.

Under test are ``connectors/core/replay.py``, ``pipelines/warehouse/ingest/replay.py`` and the command; the vendor is
local.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from connectors.core.arrow import Row
from connectors.core.base import Answer
from connectors.core.present_only import PresentOnlySource
from connectors.core.protocol import Batch, SourceType
from connectors.core.replay import NotKept, replay_context, without_optional_secrets
from connectors.core.shape import Node
from connectors.mastodon import source as mastodon
from connectors.mastodon.settings import Mastodon
from connectors.meta.facebook_page import FACEBOOK_PAGE
from connectors.meta.instagram import INSTAGRAM
from connectors.meta.settings import FacebookPage, Instagram
from connectors.registry import SOURCE_TYPES, open_source
from okr_models.client.model import Client
from okr_models.client.sources import EnvRef, SourceSettings
from pipelines.cli.main import okr
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.read_source import REPLY_KEPT
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.run_lock import run_lock
from tests.empty_home import connected
from tests.fake_vendor import NOW, Asked, Says, Vendor, context, vendor
from tests.unit.connectors.mastodon.test_source import account, instance, status

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TOKEN = "a-real-token-of-somebody"
FILE = """\
client: skargard
name: Skärgård
timezone: Europe/Stockholm
fiscal_year_start: 1
sources:
  - {id: toots, type: mastodon, account: skargard, base_url: "https://m.se", token: {env: TOOTS}, start: 2026-11-01}
"""


def night(home: Path, server: Vendor, today: date) -> None:
    """One night's snapshots of the client whose file is ``FILE``, from ``server``."""
    settings = Mastodon(
        id="toots", account="skargard", base_url=server.url, token=EnvRef(env="TOOTS"), start=date(2026, 11, 1)
    )
    with closing(connected(Home(home))) as con:
        ingest(
            con=con,
            clients=(Client(client="skargard", name="Skärgård", sources=(settings,)),),
            home=Home(home),
            environ={"TOOTS": TOKEN},
            clock=fixed_clock(today),
            run_id=f"night-{today}",
            deliveries=frozenset({"snapshot"}),
            source_types=SOURCE_TYPES,
            open_source=open_source,
        )


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(connect(Home(home))) as con:
        return con.execute(sql).fetchall()


def replay(home: Path, *arguments: str, source: str = "skargard/toots") -> Result:
    days = ("--from", "2026-11-17", "--to", "2026-11-18")
    return CliRunner().invoke(
        okr,
        ["--home", str(home), "replay", "--source", source, *(arguments or days)],
        env={"OKR_TODAY": "2026-11-25", "TOOTS": ""},
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three nights, each of 41 posts on two pages, read by a reader that forgets boosts among the shares."""
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "skargard.yaml").write_text(FILE, encoding="utf-8")
    right = mastodon.as_post
    with monkeypatch.context() as bug:
        bug.setattr(mastodon, "as_post", lambda post: right(post.__class__({**post.value, "reblogs_count": 0})))
        for number, day in enumerate((18, 19, 20)):
            posts = [status(1000 + one, reblogs_count=10 + number) for one in range(41, 0, -1)]
            with vendor(instance(posts, who=account(followers_count=500 + number))) as server:
                night(tmp_path, server, date(2026, 11, day))
    return tmp_path


SHARES = "select day, count(*), min(shares), max(shares) from raw.post_counters group by day order by day"


def test_a_parsing_bug_mended_later_is_mended_in_the_readings_asked_for_and_in_no_other(home: Path) -> None:
    assert query(home, SHARES) == [(date(2026, 11, day), 41, 1, 1) for day in (17, 18, 19)]
    followers = query(home, "select * from raw.follower_snapshots order by all")
    taken = query(home, "select distinct taken_at from raw.post_counters order by 1")

    done = replay(home)

    assert done.exit_code == 0, done.output
    assert done.output == (
        "skargard/toots, 2026-11-17 to 2026-11-18: 4 readings parsed anew, 2 came out different;"
        " okr run counts with them\n"
    )
    assert query(home, SHARES) == [
        (date(2026, 11, 17), 41, 11, 11),
        (date(2026, 11, 18), 41, 12, 12),
        (date(2026, 11, 19), 41, 1, 1),
    ]
    assert query(home, "select distinct taken_at from raw.post_counters order by 1") == taken
    assert query(home, "select * from raw.follower_snapshots order by all") == followers
    ledger = query(
        home,
        "select stream, window_start, window_end, rows, status, message from ops.loads where run_id like 'replay%'"
        " order by rowid",
    )
    assert ledger == [
        (
            "post_counters",
            date(2026, 11, day),
            date(2026, 11, day),
            41,
            "loaded",
            f"parsed anew from the replies kept at 2026-11-{day + 1}T04:00:00Z",
        )
        for day in (17, 18)
    ]


def test_a_second_replay_changes_nothing_and_leaves_no_trace(home: Path) -> None:
    replay(home)
    before = query(home, "select * from ops.loads order by all")
    done = replay(home)
    assert "4 readings parsed anew, 0 came out different\n" in done.output
    assert query(home, "select * from ops.loads order by all") == before


def test_a_reading_that_still_can_not_be_parsed_keeps_its_rows_and_is_named(home: Path) -> None:
    broken = gzip.compress(b'[{"id": 7}]', mtime=0)
    with closing(connect(Home(home))) as con:
        con.execute(
            "update raw.snapshot_replies set reply = ? where stream = 'post_counters' and part = 1"
            " and taken_at < timestamptz '2026-11-19 00:00:00+00'",
            [broken],
        )
    done = replay(home)
    assert done.exit_code == 1
    assert "3 readings parsed anew, 1 came out different, 1 could not be; okr run" in done.stdout
    named = "okr: skargard/toots: post_counters taken at 2026-11-18T04:00:00Z keeps its rows: "
    assert done.stderr.startswith(named)
    assert "[0].id should be a text" in done.stderr
    assert query(home, SHARES)[:2] == [(date(2026, 11, 17), 41, 1, 1), (date(2026, 11, 18), 41, 12, 12)]


def test_no_secret_is_in_the_replies_that_a_night_keeps(home: Path) -> None:
    kept = query(home, "select request, reply from raw.snapshot_replies")
    assert len(kept) == 3 * (1 + 3)
    assert not any(TOKEN in request or TOKEN.encode() in gzip.decompress(reply) for request, reply in kept)


def broken(post: Node) -> Row:
    """A reader of January, before a field's new shape was known."""
    return {"likes": post["favourites_count"].text("total")}


def confused(post: Node) -> Row:
    """A reader with a fault of its own."""
    raise KeyError("reblogs_count")


@pytest.mark.parametrize("bug", [broken, confused])
def test_a_reading_that_could_not_be_parsed_at_all_is_recovered_from_its_reply_once_the_reader_is_mended(
    bug: Callable[[Node], Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "skargard.yaml").write_text(FILE, encoding="utf-8")
    posts = [status(1000 + one, reblogs_count=10) for one in range(41, 0, -1)]
    with vendor(instance(posts, who=account(followers_count=500))) as server:
        with monkeypatch.context() as patch:
            patch.setattr(mastodon, "as_post", bug)
            night(tmp_path, server, date(2026, 11, 18))
        night(tmp_path, server, date(2026, 11, 19))
    states = (
        "select window_start, status, error_class, rows from ops.loads where stream = 'post_counters' order by rowid"
    )
    before = query(tmp_path, states)
    assert (date(2026, 11, 17), "failed", "bad_reply", 0) in before
    (message,) = query(tmp_path, "select message from ops.loads where status = 'failed'")
    assert message[0].endswith(REPLY_KEPT)
    assert query(tmp_path, SHARES) == [(date(2026, 11, 18), 41, 11, 11)]
    kept = query(tmp_path, "select request, reply from raw.snapshot_replies where taken_at < '2026-11-19'")
    assert len(kept) > 1
    assert not any(TOKEN in request or TOKEN.encode() in gzip.decompress(reply) for request, reply in kept)

    done = replay(tmp_path)

    assert done.exit_code == 0, done.output
    assert query(tmp_path, SHARES) == [(date(2026, 11, 17), 41, 11, 11), (date(2026, 11, 18), 41, 11, 11)]
    assert query(tmp_path, states) == [*before, (date(2026, 11, 17), "loaded", None, 41)]
    told = query(tmp_path, "select message, quality ->> 'taken_at' from ops.loads where run_id like 'replay%'")
    assert told == [("parsed anew from the replies kept at 2026-11-18T04:00:00Z", "2026-11-18T04:00:00+00:00")]
    assert "0 came out different" in replay(tmp_path).output


def test_a_reading_that_failed_for_another_reason_keeps_no_reply_to_parse(tmp_path: Path) -> None:
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "skargard.yaml").write_text(FILE, encoding="utf-8")
    served = instance([status(1)], who=account())
    down = Says({"error": "down"}, status=404)
    with vendor(lambda asked: down if "statuses" in asked.path else served(asked)) as server:
        night(tmp_path, server, date(2026, 11, 18))
    assert query(tmp_path, "select distinct status, error_class from ops.loads where stream = 'post_counters'") == [
        ("failed", "not_found")
    ]
    assert query(tmp_path, "select count(*) from raw.snapshot_replies where stream = 'post_counters'") == [(0,)]


def test_a_failed_reading_of_nothing_at_all_is_loaded_by_its_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "skargard.yaml").write_text(FILE, encoding="utf-8")
    right = PresentOnlySource._counters

    def bug(self: PresentOnlySource) -> Answer:
        right(self)
        raise KeyError("followers")

    with vendor(instance([], who=account())) as server, monkeypatch.context() as patch:
        patch.setattr(PresentOnlySource, "_counters", bug)
        night(tmp_path, server, date(2026, 11, 18))
    assert replay(tmp_path).exit_code == 0
    states = "select status, rows from ops.loads where stream = 'post_counters' order by rowid"
    assert query(tmp_path, states) == [("failed", 0), ("loaded", 0)]
    assert replay(tmp_path).exit_code == 0
    assert len(query(tmp_path, states)) == 2


@pytest.mark.parametrize(
    ("arguments", "source", "says"),
    [
        ((), "skargard/toot", "no source skargard/toot; there are: skargard/toots"),
        ((), "skargard2/toots", "did you mean skargard?"),
        (("--from", "2026-11-18", "--to", "2026-11-17"), "toots", "--to 2026-11-17 is before --from 2026-11-18"),
        (("--from", "2026-11-17", "--to", "2026-11-18", "--client", "acme"), "skargard/toots", "name two clients"),
        ((), "toots", "2 clients have a source toots; write --source CLIENT/toots"),
    ],
)
def test_wrong_usage_is_one_line_and_changes_nothing(
    home: Path, arguments: tuple[str, ...], source: str, says: str
) -> None:
    if source == "toots":
        other = FILE.replace("client: skargard", "client: acme")
        (home / "clients" / "acme.yaml").write_text(other, encoding="utf-8")
    before = query(home, SHARES)
    done = replay(home, *arguments, source=source)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert query(home, SHARES) == before


def test_a_replay_refuses_while_a_run_is_going_on(home: Path) -> None:
    with run_lock(Home(home), run_id="night", now=NOW):
        done = replay(home)
    assert done.exit_code == 1
    assert "run night" in done.stderr


def test_a_bare_source_name_with_its_client_is_enough(home: Path) -> None:
    done = replay(home, "--from", "2026-11-19", "--to", "2026-11-19", "--client", "skargard", source="toots")
    assert done.output.startswith("skargard/toots, 2026-11-19 to 2026-11-19: 2 readings parsed anew, 1 came out")


def again(kind: SourceType, settings: SourceSettings, batch: Batch, stream: str) -> Batch:
    """A batch's kept replies, read anew at the instant of the reading."""
    then = replay_context(client="fjallglas", client_zone=STOCKHOLM, taken_at=NOW, home=Path(), replies=batch.replies)
    with closing(kind.build(without_optional_secrets(settings), then)) as source:
        return source.read(kind.stream(stream), None)


def media(asked: Asked) -> Says:
    """An account whose API no longer knows ``reposts_count``, and repeats the token in the next page's address."""
    if "reposts" in asked.query.get("fields", ""):
        message = "(#100) Tried accessing nonexisting field (reposts_count) on node type (IGMedia)"
        return Says({"error": {"message": message, "type": "OAuthException", "code": 100}}, status=400)
    if "after" in asked.query:
        return Says({"data": [{"id": "2", "like_count": 4, "comments_count": 1}]})
    following = f"https://graph.facebook.com/v26.0/1/media?access_token={TOKEN}&after=abc&fields=id"
    return Says({"data": [{"id": "1", "like_count": 3, "comments_count": 0}], "paging": {"next": following}})


def test_a_reading_of_meta_is_replayed_over_its_refused_fields_pages_version_and_proxy() -> None:
    then = {"token": TOKEN, "app_secret": "an-app-secret"}
    settings = Instagram(
        id="ig", account_id="1", token=EnvRef(env="T"), app_secret=EnvRef(env="S"), api_version="v25.0"
    )
    with vendor(media) as server:
        source = INSTAGRAM.build(settings, context(secrets=then, base_url=f"{server.url}/proxy"))
        first = source.read(INSTAGRAM.stream("post_counters"), None)
        source.close()
    assert first.replies[0][0].startswith("HTTP 400 http://")
    assert not any(TOKEN in request or TOKEN.encode() in body for request, body in first.replies)
    second = again(INSTAGRAM, settings.model_copy(update={"api_version": None}), first, "post_counters")
    assert second.rows.equals(first.rows)
    assert second.rows.column("likes").to_pylist() == [3, 4]


def test_a_reader_that_now_asks_for_more_than_was_kept_is_refused_instead_of_answered_with_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = FacebookPage(id="fb", page_id="1", token=EnvRef(env="T"))
    with vendor(lambda _: Says({"data": [{"id": "1_2", "shares": {"count": 3}}]})) as server:
        source = FACEBOOK_PAGE.build(settings, context(secrets={"token": TOKEN}, base_url=server.url))
        batch = source.read(FACEBOOK_PAGE.stream("post_counters"), None)
        source.close()
    assert again(FACEBOOK_PAGE, settings, batch, "post_counters").rows.equals(batch.rows)
    monkeypatch.setattr("connectors.meta.facebook_page.COUNTER_FIELDS", ("id", "saves"))
    with pytest.raises(NotKept, match=r"saves.*was not asked then"):
        again(FACEBOOK_PAGE, settings, batch, "post_counters")


def test_each_reply_is_served_once_and_nothing_goes_to_the_network() -> None:
    replies = [("https://m.se/api/v1/accounts/lookup?acct=skargard", json.dumps(account()).encode())]
    then = replay_context(client="c", client_zone=STOCKHOLM, taken_at=NOW, home=Path(), replies=replies)
    settings = Mastodon(id="toots", account="skargard", base_url="https://m.se")
    with closing(mastodon.MASTODON.build(settings, then)) as source:
        batch = source.read(mastodon.MASTODON.stream("follower_snapshots"), None)
        assert batch.rows.column("taken_at").to_pylist() == [NOW]
        with pytest.raises(NotKept):
            source.read(mastodon.MASTODON.stream("follower_snapshots"), None)
