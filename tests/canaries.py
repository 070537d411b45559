"""Looking for what must be nowhere, in each byte below a folder: files, values, archives. No test lives here.

What belongs here: finding. What does not: which strings are looked for, and where they may stand.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb

SHORTEST = 8


def forms(secret: str) -> set[bytes]:
    """A secret as it may be written: plain, in an address, in Base64, in JSON; of JSON each of its secret parts."""
    try:
        data = json.loads(secret)
    except ValueError:
        data = None
    parts = [secret]
    if isinstance(data, dict):
        parts = [str(data[name]) for name in ("private_key", "client_secret", "refresh_token") if name in data]
        # a line of a key is a secret too
        parts += [line for part in parts for line in part.splitlines() if len(line) > 40 and "KEY" not in line]
    found = set[str]()
    for part in parts:
        encoded = base64.b64encode(part.encode()).decode()
        found |= {part, quote(part, safe=""), quote_plus(part), encoded, json.dumps(part)[1:-1]}
    return {form.encode() for form in found if len(form) >= SHORTEST}


def written(root: Path, *, but: Iterable[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """Every file below ``root``, and what is packed or encoded in it, with the name of the place."""
    left_out = {path.resolve() for path in but}
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.resolve() in left_out:
            continue
        name, content = str(path.relative_to(root)), path.read_bytes()
        yield name, content
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as packed:
                yield from ((f"{name}:{each}", packed.read(each)) for each in packed.namelist())
        if path.suffix == ".duckdb":
            yield from _values(path, name)
        if content.startswith(b"SQLite format 3\0"):
            yield from _sqlite(path, name)


def _values(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """DuckDB packs text, so that a file's bytes say little: every value, and what is compressed in one."""
    with closing(duckdb.connect(str(path), read_only=True)) as con:
        tables = con.execute(
            "select database_name, schema_name, table_name from duckdb_tables()"
            " where not internal and database_name = current_database()"
        ).fetchall()
        for database, schema, table in tables:
            for row in con.execute(f'select * from "{database}"."{schema}"."{table}"').fetchall():
                yield f"{name}:{schema}.{table}", repr(row).encode() + str(row).encode()
                for value in row:
                    if isinstance(value, bytes):
                        yield f"{name}:{schema}.{table}", _unpacked(value)
                    elif isinstance(value, str):
                        yield f"{name}:{schema}.{table}", value.encode()


def _unpacked(value: bytes) -> bytes:
    for bits in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16, -zlib.MAX_WBITS):
        try:
            return zlib.decompress(value, bits)
        except zlib.error:
            continue
    return value


def _sqlite(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        tables = [table for (table,) in con.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in con.execute(f'select * from "{table}"'):
                yield f"{name}:{table}", repr(row).encode()
                yield from ((f"{name}:{table}", _unpacked(value)) for value in row if isinstance(value, bytes))


def sightings(places: Iterable[tuple[str, bytes]], looked_for: Mapping[str, Iterable[bytes]]) -> set[tuple[str, str]]:
    """(what, place) of each of the strings that stands anywhere."""
    wanted = {what: [*strings] for what, strings in looked_for.items()}
    assert not any(b"\0" in string for strings in wanted.values() for string in strings), "what is joined is parted so"
    # a value that stands in a thousand rows of a table is looked through once, and a table in one go
    distinct: dict[str, dict[bytes, None]] = {}
    for place, content in places:
        distinct.setdefault(place, {})[content] = None
    return {
        (what, place)
        for place, contents in distinct.items()
        for joined in (b"\0".join(contents),)
        for what, strings in wanted.items()
        if any(string in joined for string in strings)
    }
