"""What of a home a shard's night is given: its own clients' files, whatever these name, and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from pipelines.shards.address import opened
from pipelines.shards.files import bring_inputs, clients_of
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


def test_a_broken_client_file_comes_along_for_its_night_to_say_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "home" / "clients").mkdir(parents=True)
    (tmp_path / "home" / "clients" / "acme.yaml").write_text("client: [", encoding="utf-8")
    bring_inputs(opened(tmp_path / "home"), Home(tmp_path / "local"), ["acme"])
    assert (tmp_path / "local" / "clients" / "acme.yaml").read_text(encoding="utf-8") == "client: ["


def test_granted_tokens_of_a_folder_are_the_same_files_for_every_shard(tmp_path: Path) -> None:
    (tmp_path / "home" / "clients").mkdir(parents=True)
    bring_inputs(opened(tmp_path / "home"), Home(tmp_path / "local"), [])
    (tmp_path / "local" / "state" / "tokens" / "a.json").write_text("{}", encoding="utf-8")
    assert (tmp_path / "home" / "state" / "tokens" / "a.json").read_text(encoding="utf-8") == "{}"
