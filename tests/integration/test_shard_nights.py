"""Nights in shards, without machines: a write that fails or a process killed anywhere loses, doubles and mixes nothing.

The night is a tiny one that reads a file a client; store, leases, versions, moves and the joined database are real.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from pipelines.asking.questions import ask
from pipelines.cli.main import okr
from pipelines.exports.database import hand_out
from pipelines.shards import moving
from pipelines.shards.address import opened
from pipelines.shards.engine import OtherNumber, run_shards
from pipelines.shards.files import PUBLISHED
from pipelines.shards.folder import FolderStore
from pipelines.shards.mirror import brought, taken_back
from pipelines.shards.night import Order
from pipelines.shards.plan import Plan, read_plan
from pipelines.shards.state import RUN_KEY, Busy, document_of, file_key, held, read_state
from pipelines.shards.store import Patient, Store, StoreUnavailable
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.db import DatabaseUnusable, connect, open_published
from pipelines.warehouse.held_back import EXPORTS, held_back
from pipelines.warehouse.home import Home
from tests.shard_home import CLIENTS, NEXT_NIGHT, NIGHT, rows_of, run, tiny_night, write_clients

BOTH = [(client, night, 1, 1) for client in sorted(CLIENTS) for night in (NIGHT, NEXT_NIGHT)]
MEANING = "Letters of a file"
FIRST = [(client, NIGHT, 1, 1) for client in sorted(CLIENTS)]


class Killed(FolderStore):
    """From its n-th write on nothing is written any more, as by a process that was killed there."""

    def __init__(self, root: Path, *, at: int) -> None:
        super().__init__(root)
        self.at, self.count = at, 0

    def _killed(self) -> None:
        self.count += 1
        if self.count >= self.at:
            raise StoreUnavailable(store=self.address, attempted="writing", detail="killed on purpose")

    def _write(self, key: str, content: bytes, *, after: int) -> str:
        self._killed()
        return super()._write(key, content, after=after)

    def put_file(self, key: str, path: Path) -> None:
        self._killed()
        super().put_file(key, path)

    def drop_file(self, key: str) -> None:
        self._killed()
        super().drop_file(key)


class Flaky(Killed):
    """Each n-th write fails, and the one after it does not."""

    def _killed(self) -> None:
        self.count += 1
        if self.count % self.at == 0:
            raise StoreUnavailable(store=self.address, attempted="writing", detail="failed on purpose")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_clients(tmp_path / "home")


def test_every_client_is_published_once_a_night_and_its_files_are_where_they_are_looked_for(root: Path) -> None:
    store = opened(root)
    ended = run(store, root)
    assert [outcome.kind for outcome in ended.outcomes] == ["done"] * 4
    assert rows_of(root) == FIRST
    run(store, root, NEXT_NIGHT)
    assert rows_of(root) == BOTH
    assert (root / "exports" / "zeta" / "report.html").read_text(encoding="utf-8") == f"zeta on {NEXT_NIGHT}"
    assert moving.check(store) == ()


def test_the_large_mart_is_asked_like_any_other_and_nothing_else_of_the_disk(root: Path, tmp_path: Path) -> None:
    run(opened(root), root)
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    with open_published(Home(root)) as con:
        assert ask(con, "select count(*) from kpi_daily").rows == [(8,)]
    with open_published(Home(root)) as con:
        assert ask(con, "select comment from duckdb_columns() where table_name = 'kpi_daily'").rows[-1] == (MEANING,)
    with (
        open_published(Home(root)) as con,
        pytest.raises(duckdb.PermissionException, match="disabled by configuration"),
    ):
        ask(con, f"select * from read_text('{secret}')")


def test_what_is_handed_out_of_one_client_has_nothing_of_another(root: Path, tmp_path: Path) -> None:
    run(opened(root), root)
    hand_out(Home(root).published_database.resolve(), "beta", tmp_path / "beta.duckdb")
    with duckdb.connect(str(tmp_path / "beta.duckdb")) as con:
        assert con.execute("select distinct client from marts.kpi_daily").fetchall() == [("beta",)]
        assert con.execute("select count(*) from duckdb_views() where contains(sql, 'parquet')").fetchall() == [(0,)]


def test_a_home_in_shards_has_no_one_database_and_says_so(root: Path) -> None:
    run(opened(root), root)
    with pytest.raises(DatabaseUnusable, match="are in shards"):
        connect(Home(root))
    assert not Home(root).database.exists()
    ended = CliRunner().invoke(okr, ["--home", str(root), "ledger", "forget", "--from", NIGHT, "--yes"])
    assert (ended.exit_code, "clients are in shards" in ended.stderr) == (1, True)
    with pytest.raises(OtherNumber, match="okr shard split 5"):
        run(opened(root), root, NEXT_NIGHT, shards=5)


def test_a_shard_that_fails_keeps_its_clients_last_figures_and_the_others_go_on(root: Path) -> None:
    store = opened(root)
    run(store, root)

    def fails_for_beta(home: Home, environ: Any, **options: Any) -> Any:
        if (home.clients / "beta.yaml").exists():
            raise StoreUnavailable(store="its disk", attempted="writing", detail="full")
        return tiny_night(home, environ, **options)

    ended = run(store, root, NEXT_NIGHT, night=fails_for_beta)
    shard = Plan(shards=4).shard_of("beta")
    mates = [client for client in CLIENTS if Plan(shards=4).shard_of(client) == shard]
    assert ended.exit_code == 3
    assert any(line.startswith(f"shard {shard} failed: the store its disk failed") for line in ended.problems)
    assert rows_of(root) == [row for row in BOTH if row[0] not in mates or row[1] == NIGHT]
    held_text = Home(root).held_back.read_text(encoding="utf-8")
    assert all(mate in held_text for mate in mates)
    assert run(store, root, "2026-05-12").exit_code != 1
    assert Home(root).held_back.read_text(encoding="utf-8").count("beta") == 0


def test_a_shard_run_again_leaves_those_named_that_failed_beside_it(root: Path) -> None:
    store, sent = opened(root), list[set[str]]()
    run(store, root)

    def fails(home: Home, environ: Any, **options: Any) -> Any:
        raise StoreUnavailable(store="its disk", attempted="writing", detail="full")

    def send(_home: Home, kept: Collection[str]) -> Sequence[str]:
        sent.append(set(kept))
        return ()

    assert run(store, root, NEXT_NIGHT, night=fails).exit_code == 1
    shard = Plan(shards=4).shard_of("beta")
    others = {client for client in CLIENTS if Plan(shards=4).shard_of(client) != shard}
    assert run(store, root, NEXT_NIGHT, only=[shard], send=send).exit_code != 1
    assert {each.client for each in held_back(Home(root))} == others
    assert sent == [others]
    assert run(store, root, "2026-05-12").exit_code != 1
    assert held_back(Home(root)) == ()
    with pytest.raises(moving.NoSuchShard, match="0 to 3"):
        run(store, root, "2026-05-12", only=[shard, 4])


def test_a_client_whose_files_can_not_be_put_out_is_named_alone_and_its_figures_are_published(root: Path) -> None:
    store, sent = opened(root), list[set[str]]()
    run(store, root)

    def send(_home: Home, kept: Collection[str]) -> Sequence[str]:
        sent.append(set(kept))
        return ()

    shutil.rmtree(root / "exports" / "beta")
    (root / "exports" / "beta").write_text("a file, and no folder", encoding="utf-8")
    ended = run(store, root, NEXT_NIGHT, send=send)
    assert (ended.exit_code, [outcome.exit_code for outcome in ended.outcomes].count(3)) == (3, 1)
    (line,) = [line for line in ended.problems if "agency" not in line]
    assert line.startswith("beta held back at exports: ")
    assert line.endswith("its files are those of the night before")
    assert rows_of(root) == BOTH
    assert (root / "exports" / "zeta" / "report.html").read_text(encoding="utf-8") == f"zeta on {NEXT_NIGHT}"
    assert [(each.client, each.stage) for each in held_back(Home(root))] == [("beta", EXPORTS)]
    assert sent == [set()]
    # a shard that is run again says nothing of another's files
    other = Plan(shards=4).shard_of("alfa")
    assert other != Plan(shards=4).shard_of("beta")
    assert run(store, root, NEXT_NIGHT, only=[other]).exit_code != 1
    assert [(each.client, each.stage) for each in held_back(Home(root))] == [("beta", EXPORTS)]
    (root / "exports" / "beta").unlink()
    assert run(store, root, "2026-05-12").exit_code != 1
    assert held_back(Home(root)) == ()


def test_a_client_file_that_is_none_is_named_though_no_shard_has_it(root: Path) -> None:
    (root / "clients" / "iota.yaml").symlink_to("nowhere.yaml")
    (root / "clients" / ".zeta.yaml").symlink_to("an.editors.lock")
    lines = [line for line in run(opened(root), root).problems if "agency" not in line]
    assert lines == ["iota.yaml:1: is a link to nowhere.yaml, which is not there; mend or remove it"]


def test_a_shard_whose_newest_file_is_gone_is_named_and_the_others_are_published(root: Path) -> None:
    store, shard = opened(root), Plan(shards=4).shard_of("beta")
    run(store, root)
    run(store, root, NEXT_NIGHT)
    newest = read_state(store, document_of(shard)).newest
    assert newest is not None
    store.drop_file(file_key(shard, newest.files[PUBLISHED]))
    ended = run(store, root, "2026-05-12")
    assert ended.exit_code == 3
    assert any(line.startswith(f"shard {shard} failed") and "is not in the store" in line for line in ended.problems)
    last = {client: max(night for name, night, *_ in rows_of(root) if name == client) for client in CLIENTS}
    mates = {client for client in CLIENTS if Plan(shards=4).shard_of(client) == shard}
    assert last == {client: NIGHT if client in mates else "2026-05-12" for client in CLIENTS}
    assert {each.client for each in held_back(Home(root))} == mates


def test_a_shard_whose_newest_file_is_gone_is_named_though_another_one_alone_is_run(root: Path) -> None:
    store, shard, sent = opened(root), Plan(shards=4).shard_of("beta"), list[set[str]]()
    run(store, root)
    run(store, root, NEXT_NIGHT)
    newest = read_state(store, document_of(shard)).newest
    assert newest is not None
    store.drop_file(file_key(shard, newest.files[PUBLISHED]))
    mates = {client for client in CLIENTS if Plan(shards=4).shard_of(client) == shard}
    other = next(Plan(shards=4).shard_of(client) for client in CLIENTS if client not in mates)

    def send(_home: Home, kept: Collection[str]) -> Sequence[str]:
        sent.append(set(kept))
        return ()

    for _ in range(2):
        ended = run(store, root, NEXT_NIGHT, only=[other], send=send)
        lines = [line for line in ended.problems if "agency" not in line]
        assert (ended.exit_code, [line.startswith(f"shard {shard} failed: a file") for line in lines]) == (3, [True])
        assert sorted(each.client for each in held_back(Home(root))) == sorted(mates)
    assert sent == [mates, mates]


def test_a_shard_whose_last_clients_file_is_gone_has_one_night_more(root: Path) -> None:
    store, shard, nights = opened(root), Plan(shards=4).shard_of("beta"), list[tuple[str, ...]]()
    mates = {client for client in CLIENTS if Plan(shards=4).shard_of(client) == shard}

    def counts(home: Home, environ: Any, **options: Any) -> Any:
        nights.append(tuple(sorted(path.stem for path in home.clients.glob("*.yaml"))))
        return tiny_night(home, environ, **options)

    run(store, root)
    for client in mates:
        (root / "clients" / f"{client}.yaml").unlink()
    run(store, root, NEXT_NIGHT, night=counts)
    assert () in nights
    nights.clear()
    run(store, root, "2026-05-12", night=counts)
    assert nights
    assert () not in nights
    assert moving.check(store) == ()
    for path in (root / "clients").iterdir():
        path.unlink()
    nights.clear()
    assert run(store, root, "2026-05-13", night=counts).outcomes == (), (
        "a folder that is not mounted takes nothing away"
    )


def test_killed_at_any_write_of_a_run_the_next_run_heals(root: Path) -> None:
    run(opened(root), root, shards=2)
    at, ended = 1, False
    while not ended:
        store = Killed(root, at=at)
        night = str(date(2026, 6, 1) + timedelta(days=at))
        with suppress(StoreUnavailable):
            run(store, root, night, shards=2)
        ended = store.count < at
        run(opened(root), root, night, shards=2)  # waits for the killed one's lease
        found = [row for row in rows_of(root) if row[1] == night]
        assert found == [(client, night, 1, 1) for client in sorted(CLIENTS)], at
        assert moving.check(opened(root)) == ()
        at += 11


def test_a_store_that_fails_each_third_write_costs_nothing(root: Path) -> None:
    store = Patient(Flaky(root, at=3), sleep=lambda _: None)
    run(store, root)
    run(store, root, NEXT_NIGHT)
    assert rows_of(root) == BOTH


def test_of_two_runs_at_once_the_second_is_refused_and_touches_nothing(root: Path) -> None:
    store, began, may_end = opened(root), threading.Event(), threading.Event()

    def waits(home: Home, environ: Any, **options: Any) -> Any:
        began.set()
        may_end.wait(60)
        return tiny_night(home, environ, **options)

    first = threading.Thread(target=run, args=(store, root), kwargs={"night": waits})
    first.start()
    assert began.wait(60)
    with pytest.raises(Busy, match="is at work on shards/run"):
        run(opened(root), root, NEXT_NIGHT)
    may_end.set()
    first.join()
    assert rows_of(root) == FIRST


def test_more_and_fewer_shards_move_clients_with_every_row(root: Path) -> None:
    store = opened(root)
    run(store, root)
    moved = moving.split(store, 6, run_id="split")
    assert {each.client for each in moved} == {
        client for client in CLIENTS if Plan(shards=4).shard_of(client) != Plan(shards=6).shard_of(client)
    }
    assert moved
    assert moving.check(store) == ()
    run(store, root, NEXT_NIGHT, shards=None)
    assert rows_of(root) == BOTH
    moving.split(store, 1, run_id="join")
    assert moving.check(store) == ()
    run(store, root, "2026-05-12", shards=None)
    assert [row for row in rows_of(root) if row[1] != "2026-05-12"] == BOTH


def test_a_client_moved_by_hand_goes_with_its_rows_and_stays(root: Path) -> None:
    store = opened(root)
    run(store, root)
    there = Plan(shards=4).shard_of("beta")
    to = (there + 1) % 4
    assert moving.move(store, "beta", to, run_id="move") == (moving.Moved("beta", there, to),)
    assert moving.move(store, "beta", to, run_id="again") == ()
    newest = read_state(store, document_of(to)).newest
    assert newest is not None
    assert "beta" in newest.clients
    assert moving.check(store) == ()
    run(store, root, NEXT_NIGHT, shards=None)
    assert rows_of(root) == BOTH
    with pytest.raises(moving.NoSuchShard, match="0 to 3"):
        moving.move(store, "beta", 9, run_id="move")
    with pytest.raises(moving.NoSuchClient, match="nobody"):
        moving.move(store, "nobody", 1, run_id="move")


def test_a_move_killed_at_any_write_is_published_once_and_done_again_whole(root: Path) -> None:
    store = opened(root)
    run(store, root)
    at, killed = 1, True
    while killed:
        to = (read_plan(store)[0].shard_of("beta") + 1) % 4
        dying = Killed(root, at=at)
        with suppress(StoreUnavailable):
            moving.move(dying, "beta", to, run_id=f"move {at}")
        killed = dying.count >= at
        _let_leases_run_out(store)
        assert rows_after_publishing(store, root) == FIRST, at
        moving.move(store, "beta", to, run_id=f"again {at}")
        assert rows_after_publishing(store, root) == FIRST, at
        at += 5
    run(store, root, NEXT_NIGHT, shards=None)
    assert rows_of(root) == BOTH
    assert moving.check(store) == ()


def rows_after_publishing(store: Store, root: Path) -> list[tuple[str, str, int, int]]:
    """What a run in which every shard fails publishes: each shard's last version."""
    order = Order(run_id="no night", lease_seconds=1.5)
    run_shards(store, Home(root), order, execute=lambda *_: [], clock=clock_from({"OKR_TODAY": NIGHT}))
    return rows_of(root)


