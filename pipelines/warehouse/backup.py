"""A consistent copy of a home folder in one file, also while a run goes on, and its way back.

What belongs here: what is copied, in which order, and how a copy is known to be whole. What does not: schedules, and
where the file is kept. Dagster's own history is left out: no figure rests on it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from glob import escape
from pathlib import Path, PurePosixPath
from typing import IO

import duckdb

from pipelines import leftovers
from pipelines.warehouse.db import Connection, DatabaseUnusable, connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.room import SPILL

MANIFEST = "okr-backup.json"
FORMAT = 1
PATIENCE_SECONDS = 600.0
"""For so long a moment is waited for in which a run writes nothing to the working database."""
BETWEEN_TRIES_SECONDS = 0.2
OWN_ONLY = 0o600
_LEFT_OUT = frozenset({"dagster"})
_PASSING = ("run.lock", "run.json", "run.tmp")


class BackupFailed(RuntimeError):
    """No backup was made, or none put back; what was there before is as it was."""


def back_up(
    home: Home,
    target: Path,
    *,
    now: datetime,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE_SECONDS,
) -> int:
    """Write a copy of ``home`` to ``target`` (gzipped tar, mode 0600); how many files. Raises ``BackupFailed``.

    What is published is copied before the working database, which therefore has every result that is published.
    """
    if target.exists():
        raise BackupFailed(f"{target} is there already and is left as it is")
    if not home.clients.is_dir():
        raise BackupFailed(f"{home.root} is no home folder: it has no clients/")
    building = leftovers.beside(target)
    leftovers.remove_leftovers(target.parent.glob(f".{escape(target.name)}.*"))
    count = 0
    try:
        descriptor = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN_ONLY)
        leftovers.hold(descriptor)
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as tar:
            _add_manifest(tar, now=now)
            served = home.published_database.resolve() if home.published_database.exists() else None
            for path in _files(home, but={target.resolve(), building.resolve()}, served=served):
                # what a run removes meanwhile was only passing
                with suppress(FileNotFoundError):
                    _add(tar, path, arcname=str(path.relative_to(home.root)))
                    count += stat.S_ISREG(path.lstat().st_mode)
            if home.database.exists():
                count += _add_database(tar, home, sleep=sleep, patience=patience)
            tar.close()
            raw.flush()
            os.fsync(raw.fileno())
        building.replace(target)
    except OSError as error:
        raise BackupFailed(f"{target} can't be written: {error.strerror or error}") from error
    finally:
        building.unlink(missing_ok=True)
    return count


def put_back(file: Path, folder: Path) -> int:
    """Unpack a backup into an empty or new folder; how many files. Raises ``BackupFailed``, and leaves nothing."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupFailed(f"{folder} is not an empty folder; a backup is only put back into one")
    was_there = folder.exists()
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        count = _unpack(file, building)
        _look_into(building)
        building.chmod(0o750)
        if was_there:
            folder.rmdir()
        building.rename(folder)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise BackupFailed(f"{file} can't be put back: {error}; {folder} is as it was") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
        if was_there:
            folder.mkdir(exist_ok=True)
    return count


def _add_manifest(tar: tarfile.TarFile, *, now: datetime) -> None:
    text = json.dumps({"format": FORMAT, "made_at": now.isoformat(timespec="seconds")}).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size, entry.mode, entry.mtime = len(text), OWN_ONLY, int(now.timestamp())
    tar.addfile(entry, io.BytesIO(text))


def _add(tar: tarfile.TarFile, path: Path, *, arcname: str) -> None:
    """One entry. A file of two names is written under each: a second name that only points would hang on the first."""
    entry = tar.gettarinfo(path, arcname)
    if entry.islnk():
        entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
    if not entry.isreg():
        tar.addfile(entry)
        return
    with path.open("rb") as content:
        tar.addfile(entry, content)


