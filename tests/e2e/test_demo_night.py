"""Whole nights as a user runs them: the demo's client files, the sandbox over real HTTP, the ``okr`` command.

Under test: exit codes, what is published and exported, what a second run changes, what one failure leaves alone; and
everything between a person's visit and the figure an analyst reads: published figures against the sandbox's own event
log, counted here without SQL or connectors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from connectors.catalogue import SETTINGS
from connectors.sandbox.server import SandboxServer
from okr_models.client.file import read_client
from okr_models.periods import add_months, month_end
from tests.home import DEMO, Installation, copy_demo

TODAY = date(2026, 11, 20)
CLIENT = "fjallglas"
STOCKHOLM = ZoneInfo("Europe/Stockholm")
DEMO_FILES = sorted((DEMO / "clients").glob("*.yaml"))
SOURCES = (
    "web (ga4)",
    "search (search_console)",
    "facebook (facebook_page)",
    "instagram (instagram)",
    "linkedin (linkedin)",
    "film (youtube)",
    "blog (wordpress)",
    "web (plausible)",
    "mastodon (mastodon)",
    "bluesky (bluesky)",
    "blog (feed)",
    "web (matomo)",
    "crm (hubspot)",
    "till (sql)",
)
SEARCH = ("search_clicks", "search_impressions", "search_position", "search_position_new_posts")
SEED = (
    "unique_visitors",
    "followers",
    "blog_posts",
    "interactions",
)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The demo after its first night."""
    root = copy_demo(tmp_path_factory.mktemp("demo"))
    with SandboxServer(today=TODAY) as server:
        installation = Installation(root, server, TODAY)
        done = installation.okr("run", OKR_CORES="2")  # whatever a test run's worker has
        assert done.returncode == 0, done.stderr
        yield installation


@pytest.fixture(scope="module")
def visits(night: Installation) -> pd.DataFrame:
    """Every page view that analytics knows this morning, with its month in the site's zone."""
    views = night.server.world.events_visits(CLIENT)
    views["month"] = views["day"].dt.to_period("M").dt.start_time.dt.date
    return views


def monthly(night: Installation, kpi: str, scope: str = "all") -> dict[date, float]:
    rows = night.query(
        "select month, value from marts.kpi_monthly where client = ? and kpi = ? and scope = ? and origin = 'source'",
        CLIENT,
        kpi,
        scope,
    )
    return dict(rows)  # type: ignore[arg-type]


def test_unique_visitors_are_each_months_distinct_people_and_not_the_sum_of_its_days(
    night: Installation, visits: pd.DataFrame
) -> None:
    active = visits[(visits["engagement_seconds"] > 0) | visits["first_visit"]]
    active = active[active["day"].dt.date < TODAY]
    people = active.groupby("month")["visitor_id"].nunique()
    summed = active.groupby(["month", "day"])["visitor_id"].nunique().groupby("month").sum()
    published = monthly(night, "unique_visitors")
    assert len(published) >= 24
    for month, value in published.items():
        assert value == people[month], month
        assert value < summed[month], month


def test_sessions_and_page_views_are_the_sum_of_the_days_events(night: Installation, visits: pd.DataFrame) -> None:
    known = visits[visits["day"].dt.date < TODAY]
    views = known.groupby("month").size()
    for month, value in monthly(night, "page_views").items():
        assert value == views[month], month


def test_followers_at_each_month_end_are_those_who_followed_then(night: Installation) -> None:
    world = night.server.world
    published = monthly(night, "followers", "source=linkedin")
    checked = 0
    for month, value in published.items():
        end = datetime.combine(month_end(month) + timedelta(days=1), datetime.min.time(), UTC)
        if month_end(month) < TODAY:
            # total less gains, where the gains of the last two days are not told yet
            assert value == pytest.approx(world.followers(CLIENT, "linkedin", end), abs=15), month
            checked += 1
    assert checked >= 10


def test_interactions_are_counted_on_the_day_they_happened(night: Installation) -> None:
    events = night.server.world.social_events(CLIENT, "linkedin")
    month = events["at"].dt.tz_localize(None).dt.to_period("M").dt.start_time.dt.date
    happened = events.groupby(month)["delta"].sum()
    published = monthly(night, "interactions", "source=linkedin")
    whole = {m: v for m, v in published.items() if date(2025, 12, 1) <= m <= date(2026, 10, 1)}
    assert len(whole) == 11
    for first, value in whole.items():
        assert value == happened[first], first


def test_each_posts_first_90_days_count_every_address_of_it(night: Installation, visits: pd.DataFrame) -> None:
    live = {str(post.post_id): post for post in night.server.world.blog_posts(CLIENT)}
    views = visits.dropna(subset=["post_id"])
    published = night.query(
        "select post_id, page_views_90d, title from marts.blog_posts where client = ? and published_at >= '2024-02-01'",
        CLIENT,
    )
    assert len(published) >= 10
    for post_id, counted, title in published:
        post = live[str(post_id)]
        first = post.published_at.astimezone(STOCKHOLM).date()
        days = views["day"].dt.date
        mine = views[(views["post_id"] == post.post_id) & (days >= first) & (days < first + timedelta(days=90))]
        assert counted == (mine["day"].dt.date < TODAY).sum(), title


