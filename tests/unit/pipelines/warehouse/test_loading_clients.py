"""Loading client files and writing what they say into schema ``config``: a broken file stops only its own client."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.bluesky.settings import Bluesky
from connectors.core.protocol import SourceType
from connectors.search_console.settings import SearchConsole
from okr_models.client.model import Client
from okr_models.client.sources import Break, EnvRef, Pause
from okr_models.kpis import BUILT_IN
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.config_tables import write_config
from tests.unit.warehouse_fakes import DAILY, POSTS, FakeVendor, Night, client

GOOD = """\
client: {slug}
name: Acme AB
sources:
  - {{id: social, type: bluesky, actor: acme.example, start: 2026-01-01}}
objectives:
  - id: awareness
    title: Be seen
    period: {{start: 2026-01-01, end: 2026-12-31}}
    key_results:
      - {{id: followers, title: More followers, kpi: followers, target: 100}}
"""
NOW = fixed_clock(date(2026, 11, 20)).now()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "clients").mkdir()
    return Home(tmp_path)


def put(home: Home, name: str, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    (home.clients / name).write_bytes(data)


def test_a_broken_file_stops_only_its_own_client_and_is_named_with_its_line(home):
    put(home, "acme.yaml", GOOD.format(slug="acme"))
    put(home, "borea.yaml", GOOD.format(slug="borea") + "colour: red\n")
    loaded = load_clients(home)
    assert [client.client for client in loaded.clients] == ["acme"]
    (broken,) = loaded.broken
    assert broken.client == "borea"
    assert broken.errors[0].startswith("borea.yaml:11: ")
    assert loaded.known == {"acme", "borea"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("borea.yaml", b"client: borea\nname: \xe5\xe4\n", "borea.yaml:2: is not UTF-8"),
        ("borea.yml", GOOD.format(slug="borea"), "rename it to borea.yaml"),
        ("borea.YAML", GOOD.format(slug="borea"), "rename it to borea.yaml"),
        ("borea.yaml", "", "borea.yaml:1: "),
        ("borea.yaml", "client: [", "borea.yaml:"),
    ],
)
def test_files_that_cannot_be_read_at_all_are_broken_files(home, name, content, said):
    put(home, "acme.yaml", GOOD.format(slug="acme"))
    put(home, name, content)
    loaded = load_clients(home)
    assert len(loaded.clients) == 1
    assert said in loaded.broken[0].errors[0]


@pytest.mark.parametrize("name", ["._acme.yaml", ".acme.yaml", ".acme.yaml.swp", "acme.yaml~"])
def test_what_macos_and_editors_leave_beside_a_file_is_no_client_file(home, name):
    put(home, "acme.yaml", GOOD.format(slug="acme"))
    put(home, name, b"\x00\x05\x16\x07")
    loaded = load_clients(home)
    assert (loaded.known, loaded.broken) == ({"acme"}, ())


def test_only_the_clients_asked_for_are_loaded_and_unknown_ones_named(home):
    put(home, "acme.yaml", GOOD.format(slug="acme"))
    put(home, "borea.yaml", "not a client")
    loaded = load_clients(home, only=("acme", "acmee"))
    assert [client.client for client in loaded.clients] == ["acme"]
    assert loaded.broken == ()
    assert loaded.unknown == ("no client file for 'acmee'; did you mean acme?",)


def test_a_home_without_clients_gives_none(tmp_path):
    assert load_clients(Home(tmp_path)).clients == ()


def write(night: Night, *clients: Client, known: set[str] | None = None) -> None:
    kinds: dict[str, SourceType] = {"bluesky": FakeVendor().type(**night.kind)}
    write_config(night.con, clients, now=NOW, known=known, source_types=kinds)


def test_config_says_what_the_file_says(tmp_path):
    source = Bluesky(
        id="social",
        actor="acme.example",
        start=date(2026, 1, 15),
        opened=date(2026, 1, 20),
        paused=(Pause.model_validate({"from": date(2026, 7, 1), "to": date(2026, 7, 14), "reason": "rebuild"}),),
        breaks=(Break(date=date(2026, 3, 6), reason="banner", overlap_ratio=0.8),),
    )
    acme = Client(client="acme", name="Acme", timezone="America/New_York", sources=(source,), language="en")
    night = Night(tmp_path)
    write(night, acme)
    # 05:00 in Stockholm is still the 19th in New York
    assert night.rows("select as_of, now, timezone from config.clients") == [
        (date(2026, 11, 19), NOW, "America/New_York")
    ]
    assert night.rows("select source_type, category, platform, zone, opened, start_on from config.sources") == [
        ("bluesky", "web", "bluesky", "America/New_York", date(2026, 1, 20), date(2026, 1, 15))
    ]
    assert night.rows("select stream, history_from from config.streams order by 1") == [
        ("blog_posts", None),
        ("follower_snapshots", None),
        ("web_daily", date(2026, 1, 20)),
        ("web_monthly", date(2026, 1, 1)),
    ]
    assert night.rows("from config.pauses")[0][2:] == (date(2026, 7, 1), date(2026, 7, 14), "rebuild")
    assert night.rows("from config.breaks")[0][2:] == (date(2026, 3, 6), "banner", 0.8)
    assert night.rows("select kpi, title from config.kpis where not is_own order by 1") == sorted(
        (kpi.id, kpi.title_en) for kpi in BUILT_IN.values()
    )


def test_the_zone_is_the_one_the_source_last_told(tmp_path):
    night = Night(tmp_path, client(start=date(2026, 11, 1)), streams=(DAILY,))
    night.vendor.zone = ZoneInfo("Pacific/Auckland")
    night.run(date(2026, 11, 20))
    write(night, *night.clients)
    assert night.rows("select zone from config.sources") == [("Pacific/Auckland",)]


def test_a_client_left_out_tonight_keeps_its_rows_and_one_without_a_file_loses_them(tmp_path):
    night = Night(tmp_path)
    start = date(2026, 1, 1)
    write(night, client("acme", start=start), client("borea", start=start))
    write(night, client("acme", start=start, sources=("one", "two")), known={"acme", "borea"})
    counts = "select client, count(*) from config.sources group by 1 order by 1"
    assert night.rows(counts) == [("acme", 2), ("borea", 1)]
    write(night, client("acme", start=start), known={"acme"})
    assert night.rows(counts) == [("acme", 1)]
    assert night.rows("select distinct client from config.kpis") == [("acme",)]


def test_config_leaves_out_the_streams_that_a_source_lacks_a_setting_for(tmp_path):
    night = Night(tmp_path, streams=(DAILY, replace(POSTS, needs="opened")))
    write(
        night, client("acme", start=date(2026, 1, 1)), client("borea", start=date(2026, 1, 1), opened=date(2026, 1, 1))
    )
    assert night.rows("select client, stream from config.streams order by all") == [
        ("acme", "web_daily"),
        ("borea", "blog_posts"),
        ("borea", "web_daily"),
    ]


def test_what_is_no_file_is_named_and_stops_nobody_else(home: Home) -> None:
    (home.clients / "acme.yaml").write_text(GOOD.format(slug="acme"), encoding="utf-8")
    (home.clients / "gone.yaml").symlink_to("elsewhere.yaml")
    (home.clients / "folder.yaml").mkdir()
    os.mkfifo(home.clients / "pipe.yaml")
    (home.clients / ".#acme.yaml").symlink_to("user@host.1234")  # an editor's lock
    loaded = load_clients(home)
    assert [client.client for client in loaded.clients] == ["acme"]
    told = [line for file in loaded.broken for line in file.errors]
    assert [line.partition(";")[0] for line in told] == [
        "folder.yaml:1: is a folder",
        "gone.yaml:1: is a link to elsewhere.yaml, which is not there",
        "pipe.yaml:1: is no file but a pipe, socket or device",
    ]


def test_ten_thousand_keys_that_are_not_known_are_a_handful_of_lines(home: Home) -> None:
    extra = "".join(f"key{number}: 1\n" for number in range(10_000))
    (home.clients / "acme.yaml").write_text(GOOD.format(slug="acme") + extra, encoding="utf-8")
    (broken,) = load_clients(home).broken
    assert len(broken.errors) == 6
    assert "and 9995 more like it" in broken.errors[-1]


@pytest.mark.parametrize(
    "written",
    [
        '"Acme\\nAB"',
        '"\\uFEFFAcme AB"',
        '"Acme \\u202EAB"',
        '"Acme\\u200B \\x07AB"',
        "|\n  Acme\n  AB\n",
        '"Acme\\r\\n\\tAB"',
    ],
)
def test_a_name_reads_as_what_it_is(written: str, home: Home) -> None:
    text = GOOD.format(slug="acme").replace("name: Acme AB", f"name: {written}")
    (home.clients / "acme.yaml").write_text(text, encoding="utf-8")
    loaded = load_clients(home)
    assert not loaded.broken, loaded.broken
    assert loaded.clients[0].name == "Acme AB"


def test_a_name_of_nothing_seen_is_empty(home: Home) -> None:
    text = GOOD.format(slug="acme").replace("name: Acme AB", 'name: "\\u202E\\uFEFF"')
    (home.clients / "acme.yaml").write_text(text, encoding="utf-8")
    (broken,) = load_clients(home).broken
    assert "is empty" in broken.errors[0]


def test_a_source_within_another_of_the_file_is_written_with_the_one_that_holds_it(tmp_path: Path) -> None:
    sources = tuple(
        SearchConsole(id=name, site_url=site, credentials=EnvRef(env="KEY"))
        for name, site in (("blog", "https://blog.acme.se/"), ("domain", "sc-domain:acme.se"))
    )
    night = Night(tmp_path)
    write_config(night.con, [Client(client="acme", name="Acme", sources=sources, language="en")], now=NOW)
    assert night.rows("select source, held_by from config.sources order by 1") == [
        ("blog", "domain"),
        ("domain", None),
    ]
