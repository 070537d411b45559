"""Debian's own WordPress, installed anew in a folder of the test's and served by php's built-in server over MariaDB.

What belongs here: starting and stopping it, and making posts in it. What does not: reading it, which is under test.
Nothing of the machine is touched: the files are a copy, the database lies in the same folder and listens on a socket.
"""

from __future__ import annotations

import getpass
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

PACKAGED = Path("/usr/share/wordpress")
SCRIPT = Path(__file__).with_suffix(".php")
PROGRAMS = ("php", "mariadb-install-db", "mariadbd", "mariadb-admin", "mariadb")
LONGEST_START_SECONDS = 60.0
CONFIG = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('AUTH_SALT', 'a test');
define('WP_HOME', 'http://{host}');
define('WP_SITEURL', 'http://{host}');
define('WP_CONTENT_DIR', __DIR__ . '/wp-content');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('WP_DEBUG_DISPLAY', false);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""


def why_not() -> str | None:
    """What is not installed here; None where all of it is."""
    missing = [name for name in PROGRAMS if found(name) is None]
    if not (PACKAGED / "wp-includes" / "version.php").exists():
        missing.append(f"WordPress in {PACKAGED}")
    if missing:
        return f"not installed: {', '.join(missing)} (Debian: wordpress php-cli php-mysql mariadb-server)"
    modules = subprocess.run([program("php"), "-m"], capture_output=True, text=True, timeout=60, check=True).stdout
    return None if "mysqli" in modules.split() else "php has no mysqli (Debian: php-mysql)"


def found(name: str) -> str | None:
    """Where a program is; servers are often outside of a user's own path."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def program(name: str) -> str:
    path = found(name)
    assert path is not None, name
    return path


@dataclass(frozen=True, slots=True)
class WordPressSite:
    """A running site."""

    folder: Path
    host: str

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def change(self, **wanted: Any) -> dict[str, int]:
        """Options, posts, edits and deletions, as ``real_wordpress.php`` takes them; ids of new posts by title."""
        done = subprocess.run(
            [program("php"), str(SCRIPT), str(self.folder / "site")],
            input=json.dumps({"host": self.host, **wanted}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr or done.stdout
        made: dict[str, int] = json.loads(done.stdout.strip().splitlines()[-1])
        return made


@contextmanager
def wordpress_site(folder: Path) -> Iterator[WordPressSite]:
    """A fresh WordPress without posts. ``folder`` must have a short path: a socket lies in it."""
    host = f"127.0.0.1:{free_port()}"
    sock = folder / "db.sock"
    shutil.copytree(PACKAGED, folder / "site", symlinks=False, ignore_dangling_symlinks=True)
    (folder / "site" / "wp-config.php").write_text(CONFIG.format(socket=sock, host=host), encoding="utf-8")
    site = WordPressSite(folder, host)
    with _database(folder, sock):
        site.change(install=True)
        command = [program("php"), "-S", host, "-t", str(folder / "site")]
        with running(command, log=folder / "php.log"):
            _until(lambda: requests.get(site.url, timeout=30).status_code < 500, log=folder / "php.log")
            yield site


@contextmanager
def _database(folder: Path, sock: Path) -> Iterator[None]:
    data, user = folder / "db", f"--user={getpass.getuser()}"
    subprocess.run(
        [
            program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            user,
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    command = [
        program("mariadbd"),
        "--no-defaults",
        f"--datadir={data}",
        f"--socket={sock}",
        "--skip-networking",
        f"--pid-file={folder / 'db.pid'}",
        user,
    ]
    ask = [program("mariadb"), "--no-defaults", f"--socket={sock}", "--user=root"]
    make = [*ask, "--execute=create database wordpress character set utf8mb4"]
    with running(command, log=folder / "db.log"):
        _until(
            lambda: subprocess.run(make, capture_output=True, timeout=30, check=False).returncode == 0,
            log=folder / "db.log",
        )
        yield


@contextmanager
def running(
    command: list[str], *, log: Path, cwd: Path | None = None, environ: dict[str, str] | None = None
) -> Iterator[None]:
    """A server until the block ends."""
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=cwd, env=environ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def _until(ready: Any, *, log: Path) -> None:
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
