"""Which file holds which columns of which published table, in which order (INTERFACE.md §5).

What belongs here: the list of exported files. What does not: how a cell is written (``cells.py``), how a file is
written (``csvs.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """One exported file: ``columns`` of ``marts.table``, ordered by ``order``.

    ``versioned`` tables are append-only: one row a key and ``as_of`` is taken, the last known. ``history`` keeps every
    ``as_of`` and not the newest alone. ``day_column`` says what an ``as_of`` in the past cuts off.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    versioned: bool = False
    has_known_at: bool = True
    history: bool = False
    key: tuple[str, ...] = ()
    day_column: str | None = None
    of_progress: bool = False
    """Its rows are a set behind one row of progress: those of that row's own ``known_at``, be it none."""

    def without(self, *names: str) -> ExportFile:
        """The same file without some columns: what a narrower audience gets."""
        return replace(self, columns=tuple(column for column in self.columns if column not in names))


KEY_RESULTS = ExportFile(
    name="key_results.csv",
    table="key_result_progress",
    columns=(
        *("client", "objective_id", "key_result_id", "as_of", "title", "kpi", "unit", "kind", "baseline"),
        *("first_target", "target", "current", "current_growth", "raw_progress", "progress", "expected_progress"),
        *("forecast", "forecast_low", "forecast_high", "forecast_target", "probability", "probability_full", "status"),
        *("data_through", "is_estimated", "notes", "definition_version", "input_hash"),
    ),
    order=("client", "objective_id", "key_result_id"),
    key=("client", "objective_id", "key_result_id"),
    versioned=True,
)

OBJECTIVES = ExportFile(
    name="objectives.csv",
    table="objective_progress",
    columns=(
        *("client", "objective_id", "as_of", "title", "team", "owner", "progress", "progress_low", "progress_high"),
        *("expected_progress", "coverage", "status", "weakest_key_result", "deciding_key_result"),
    ),
    order=("client", "objective_id"),
    key=("client", "objective_id"),
    versioned=True,
)

KPIS_MONTHLY = ExportFile(
    name="kpis_monthly.csv",
    table="kpi_monthly",
    columns=(
        *("client", "kpi", "scope", "month", "value", "unit", "kind", "scope_kind", "scope_name", "is_closed"),
        *("is_estimated", "observed_share", "note", "note_codes"),
    ),
    order=("client", "kpi", "scope", "month"),
    day_column="month",
)

BLOG_POSTS = ExportFile(
    name="blog_posts.csv",
    table="blog_posts",
    columns=(
        *("client", "source", "post_id", "url", "path", "title", "published_at", "page_views", "page_views_90d"),
        *("engagement_seconds", "search_clicks", "search_position"),
    ),
    order=("client", "source", "published_at", "post_id"),
    day_column="published_at",
)

SOCIAL_POSTS = ExportFile(
    name="social_posts.csv",
    table="social_posts",
    columns=(
        *("client", "platform", "post_id", "url", "caption", "published_at", "likes", "comments", "shares"),
        *("interactions", "interactions_28d", "is_maturing"),
    ),
    order=("client", "platform", "published_at", "post_id"),
    day_column="published_at",
)

KEY_RESULT_ITEMS = ExportFile(
    name="key_result_items.csv",
    table="key_result_items",
    columns=(
        *("client", "objective_id", "key_result_id", "as_of", "item_id", "title", "url", "published_at", "value"),
        *("threshold", "outcome", "decided_on"),
    ),
    order=("client", "objective_id", "key_result_id", "published_at", "item_id"),
    key=("client", "objective_id", "key_result_id", "item_id"),
    versioned=True,
    of_progress=True,
)

INITIATIVES = ExportFile(
    name="initiatives.csv",
    table="initiative_results",
    columns=(
        *("client", "initiative_id", "as_of", "title", "key_result", "kpi", "effect", "effect_low", "effect_high"),
        *("effect_share", "detectable_effect", "probability_worthwhile", "verdict", "reason", "cost"),
    ),
    order=("client", "initiative_id"),
    key=("client", "initiative_id"),
    versioned=True,
    has_known_at=False,
)

HISTORY = ExportFile(
    name="history.csv",
    table="key_result_progress",
    columns=(
        *("client", "objective_id", "key_result_id", "as_of", "title", "current", "current_growth", "target"),
        *("raw_progress", "progress", "expected_progress", "forecast", "forecast_low", "forecast_high"),
        *("forecast_target", "probability", "probability_full", "status", "data_through"),
    ),
    order=("client", "objective_id", "key_result_id", "as_of"),
    key=("client", "objective_id", "key_result_id"),
    versioned=True,
    history=True,
)

CHECKINS = ExportFile(
    name="checkins.csv",
    table="checkins",
    columns=("client", "objective_id", "key_result_id", "checked_on", "by", "confidence", "text", "next"),
    order=("client", "objective_id", "key_result_id", "checked_on", "by"),
    day_column="checked_on",
)

TEAM_FILES = (
    *(KEY_RESULTS, OBJECTIVES, KPIS_MONTHLY, BLOG_POSTS, SOCIAL_POSTS),
    *(KEY_RESULT_ITEMS, INITIATIVES, HISTORY, CHECKINS),
)
BOARD_FILES = (
    OBJECTIVES.without("weakest_key_result", "deciding_key_result"),
    KPIS_MONTHLY,
    INITIATIVES.without("key_result"),
)
"""The board's files: the broad strokes, with nothing that is kept a key result."""
AGENCY_FILES = (KEY_RESULTS,)
