"""Which files of a home a shard's night needs, and which it leaves behind.

What belongs here: bringing them to a local folder and taking them back to the store, by content. What does not: who
may do so (``state.py``) and when (``night.py``).

The working database, what the shard published and what it told of are files of a version: kept by their SHA-256, so
that a version beside the last one costs only what is another now. What people put into the home (client files, csv,
check-ins, secrets) is read from where it lies; exports lie in the home as in any other.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

import yaml

from okr_models.client.file import is_client_file
from okr_models.client.yaml import MAX_CHARACTERS
from pipelines.shards.folder import FolderStore
from pipelines.shards.state import State, Version, file_key
from pipelines.shards.store import Missing, Patient, Store, StoreUnavailable
from pipelines.warehouse.home import Home

PUBLISHED = "published/okr.duckdb"
DATABASE = "warehouse/okr.duckdb"
PARTS = "parts"
"""Folder of a version for the large marts, one Parquet file each."""
TOKENS = "state/tokens"
SETTINGS = "okr.yaml"
"""Of the home itself."""
_OF_A_VERSION = (
    *(DATABASE, f"{DATABASE}.wal", PUBLISHED, "published/held.json", "published/refused.json"),
    # by which a trouble that the shard's last night told of is no news
    "state/last_notice.json",
)
_PARTS_OF_A_CLIENT_FILE = 2
_OURS = frozenset({"warehouse", "published", "exports", "shards", "dagster", "state"})
"""Folders that are brought otherwise or not at all, whatever a text of a client file says; but for a secret's."""
_FILE = "file"
"""The key of a secret's file, which may lie anywhere in a home."""
_NAMES_A_FILE = frozenset({_FILE, "path", "logo"})
"""Keys under which a name without a folder is a file of the home too."""
_LONGEST_NAME = 255
_LONGEST_PATH = 1024
"""In bytes; a bucket has no longer key."""
_DATABASE_FILE = re.compile(r"sqlite(?:\+\w+)?:///([^?]*)")
"""How the address of a database that is a file of the home is written."""
_LOG_OF_A_DATABASE = "-wal"
"""What SQLite puts behind the name of a database for the rows that are not in its own file yet."""
_LARGEST_ADDRESS = 64 * 1024


def clients_of(store: Store) -> tuple[str, ...]:
    """Every client that has a file, broken ones too."""
    return tuple(sorted({name.stem for name in _client_files(store)}))


def _client_files(store: Store) -> Iterator[PurePosixPath]:
    """Where they lie; a folder below has none of them, as a home of one machine has it."""
    names = (PurePosixPath(key) for key in store.files("clients"))
    return (name for name in names if len(name.parts) == _PARTS_OF_A_CLIENT_FILE and is_client_file(name.name))


def bring_inputs(store: Store, home: Home, clients: Collection[str]) -> None:
    """The home's settings; client files, and each file that one of them names; check-ins; granted tokens."""
    home.clients.mkdir(parents=True, exist_ok=True)
    _brought(store, SETTINGS, home.root / SETTINGS)
    wanted: set[str] = set()
    for name in _client_files(store):
        path = home.clients / name.name
        if name.stem in clients and _brought(store, name.as_posix(), path):
            wanted |= set(_named(path))
    for client in sorted(clients):
        _brought(store, f"checkins/{client}.csv", home.checkins_of(client))
    for wish in sorted(wanted):
        _bring_named(store, home, wish)
    _bring_tokens(store, home)


def bring_version(store: Store, home: Home, shard: int, version: Version) -> None:
    """The databases as that version left them; each is what it was, or this raises ``Missing``."""
    for name, digest in version.files.items():
        if name not in _OF_A_VERSION:
            continue
        path = home.root / name
        bring_file(store, shard, digest, path)


def bring_file(store: Store, shard: int, digest: str, path: Path) -> None:
    """One file of a version. Raises ``Missing`` where it is gone or damaged."""
    key = file_key(shard, digest)
    store.get_file(key, path)
    if digest_of(path) != digest:
        path.unlink()
        raise Missing(store=store.address, key=key)


def keep_version(store: Store, home: Home, shard: int, *, known: Mapping[str, str]) -> dict[str, str]:
    """Put what the night left into the store; SHA-256 by path. ``known``: what is there already."""
    files: dict[str, str] = {}
    there = set(known.values())
    names = [*_OF_A_VERSION, *sorted(f"{PARTS}/{path.name}" for path in (home.root / PARTS).glob("*.parquet"))]
    for name in names:
        path = (home.root / name).resolve()
        if path.is_file():
            files[name] = digest_of(path)
            if files[name] not in there:
                store.put_file(file_key(shard, files[name]), path)
                there.add(files[name])
    return files


def forget_files(store: Store, shard: int, state: State, *, also_kept: Collection[str] = ()) -> None:
    """Take away files of versions that are kept no more; ``also_kept``: digests that what is published rests on."""
    kept = {digest for version in state.versions for digest in version.files.values()} | set(also_kept)
    for key in store.files(file_key(shard, "").rstrip("/")):
        if PurePosixPath(key).name not in kept:
            store.drop_file(key)


