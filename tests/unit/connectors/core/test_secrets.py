"""Secrets and base addresses as client files name them: found, refused with the variable's name, never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import Misconfigured
from connectors.core.secrets import build_context, inside_home, read_secret, resolve_base_url, secret_resolver
from connectors.linkedin.settings import LinkedIn
from connectors.wordpress.settings import WordPress
from okr_models.client.sources import EnvRef, FileRef, Refresh
from tests.fake_vendor import NOW, STOCKHOLM

VALUE = "AQX-very-secret"


def settings(**extra: Any) -> LinkedIn:
    return LinkedIn(**{"id": "li", "organization_id": "1", "token": EnvRef(env="LI_TOKEN")} | extra)


def secret(config: LinkedIn, name: str, *, home: Path = Path("."), environ: dict[str, str] | None = None) -> str:
    return secret_resolver(config, home=home, environ=environ or {}, client="fjallglas")(name)


def test_an_environment_variable_gives_its_value_without_white_space() -> None:
    assert secret(settings(), "token", environ={"LI_TOKEN": f" {VALUE}\n"}) == VALUE


@pytest.mark.parametrize(("environ", "state"), [({}, "not set"), ({"LI_TOKEN": "  "}, "is empty")])
def test_a_missing_variable_is_named(environ: dict[str, str], state: str) -> None:
    with pytest.raises(Misconfigured, match=f"LI_TOKEN {state}|LI_TOKEN is {state}"):
        secret(settings(), "token", environ=environ)


def test_a_file_in_the_home_folder_gives_its_text(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "li").write_text(f"\ufeff{VALUE}\r\n", encoding="utf-8")
    assert secret(settings(token=FileRef(file="secrets/li")), "token", home=tmp_path) == VALUE


def test_a_refreshs_parts_are_found_by_their_dotted_names() -> None:
    parts = Refresh(client_id=EnvRef(env="ID"), client_secret=EnvRef(env="SECRET"), refresh_token=EnvRef(env="RT"))
    assert secret(settings(refresh=parts), "refresh.client_secret", environ={"SECRET": VALUE}) == VALUE


def test_a_secret_the_file_does_not_give_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="gives no app_secret"):
        secret(settings(), "app_secret")


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../outside", ".", "", "nul\0"])
def test_a_path_that_leads_outside_is_refused(path: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "outside").write_text(VALUE)
    unchecked = FileRef.model_construct(file=path)  # the model refuses such a path too; this must not rely on it
    with pytest.raises(Misconfigured) as raised:
        read_secret(unchecked, field="token", home=home, environ={}, client="c", source="li")
    assert VALUE not in f"{raised.value!r}{raised.value.__cause__}{raised.value.__context__}"


def test_a_link_out_of_the_home_folder_is_refused_and_one_inside_is_followed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "outside").write_text(VALUE)
    (home / "real").write_text(VALUE)
    (home / "escape").symlink_to(tmp_path / "outside")
    (home / "alias").symlink_to(home / "real")
    with pytest.raises(Misconfigured, match="outside the home folder"):
        secret(settings(token=FileRef(file="escape")), "token", home=home)
    assert secret(settings(token=FileRef(file="alias")), "token", home=home) == VALUE
    assert inside_home("escape", home=home) is None


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe\x00", b"x" * 70_000])
def test_a_file_that_holds_no_secret_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(Misconfigured, match="key"):
        secret(settings(token=FileRef(file="key")), "token", home=tmp_path)


@pytest.mark.parametrize(
    ("written", "used"),
    [
        (None, None),
        ("https://proxy.example/linkedin/", "https://proxy.example/linkedin"),
        (EnvRef(env="BASE"), "http://127.0.0.1:8099"),
    ],
)
def test_a_base_address_is_taken_as_written_or_from_the_environment(written: Any, used: str | None) -> None:
    environ = {"BASE": "http://127.0.0.1:8099/"}
    assert resolve_base_url(settings(base_url=written), environ=environ, client="c") == used


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host",
        "host:80",
        "https://",
        "https://u:pw@host",
        "https://host?x=1",
        "http://host:99999",
        "http://[::1",
    ],
)
def test_a_base_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        resolve_base_url(settings(base_url=EnvRef(env="BASE")), environ={"BASE": url}, client="c")
    assert "BASE" in str(raised.value)
    assert "pw" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "extra", "refused"),
    [
        ("http://proxy.example", {}, True),
        ("http://10.0.0.7:8080/prefix", {}, True),
        ("http://127.0.0.1.example", {}, True),
        ("http://proxy.example", {"allow_http": True}, False),
        ("https://proxy.example", {}, False),
        ("http://127.0.0.2:8080", {}, False),
        ("http://[::1]:8080", {}, False),
        ("http://LOCALHOST", {}, False),
    ],
)
def test_a_credential_goes_to_another_machine_over_https_only(url: str, extra: dict[str, Any], refused: bool) -> None:
    config = settings(base_url=EnvRef(env="BASE"), **extra)
    if not refused:
        assert resolve_base_url(config, environ={"BASE": url}, client="c") == url
        return
    with pytest.raises(Misconfigured, match=r"BASE is http, .* write https, or allow_http: true"):
        resolve_base_url(config, environ={"BASE": url}, client="c")


def test_a_source_without_a_credential_may_be_read_over_http() -> None:
    blog = WordPress(id="blog", base_url="http://blog.example")
    assert resolve_base_url(blog, environ={}, client="c") == "http://blog.example"


def test_the_context_carries_no_environment_only_what_the_source_names() -> None:
    inside = build_context(
        settings(base_url=EnvRef(env="BASE")),
        client="fjallglas",
        client_zone=STOCKHOLM,
        now=NOW,
        home=Path("."),
        environ={"BASE": "http://127.0.0.1:1", "LI_TOKEN": VALUE},
    )
    assert (inside.base_url, inside.secret("token")) == ("http://127.0.0.1:1", VALUE)
    assert VALUE not in repr(inside)
