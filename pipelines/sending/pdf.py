"""A report's pages as PDF, by a Chromium that is on the machine; without one there is none, and the mail goes without.

What belongs here: finding the browser and printing. What does not: the page, which its own style sets on paper.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

BROWSER = "OKR_CHROMIUM"
"""Path of a Chromium to print with; without it the ones that are usual are looked for."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 60


def browser_of(environ: Mapping[str, str]) -> str | None:
    """The browser to print with, if there is one."""
    if chosen := environ.get(BROWSER, "").strip():
        return chosen if Path(chosen).exists() else None
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    cache = Path(environ.get("PLAYWRIGHT_BROWSERS_PATH", "") or Path.home() / ".cache" / "ms-playwright")
    known = sorted(cache.glob("chromium*/chrome-*/*chrome*")) + sorted(
        cache.glob("chromium*/chrome-linux*/headless_shell")
    )
    return next((str(path) for path in known if path.is_file() and path.stat().st_mode & 0o111), None)


def printed(page: Path, environ: Mapping[str, str]) -> bytes | None:
    """The page as PDF; None where no browser is, or it did not print."""
    browser = browser_of(environ)
    if browser is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.pdf"
        command = [
            *(browser, "--headless", "--disable-gpu", "--no-sandbox", "--no-pdf-header-footer"),
            *(f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}", page.resolve().as_uri()),
        ]
        try:
            subprocess.run(command, timeout=SECONDS, check=True, capture_output=True)  # noqa: S603 - the machine's own
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None