def _files(home: Home, *, but: set[Path], served: Path | None) -> Iterator[Path]:
    """Everything to copy but the working database: folders before what is in them, no pipe and no socket."""
    ours = {home.database, home.database.with_name(home.database.name + ".wal")}
    for folder, names, files in os.walk(home.root):
        here = Path(folder)
        if here == home.root:
            names[:] = [name for name in names if name not in _LEFT_OUT]
        if here == home.warehouse:
            names[:] = [name for name in names if name != SPILL]
        for name in sorted([*names, *files]):
            path = here / name
            if path in ours or path.resolve() in but or name in _PASSING or name.startswith("building-"):
                continue
            if here == home.root and name == MANIFEST:
                continue  # earlier versions put it back with the rest
            if here == home.published and name.startswith("okr-") and path.resolve() != served:
                continue  # earlier nights' files
            if here == home.warehouse and name.startswith("okr.before-schema-"):
                continue
            mode = path.lstat().st_mode if os.path.lexists(path) else 0
            if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode):
                yield path


def _add_database(tar: tarfile.TarFile, home: Home, *, sleep: Callable[[float], None], patience: float) -> int:
    """Copy file and log of the working database as they are between two writes to the file, and look that it opens.

    DuckDB changes its file only at a checkpoint; in between what is committed goes to the log, of which any beginning
    is a state that a killed run would leave.
    """
    log = home.database.with_name(home.database.name + ".wal")
    waited = 0.0
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=home.warehouse) as folder:
        copy = Home(Path(folder))
        copy.warehouse.mkdir()
        while True:
            before = _state(home.database)
            shutil.copyfile(home.database, copy.database)
            copied_log = copy.database.with_name(copy.database.name + ".wal")
            copied_log.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copyfile(log, copied_log)
            if before == _state(home.database) and _opens(copy):
                break
            if waited >= patience:
                raise BackupFailed(
                    f"{home.database} was written to without a pause for {waited:.0f} s, or is damaged; try again when"
                    " the run has ended"
                )
            sleep(BETWEEN_TRIES_SECONDS)
            waited += BETWEEN_TRIES_SECONDS
        tar.add(copy.database, arcname=str(home.database.relative_to(home.root)), recursive=False)
        if copied_log.exists():
            tar.add(copied_log, arcname=str(log.relative_to(home.root)), recursive=False)
            return 2
    return 1


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _opens(home: Home) -> bool:
    try:
        with closing(connect(home, read_only=True)) as con:
            _read_all(con)
    except (DatabaseUnusable, duckdb.Error):
        return False
    return True


def _read_all(con: Connection) -> None:
    """Touch every table, so that a torn one is noticed."""
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
    ).fetchall()
    for schema, table in tables:
        con.execute(f'select count(*) from "{schema}"."{table}"').fetchall()  # noqa: S608 - names from the catalogue


def _unpack(file: Path, folder: Path) -> int:
    count = 0
    with tarfile.open(file, mode="r:gz") as tar:
        first = tar.next()
        manifest = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
        known = json.loads(manifest.read()) if manifest is not None else {}
        if not isinstance(known, dict) or not isinstance(known.get("format"), int):
            raise ValueError("it is no backup that okr backup made")
        if known["format"] > FORMAT:
            raise ValueError("a newer version of this program made it; upgrade first")
        for entry in tar:
            if entry.name != MANIFEST:
                count += _put(tar, entry, folder)
    return count


def _put(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> int:
    """One entry below ``folder``: folders, files and links that stay inside."""
    name = PurePosixPath(entry.name)
    if name.is_absolute() or ".." in name.parts or not name.parts:
        raise ValueError(f"it has {entry.name!r}, which leads outside")
    path = folder.joinpath(*name.parts)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"it has {entry.name!r}, which leads outside by a link")
    if path.is_symlink():
        # its mode would be given to what it leads to
        raise ValueError(f"it has {entry.name!r} twice, once as a link")
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.isdir():
        path.mkdir(exist_ok=True)
        path.chmod(entry.mode & 0o777 | 0o700)
    elif entry.issym():
        path.symlink_to(entry.linkname)
    elif (entry.isfile() or entry.islnk()) and (content := _content(tar, entry)) is not None:
        with path.open("xb") as written:
            shutil.copyfileobj(content, written)
        path.chmod(entry.mode & 0o777)
        return 1
    return 0


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes] | None:
    """Of a file's second name, as earlier versions wrote it, what stands under the first."""
    try:
        return tar.extractfile(entry)
    except KeyError as error:
        raise ValueError(f"it has {entry.name!r} as another name of {entry.linkname!r}, which is not in it") from error


def _look_into(folder: Path) -> None:
    """Raises ``ValueError`` where a database that was put back can't be read."""
    home = Home(folder)
    if home.database.exists() and not _opens(home):
        raise ValueError("its working database can't be read")
