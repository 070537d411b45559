"""What a night shows: bars that fit a terminal, plain lines in a pipe, and no failure of its own."""

from __future__ import annotations

import io
import re
import sys

import pytest

from pipelines.cli.stages import StageDisplay

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9;]*m")


class Terminal(io.StringIO):
    """A stderr that says it is one."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    """A stderr whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def a_night(progress: StageDisplay) -> None:
    with progress:
        progress.expect("models", 2)
        progress.expect("publish", 1)
        progress.done("counters", "", 0)
        progress.expect("sources", 3)
        progress.done("sources", "acme/web web_daily: 1842 rows, 2024-01-01 to 2024-02-11")
        progress.done("sources", "acme/web web_pages_daily: " + "a long line " * 30, 2)
        progress.line("acme/web: 3 reads, 2000 rows")
        progress.done("models", "kpi_daily", 0)
        progress.done("models", "kpi_daily", 2)
        progress.done("publish", "database")


def test_piped_it_is_a_line_a_source_and_a_line_a_stage_and_the_time_of_each(capfd: pytest.CaptureFixture[str]) -> None:
    a_night(StageDisplay())
    told = capfd.readouterr()
    assert told.out == ""
    assert "\x1b" not in told.err
    assert re.sub(r"\d+\.\d s", "T", told.err).splitlines() == [
        "acme/web: 3 reads, 2000 rows",
        "sources: 3 of 3 in T",
        "models: 2 of 2 in T",
        "publish: 1 of 1 in T",
        "T in all: sources T, models T, publish T",
    ]


def test_a_night_that_ends_early_says_how_far_it_came(capfd: pytest.CaptureFixture[str]) -> None:
    def stopped() -> None:
        with StageDisplay() as progress:
            progress.expect("sources", 9)
            progress.done("sources", "acme/web")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert "sources: 1 of 9 in " in capfd.readouterr().err


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal_bars_fit_its_width(columns: int, no_color: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    a_night(StageDisplay())
    raw = terminal.getvalue()
    assert bool(COLOUR.search(raw)) is not bool(no_color)
    shown = [line.rstrip() for line in ANSI.sub("", raw).replace("\r", "\n").splitlines()]
    assert max(map(len, shown)) <= columns
    for stage, figures in (("sources", "3/3"), ("models", "2/2"), ("publish", "1/1")):
        assert any(line.startswith(stage) and figures in line for line in shown)
    assert not any(line.startswith("counters") for line in shown), "nothing of them was due"
    assert shown[-1].endswith("in all")


def test_a_terminal_that_can_not_move_its_cursor_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    a_night(StageDisplay())
    assert "\x1b" not in terminal.getvalue()
    assert "sources: 3 of 3" in terminal.getvalue()


def test_a_reader_that_has_gone_stops_no_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    a_night(StageDisplay())
