"""Whose marks a report bears, and that it still fetches nothing and can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from okr_models.client.model import Client
from okr_models.client.sending import Brand, contrast
from pipelines.exports.all import export_all
from pipelines.exports.csvs import Audience
from pipelines.exports.report.client import render_client
from pipelines.exports.report.mark import LARGEST_LOGO, mark_of
from tests.unit.published_clients import FJALLGLAS
from tests.unit.published_fixture import build_published

PNG = bytes.fromhex("89504e470d0a1a0a")


def client(**brand: Any) -> Client:
    return FJALLGLAS.model_copy(update={"brand": Brand.model_validate(brand)})


def test_the_page_holds_logo_colour_and_name_and_fetches_nothing(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(PNG)
    asked = client(logo="logo.png", colour="#0A5C36", agency="Byrå & Co")
    with build_published() as con:
        page = render_client(con, asked, tmp_path / "out", root=tmp_path).read_text("utf-8")
        plain = render_client(con, FJALLGLAS, tmp_path / "plain", root=tmp_path).read_text("utf-8")
    assert '<img class="logo" src="data:image/png;base64,iVBORw0KGgo=" alt="Byrå &amp; Co">' in page
    assert "--brand:#0a5c36" in page
    assert "Från Byrå &amp; Co." in page
    assert "<img" not in plain


@pytest.mark.parametrize("audience", [None, "board"])
def test_every_report_that_is_exported_bears_the_marks(tmp_path: Path, audience: Audience | None) -> None:
    asked = client(colour="#0A5C36", agency="Byrå & Co")
    with build_published() as con:
        export_all(con, tmp_path / "out", clients=[asked], only=[asked.client], audience=audience, root=tmp_path)
    reports = list((tmp_path / "out" / asked.client).rglob("report.html"))
    assert reports
    for report in reports:
        page = report.read_text("utf-8")
        assert "--brand:#0a5c36" in page, report
        assert "Från Byrå &amp; Co." in page, report


@pytest.mark.parametrize("logo", ["gone.png", "large.png", "../outside.png"])
def test_a_logo_that_can_not_be_had_is_left_out_and_the_report_is_made(tmp_path: Path, logo: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "outside.png").write_bytes(PNG)
    (home / "large.png").write_bytes(b"x" * (LARGEST_LOGO + 1))
    asked = FJALLGLAS.model_copy(update={"brand": Brand.model_construct(logo=logo, colour=None, agency=None)})
    assert mark_of(asked, home).logo == ""


@pytest.mark.parametrize(
    ("brand", "told"),
    [
        ({"colour": "#ffe680"}, "take a darker one"),
        ({"colour": "green"}, "six hex digits"),
        ({"colour": "#0a5c36;} body{display:none"}, "six hex digits"),
        ({"logo": "logo.gif"}, "ends in .svg"),
        ({"logo": "../logo.png"}, ""),
    ],
)
def test_a_colour_that_can_not_be_seen_and_a_picture_that_is_none_are_refused(brand: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Brand.model_validate(brand)
    assert told in str(refused.value)


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
