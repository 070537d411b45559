"""Tokens that a vendor granted in place of a client file's, one sealed file a refresh token, in the home folder.

A file's name is made from the refresh token that the client file names, and its content is sealed with it: another one
in the client file therefore starts anew, and a file that was damaged, changed or put there by somebody else is set
aside as ``.bad`` and never used. What belongs here: keeping them. What does not: asking for new ones (``tokens.py``).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = Path("state", "tokens")
"""Below the home folder; mode 0700, its files 0600."""
LONGEST_WAIT_SECONDS = 120.0
"""For another process that is renewing the same token: longer than such a call may take with its retries."""
_FORMAT = 1


class StoreUnusable(Exception):
    """The store can't be written, or another process has held it for too long. Holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was granted last. Instants are UTC; None: the vendor did not say."""

    access_token: str
    refresh_token: str
    obtained_at: datetime
    expires_at: datetime | None = None
    renewable_until: datetime | None = None
    """When the refresh token itself ends."""
    given: str = ""
    """``fingerprint`` of the client file's token at the time: another one there has been set by hand since."""


def fingerprint(*parts: str) -> str:
    """A short name for secrets, from which they can't be found again."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class TokenStore:
    """The tokens kept under ``home``. Safe to use from many threads and processes, one ``locked`` block at a time."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Nobody else renews the token ``name`` in this block. Raises ``StoreUnusable``."""
        from filelock import FileLock, Timeout

        try:
            self._make_folder()
            # a lock object of its own for each use, so that threads of one process exclude each other too
            lock = FileLock(self.folder / f"{name}.lock", mode=0o600, is_singleton=False, thread_local=False)
            lock.acquire(timeout=LONGEST_WAIT_SECONDS)
        except Timeout as error:
            raise StoreUnusable("another process has been renewing this token for too long") from error
        except OSError as error:
            raise StoreUnusable(f"{self.folder}: {error.strerror or 'not usable'}") from error
        try:
            yield
        finally:
            lock.release()

    def read(self, name: str, *, seal: str) -> Kept | None:
        """What is kept under ``name``; None where nothing is, or nothing that can be trusted. In a ``locked`` block.

        A finished file that was not yet put in place, because its process was killed, counts: it holds the only copy.
        """
        unfinished = self._new(name)
        with suppress(OSError, UnicodeDecodeError):
            if _opened(_read(unfinished), seal=seal) is not None:
                unfinished.replace(self._path(name))
        try:
            kept = _opened(_read(self._path(name)), seal=seal)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            kept = None
        if kept is None:
            self._set_aside(self._path(name))
        return kept

    def first_seen(self, name: str, *, now: datetime) -> datetime:
        """When a token that nobody granted here was first met, which is now if never before. In a ``locked`` block."""
        path = self.folder / f"{name}.seen"
        with suppress(OSError, ValueError):
            return _instant(_read(path).strip())
        path.unlink(missing_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(now.isoformat())
        except OSError as error:
            raise StoreUnusable(f"{self.folder}: {error.strerror or 'not writable'}") from error
        return now

    def write(self, name: str, kept: Kept, *, seal: str) -> None:
        """Put ``kept`` in place whole, on the disk before this returns. In a ``locked`` block.

        Raises ``StoreUnusable`` with what was there before still there.
        """
        new = self._new(name)
        try:
            # what a killed process left there was read before, or is half a file
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(_sealed(kept, seal=seal))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path(name))
            _sync_folder(self.folder)
        except OSError as error:
            raise StoreUnusable(f"{self.folder}: {error.strerror or 'not writable'}") from error

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.folder.parent, self.folder):
            if stat.S_IMODE(folder.stat().st_mode) != 0o700:
                folder.chmod(0o700)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _new(self, name: str) -> Path:
        return self.folder / f"{name}.json.new"

    def _set_aside(self, path: Path) -> None:
        log.warning(
            "%s is damaged, or was not written by okr; set aside as .bad, the client file's token is used", path
        )
        with suppress(OSError):
            path.replace(path.with_suffix(".bad"))


_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def _read(path: Path) -> str:
    """The text of a regular file of ours, its mode put right. A link is refused."""
    handle = os.open(path, os.O_RDONLY | _NO_LINK)
    with os.fdopen(handle, encoding="utf-8") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
            raise PermissionError("not a file of ours")
        if stat.S_IMODE(found.st_mode) != 0o600:
            os.fchmod(file.fileno(), 0o600)
        return file.read()


def _sync_folder(folder: Path) -> None:
    """Make a rename last; systems that can't open a folder do so by themselves."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sealed(kept: Kept, *, seal: str) -> str:
    content = {
        "format": _FORMAT,
        "access_token": kept.access_token,
        "refresh_token": kept.refresh_token,
        "obtained_at": kept.obtained_at.isoformat(),
        "expires_at": kept.expires_at.isoformat() if kept.expires_at else None,
        "renewable_until": kept.renewable_until.isoformat() if kept.renewable_until else None,
        "given": kept.given,
    }
    return json.dumps({**content, "seal": _mac(content, seal)}, indent=1, sort_keys=True) + "\n"


def _opened(text: str, *, seal: str) -> Kept | None:
    """The content of a sealed file; None where it is not whole, not ours, or of a format not known."""
    try:
        content = json.loads(text)
        given_seal = content.pop("seal")
        if content["format"] != _FORMAT or not hmac.compare_digest(given_seal, _mac(content, seal)):
            return None
        return Kept(
            access_token=content["access_token"],
            refresh_token=content["refresh_token"],
            obtained_at=_instant(content["obtained_at"]),
            expires_at=_instant(content["expires_at"]) if content["expires_at"] else None,
            renewable_until=_instant(content["renewable_until"]) if content["renewable_until"] else None,
            given=content["given"],
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _mac(content: dict[str, object], seal: str) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.new(seal.encode(), canonical.encode(), hashlib.sha256).hexdigest()
