"""Debian's own PostgreSQL and MariaDB, made anew in a folder of the test's and listening on 127.0.0.1 alone.

What belongs here: starting and stopping them. What does not: what is read from them, which is under test.
PostgreSQL refuses to run as root; there it runs as ``nobody``, in a folder that is given to that user.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.real_wordpress import found, free_port, program, running

LONGEST_START_SECONDS = 60.0
PASSWORD = "fjäll p@:/?#[]"


def postgres_program(name: str) -> str | None:
    """Debian keeps a server's programs off the path, a folder a version."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return shutil.which(name) or (str(newest[-1]) if newest else None)


def no_postgres() -> str | None:
    """Why it can't be started here; None where it can."""
    missing = [name for name in ("initdb", "postgres", "psql") if postgres_program(name) is None]
    return f"not installed: {', '.join(missing)} (Debian: postgresql)" if missing else None


def no_mariadb() -> str | None:
    """Why it can't be started here; None where it can."""
    missing = [name for name in ("mariadb-install-db", "mariadbd", "mariadb") if found(name) is None]
    return f"not installed: {', '.join(missing)} (Debian: mariadb-server)" if missing else None


@contextmanager
def postgres(folder: Path, *, setup: str = "") -> Iterator[int]:
    """A fresh PostgreSQL; its port. Superuser ``owner`` has ``PASSWORD``; ``setup`` is run in database ``postgres``."""
    data, port, secret = folder / "pg", free_port(), folder / "pg.password"
    secret.write_text(PASSWORD, encoding="utf-8")
    prefix = _as_nobody([folder, secret])
    initdb = [
        _needed("initdb"),
        "-D",
        str(data),
        "-U",
        "owner",
        "--auth=scram-sha-256",
        f"--pwfile={secret}",
        "-E",
        "UTF8",
    ]
    subprocess.run([*prefix, *initdb, "--locale=C.UTF-8"], capture_output=True, timeout=120, check=True, cwd=folder)
    command = [_needed("postgres"), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
    command += ["-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    ask = [
        _needed("psql"),
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-U",
        "owner",
        "-d",
        "postgres",
        "-v",
        "ON_ERROR_STOP=1",
    ]
    with running([*prefix, *command], log=folder / "pg.log", cwd=folder):
        _asked(ask, "select 1;", log=folder / "pg.log", environ={"PGPASSWORD": PASSWORD})
        if setup:
            _asked(ask, setup, log=folder / "pg.log", environ={"PGPASSWORD": PASSWORD}, once=True)
        yield port


@contextmanager
def mariadb(folder: Path, *, setup: str = "", database: str = "shop") -> Iterator[int]:
    """A fresh MariaDB; its port. ``setup`` is run in ``database`` as root."""
    data, port, sock, user = folder / "my", free_port(), folder / "my.sock", f"--user={getpass.getuser()}"
    install = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db", user]
    install.append("--auth-root-authentication-method=normal")
    subprocess.run(install, capture_output=True, timeout=120, check=True)
    command = [program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={sock}", f"--port={port}", user]
    command += ["--bind-address=127.0.0.1", f"--pid-file={folder / 'my.pid'}", "--skip-log-bin"]
    ask = [program("mariadb"), "--no-defaults", f"--socket={sock}", "--user=root", "--default-character-set=utf8mb4"]
    with running(command, log=folder / "my.log"):
        _asked(ask, f"create database {database} character set utf8mb4;", log=folder / "my.log")
        if setup:
            _asked([*ask, database], setup, log=folder / "my.log", once=True)
        yield port


def _needed(name: str) -> str:
    path = postgres_program(name)
    assert path is not None, name
    return path


def _as_nobody(given: Sequence[Path]) -> list[str]:
    if os.geteuid() != 0:
        return []
    for path in given:
        shutil.chown(path, "nobody")
    return ["setpriv", "--reuid=nobody", "--clear-groups"]


def _asked(
    command: list[str], sql: str, *, log: Path, environ: dict[str, str] | None = None, once: bool = False
) -> None:
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while True:
        done = subprocess.run(
            command,
            input=sql,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
            env={**os.environ, **(environ or {})},
        )
        if done.returncode == 0:
            return
        if once or time.monotonic() > deadline:
            raise RuntimeError(f"{done.stderr}\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
        time.sleep(0.1)