def _let_leases_run_out(store: Store) -> None:
    """A killed process gives no lease back: what would take two minutes is done at once."""
    for key in (RUN_KEY, *map(document_of, range(4))):
        lease = read_state(store, key).lease
        if lease is not None and lease.until is not None:
            with held(store, key, run_id=lease.run_id):
                pass


def test_a_shard_whose_lease_was_lost_publishes_nothing_of_its_night(root: Path) -> None:
    store = opened(root)
    run(store, root, shards=1)

    def robbed(home: Home, environ: Any, **options: Any) -> Any:
        lease = read_state(store, document_of(0)).lease
        assert lease is not None
        with held(store, document_of(0), run_id=lease.run_id):  # a second attempt of the same run
            pass
        return tiny_night(home, environ, **options)

    ended = run(store, root, NEXT_NIGHT, shards=1, night=robbed)
    assert ended.exit_code == 1
    assert any("another run took it" in line for line in ended.problems)
    assert rows_of(root) == FIRST
    assert PUBLISHED in read_state(store, document_of(0)).versions[-1].files


def test_a_home_in_a_bucket_is_run_and_read_from_a_copy_of_what_is_published(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "driver"))
    store = opened(f"{bucket}/{tmp_path.name}")
    written = write_clients(tmp_path / "written")
    for path in sorted(written.rglob("*")):
        if path.is_file():
            store.put_file(path.relative_to(written).as_posix(), path)
    home = brought(store, os.environ)
    run(store, home.root)
    taken_back(store, home)
    assert rows_of(home.root) == FIRST
    assert store.has_file("exports/zeta/report.html")
    moving.split(store, 5, run_id="split")
    assert moving.check(store) == ()
    run(store, brought(store, os.environ).root, NEXT_NIGHT, shards=None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "reader"))
    shutil.rmtree(tmp_path / "driver")
    elsewhere = brought(store, os.environ)
    assert rows_of(elsewhere.root) == BOTH
    with open_published(elsewhere) as con:
        assert ask(con, "select count(*) from kpi_daily").rows == [(16,)]
    with open_published(elsewhere) as con:
        assert ask(con, "select comment from duckdb_columns() where table_name = 'kpi_daily'").rows[-1] == (MEANING,)
    with pytest.raises(DatabaseUnusable, match="are in shards"):
        connect(elsewhere)
    assert brought(store, os.environ).published_database.resolve() == elsewhere.published_database.resolve()
