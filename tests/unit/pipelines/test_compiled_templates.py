"""Templates are compiled once, and what was compiled is used only for the source that it was made of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from pipelines.compiled_templates import BesideTheTemplates


def rendered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bool]:
    """The page of a program that begins anew, and whether it compiled its template."""
    environment = Environment(loader=FileSystemLoader(folder), bytecode_cache=BesideTheTemplates(folder))
    compiled: list[str] = []
    before = Environment._generate

    def noted(self: Environment, *given: object, **named: object) -> str:
        compiled.append("once")
        return before(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Environment, "_generate", noted)
    page = environment.get_template("page.j2").render(name="Acme")
    monkeypatch.setattr(Environment, "_generate", before)
    return page, bool(compiled)


def test_a_template_is_compiled_again_only_where_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    template = tmp_path / "page.j2"
    template.write_text("Hej {{ name }}", "utf-8")
    assert rendered(tmp_path, monkeypatch) == ("Hej Acme", True)
    assert rendered(tmp_path, monkeypatch) == ("Hej Acme", False)
    template.write_text("Hello {{ name }}", "utf-8")
    assert rendered(tmp_path, monkeypatch) == ("Hello Acme", True)
    assert [path.parent for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path, tmp_path / "__pycache__"]


@pytest.mark.parametrize("kept", [b"", b"j2", b"no code at all"])
def test_what_can_not_be_read_there_is_made_anew(kept: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.j2").write_text("Hej {{ name }}", "utf-8")
    rendered(tmp_path, monkeypatch)
    (place,) = (tmp_path / "__pycache__").iterdir()
    place.write_bytes(kept or place.read_bytes()[:40])
    assert rendered(tmp_path, monkeypatch) == ("Hej Acme", True)


def test_nothing_is_kept_where_python_keeps_nothing_and_nothing_fails_where_nothing_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.j2").write_text("Hej {{ name }}", "utf-8")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(tmp_path, monkeypatch) == ("Hej Acme", True)
    assert not (tmp_path / "__pycache__").exists()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "__pycache__").write_text("no folder", "utf-8")
    assert rendered(tmp_path, monkeypatch) == ("Hej Acme", True)