def bring_export_names(store: Store, home: Home, clients: Collection[str]) -> None:
    """An empty file for each that a client's exports have: a report of a closed month is kept and not made again."""
    for client in sorted(clients):
        for key in store.files(f"exports/{client}"):
            path = home.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def take_exports(store: Store, home: Home, clients: Collection[str]) -> int:
    """Put the exports that were made into the home; how many files."""
    count = 0
    for client in sorted(clients):
        for path in sorted((home.exports / client).rglob("*")):
            if path.is_file() and path.stat().st_size:
                store.put_file(path.relative_to(home.root).as_posix(), path)
                count += 1
    return count


def take_tokens(store: Store, home: Home) -> None:
    """Put tokens that were granted meanwhile into a bucket; in a folder they were written where they lie."""
    folder = home.root / TOKENS
    if folder.is_symlink():
        return
    for path in sorted(folder.glob("*")):
        if path.suffix in {".json", ".seen"}:
            store.put_file(f"{TOKENS}/{path.name}", path)


def folder_of(store: Store) -> Path | None:
    """Where the store is a folder: that."""
    inner = store._store if isinstance(store, Patient) else store
    return inner.root if isinstance(inner, FolderStore) else None


def digest_of(path: Path) -> str:
    """A file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bring_tokens(store: Store, home: Home) -> None:
    root = folder_of(store)
    folder = home.root / TOKENS
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if root is not None:
        # the same folder for all, so that its locks are too: a token is renewed by one at a time
        (root / TOKENS).mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.symlink_to(root / TOKENS, target_is_directory=True)
        return
    for key in store.files(TOKENS):
        _brought(store, key, home.root / key)
        (home.root / key).chmod(0o600)


def _bring_named(store: Store, home: Home, name: str) -> None:
    """A file that a client file names; of a secret that is a database's address, the database too."""
    if not _brought(store, name, home.root / name):
        return
    wanted = [f"{name}{_LOG_OF_A_DATABASE}"]
    if (database := _database_of(home.root / name)) and (held := _name_of("url", database)):
        wanted += [held, f"{held}{_LOG_OF_A_DATABASE}"]
    for each in wanted:
        _brought(store, each, home.root / each)


def _database_of(path: Path) -> str | None:
    """The address of a file's database that is all a file holds."""
    try:
        if path.stat().st_size > _LARGEST_ADDRESS:
            return None
        written = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return written if _DATABASE_FILE.fullmatch(written.partition("?")[0]) else None


def _brought(store: Store, key: str, path: Path) -> bool:
    """A file that this user may not read stands there as such, for the night of its client to say so."""
    try:
        if not store.has_file(key):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        store.get_file(key, path)
    except StoreUnavailable as error:
        if not isinstance(error.__cause__, PermissionError):
            raise
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0)
        if os.access(path, os.R_OK):  # as root it would be an empty file
            raise
    return True


def _named(path: Path) -> Iterator[str]:
    """Every text of a client file that may be a path in the home; what is wrong in it, its own night says."""
    try:
        written = path.read_text(encoding="utf-8")
        # no value is made of it: what can't be one costs this client alone
        root = yaml.compose(written, Loader=yaml.SafeLoader) if len(written) <= MAX_CHARACTERS else None
    except (OSError, ValueError, OverflowError, RecursionError, yaml.YAMLError):
        return
    for key, written in _texts(root):
        if name := _name_of(key, written):
            yield name


def _name_of(key: str, written: str) -> str | None:
    """The path in the home that a text under ``key`` may be."""
    address = _DATABASE_FILE.match(written.strip())
    text = address[1] if address else written.strip()
    is_one = address is not None or key in _NAMES_A_FILE
    if ("/" not in text and not is_one) or "://" in text or not text.isprintable():
        return None
    name = PurePosixPath(text)
    if name.is_absolute() or not name.parts or ".." in name.parts or _is_brought_otherwise(name, key):
        return None
    if len(text.encode()) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in name.parts):
        return None
    return name.as_posix()


def _is_brought_otherwise(name: PurePosixPath, key: str) -> bool:
    """Another client's file would be a client more; tokens that were granted lie where they lie."""
    if name.parts[0] == "clients":
        return is_client_file(name.name)
    return name.is_relative_to(TOKENS) or (name.parts[0] in _OURS and key != _FILE)


def _texts(root: yaml.Node | None) -> Iterator[tuple[str, str]]:
    """Every text with the key that it stands under; in place of a variable's name, the address of a file that it holds.

    What else a variable holds may be a secret, which is no name to ask a store for.
    """
    waiting: list[tuple[str, yaml.Node | None]] = [("", root)]
    seen = set[int]()  # an anchor may hold itself, or stand for what it holds many times over
    while waiting:
        key, node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        if isinstance(node, yaml.ScalarNode):
            if key != "env":
                yield key, node.value
            elif node.value.isprintable() and _DATABASE_FILE.match(os.environ.get(node.value, "").strip()):
                yield key, os.environ[node.value]
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += [(str(name.value), each) for name, each in node.value]
        else:
            waiting += [(key, each) for each in node.value]
