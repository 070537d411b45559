"""A store in a bucket: Amazon S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage (extra ``ray``).

Documents are changed by the vendor's own conditional writes (If-None-Match: * and If-Match with the entity tag), which
obstore has for all three. What does not belong here: retries (``store.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.shards.store import Conflict, Found, Missing, StoreUnavailable

MOST_OF_A_DETAIL = 200
_NAMES = {"abfs": "azure", "abfss": "azure", "gcs": "gs"}


def bucket_store(address: str) -> BucketStore:
    """The bucket at an address; credentials and endpoint are the vendor's own variables in the environment."""
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise StoreUnavailable(
            store=address, attempted="opening it", detail="obstore is not installed (pip install marketing-okr[ray])"
        ) from error
    import os

    options: dict[str, Any] = {}
    if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"):
        options["client_options"] = {"allow_http": True}
    scheme, _, rest = address.partition("://")
    try:
        return BucketStore(from_url(f"{_NAMES.get(scheme, scheme)}://{rest}", **options), address=address)
    except Exception as error:
        raise StoreUnavailable(store=address, attempted="opening it", detail=_said(error)) from error


class BucketStore:
    """Over one of obstore's stores, whose prefix the address gave."""

    def __init__(self, store: Any, *, address: str) -> None:
        self._store, self.address = store, address.rstrip("/")

    def read(self, key: str) -> Found | None:
        import obstore

        with self._asked(f"reading {key}"):
            try:
                answer = obstore.get(self._store, key)
                return Found(bytes(answer.bytes()), str(answer.meta["e_tag"]))
            except FileNotFoundError:
                return None

    def create(self, key: str, content: bytes) -> str:
        return self._write(key, content, mode="create")

    def swap(self, key: str, content: bytes, *, tag: str) -> str:
        return self._write(key, content, mode={"e_tag": tag})

    def put_file(self, key: str, path: Path) -> None:
        import obstore

        with self._asked(f"writing {key}"):
            obstore.put(self._store, key, path)

    def get_file(self, key: str, path: Path) -> None:
        import obstore

        with self._asked(f"reading {key}"):
            try:
                answer = obstore.get(self._store, key)
            except FileNotFoundError as error:
                raise Missing(store=self.address, key=key) from error
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for chunk in answer.stream():
                    file.write(chunk)

    def has_file(self, key: str) -> bool:
        import obstore
        from obstore.exceptions import InvalidPathError

        with self._asked(f"looking for {key}"):
            try:
                obstore.head(self._store, key)
            except (FileNotFoundError, InvalidPathError):
                return False
            return True

    def files(self, prefix: str) -> tuple[str, ...]:
        import obstore

        with self._asked(f"listing {prefix}"):
            return tuple(sorted(each["path"] for chunk in obstore.list(self._store, prefix) for each in chunk))

    def drop_file(self, key: str) -> None:
        import obstore

        with self._asked(f"removing {key}"):
            try:
                obstore.delete(self._store, key)
            except FileNotFoundError:
                return

    def _write(self, key: str, content: bytes, *, mode: Any) -> str:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._asked(f"writing {key}"):
            try:
                return str(obstore.put(self._store, key, content, mode=mode)["e_tag"])
            except (AlreadyExistsError, PreconditionError, FileNotFoundError) as error:
                raise Conflict(store=self.address, key=key) from error

    @contextmanager
    def _asked(self, attempted: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except Missing:
            raise
        except (BaseError, OSError) as error:
            raise StoreUnavailable(store=self.address, attempted=attempted, detail=_said(error)) from error


def _said(error: Exception) -> str:
    """The first of obstore's many lines."""
    return " ".join(str(error).split("\n\nDebug source")[0].split())[:MOST_OF_A_DETAIL]
