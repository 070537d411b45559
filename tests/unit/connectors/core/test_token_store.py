"""Granted tokens on the disk: whole or not at all, for their owner alone, and never trusted where they were changed."""

from __future__ import annotations

import json
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.core import token_store
from connectors.core.token_store import Kept, StoreUnusable, TokenStore, fingerprint

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
SEAL = "AQX-the-refresh-token-of-the-client-file"
NAME = fingerprint("linkedin", SEAL)
KEPT = Kept(
    access_token="AQV-granted", refresh_token="AQX-rotated", obtained_at=NOW, expires_at=NOW + timedelta(days=60),
    renewable_until=NOW + timedelta(days=300), given=fingerprint("AQV-given"),
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    found = TokenStore(tmp_path)
    with found.locked(NAME):
        found.write(NAME, KEPT, seal=SEAL)
    return found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def read(store: TokenStore, *, name: str = NAME, seal: str = SEAL) -> Kept | None:
    with store.locked(name):
        return store.read(name, seal=seal)


def test_what_was_written_is_read_back_by_another_process_and_only_its_owner_can_read_it(store: TokenStore) -> None:
    assert read(TokenStore(store.folder.parent.parent)) == KEPT
    assert mode(store.folder) == mode(store.folder.parent) == 0o700
    assert {path.name: mode(path) for path in store.folder.iterdir()} == {
        f"{NAME}.json": 0o600,
        f"{NAME}.lock": 0o600,
    }


def test_modes_that_were_loosened_are_put_right(store: TokenStore) -> None:
    store.folder.chmod(0o755)
    (store.folder / f"{NAME}.json").chmod(0o644)
    assert read(store) == KEPT
    assert (mode(store.folder), mode(store.folder / f"{NAME}.json")) == (0o700, 0o600)


def test_another_refresh_token_in_the_client_file_finds_nothing(store: TokenStore) -> None:
    assert read(store, name=fingerprint("linkedin", "AQX-set-by-hand"), seal="AQX-set-by-hand") is None
    assert read(store) == KEPT


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "\x00\xff",
        lambda text: text.replace("AQX-rotated", "AQX-somebody-elses"),
        lambda text: text.replace('"renewable_until": "2027', '"renewable_until": "2037'),
        lambda text: json.dumps({key: value for key, value in json.loads(text).items() if key != "seal"}),
    ],
)
def test_a_file_that_was_damaged_or_changed_is_set_aside_and_never_used(
    damage: object, store: TokenStore, caplog: pytest.LogCaptureFixture
) -> None:
    path = store.folder / f"{NAME}.json"
    changed = damage(path.read_text())  # type: ignore[operator]
    path.write_bytes(changed.encode("latin-1"))
    with caplog.at_level(logging.WARNING):
        assert read(store) is None
    assert "set aside" in caplog.text
    assert "AQ" not in caplog.text
    assert not path.exists()
    assert path.with_suffix(".bad").read_bytes() == changed.encode("latin-1")
    with store.locked(NAME):
        store.write(NAME, KEPT, seal=SEAL)
    assert read(store) == KEPT


def test_a_link_in_the_files_place_is_not_followed(store: TokenStore, tmp_path: Path) -> None:
    path = store.folder / f"{NAME}.json"
    elsewhere = tmp_path / "elsewhere.json"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert read(store) is None
    assert elsewhere.exists()


@pytest.mark.parametrize("killed_at", ["fsync", "replace"])
def test_a_process_killed_while_it_writes_loses_nothing(
    killed_at: str, store: TokenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the file is whole the old one holds; from then on the new one does, though it was not yet put in place."""
    newer = replace(KEPT, refresh_token="AQX-newer")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed) if killed_at == "fsync" else patch.setattr(Path, "replace", killed)
        if killed_at == "fsync":
            patch.setattr(token_store, "_sealed", lambda kept, *, seal: '{"access_token": "AQ')
        with pytest.raises(KeyboardInterrupt), store.locked(NAME):
            store.write(NAME, newer, seal=SEAL)
    assert (store.folder / f"{NAME}.json.new").exists()
    assert read(store) == (KEPT if killed_at == "fsync" else newer)
    with store.locked(NAME):
        store.write(NAME, replace(KEPT, refresh_token="AQX-newest"), seal=SEAL)
    found = read(store)
    assert found is not None
    assert found.refresh_token == "AQX-newest"


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from tests.unit.connectors.core.test_token_store import KEPT, NAME, SEAL
from connectors.core.token_store import TokenStore

Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store = TokenStore(Path(sys.argv[1]))
with store.locked(NAME):
    store.write(NAME, replace(KEPT, refresh_token="AQX-newer"), seal=SEAL)
"""


def test_a_process_that_is_killed_for_real_leaves_no_lock_and_its_token_behind(store: TokenStore) -> None:
    home = store.folder.parent.parent
    ended = subprocess.run([sys.executable, "-c", KILLED, str(home)], check=False)
    assert ended.returncode == -signal.SIGKILL
    found = read(store)
    assert found is not None
    assert found.refresh_token == "AQX-newer"


def test_only_one_at_a_time_holds_a_token_and_the_other_waits(store: TokenStore) -> None:
    order: list[str] = []
    held, release = threading.Event(), threading.Event()

    def first() -> None:
        with store.locked(NAME):
            order.append("first in")
            held.set()
            release.wait(10)
            order.append("first out")

    def second() -> None:
        with TokenStore(store.folder.parent.parent).locked(NAME):
            order.append("second in")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert held.wait(10)
    threads[1].start()
    with store.locked(fingerprint("another")):
        order.append("another in")
    release.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first in", "another in", "first out", "second in"]


def test_a_lock_held_for_too_long_is_an_error_in_words(store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_store, "LONGEST_WAIT_SECONDS", 0.05)
    with (
        store.locked(NAME),
        pytest.raises(StoreUnusable, match="another process"),
        TokenStore(store.folder.parent.parent).locked(NAME),
    ):
        pass


def test_a_home_that_can_not_be_written_to_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StoreUnusable, match="tokens"), TokenStore(tmp_path).locked(NAME):
        pass


def test_a_fingerprint_tells_nothing_and_keeps_its_parts_apart() -> None:
    assert fingerprint("a", "bc") != fingerprint("ab", "c")
    assert SEAL not in NAME
    assert len(NAME) == 32
