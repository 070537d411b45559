"""Whole nights as a user runs them: the demo's client files, the sandbox over real HTTP, the ``okr`` command.

Under test: exit codes, what is published and exported, what a second run changes, what one failure leaves alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from connectors.catalogue import SETTINGS
from connectors.sandbox.server import SandboxServer
from okr_models.client.file import read_client
from tests.home import DEMO, Installation, copy_demo

TODAY = date(2026, 11, 20)
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
        done = installation.okr("run")
        assert done.returncode == 0, done.stderr
        yield installation


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
