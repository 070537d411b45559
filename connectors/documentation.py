"""``docs/sources/``, made from the sources' own facts, so that it can't say anything the code does not do.

What belongs here: words for facts, and the pages. What does not: any fact.
``python -m connectors.documentation FOLDER`` writes ``README.md`` and a page a source type into the folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from connectors.core.protocol import SourceType, Stream
from connectors.registry import SOURCE_TYPES
from okr_models.client.sources import SourceSettings

_MADE = "Made from the connectors' own facts (`python -m connectors.documentation docs/sources`); a test compares."
_INTRODUCTION = f"""\
# Sources

{_MADE}
Each source has its page, with its lines in a client file, the way to its credentials, and what each stream gives.

*History* is what a source can give on the day a client is taken on. A KPI's figures from before that only a `csv`
source can give, from what somebody wrote down at the time. *Read again* is how long a day may still be restated: until
then each night reads it anew and replaces it whole. Snapshots can't be asked again; a night that was missed stays
missing, and is said to be. *Newest* is counted in the source's own days.
"""
_SETTINGS = """\
Every source may also have `id`, `opened`, `start`, `paused`, `breaks`, `base_url` and `formerly`, ids it had before:
what was read under them is its own. A secret is `{env: NAME}` or `{file: PATH}`; where one is given, `base_url` is
https unless it is this machine, or `allow_http` is true.
"""
_OVERVIEW = ("source", "kind", "streams", "history on the first day", "read again", "a day begins", "limits", "library")
_STREAMS = ("stream", "how", "history", "newest", "read again", "a day without a row", "asked at")


def source_pages() -> dict[str, str]:
    """Every page by its file's name."""
    pages = {f"{source_type.type}.md": source_page(source_type) for source_type in SOURCE_TYPES.values()}
    return {"README.md": overview_page(SOURCE_TYPES.values()), **pages}


def overview_page(types: Iterable[SourceType]) -> str:
    """The introduction and the table, a line a source type."""
    return "\n".join([_INTRODUCTION, _table(_OVERVIEW, (_overview(source_type) for source_type in types))])


def source_page(source_type: SourceType) -> str:
    """All that is to be known about one source type."""
    streams = source_type.streams
    facts, host = source_type.facts, source_type.vendor_url or "the client's own"
    required, optional = (", ".join(f"`{name}`" for name in names) for names in own_settings(source_type.settings))
    lines = [
        f"# {source_type.facts.title}\n",
        f"{source_type.docs} [All sources](README.md).\n",
        "## In a client file\n",
        f"```yaml\nsources:\n  - {facts.example}\n```\n",
        f"Needed: {required}." + (f" Optional: {optional}." if optional else ""),
        _SETTINGS,
        "## Credentials\n",
        *([facts.note, ""] if facts.note else []),
        *(f"{number}. {step}" for number, step in enumerate(facts.steps, start=1)),
        *([""] if facts.steps else []),
        "`okr doctor` then makes one cheap call and says whether it works.\n",
        "## What it gives\n",
        f"Where its days begin: {source_type.day_boundary}. Host: {host}.\n",
        _table(_STREAMS, (_stream(stream) for stream in streams)),
        *_listed("Known about its figures", ((stream, text) for stream in streams for text in stream.annotations)),
        *_listed(
            "Not to be had from it; what of this is a KPI's figure, only csv can give",
            ((stream, stream.note) for stream in streams if stream.note),
        ),
        "## Limits\n",
        f"{source_type.limits}\n",
        f"Library: {source_type.library}.\n",
        _MADE,
    ]
    return "\n".join(lines) + "\n"


def own_settings(settings: type[SourceSettings]) -> tuple[list[str], list[str]]:
    """A source type's own settings: those that must be given, and those that may."""
    common = set(SourceSettings.model_fields)
    required, optional = ["type"], list[str]()
    for name, field in settings.model_fields.items():
        if name == "type" or (name in common and not field.is_required()) or name == "id":
            continue
        (required if field.is_required() else optional).append(name)
    return required, optional


def _listed(title: str, entries: Iterable[tuple[Stream, str]]) -> list[str]:
    lines = [f"- `{stream.name}`: {text}" for stream, text in entries]
    return [f"{title}:\n", *lines, ""] if lines else []


def _overview(source_type: SourceType) -> tuple[str, ...]:
    streams = source_type.streams
    again = dict.fromkeys(read_again(stream) for stream in streams if stream.delivery == "window")
    return (
        f"[{source_type.facts.title}]({source_type.type}.md)",
        source_type.facts.platform or source_type.facts.category,
        ", ".join(f"`{stream.name}`" for stream in streams),
        source_type.docs,
        "; ".join(again) or "whole lists and new readings each night",
        source_type.day_boundary,
        source_type.limits,
        source_type.library,
    )


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
    if stream.first_day is not None:
        return f"all since {stream.first_day}"
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


def write(folder: Path) -> None:
    """Put every page into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in source_pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m connectors.documentation FOLDER, such as docs/sources")
    write(Path(sys.argv[1]))
