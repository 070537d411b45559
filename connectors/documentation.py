"""``docs/sources.md``, made from the sources' own facts, so that it can't say anything the code does not do.

What belongs here: words for facts. What does not: any fact. ``python -m connectors.documentation`` prints the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.protocol import SourceType, Stream
from connectors.registry import SOURCE_TYPES

_INTRODUCTION = """\
# Sources

Made from the connectors' own facts (`python -m connectors.documentation > docs/sources.md`); a test compares.

*History* is what a source can give on the day a client is taken on. A KPI's figures from before that only a `csv`
source can give, from what somebody wrote down at the time. *Read again* is how long a day may still be restated: until
then each night reads it anew and replaces it whole. Snapshots can't be asked again; a night that was missed stays
missing, and is said to be. *Newest* is counted in the source's own days.
"""


def sources_markdown(types: Iterable[SourceType] | None = None) -> str:
    """The whole page; ``types`` default to the registry's, in its order."""
    chosen = tuple(SOURCE_TYPES.values() if types is None else types)
    parts = [_INTRODUCTION, _table(_OVERVIEW, (_overview(source_type) for source_type in chosen))]
    parts += [_section(source_type) for source_type in chosen]
    return "\n".join(parts)


_OVERVIEW = ("source", "kind", "history on the first day", "a day begins", "where")
_STREAMS = ("stream", "how", "history", "newest", "read again", "a day without a row", "asked at")


def _overview(source_type: SourceType) -> tuple[str, ...]:
    return (
        f"[{source_type.title}](#{source_type.type})",
        source_type.platform or source_type.category,
        source_type.docs,
        source_type.day_boundary,
        source_type.vendor_url or "the client's own",
    )


def _section(source_type: SourceType) -> str:
    rows = (_stream(stream) for stream in source_type.streams)
    not_given = [f"- `{stream.name}`: {stream.note}" for stream in source_type.streams if stream.note]
    lines = [f"## {source_type.type}\n", f"{source_type.title}. {source_type.docs}\n", _table(_STREAMS, rows)]
    if not_given:
        lines += ["Not to be had from it; what of this is a KPI's figure, only csv can give:\n", *not_given, ""]
    known = [f"- `{stream.name}`: {text}" for stream in source_type.streams for text in stream.annotations]
    if known:
        lines += ["Known about its figures:\n", *known, ""]
    return "\n".join(lines)


def _stream(stream: Stream) -> tuple[str, ...]:
    return (
        f"`{stream.name}`",
        how(stream),
        history(stream),
        newest(stream),
        read_again(stream),
        without_row(stream),
        stream.api,
    )


def how(stream: Stream) -> str:
    """Delivery in words, with the slices of a long history and the setting it needs."""
    return _delivery(stream) + (f"; only with `{stream.needs}`" if stream.needs else "")


def _delivery(stream: Stream) -> str:
    if stream.delivery == "snapshot":
        return "a reading a night, kept for good with its raw reply"
    if stream.delivery == "listing":
        return "the whole list each night"
    by = "one request a month" if stream.grain == "month" else f"up to {stream.slice_days} days a read"
    most = f", at most {stream.reads_per_night} reads a night" if stream.reads_per_night is not None else ""
    return by + most


def history(stream: Stream) -> str:
    """How far back on the first day."""
    if stream.delivery == "snapshot":
        return "none: starts with the first night"
    if stream.delivery == "listing":
        return "all that is listed now"
    return "all" if stream.history_days is None else f"{stream.history_days} days"


def newest(stream: Stream) -> str:
    """The newest day there is."""
    if stream.delivery != "window":
        return "now"
    return "yesterday" if stream.lag_days == 0 else f"{stream.lag_days + 1} days ago"


def read_again(stream: Stream) -> str:
    """How long days are read again."""
    if stream.delivery != "window":
        return "never" if stream.delivery == "snapshot" else "whole, each night"
    if stream.grain == "month":
        return f"until {stream.settle_days + 1} days after the month's end"
    weekly = f"; weekly the last {stream.weekly_reread_days} days" if stream.weekly_reread_days else ""
    return f"until {stream.settle_days} days old{weekly}"


def without_row(stream: Stream) -> str:
    """What it means that a day has no row."""
    if stream.delivery != "window":
        return "has none"
    return "is 0 if it was read" if stream.zero_by_absence else "is missing"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    print(sources_markdown(), end="")
