"""Which store an address means.

What belongs here: telling one kind of address from another. What does not: any kind of store (``folder.py``,
``bucket.py``).
"""

from __future__ import annotations

from pathlib import Path

from pipelines.shards.bucket import bucket_store
from pipelines.shards.folder import FolderStore
from pipelines.shards.store import Patient, Store


def opened(address: str | Path) -> Store:
    """The store at an address: ``s3://``, ``gs://``, ``abfs://``, ``az://``, or a folder's path or ``file://``."""
    text = str(address)
    if "://" not in text or text.startswith("file://"):
        return Patient(FolderStore(Path(text.removeprefix("file://")).expanduser().resolve()))
    return Patient(bucket_store(text))
