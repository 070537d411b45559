"""Templates as they were compiled before, kept where Python keeps its own compiled modules.

What is loaded from there is run, so it lies in ``__pycache__`` beside the template, by Python's own rules: who can
write there can change the program as well. What is of another source or version, or can't be kept, is made anew.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path
from pickle import UnpicklingError

from jinja2.bccache import Bucket, BytecodeCache


class BesideTheTemplates(BytecodeCache):
    """For templates that are files below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._version = version("jinja2")

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The name itself: a template has one place."""
        return name

    def get_source_checksum(self, source: str) -> str:
        """Another version of Jinja may compile the same source otherwise."""
        return f"{self._version} {super().get_source_checksum(source)}"

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was kept; nothing where there is none, or none that can be read."""
        with suppress(OSError, EOFError, ValueError, UnpicklingError), self._place(bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, whole or not at all."""
        if sys.dont_write_bytecode:
            return
        place = self._place(bucket)
        building = place.with_name(f"{place.name}.{os.getpid()}")
        with suppress(OSError):
            place.parent.mkdir(exist_ok=True)
            building.write_bytes(bucket.bytecode_to_string())
            building.replace(place)

    def _place(self, bucket: Bucket) -> Path:
        return Path(cache_from_source(str(self._folder / bucket.key)))