def test_the_count_of_posts_that_are_really_read_follows_from_the_events(
    night: Installation, visits: pd.DataFrame
) -> None:
    views = visits.dropna(subset=["post_id"])
    met = 0
    for post in night.server.world.blog_posts(CLIENT):
        first = post.published_at.astimezone(STOCKHOLM).date()
        if first.year != 2026:
            continue
        days = views["day"].dt.date
        mine = (views["post_id"] == post.post_id) & (days >= first) & (days < first + timedelta(days=90))
        met += int((mine & (days < TODAY)).sum() >= 500)
    current = night.query(
        "select current from marts.key_result_latest where client = ? and key_result_id = 'posts'", CLIENT
    )
    assert current == [(float(met),)]
    outcomes = dict(
        night.query(
            "select outcome, count(*) from marts.key_result_items where client = ? group by outcome order by outcome",
            CLIENT,
        )
    )
    assert outcomes["met"] == met


def test_growth_is_over_the_same_months_of_last_year(night: Installation, visits: pd.DataFrame) -> None:
    active = visits[(visits["engagement_seconds"] > 0) | visits["first_visit"]]
    people = active.groupby("month")["visitor_id"].nunique()
    # 20 November: January to October are closed
    now = [people[date(2026, month, 1)] for month in range(1, 11)]
    then = [people[add_months(date(2026, month, 1), -12)] for month in range(1, 11)]
    baseline, current, target = night.query(
        "select baseline, current, target from marts.key_result_latest where client = ? and key_result_id = 'visitors'",
        CLIENT,
    )[0]
    assert baseline == pytest.approx(sum(then) / 10)
    assert current == pytest.approx(sum(now) / 10)
    assert target == pytest.approx(sum(then) / 10 * 1.3)


def rows(night: Installation) -> dict[str, list[tuple[object, ...]]]:
    tables = night.query(
        "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"
    )
    return {str(name): night.query(f'select * from marts."{name}" order by all') for (name,) in tables}


def test_the_seeds_objective_is_shown_in_swedish_with_its_four_key_results(night: Installation) -> None:
    shown = night.okr("status", "--client", "fjallglas")
    assert shown.returncode == 0
    assert "Öka varumärkeskännedom och engagemang online" in " ".join(shown.stdout.split())
    judged = night.query(
        """select kpi, current, target, progress, status from marts.key_result_latest
           where client = 'fjallglas' and objective_id = 'awareness' order by key_result_id"""
    )
    assert {row[0] for row in judged} == set(SEED)
    assert all(value is not None for row in judged for value in row)


def test_the_table_fits_80_columns_and_has_no_colour_when_piped(night: Installation) -> None:
    shown = night.okr("status").stdout
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "\x1b" not in shown


@pytest.mark.parametrize("options", [(), ("--full-refresh",)])
def test_a_second_run_of_the_same_day_changes_no_row_and_no_byte_of_the_exports(
    night: Installation, options: tuple[str, ...]
) -> None:
    before, files = rows(night), night.exports()
    done = night.okr("run", *options)
    assert done.returncode == 0, done.stderr
    assert rows(night) == before
    assert night.exports() == files


def test_the_seeds_search_figures_are_there_for_the_last_closed_month(night: Installation) -> None:
    found = night.query(
        """select kpi, value from marts.kpi_monthly
           where client = 'fjallglas' and scope = 'all' and month = '2026-10-01' and is_closed"""
    )
    values = {str(kpi): value for kpi, value in found}
    assert all(values[kpi] is not None for kpi in SEARCH)


def test_only_what_nobody_wrote_down_cannot_be_judged(night: Installation) -> None:
    unjudged = night.query(
        "select client, key_result_id from marts.key_result_latest where status = 'cannot_be_judged' order by all"
    )
    assert unjudged == [("skargard", "followers"), ("skargard", "interactions")]


def test_what_cannot_be_judged_says_what_would_cure_it(night: Installation) -> None:
    unjudged = night.query("select notes from marts.key_result_latest where status = 'cannot_be_judged'")
    assert unjudged
    assert all(notes for (notes,) in unjudged)


def test_only_marts_and_ops_are_published_and_nobody_can_write_there(night: Installation) -> None:
    schemas = {row[0] for row in night.query("select distinct table_schema from information_schema.tables")}
    assert schemas == {"marts", "ops"}
    link = night.root / "published" / "okr.duckdb"
    assert link.is_symlink()
    assert not Path(link.readlink()).is_absolute()
    assert link.resolve().stat().st_mode & 0o777 == 0o444


