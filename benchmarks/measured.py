"""One night of a home folder as a process of its own: seconds on the clock and of the processor, peak memory, disk.

What belongs here: that measurement, for every benchmark that runs whole nights. What does not: what the home holds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024
_KILOBYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process took; ``processor`` with that of its children, ``peak_bytes`` of the largest of them."""

    clock: float
    processor: float
    peak_bytes: int
    said: str


def cost_of(command: Sequence[str], environ: Mapping[str, str], *, cwd: Path | None = None) -> Cost:
    """Run a command to its end. Raises ``SystemExit`` with what it said where it fails."""
    begun = time.monotonic()
    with subprocess.Popen(
        command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said[-3000:]}")
    return Cost(
        clock=time.monotonic() - begun,
        processor=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * _KILOBYTES,  # as Linux counts it
        said=said,
    )


def night(home: Path, environ: Mapping[str, str]) -> Cost:
    """``okr run`` of a home folder."""
    return cost_of([str(Path(sys.executable).with_name("okr")), "--home", str(home), "run"], environ)


def bytes_in(folder: Path) -> int:
    """Of every file below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
