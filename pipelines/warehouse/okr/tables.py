"""The append-only result tables of schema ``okr``, which are published in ``marts`` (INTERFACE.md, section 4).

What belongs here: names, types, keys, meaning, and which views show the newest row. What does not: any figure.
"""

from __future__ import annotations

from pipelines.warehouse.tables import Column, Table

_CLIENT = Column("client", "VARCHAR", "Client's slug")
_OBJECTIVE = Column("objective_id", "VARCHAR", "Objective's id in the client file")
_KEY_RESULT = Column("key_result_id", "VARCHAR", "Key result's id in the client file")
_AS_OF = Column("as_of", "DATE", "The day of the night that computed it, in the client's zone")
_KNOWN_AT = Column("known_at", "TIMESTAMPTZ", "When it was computed; with as_of it orders what was known when")


def _number(name: str, meaning: str) -> Column:
    return Column(name, "DOUBLE", meaning, nullable=True)


_POSITION = Column("position", "INTEGER", "Its place in the client file that night, from 1", nullable=True)


def _text(name: str, meaning: str) -> Column:
    return Column(name, "VARCHAR", meaning, nullable=True)


KEY_RESULT_PROGRESS = Table(
    schema="okr",
    name="key_result_progress",
    meaning="Progress of each key result as known at each night. Append-only.",
    key=("client", "objective_id", "key_result_id", "as_of", "known_at"),
    columns=(
        _CLIENT,
        _OBJECTIVE,
        _KEY_RESULT,
        _AS_OF,
        _KNOWN_AT,
        Column("title", "VARCHAR", "Title as the client wrote it"),
        _text("kpi", "KPI it is measured by; for a count what is counted; NULL for milestones"),
        _text("unit", "Unit of baseline, target and current"),
        _text("kind", "flow, stock, ratio, count or milestones"),
        _text("ambition", "committed, or stretch: seven tenths of the way are success"),
        _number("baseline", "Value it is compared with, in unit"),
        _number("first_target", "Target before any revision, in unit"),
        _number("target", "Target in force, in unit"),
        _number("current", "Value now, in unit"),
        _number("current_growth", "current / baseline - 1, where the target is a percentage of the baseline"),
        Column(
            "first_month", "DATE", "First month that current is a mean of, where months are compared", nullable=True
        ),
        Column("last_month", "DATE", "Last month that current is a mean of, where months are compared", nullable=True),
        _number("raw_progress", "(current - baseline) / (target - baseline), as it is: may be negative or above 1"),
        _number("progress", "raw_progress clipped to 0..1, for roll-up only"),
        _number("expected_progress", "Share that a year on course would show today, 0..1"),
        _number("forecast", "Expected value at the period's end, in unit"),
        _number("forecast_low", "Lower end of the forecast's 80 % interval, in unit"),
        _number("forecast_high", "Upper end of the forecast's 80 % interval, in unit"),
        _number(
            "forecast_target", "Target over the whole period, in unit: what forecast and probability stand against"
        ),
        _number("probability", "Probability of reaching the success line, 0..1; NULL where none is honest"),
        _number("probability_full", "Probability of the whole target, 0..1; of a stretch goal less than probability"),
        Column(
            "status",
            "VARCHAR",
            "achieved, on_track, at_risk, off_track, out_of_reach, too_early or cannot_be_judged",
        ),
        Column("data_through", "DATE", "Last day its data reach", nullable=True),
        Column("is_estimated", "BOOLEAN", "True where a month in it was scaled up or split"),
        _text("notes", "What a reader must know: missing platforms, history from csv, breaks, cures"),
        _text("note_codes", "JSON: the notes as codes with their figures, from which each reader's language is made"),
        _text("explanation", "One or two sentences: where it stands and why, in the client's language"),
        Column("definition_version", "VARCHAR", "Fingerprint of the key result's definition in the client file"),
        Column("input_hash", "VARCHAR", "Fingerprint of everything the figures were computed from"),
        _POSITION,
    ),
)

OBJECTIVE_PROGRESS = Table(
    schema="okr",
    name="objective_progress",
    meaning="Progress of each objective, rolled up from its key results. Append-only.",
    key=("client", "objective_id", "as_of", "known_at"),
    columns=(
        _CLIENT,
        _OBJECTIVE,
        _AS_OF,
        _KNOWN_AT,
        Column("title", "VARCHAR", "Title as the client wrote it"),
        _text("team", "Team that owns it"),
        _text("owner", "Person or address that answers for it"),
        _number("progress", "Weighted mean of its key results' progress, 0..1"),
        _number("progress_low", "The same with missing key results as 0"),
        _number("progress_high", "The same with missing key results as 1"),
        _number("expected_progress", "Weighted mean of the same key results' expected progress, 0..1"),
        _number("coverage", "Weight of key results with a value over all weight, 0..1"),
        Column("status", "VARCHAR", "Status of the worst weighty key result, or cannot_be_judged, too_early"),
        _text("weakest_key_result", "Id of the key result with the worst status and, among those, the least progress"),
        _text("deciding_key_result", "Id of the key result at which a quarter of the weight is reached, worst first"),
        _POSITION,
    ),
)

