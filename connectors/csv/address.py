"""A csv file behind an address: fetched once it has changed, and refused where it is not the file.

What belongs here: https off this machine, the server's mark of a version (ETag) with the copy that it stands for, size,
and what a page in the file's place means. What does not: the file's format (``rows.py``).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from connectors.core.errors import BadReply, Misconfigured, PermissionMissing, SourceError
from connectors.core.http import Http
from connectors.core.protocol import Context
from connectors.core.reply import Reply
from okr_models.hosts import goes_in_clear, is_loopback

LARGEST_BYTES = 32 * 1024 * 1024
LOGIN_HOSTS = frozenset({"accounts.google.com", "login.microsoftonline.com"})


class BadAddress(ValueError):
    """An address that nothing is fetched from; says why."""


def checked(url: str) -> str:
    """https, or http on this machine. Raises ``BadAddress``, which does not quote it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadAddress("is not an address") from None
    if not host or parts.scheme not in {"http", "https"}:
        raise BadAddress("is not an address; write it like https://example.se/figures.csv")
    if parts.scheme != "https" and not is_loopback(host):
        raise BadAddress("must be https: what it carries could be read and changed on its way")
    return url


class Fetched:
    """One file on the web. ``url``: its address, which may hold a user name and password; sent to its own host only."""

    def __init__(self, *, context: Context, source: str, url: str, attempted: str) -> None:
        parts = urlsplit(url)
        self._context, self._source, self._attempted = context, source, attempted
        self._mark = hashlib.sha256(url.encode()).hexdigest()
        headers = {"Accept": "text/csv, */*;q=0.5"}
        secrets = [secret for secret in (parts.password, parts.query) if secret]
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        origin = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
        self._target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        folder = context.home / "state" / "files"
        self._copy = folder / f"{context.client}.{source}.csv"
        self._about = folder / f"{context.client}.{source}.json"
        etag = self._etag()
        self._http = Http(
            context=context,
            source=source,
            base_url=origin,
            headers={**headers, **({"If-None-Match": etag} if etag else {})},
            secrets=secrets,
            largest_body_bytes=LARGEST_BYTES,
        )

    @property
    def retries(self) -> int:
        """How often it was asked for again."""
        return self._http.retries

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def lines(self) -> Iterator[str]:
        """The lines of the file as it is now. Raises ``SourceError``, ``UnicodeDecodeError``."""
        body = self._body()
        wide = body[:2] in {b"\xff\xfe", b"\xfe\xff"}
        # only what ends a line in a file: splitlines would end one at a line separator inside a cell too
        yield from io.StringIO(body.decode("utf-16" if wide else "utf-8"), newline="")

    def _body(self) -> bytes:
        unchanged: BadReply | None = None
        try:
            reply = self._http.get(self._target, attempted=self._attempted)
        except BadReply as error:
            if error.status != HTTPStatus.NOT_MODIFIED:
                raise
            unchanged = error
        if unchanged is not None:
            try:
                return self._copy.read_bytes()
            except OSError:
                self._about.unlink(missing_ok=True)
            raise self._error(BadReply, "it has not changed, and the copy of it is gone", cure="run the night again")
        self._refuse_others(reply)
        self._keep(reply)
        return reply.body

    def _refuse_others(self, reply: Reply) -> None:
        """Raise for what is no csv file, be it answered with 200."""
        final = urlsplit(reply.url)
        if goes_in_clear(reply.url):
            raise self._error(BadReply, "it was redirected to http", cure="name the https address itself")
        is_page = "text/html" in reply.headers.get("Content-Type", "").lower()
        start = reply.body.lstrip(b"\xef\xbb\xbf \r\n\t")[:15].lower()
        if final.hostname in LOGIN_HOSTS or is_page or start.startswith((b"<!doctype html", b"<html")):
            raise self._error(
                PermissionMissing,
                "a web page came in the file's place, such as one to sign in at",
                cure="share it with anyone who has the link, or name the address of the file itself",
            )

    def _etag(self) -> str | None:
        """The version whose copy is kept, of this very address."""
        try:
            about = json.loads(self._about.read_text(encoding="utf-8"))
            known = about["address"] == self._mark and self._copy.is_file()
            return str(about["etag"]) if known and about["etag"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, reply: Reply) -> None:
        """Keep a copy beside its mark; without a mark there is nothing to ask by, and no copy."""
        etag = reply.headers.get("ETag")
        if not etag or self._context.transport is not None:
            return
        try:
            self._copy.parent.mkdir(parents=True, exist_ok=True)
            _write(self._copy, reply.body)
            _write(self._about, json.dumps({"address": self._mark, "etag": etag}).encode())
        except OSError:
            self._about.unlink(missing_ok=True)  # it is read whole next time

    def _error(self, kind: type[SourceError], detail: str, *, cure: str) -> SourceError:
        return self._http.error(kind, attempted=self._attempted, detail=detail, cure=cure)


def _write(path: Path, body: bytes) -> None:
    """Whole or not at all, readable by its owner only."""
    beside = path.with_suffix(path.suffix + ".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
    beside.replace(path)


def fetched(context: Context, *, source: str, url: str, attempted: str) -> Fetched:
    """A file on the web. Raises ``Misconfigured`` for an address that nothing is fetched from."""
    try:
        checked(url)
    except BadAddress as problem:
        detail = f"url {problem}"
    else:
        return Fetched(context=context, source=source, url=url, attempted=attempted)
    raise Misconfigured(
        client=context.client, source=source, attempted=attempted, detail=detail, cure="mend url in the client file"
    )
