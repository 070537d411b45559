"""A note on a figure: which sentence, and what stands in it; the sentence itself comes later, in the reader's language.

What belongs here: the value, and the closed list of sentences there are. What does not: any wording (``notes.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

Part = str | float | int | date | tuple[date, ...]

NoteCode = Literal[
    "already_inside",
    "baseline_at_first_observation",
    "baseline_missing",
    "baseline_not_positive",
    "baseline_restarts",
    "baseline_starts",
    "baseline_unused",
    "break_bridged",
    "break_inside_sum",
    "changed_without_revision",
    "count_unobserved",
    "count_unseen",
    "doubt_account_moved",
    "doubt_entries_left_out",
    "doubt_imports_skipped",
    "doubt_list_not_whole",
    "doubt_other_row",
    "doubt_rows_capped",
    "doubt_sampled",
    "doubt_thresholded",
    "estimated",
    "few_months",
    "final_target",
    "forecast_bounded",
    "forecast_break",
    "forecast_estimated",
    "forecast_short",
    "forecast_unfitted",
    "full_target_probability",
    "history",
    "history_jump",
    "last_month_missing",
    "months_left_out",
    "months_left_out_break",
    "months_paused",
    "no_baseline_level",
    "no_data",
    "no_first_month",
    "platform_left_out",
    "platform_too_large",
    "platform_unknown",
    "probability_tenths",
    "restated",
    "revised",
    "running_month_moved",
    "scope_needed",
    "small_baseline",
    "source_missing",
    "source_never_loaded",
    "sum_incomplete",
    "target_equals_baseline",
]
NOTE_CODES: tuple[str, ...] = get_args(NoteCode)


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence to come. ``parts`` are (name, value) pairs; names ending in ``share`` are shares, in ``month`` and
    ``months`` months, other dates days."""

    code: NoteCode
    parts: tuple[tuple[str, Part], ...] = ()


def note(code: NoteCode, /, **parts: Part) -> Note:
    """A note with its parts by name."""
    return Note(code, tuple(sorted(parts.items())))