KEY_RESULT_ITEMS = Table(
    schema="okr",
    name="key_result_items",
    meaning="The items behind a count: each post judged against its threshold. Append-only.",
    key=("client", "objective_id", "key_result_id", "as_of", "known_at", "item_id"),
    columns=(
        _CLIENT,
        _OBJECTIVE,
        _KEY_RESULT,
        _AS_OF,
        _KNOWN_AT,
        Column(
            "item_id", "VARCHAR", "The post's id at its platform, verbatim; SOURCE:ID where another source's has it too"
        ),
        _text("title", "Title"),
        _text("url", "Public address"),
        Column("published_at", "TIMESTAMPTZ", "When it was published", nullable=True),
        _number("value", "What it reached inside its own window, in the condition's unit"),
        _number("threshold", "What it has to reach"),
        Column("outcome", "VARCHAR", "met, open or missed"),
        Column("decided_on", "DATE", "Day it was met, or its window's last day where missed", nullable=True),
    ),
)

INITIATIVE_RESULTS = Table(
    schema="okr",
    name="initiative_results",
    meaning="What each initiative did to its figure, as of each night. Append-only.",
    key=("client", "initiative_id", "as_of"),
    columns=(
        _CLIENT,
        Column("initiative_id", "VARCHAR", "Initiative's id in the client file"),
        _AS_OF,
        Column("title", "VARCHAR", "Title as the client wrote it"),
        _text("key_result", "objective/key_result it is meant to move; NULL: not in line with this year's goals"),
        _text("kpi", "KPI it is measured by"),
        _number("effect", "Estimated relative effect, 0.15 is +15 %"),
        _number("effect_low", "Lower end of its 95 % interval"),
        _number("effect_high", "Upper end of its 95 % interval"),
        _number("effect_share", "Effect as a share of the key result's gap"),
        _number("detectable_effect", "Smallest relative effect its data could have shown"),
        _number("probability_worthwhile", "Probability that the effect is at least the smallest worthwhile one"),
        Column(
            "verdict",
            "VARCHAR",
            "keep, kill, undecided, cannot_be_judged, not_started, running or not_aligned",
        ),
        _text("reason", "Why, in a sentence"),
        _number("cost", "What it cost, in the client's currency"),
    ),
)

FORECAST_SCORES = Table(
    schema="okr",
    name="forecast_scores",
    meaning="How the project's own forecasts, and what owners said of their own goals, turned out, where it is known.",
    key=("client", "objective_id", "key_result_id", "as_of", "known_at", "said_by"),
    columns=(
        _CLIENT,
        _OBJECTIVE,
        _KEY_RESULT,
        _AS_OF,
        _KNOWN_AT,
        Column("said_by", "VARCHAR", "program: a forecast; owner: the confidence of a check-in", before="program"),
        Column("probability", "DOUBLE", "Probability that was said, 0..1"),
        Column("outcome", "BOOLEAN", "True where the success line was reached"),
        Column("brier", "DOUBLE", "(probability - outcome) squared; 0 is perfect"),
        Column(
            "is_inside",
            "BOOLEAN",
            "True where the final value lay in the forecast's 80 % interval; empty until the period has ended",
            nullable=True,
        ),
    ),
)

KEY_RESULT_PATH = Table(
    schema="okr",
    name="key_result_path",
    meaning="Each key result month by month as the newest night has it, as the report's charts draw it: the path to the"
    " target, and where it is expected to go. In the unit of the KPI's months, of a sum or count running totals.",
    key=("client", "objective_id", "key_result_id", "month"),
    columns=(
        _CLIENT,
        _OBJECTIVE,
        _KEY_RESULT,
        Column("month", "DATE", "First day of a month of the objective's period"),
        _number("target_path", "What the target asks of the month; NULL where it asks for a band"),
        _number("expected", "What is expected of the month, by the forecast; NULL of months gone by and without one"),
        _number("low", "Lower end of what is expected, from the forecast's 80 % interval at the period's end"),
        _number("high", "Upper end of it"),
    ),
)

CHECKINS = Table(
    schema="okr",
    name="checkins",
    meaning="What people say of their key results, as checkins/CLIENT.csv has it now.",
    key=("client", "objective_id", "key_result_id", "checked_on", "by"),
    columns=(
        _CLIENT,
        _OBJECTIVE,
        _KEY_RESULT,
        Column("checked_on", "DATE", "The day it is about"),
        Column("by", "VARCHAR", "Who says so; empty where the file does not say"),
        Column("confidence", "DOUBLE", "How sure they are that it succeeds, 0..1"),
        Column("text", "VARCHAR", "What they say"),
        Column("next", "VARCHAR", "What they do next"),
        Column("known_at", "TIMESTAMPTZ", "The first night that read it with this confidence"),
        Column("position", "INTEGER", "Its place among the file's check-ins, from 1", nullable=True),
    ),
)

STATE_TABLES: dict[str, Table] = {table.name: table for table in (KEY_RESULT_PATH, CHECKINS)}
"""Tables of what stands now: each night puts its rows in place of the last one's."""

OKR_TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        KEY_RESULT_PROGRESS,
        OBJECTIVE_PROGRESS,
        KEY_RESULT_ITEMS,
        INITIATIVE_RESULTS,
        FORECAST_SCORES,
    )
}
