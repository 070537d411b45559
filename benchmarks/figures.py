"""What every benchmark prints: its command, the versions and the machine, and medians with their spread."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence


def print_head(title: str, versions: Mapping[str, str]) -> None:
    """What was measured with what, on what."""
    known = ", ".join(f"{name} {version}" for name, version in versions.items())
    print(f"\n{title}")
    print(f"  command   python -m {_module()} {' '.join(sys.argv[1:])}".rstrip())
    print(f"  versions  Python {platform.python_version()}, {known}")
    print(
        f"  machine   {platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def print_seconds(name: str, seconds: Sequence[float], *, rows: int | None = None) -> None:
    """Median and range of one side, in seconds, and rows a second."""
    median = statistics.median(seconds)
    rate = f", {rows / median:>9,.0f} rows a second" if rows else ""
    print(f"  {name:<44} {median:8.3f} s  ({min(seconds):.3f} to {max(seconds):.3f}, {len(seconds)} runs){rate}")


def print_ratio(name: str, ours: Sequence[float], theirs: Sequence[float], *, goal: str | None = None) -> None:
    """How many times ``theirs`` takes as long as ``ours``: median and range of the runs side by side."""
    ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
    median = statistics.median(ratios)
    print(f"  {name:<44} {median:8.2f} x  ({min(ratios):.2f} to {max(ratios):.2f}){f', goal {goal}' if goal else ''}")


def _module() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec else sys.argv[0]
