"""What of a home a shard's night is given: its own clients' files, whatever these name, and nothing else."""

from __future__ import annotations

import stat
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from okr_models.client.yaml import MAX_CHARACTERS
from pipelines.shards.address import opened
from pipelines.shards.files import bring_inputs, clients_of
from pipelines.shards.folder import FolderStore
from pipelines.shards.store import StoreUnavailable
from pipelines.warehouse.home import Home


def test_what_a_clients_file_names_comes_along_and_another_clients_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP", "sqlite:///data/shop.db")
    root = tmp_path / "home"
    named = {
        "sources": [
            {"type": "csv", "path": "data/acme.csv"},
            {"type": "sql", "url": {"env": "SHOP"}},
            {"type": "sql", "url": "sqlite:///data/own.db"},
            {"type": "sheet", "credentials": {"file": "secrets/key.json"}},
        ],
        "brand": {"logo": "brand/acme.svg"},
        "name": "warehouse/okr.duckdb",
        "other": ["../outside.txt", "/etc/hostname", "https://example.se/x.csv", "data", "a/" + "å" * 300],
    }
    wanted = ["data/acme.csv", "data/shop.db", "data/own.db", "secrets/key.json", "brand/acme.svg", "okr.yaml"]
    others = ["data/beta.csv", "warehouse/okr.duckdb", "checkins/beta.csv", "clients/beta.yaml", "secrets/beta.json"]
    for name in [*wanted, *others, "checkins/acme.csv"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")
    (root / "secrets" / "key.json").chmod(0o644)
    (tmp_path / "outside.txt").write_text("outside", encoding="utf-8")
    (root / "clients" / "acme.yaml").write_text(yaml.safe_dump(named), encoding="utf-8")
    (root / "clients" / ".acme.yaml.swp").write_text("an editor's", encoding="utf-8")
    assert clients_of(opened(root)) == ("acme", "beta")
    local = tmp_path / "local"
    bring_inputs(opened(root), Home(local), ["acme"])
    found = sorted(path.relative_to(local).as_posix() for path in local.rglob("*") if path.is_file())
    assert found == sorted([*wanted, "checkins/acme.csv", "clients/acme.yaml"])
    # a secret that lies open to all is refused from here as from there
    assert stat.S_IMODE((local / "secrets" / "key.json").stat().st_mode) == 0o644


def test_a_database_comes_along_whatever_holds_its_address_with_the_rows_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILL", "sqlite+pysqlite:///till.db?timeout=5")
    root, local = tmp_path / "home", tmp_path / "local"
    held = {"secrets/shop": "sqlite:///data/shop.db\n", "secrets/token": "eyJ", "secrets/other": "sqlite:///../x.db"}
    wanted = ["data/shop.db", "data/shop.db-wal", "till.db"]
    for name in [*held, *wanted, "data/shop.db-shm"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(held.get(name, name), encoding="utf-8")
    sources = [{"url": {"file": name}} for name in held] + [{"url": {"env": "TILL"}}]
    (root / "clients").mkdir()
    (root / "clients" / "acme.yaml").write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    bring_inputs(opened(root), Home(local), ["acme"])
    found = sorted(path.relative_to(local).as_posix() for path in local.rglob("*") if path.is_file())
    assert found == sorted([*held, *wanted, "clients/acme.yaml"])


def test_a_logo_and_a_key_beside_the_client_files_come_along_and_another_client_does_not(tmp_path: Path) -> None:
    root, local = tmp_path / "home", tmp_path / "local"
    wanted = ["clients/acme.yaml", "clients/acme.png", "clients/acme.key", "state/acme.key"]
    for name in [*wanted, "clients/beta.yaml", "state/tokens/a.json", "shards/plan"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")
    secrets = ["clients/acme.key", "state/acme.key", "clients/beta.yaml", "state/tokens/a.json"]
    named = {"logo": "clients/acme.png", "sources": [{"token": {"file": name}} for name in secrets]}
    (root / "clients" / "acme.yaml").write_text(yaml.safe_dump({**named, "name": "shards/plan"}), encoding="utf-8")
    bring_inputs(opened(root), Home(local), ["acme"])
    found = sorted(path.relative_to(local).as_posix() for path in local.rglob("*") if path.is_file())
    assert found == sorted(wanted)
    assert (local / "state" / "tokens").is_symlink()


def test_a_broken_client_file_comes_along_for_its_night_to_say_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "home" / "clients").mkdir(parents=True)
    (tmp_path / "home" / "clients" / "acme.yaml").write_text("client: [", encoding="utf-8")
    (tmp_path / "home" / "clients" / "beta.YAML").write_text("client: beta", encoding="utf-8")
    assert clients_of(opened(tmp_path / "home")) == ("acme", "beta")
    bring_inputs(opened(tmp_path / "home"), Home(tmp_path / "local"), ["acme", "beta"])
    assert (tmp_path / "local" / "clients" / "acme.yaml").read_text(encoding="utf-8") == "client: ["
    assert (tmp_path / "local" / "clients" / "beta.YAML").read_text(encoding="utf-8") == "client: beta"


def test_granted_tokens_of_a_folder_are_the_same_files_for_every_shard(tmp_path: Path) -> None:
    (tmp_path / "home" / "clients").mkdir(parents=True)
    bring_inputs(opened(tmp_path / "home"), Home(tmp_path / "local"), [])
    (tmp_path / "local" / "state" / "tokens" / "a.json").write_text("{}", encoding="utf-8")
    assert (tmp_path / "home" / "state" / "tokens" / "a.json").read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize(
    "text",
    [
        'name: "\\UFFFFFFFF"\n',
        "[" * 2_000,
        "sources: &all\n  - *all\n",
        "a: &a [x/y, x/y]\n" + "".join(f"{c}: &{c} [{', '.join([f'*{b}'] * 99)}]\n" for b, c in pairwise("abcdefgh")),
        f"hypothesis: {'a/b ' * 3_000}\n",
        'token: {env: "\\ud800"}\n',
        f"name: {'x/' * MAX_CHARACTERS}\n",
    ],
    ids=[
        "no character",
        "too deep",
        "holds itself",
        "many times over",
        "longer than a path",
        "half a character",
        "long",
    ],
)
def test_what_no_client_file_should_hold_costs_no_other_client_its_files(tmp_path: Path, text: str) -> None:
    root = tmp_path / "home"
    for name in ("data/beta.csv", "clients/acme.yaml", "clients/beta.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("sources: [{path: data/beta.csv}]", encoding="utf-8")
    (root / "clients" / "acme.yaml").write_text(text, encoding="utf-8")
    bring_inputs(opened(root), Home(tmp_path / "local"), ["acme", "beta"])
    assert (tmp_path / "local" / "data" / "beta.csv").exists()
    assert (tmp_path / "local" / "clients" / "acme.yaml").read_text(encoding="utf-8") == text


def test_a_store_is_never_asked_for_what_a_secret_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFRESH", "1//0abc")
    (tmp_path / "home" / "clients").mkdir(parents=True)
    (tmp_path / "home" / "clients" / "acme.yaml").write_text("token: {env: REFRESH}", encoding="utf-8")
    asked = list[str]()

    class Listening(FolderStore):
        def has_file(self, key: str) -> bool:
            asked.append(key)
            return super().has_file(key)

    bring_inputs(Listening(tmp_path / "home"), Home(tmp_path / "local"), ["acme"])
    assert "clients/acme.yaml" in asked
    assert not any("0abc" in key for key in asked)


def test_a_folder_below_clients_holds_no_clients(tmp_path: Path) -> None:
    for name in ("clients/acme.yaml", "clients/left/beta.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert clients_of(opened(tmp_path)) == ("acme",)


def test_a_file_that_may_not_be_read_is_its_own_clients_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("clients/acme.yaml", "clients/beta.yaml"):
        (tmp_path / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "home" / name).write_text(name, encoding="utf-8")

    class Guarded(FolderStore):
        def get_file(self, key: str, path: Path) -> None:
            with self._asked(f"reading {key}"):
                if key == "clients/acme.yaml":
                    raise PermissionError(13, "Permission denied")
            super().get_file(key, path)

    store, local = Guarded(tmp_path / "home"), Home(tmp_path / "local")
    monkeypatch.setattr("pipelines.shards.files.os.access", lambda *_: False)
    bring_inputs(store, local, ["acme", "beta"])
    assert stat.S_IMODE((local.clients / "acme.yaml").stat().st_mode) == 0
    assert (local.clients / "beta.yaml").read_text(encoding="utf-8") == "clients/beta.yaml"
    monkeypatch.setattr("pipelines.shards.files.os.access", lambda *_: True)
    with pytest.raises(StoreUnavailable, match="Permission denied"):
        bring_inputs(store, Home(tmp_path / "of root"), ["acme", "beta"])


def test_a_folder_that_may_not_be_looked_into_is_the_trouble_of_the_client_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("clients/acme.yaml", "path: closed/acme.csv"), ("clients/beta.yaml", "path: data/beta.csv")):
        (tmp_path / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "home" / name).write_text(text, encoding="utf-8")

    class Closed(FolderStore):
        def has_file(self, key: str) -> bool:
            with self._asked(f"looking for {key}"):
                if key == "closed/acme.csv":
                    raise PermissionError(13, "Permission denied")
            return super().has_file(key)

    local = Home(tmp_path / "local")
    monkeypatch.setattr("pipelines.shards.files.os.access", lambda *_: False)
    bring_inputs(Closed(tmp_path / "home"), local, ["acme", "beta"])
    assert stat.S_IMODE((local.root / "closed" / "acme.csv").stat().st_mode) == 0
    assert (local.clients / "beta.yaml").exists()
