"""The report as a browser shows it: no error, no request, every chart, no sideways scroll, two printed pages, axe.

Really under test: the written HTML in Debian's headless Chromium, driven by Playwright. Skipped without Chromium.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from pipelines.exports.everything import export_all  # noqa: E402
from tests.unit.published_clients import CLIENTS  # noqa: E402
from tests.unit.published_fixture import build_published  # noqa: E402

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt-get install chromium")

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAGES = ("fjallglas", "skargard", "lindhs", "_agency")

BEYOND_THE_EDGE = """
width => [...document.querySelectorAll('body *')]
    .filter(node => !node.closest('svg') && !node.matches('.skip, thead, thead *'))
    .filter(node => node.getBoundingClientRect().right > width + 1)
    .map(node => node.outerHTML.slice(0, 80))
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two homes of exports: plain ones and ones whose every outside text is hostile."""
    folder = tmp_path_factory.mktemp("exports")
    for name, hostile in (("plain", False), ("hostile", True)):
        with build_published(hostile=hostile) as con:
            export_all(con, folder / name, clients=CLIENTS)
    return folder


@pytest.fixture
def troubles() -> list[str]:
    return []


def opened(browser: Browser, path: Path, troubles: list[str], *, width: int = 1280, scheme: str = "light") -> Page:
    """A page of its own context; what it complains of or asks for lands in ``troubles``."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.on("console", lambda said: troubles.append(said.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))
    page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:")) else troubles.append(asked.url))
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_no_complaint_no_request_and_no_sideways_scroll(
    browser: Browser, reports: Path, troubles: list[str], *, name: str, width: int, kind: str
) -> None:
    page = opened(browser, reports / kind / name / "report.html", troubles, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(BEYOND_THE_EDGE, width) == []
    assert troubles == []
    page.close()


@pytest.mark.parametrize(("name", "charts", "language"), [("fjallglas", 15, "sv"), ("skargard", 2, "en")])
def test_every_chart_is_drawn_in_the_clients_language(
    browser: Browser, reports: Path, troubles: list[str], *, name: str, charts: int, language: str
) -> None:
    page = opened(browser, reports / "plain" / name / "report.html", troubles)
    assert page.locator("html").get_attribute("lang") == language
    drawn = page.locator("svg.chart")
    assert drawn.count() == charts
    for index in range(charts):
        box = drawn.nth(index).bounding_box()
        assert box is not None
        assert box["width"] > 100
        assert box["height"] > 40
    assert ("okt" if language == "sv" else "Oct") in (drawn.first.text_content() or "")
    page.close()


def test_charts_take_the_colours_of_dark(browser: Browser, reports: Path, troubles: list[str]) -> None:
    found = []
    for scheme in ("light", "dark"):
        page = opened(browser, reports / "plain" / "fjallglas" / "report.html", troubles, scheme=scheme)
        bar = page.locator('svg.chart path[fill="var(--now)"]').first
        found.append(
            (
                page.evaluate("getComputedStyle(document.body).backgroundColor"),
                bar.evaluate("mark => getComputedStyle(mark).fill"),
            )
        )
        page.close()
    (light_paper, light_bar), (dark_paper, dark_bar) = found
    assert light_paper != dark_paper
    assert light_bar != dark_bar
    assert light_bar != "rgb(0, 0, 0)"


@pytest.mark.parametrize("name", ["fjallglas", "skargard"])
@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_a_client_prints_on_two_pages_of_a4(
    browser: Browser, reports: Path, troubles: list[str], name: str, kind: str
) -> None:
    page = opened(browser, reports / kind / name / "report.html", troubles, scheme="dark")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 2
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()


def test_pressing_a_heading_sorts_the_agency_page(browser: Browser, reports: Path, troubles: list[str]) -> None:
    page = opened(browser, reports / "plain" / "_agency" / "report.html", troubles)
    ways = page.locator("#clients tbody td:nth-child(4)")
    page.get_by_role("button", name="Väg").click()
    upward = [float(cell.get_attribute("data-order") or "") for cell in ways.all()]
    assert upward == sorted(upward)
    page.get_by_role("button", name="Väg").press("Enter")
    downward = [float(cell.get_attribute("data-order") or "") for cell in ways.all()]
    assert downward == sorted(upward, reverse=True)
    assert page.locator("th[aria-sort]").count() == 1
    page.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_violation(browser: Browser, reports: Path, *, name: str, scheme: str, width: int) -> None:
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        bypass_csp=True,  # axe is put in from outside
    )
    page.goto((reports / "plain" / name / "report.html").as_uri())
    page.evaluate(axe)
    found = page.evaluate("() => axe.run()")
    assert len(found["passes"]) > 10, "axe looked at nothing"
    said = [
        f"{v['id']}: {node['html'][:120]} {node['failureSummary']}" for v in found["violations"] for node in v["nodes"]
    ]
    assert said == []
    page.close()


def test_the_page_reads_the_same_without_colour(browser: Browser, reports: Path, troubles: list[str]) -> None:
    page = opened(browser, reports / "plain" / "fjallglas" / "report.html", troubles)
    words = page.locator(".status").all_inner_texts()
    assert words
    assert all(re.fullmatch(r"\S\s+\S.*", word.strip()) for word in words)
    page.close()
