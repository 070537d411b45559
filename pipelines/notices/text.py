"""What is told about a run: one plain text for a person who was not watching, from the run's own events.

What belongs here: the words, as pure functions over plain values. What does not: reading Dagster's events
(``sensors.py``) and sending (``send.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.notices.events import event_of_unread, events_of_test

FAILING = "failing_rows"
"""Metadata of a check's result: how many rows fail."""
FAILING_TESTS, SAMPLE = "failing_tests", "sample"
"""Likewise: a table of the declared tests that fail, and rows of each under its name."""
SOURCES_READ = "sources_read"
"""The check of a raw table that every source was read; its detail is a table of those that were not."""
UNREAD_COLUMNS = ("source", "class", "what happened")
MOST_LINES = 20
MOST_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """One of the tests that a check stands for. ``sample``: some rows that fail it, as a Markdown table."""

    name: str
    unexpected: int | None
    sample: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCheck:
    """A check that did not pass. ``detail`` is text or Markdown tables; ``blocks``: nothing was published for it."""

    asset: str
    check: str
    blocks: bool
    unexpected: int | None = None
    detail: str = ""
    tests: tuple[FailedTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedStep:
    """A step of the run that raised."""

    step: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What became of one run of a job. ``night`` is its partition, where it has one."""

    job: str
    run_id: str
    night: str | None
    succeeded: bool
    checks: tuple[FailedCheck, ...] = ()
    steps: tuple[FailedStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A subject line and a text."""

    subject: str
    text: str
    key: str = ""
    """Its events (``events.py``), a line each; empty of a night that did not publish, which is told each time."""


def notice_of(run: RunSummary) -> Notice | None:
    """What to tell; None where a run succeeded and every check passed, as silence then is the message."""
    if run.succeeded and not run.checks:
        return None
    night = f" of {run.night}" if run.night else ""
    blocking = any(check.blocks for check in run.checks)
    if run.succeeded:
        subject = f"{run.job}{night}: published, with {_count(len(run.checks), 'check')} to look at"
    elif blocking:
        subject = f"{run.job}{night}: NOT published, a check refused it"
    else:
        subject = f"{run.job}{night}: FAILED"
    lines = [subject, ""]
    lines += _shortened([_step(step) for step in run.steps])
    unread = _unread(run.checks)
    lines += unread.values()
    others = [check for check in run.checks if not (unread and check.check == SOURCES_READ)]
    lines += _shortened([line for check in others for line in _check(check)])
    if not run.succeeded:
        told = "; okr status says so too" if blocking else ""
        lines += ["", f"What was published before is still served{told}."]
    lines += ["", f"Run {run.run_id}"]
    said = {event_of_unread(source, kind) for source, kind in unread}
    silent = [source for source, _ in unread]
    for check in others:
        for test in check.tests or [FailedTest(name=check.check, unexpected=check.unexpected, sample=check.detail)]:
            said |= events_of_test(check.asset, test.name, test.sample, unexpected=test.unexpected, unread=silent)
    return Notice(subject=subject, text="\n".join(lines), key="\n".join(sorted(said)) if run.succeeded else "")


def _unread(checks: Sequence[FailedCheck]) -> dict[tuple[str, str], str]:
    """A line for each source that could not be read, by name and kind of failure, however many tables it fills."""
    found: dict[tuple[str, str], str] = {}
    for check in checks:
        if check.check != SOURCES_READ:
            continue
        _, *rows = _told(check.detail) or [""]
        for row in rows:
            cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
            if len(cells) < len(UNREAD_COLUMNS):
                continue
            source, kind, *said = cells
            message = " | ".join(said).removeprefix(f"{source}: ")
            found.setdefault((source, kind), f"- not read: {source} ({kind}): {_clipped(message)}")
    return found


def _step(step: FailedStep) -> str:
    return f"- {step.step} failed: {_clipped(step.message)}"


def _check(check: FailedCheck) -> list[str]:
    weight = "refused" if check.blocks else "warning"
    rows = "" if check.unexpected is None else f" ({_count(check.unexpected, 'row')})"
    return [
        f"- {weight}: {check.asset}, check {check.check}{rows}",
        *(f"    {_clipped(line)}" for line in _told(check.detail)),
    ]


def _told(detail: str) -> list[str]:
    """The rows of a Markdown table without its rule, or the text's lines."""
    return [line for line in detail.splitlines() if line.strip() and set(line) - set("|- :")]


def _shortened(lines: Sequence[str]) -> list[str]:
    if len(lines) <= MOST_LINES:
        return list(lines)
    return [*lines[:MOST_LINES], f"... and {len(lines) - MOST_LINES} lines more, in Dagster's page of the run"]


def _clipped(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
