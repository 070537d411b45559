"""The report as a browser shows it: no error, no request, every chart, no sideways scroll, two printed pages, axe.

Really under test: the written HTML in Debian's headless Chromium, driven by Playwright. Skipped without Chromium.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from pipelines.exports.all import export_all  # noqa: E402
from pipelines.exports.report.client import render_client  # noqa: E402
from tests.unit.published_clients import CLIENTS, with_more_key_results  # noqa: E402
from tests.unit.published_fixture import build_published  # noqa: E402

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt-get install chromium")
needs_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs apt-get install poppler-utils")

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
@pytest.mark.parametrize("width", [390, 768, 1024, 1280])
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


def page_count(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.mark.parametrize("name", ["fjallglas", "skargard", "lindhs"])
@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_a_client_prints_on_two_pages_of_a4(
    browser: Browser, reports: Path, troubles: list[str], name: str, kind: str
) -> None:
    page = opened(browser, reports / kind / name / "report.html", troubles, scheme="dark")
    assert page_count(page.pdf(prefer_css_page_size=True)) == (1 if name == "lindhs" else 2)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()


@needs_pdftotext
@pytest.mark.parametrize("name", ["fjallglas", "skargard"])
def test_the_first_printed_page_is_the_boards_and_the_second_the_teams(
    browser: Browser, reports: Path, troubles: list[str], tmp_path: Path, name: str
) -> None:
    page = opened(browser, reports / "plain" / name / "report.html", troubles)
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    page.close()
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    board, team = text.removesuffix("\f").split("\f")
    headings = {"fjallglas": ("Målen", "Nyckelresultaten"), "skargard": ("Objectives", "Key results")}[name]
    at_line_start = [re.compile(rf"^{heading}$", re.MULTILINE) for heading in headings]
    assert [bool(heading.search(board)) for heading in at_line_start] == [True, False]
    assert [bool(heading.search(team)) for heading in at_line_start] == [False, True]


SMALLEST_POINTS, ZOOM = 8, 3
"""pdftohtml gives sizes in whole pixels of its zoom: at 3, thirds of a point."""


def sizes_of(pdf: Path) -> list[int]:
    """The sizes of all type in a printed page, in thirds of a point."""
    command = ["pdftohtml", "-xml", "-i", "-zoom", str(ZOOM), "-stdout", str(pdf)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [int(size) for size in re.findall(r'<fontspec id="\d+" size="(\d+)"', said)]


def printed(browser: Browser, report: Path, troubles: list[str], folder: Path) -> Path:
    page = opened(browser, report, troubles)
    page.pdf(path=folder / "report.pdf", prefer_css_page_size=True)
    page.close()
    return folder / "report.pdf"


@needs_pdftotext
@pytest.mark.parametrize("name", PAGES)
def test_no_printed_type_is_smaller_than_8_points(
    browser: Browser, reports: Path, troubles: list[str], tmp_path: Path, name: str
) -> None:
    sizes = sizes_of(printed(browser, reports / "plain" / name / "report.html", troubles, tmp_path))
    assert len(sizes) >= 3
    assert min(sizes) >= SMALLEST_POINTS * ZOOM


@needs_pdftotext
def test_print_is_in_the_order_in_which_the_page_is_read(
    browser: Browser, reports: Path, troubles: list[str], tmp_path: Path
) -> None:
    report = reports / "plain" / "fjallglas" / "report.html"
    pdf = printed(browser, report, troubles, tmp_path)
    # -raw: as the page's own stream has it, which copying and reading aloud follow
    text = subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, text=True, check=True).stdout
    page = opened(browser, report, troubles)
    page.emulate_media(media="print")
    headings = [each.inner_text() for each in page.locator("h2").all() if each.is_visible()]
    page.close()
    places = [re.search(rf"^{re.escape(heading)}", text, re.MULTILINE) for heading in headings]
    assert len(headings) > 6
    assert all(places), [heading for heading, place in zip(headings, places, strict=True) if place is None]
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)


def test_each_chart_on_a_phone_has_its_own_legend_and_a_wide_page_one_for_all(
    browser: Browser, reports: Path, troubles: list[str]
) -> None:
    for width, own in ((390, True), (1280, False)):
        page = opened(browser, reports / "plain" / "fjallglas" / "report.html", troubles, width=width)
        assert page.locator(".team > .legend").is_visible() is not own
        cards = page.locator("article.result:has(svg.chart)")
        assert cards.count() == 6
        for card in cards.all():
            assert card.locator(".legend.own").is_visible() is own
        with_fan = page.locator("article.result:has(path[fill='var(--fan)'])")
        assert with_fan.count() == page.locator(".legend.own .k-fan").count() > 0
        page.close()


@pytest.mark.parametrize("count", [9, 12, 20, 60])
def test_a_client_with_many_key_results_still_prints_on_two_pages(
    browser: Browser, tmp_path: Path, troubles: list[str], count: int
) -> None:
    with build_published() as con:
        client = with_more_key_results(con, count)
        report = render_client(con, client, tmp_path)
    if shutil.which("pdftohtml"):
        assert min(sizes_of(printed(browser, report, troubles, tmp_path))) >= SMALLEST_POINTS * ZOOM
    page = opened(browser, report, troubles)
    assert page.locator("article.result").count() == count
    assert page_count(page.pdf(prefer_css_page_size=True)) == 2
    page.close()


def test_pressing_a_heading_sorts_the_agency_page(browser: Browser, reports: Path, troubles: list[str]) -> None:
    page = opened(browser, reports / "plain" / "_agency" / "report.html", troubles)
    table = page.locator("#clients")
    ways = table.locator("tbody td:nth-child(4)")

    def orders() -> list[float]:
        found = [cell.get_attribute("data-order") or "" for cell in ways.all()]
        assert found[-1] == "", "a client without a figure is last, whichever way"
        return [float(value) for value in found if value]

    heading = table.get_by_role("button", name="Framsteg")
    heading.click()
    upward = orders()
    assert upward == sorted(upward)
    assert len(set(upward)) > 1
    heading.press("Enter")
    assert orders() == sorted(upward, reverse=True)
    assert table.locator("th[aria-sort]").count() == 1
    assert table.locator("th[aria-sort=descending]").inner_text().startswith("Framsteg")
    assert page.get_by_role("status").inner_text() == "Sorterat efter Framsteg"
    page.close()


@pytest.mark.parametrize(("width", "has_headings"), [(1280, True), (800, False)])
def test_the_agency_page_speaks_of_headings_only_where_there_are_any(
    browser: Browser, reports: Path, troubles: list[str], width: int, has_headings: bool
) -> None:
    page = opened(browser, reports / "plain" / "_agency" / "report.html", troubles)
    page.set_viewport_size({"width": width, "height": 900})
    hint = page.locator(".hint", has_text="Sämst först").first
    assert ("Tryck på en rubrik" in hint.inner_text()) is has_headings


def test_the_agencys_key_results_sort_by_keyboard_alone(browser: Browser, reports: Path, troubles: list[str]) -> None:
    page = opened(browser, reports / "plain" / "_agency" / "report.html", troubles)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#lines th') !== null"):
            break
    page.keyboard.press("Space")
    names = page.locator("#lines tbody td:nth-child(1)").all_inner_texts()
    assert names == sorted(names, key=str.casefold)
    assert page.locator("#lines th[aria-sort=ascending]").inner_text().startswith("Kund")
    assert troubles == []
    page.close()


def test_the_figures_behind_a_chart_open_as_a_table(browser: Browser, reports: Path, troubles: list[str]) -> None:
    page = opened(browser, reports / "plain" / "fjallglas" / "report.html", troubles, width=390)
    page.get_by_text("Siffrorna i en tabell").first.click()
    rows = page.locator("details[open] tbody tr")
    assert rows.count() == 12
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
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
