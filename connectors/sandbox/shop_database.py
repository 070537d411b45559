"""The till of the demo's shop as what a shop has: a SQLite file with its days, its sales and what was handed back.

What belongs here: the tables and writing them as they stand at the world's now. What does not: what is sold
(``world/shop.py``), reading it (``connectors/sql``). The file is written whole and renamed, as the till's own export.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.sandbox.world import World
from connectors.sandbox.world.business import NEVER
from connectors.sandbox.world.shop import GOODS, OPENED, is_open, shop_log
from connectors.sandbox.world.world import utc

SHOP, SHOP_DATABASE = "lindhs", "data/lindhs_kassa.db"
"""Whose till it is, and where its file lies in the demo's home folder."""
TABLES = """
create table kassadagar (dag text primary key, oppet integer not null);
create table kop (nr integer primary key, tid text not null, vara text not null, kronor real not null);
create table aterkop (nr integer primary key references kop (nr), tid text not null);
"""
"""Days that the till has closed, by date; sales and returns by the shop's own time."""


def write_shop_database(home: Path, world: World) -> Path:
    """The till at the world's now, in the home folder; gives the file's path."""
    path = home / SHOP_DATABASE
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as database:
        database.executescript(TABLES)
        _fill(database, world)
        database.commit()
    os.replace(unfinished, path)
    return path


def _fill(database: sqlite3.Connection, world: World) -> None:
    brand, now = world.brand(SHOP), world.now
    zone, log, second = ZoneInfo(brand.site.zone), shop_log(brand, world.seed), int(now.timestamp())

    def local(moment: int) -> str:
        return f"{utc(moment).astimezone(zone):%Y-%m-%d %H:%M:%S}"

    today: date = now.astimezone(zone).date()
    days = [OPENED + timedelta(days=number) for number in range((today - OPENED).days)]
    database.executemany("insert into kassadagar values (?, ?)", [(str(day), int(is_open(day))) for day in days])
    sold = range(int(log.at.searchsorted(second, side="right")))
    database.executemany(
        "insert into kop values (?, ?, ?, ?)",
        ((n + 1, local(int(log.at[n])), GOODS[int(log.goods[n])].name, float(log.amount[n])) for n in sold),
    )
    back = [(n + 1, int(log.returned_at[n])) for n in sold if log.returned_at[n] != NEVER]
    database.executemany(
        "insert into aterkop values (?, ?)", ((number, local(at)) for number, at in back if at <= second)
    )
