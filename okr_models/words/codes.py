"""A note on a figure: which sentence, and what stands in it; the sentence itself comes later, in the reader's language.

What belongs here: the value, the closed list of sentences there are, and the text it is kept as. What does not: any
wording (``notes.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

Part = str | float | int | date | tuple[date, ...]

NoteCode = Literal[
    "account_changed",
    "already_inside",
    "baseline_at_first_observation",
    "baseline_missing",
    "baseline_not_positive",
    "baseline_other_months",
    "baseline_restarts",
    "baseline_starts",
    "baseline_unused",
    "break_bridged",
    "break_inside_sum",
    "changed_without_revision",
    "count_unobserved",
    "count_unseen",
    "doubt_account_moved",
    "doubt_amounts_missing",
    "doubt_entries_left_out",
    "doubt_fixed_offset",
    "doubt_history_cut",
    "doubt_imports_skipped",
    "doubt_list_empty",
    "doubt_list_not_whole",
    "doubt_metric_gone",
    "doubt_not_key_events",
    "doubt_other_currency",
    "doubt_other_row",
    "doubt_rate_of_all_events",
    "doubt_report_not_made",
    "doubt_rows_capped",
    "doubt_rows_fell",
    "doubt_rows_folded",
    "doubt_rows_differ",
    "doubt_sampled",
    "doubt_thresholded",
    "doubt_undated_rows",
    "estimated",
    "few_months",
    "fewer_results_shown",
    "final_target",
    "forecast_bounded",
    "forecast_break",
    "forecast_estimated",
    "forecast_short",
    "forecast_unfitted",
    "full_target_probability",
    "history",
    "history_jump",
    "impressions_miscounted",
    "last_month_missing",
    "months_left_out",
    "months_left_out_break",
    "months_paused",
    "no_baseline_level",
    "no_data",
    "no_first_month",
    "platform_left_out",
    "platform_partly",
    "platform_partly_unsized",
    "platform_too_large",
    "platform_unknown",
    "posts_listed_twice",
    "posts_redated",
    "posts_unseen",
    "probability_tenths",
    "restated",
    "revised",
    "running_month_moved",
    "same_site",
    "scope_needed",
    "small_baseline",
    "source_left",
    "source_missing",
    "source_never_loaded",
    "sum_incomplete",
    "target_equals_baseline",
]
NOTE_CODES: tuple[str, ...] = get_args(NoteCode)

Of = Literal["one_side", "sum", "break", "parts", "ratio", "last_months", "old", "unclosed", "may_fall", "together"]
"""What a note is said of besides its code (``notes.py``): a figure that is compared with nothing, a sum, a break; of
``no_data`` why there are none."""

Side = Literal["last_year", "before", "now", "some_months", "either"]
"""Where a platform or source is missing: in the same months of last year, at what is compared with otherwise, in the
months that are compared, in some, or, of several, on either side."""


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence to come. ``parts`` are (name, value) pairs; names ending in ``share`` are shares, in ``month`` and
    ``months`` months, other dates days."""

    code: NoteCode
    parts: tuple[tuple[str, Part], ...] = ()


def note(code: NoteCode, /, **parts: Part) -> Note:
    """A note with its parts by name."""
    return Note(code, tuple(sorted(parts.items())))


def to_json(notes: Iterable[Note]) -> str:
    """Notes as kept in a table, so that they can be said later in any language.

    >>> to_json([note("last_month_missing", month=date(2026, 9, 1))])
    '[{"code": "last_month_missing", "month": "2026-09-01"}]'
    """
    return json.dumps([{"code": each.code} | {name: _plain(value) for name, value in each.parts} for each in notes])


def from_json(text: str) -> tuple[Note, ...]:
    """The notes that ``to_json`` kept; one that this version doesn't know, of a newer one, is left out.

    >>> from_json('[{"code": "last_month_missing", "month": "2026-09-01"}, {"code": "of_a_newer_version"}]')
    (Note(code='last_month_missing', parts=(('month', datetime.date(2026, 9, 1)),)),)
    """
    kept = [each for each in json.loads(text) if each["code"] in NOTE_CODES]
    return tuple(note(each.pop("code"), **{name: _part(name, value) for name, value in each.items()}) for each in kept)


def _plain(value: Part) -> object:
    if isinstance(value, tuple):
        return [each.isoformat() for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _part(name: str, value: Any) -> Part:
    if isinstance(value, list):
        return tuple(date.fromisoformat(each) for each in value)
    is_day = name.endswith(("day", "month")) and isinstance(value, str)
    return date.fromisoformat(value) if is_day else value