def test_sql_answers_and_refuses_to_write_or_to_read_files(night: Installation) -> None:
    answered = night.okr("sql", "select count(*) as key_results from marts.key_result_latest")
    assert answered.returncode == 0
    assert "key_results" in answered.stdout
    for query in ("drop table marts.kpi_monthly", "select * from read_text('/etc/hostname')", "selekt 1"):
        refused = night.okr("sql", query)
        assert refused.returncode == 1
        assert len(refused.stderr.strip().splitlines()) == 1
        assert "Traceback" not in refused.stderr


def test_the_same_exports_come_from_the_export_command(night: Installation, tmp_path: Path) -> None:
    done = night.okr("export", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    written = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert written == night.exports()


def test_doctor_names_every_source_and_every_key_results_baseline(night: Installation) -> None:
    examined = night.okr("doctor")
    assert examined.returncode == 0, examined.stdout + examined.stderr
    for name in (*SOURCES, "awareness/visitors"):
        assert name in examined.stdout


def test_every_source_of_every_client_is_loaded_and_none_fails(night: Installation) -> None:
    assert night.query("select * from ops.loads where status <> 'loaded'") == []
    loaded = night.query("select distinct client, source from ops.loads order by all")
    clients = [read_client(path.read_bytes(), file_name=path.name, types=SETTINGS).client for path in DEMO_FILES]
    assert loaded == sorted((client.client, source.id) for client in clients for source in client.sources)


def secrets_of(environ: Mapping[str, str]) -> list[str]:
    """Every credential of the demo's sources; of a JSON key the parts that open something."""
    found: list[str] = []
    for name, value in environ.items():
        if not name.startswith("OKR_DEMO_"):
            continue
        parts = json.loads(value) if value.startswith("{") else {"": value}
        found += [str(parts[part]) for part in ("", "client_secret", "refresh_token") if part in parts]
        # a line of the key, however its line ends are written
        found += str(parts.get("private_key", "")).splitlines()[1:2]
    return found


def test_no_secret_reaches_a_file_of_the_home_folder(night: Installation) -> None:
    secrets = secrets_of(night.environ)
    # one at least of each variable, and a user's login has two
    assert len(secrets) > sum(name.startswith("OKR_DEMO_") for name in night.environ)
    for path in night.root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


def test_a_broken_client_file_stops_only_that_client_and_is_named_with_its_line(night: Installation) -> None:
    path = night.client_file("skargard")
    whole = path.read_text(encoding="utf-8")
    before = night.query("select * from marts.kpi_monthly where client = 'skargard' order by all")
    try:
        path.write_text(whole.replace("fiscal_year_start: 7", "fiscal_year_start: July"), encoding="utf-8")
        done = night.okr("run")
        assert done.returncode == 3
        assert "skargard.yaml:" in done.stderr
        checked = night.okr("validate")
        assert checked.returncode == 1
        assert "fjallglas: valid" in checked.stdout
        assert night.query("select * from marts.kpi_monthly where client = 'skargard' order by all") == before
    finally:
        path.write_text(whole, encoding="utf-8")


def test_an_unreachable_source_leaves_the_others_alone_and_is_in_the_ledger_with_its_class(
    tmp_path: Path,
) -> None:
    root = copy_demo(tmp_path, only=("skargard",))
    with SandboxServer(today=TODAY) as server:
        installation = Installation(root, server, TODAY)
        installation.environ["OKR_SANDBOX_SKARGARD_FEED"] = "http://127.0.0.1:9/feed/"
        done = installation.okr("run")
        assert done.returncode == 3, done.stderr
        assert "skargard/blog" in done.stderr
        failed = installation.query("select distinct source, error_class from ops.loads where status = 'failed'")
        assert failed == [("blog", "unavailable")]
        assert installation.query("select count(*) from marts.kpi_monthly where kpi = 'unique_visitors'") != [(0,)]
        installation.environ |= server.environment()
        healed = installation.okr("run")
        assert healed.returncode == 0, healed.stderr
        assert installation.query("select count(*) from marts.blog_posts") != [(0,)]


def test_wrong_usage_is_told_apart_from_failure(tmp_path: Path) -> None:
    with SandboxServer(today=TODAY) as server:
        installation = Installation(copy_demo(tmp_path, only=("skargard",)), server, TODAY)
        assert installation.okr("run", "--client", "skargrad").returncode == 2
        assert "did you mean skargard" in installation.okr("run", "--client", "skargrad").stderr
        assert installation.okr("run", "--to", "2026-11-01").returncode == 2
        assert installation.okr("run", "--from", "2026-11-10", "--to", "2026-11-01").returncode == 2
        assert installation.okr("run", "--from", "tomorrow").returncode == 2
        assert installation.okr("run", OKR_TODAY="soon").returncode == 2
        assert installation.okr("status").returncode == 1
        assert installation.okr("init", "skargard").returncode == 2
        assert installation.okr("init", "ny_kund").returncode == 0
        assert installation.okr("validate", "ny_kund").returncode == 0
