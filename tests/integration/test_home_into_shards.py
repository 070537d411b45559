"""A home that has its nights in shards from now on: what each is given of it, and what it keeps of its own nights.

The night is a tiny one, as in ``test_shard_nights.py``; what is killed in the middle of one has its tests there.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipelines.notices.claims import is_news
from pipelines.shards import moving
from pipelines.shards.address import opened
from pipelines.shards_run import FORESEEN
from pipelines.warehouse.clock import SystemClock
from pipelines.warehouse.db import DatabaseUnusable, open_published
from pipelines.warehouse.home import Home
from pipelines.warehouse.run_lock import RunInProgress, run_lock
from tests.shard_home import CLIENTS, NEXT_NIGHT, NIGHT, Ended, rows_of, run, tiny_night, write_clients

BOTH = [(client, night, 1, 1) for client in sorted(CLIENTS) for night in (NIGHT, NEXT_NIGHT)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_clients(tmp_path / "home")


def test_a_home_of_one_machine_is_shared_out_with_all_its_rows(root: Path) -> None:
    tiny_night(Home(root), {"OKR_TODAY": NIGHT})
    ended = run(opened(root), root, NEXT_NIGHT)
    assert ended.exit_code != 1
    assert rows_of(root) == BOTH
    assert moving.check(opened(root)) == ()
    assert not Home(root).database.exists()
    assert (root / "warehouse" / moving.RETIRED).exists()


def test_a_home_that_lost_its_database_is_shared_out_with_what_it_published(root: Path) -> None:
    tiny_night(Home(root), {"OKR_TODAY": NIGHT})
    shutil.rmtree(root / "warehouse")
    found = dict[str, int]()

    def looks(home: Home, environ: Any, **options: Any) -> Any:
        assert not home.database.exists()
        with closing(open_published(home)) as con:
            found.update(con.execute("select client, count(*) from ops.reads group by all").fetchall())
        tiny_night(home, environ, **options)
        return Ended(notes=("the working database is new",))

    ended = run(opened(root), root, NEXT_NIGHT, night=looks)
    assert ended.exit_code != 1
    assert set(ended.notes) == {"the working database is new"}
    assert found == dict.fromkeys(CLIENTS, 1)


def test_a_home_whose_published_file_is_damaged_is_shared_out_all_the_same(root: Path) -> None:
    tiny_night(Home(root), {"OKR_TODAY": NIGHT})
    Home(root).published_database.resolve().write_bytes(b"damaged")
    assert run(opened(root), root, NEXT_NIGHT).exit_code != 1
    assert rows_of(root) == BOTH


def test_a_home_is_not_shared_out_while_a_run_goes_on_or_with_a_damaged_database(root: Path) -> None:
    with run_lock(Home(root), run_id="the first", now=SystemClock().now()), pytest.raises(RunInProgress) as busy:
        run(opened(root), root)
    Home(root).database.write_bytes(b"damaged")
    with pytest.raises(DatabaseUnusable, match="put back a backup") as damaged:
        run(opened(root), root)
    assert isinstance(busy.value, FORESEEN)
    assert isinstance(damaged.value, FORESEEN)
    assert not Home(root).is_sharded
    assert Home(root).database.read_bytes() == b"damaged"


def test_a_trouble_that_a_shards_last_night_told_of_is_no_news_in_its_next(root: Path) -> None:
    store, told = opened(root), list[bool]()

    def tells(home: Home, environ: Any, **options: Any) -> Any:
        told.append(is_news(home, "acme/web is not read"))
        return tiny_night(home, environ, **options)

    run(store, root, shards=1, night=tells)
    run(store, root, NEXT_NIGHT, shards=1, night=tells)
    assert told == [True, False]
