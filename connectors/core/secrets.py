"""Resolves what a client file only names: secrets and base addresses, from the environment or a file in the home.

What belongs here: reading them, and saying which one is missing. What does not: keeping or showing a value.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.core.budget import Budget
from connectors.core.errors import Misconfigured
from connectors.core.protocol import EVERYWHERE, Context
from connectors.core.redaction import Redactor
from connectors.core.token_store import TokenStore
from okr_models.client.sources import CLEAR_TEXT, EnvRef, FileRef, SecretRef, SourceSettings
from okr_models.hosts import goes_in_clear

LARGEST_SECRET_BYTES = 64 * 1024


def build_context(
    settings: SourceSettings,
    *,
    client: str,
    client_zone: ZoneInfo,
    now: datetime,
    home: Path,
    environ: Mapping[str, str],
    kpis: frozenset[str] | None = None,
    own_kpis: frozenset[str] = frozenset(),
    scopes: frozenset[str] | None = None,
    listed: Mapping[str, datetime | None] | None = None,
    others: tuple[SourceSettings, ...] = (),
    currency: str | None = None,
    was_unanswered: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    budget: Budget | None = None,
) -> Context:
    """The context a source is built with. Raises ``Misconfigured`` where ``base_url`` names an unset variable.

    ``was_unanswered``: earlier in this run nobody answered the source in time.
    """
    redact = Redactor()
    resolve = secret_resolver(settings, home=home, environ=environ, client=client)

    def secret(field: str) -> str:
        value = resolve(field)
        redact.add(value)
        return value

    return Context(
        client=client,
        client_zone=client_zone,
        now=now,
        home=home,
        secret=secret,
        base_url=resolve_base_url(settings, environ=environ, client=client),
        allow_http=settings.allow_http,
        kpis=kpis,
        own_kpis=own_kpis,
        scopes=scopes,
        listed=listed or {},
        others=others,
        currency=currency,
        sleep=sleep,
        tokens=TokenStore(home),
        redact=redact,
        silent={EVERYWHERE} if was_unanswered else set(),
        budget=budget,
    )


def secret_resolver(
    settings: SourceSettings, *, home: Path, environ: Mapping[str, str], client: str
) -> Callable[[str], str]:
    """A function from a field's dotted name (``token``, ``refresh.client_id``) to the secret's value."""
    references = settings.secrets()

    def resolve(field: str) -> str:
        reference = references.get(field)
        if reference is None:
            raise Misconfigured(
                client=client,
                source=settings.id,
                attempted=f"reading {field}",
                detail=f"the client file gives no {field}",
                cure=f"add {field}: {{env: NAME}} or {{file: PATH}}",
            )
        return read_secret(reference, field=field, home=home, environ=environ, client=client, source=settings.id)

    return resolve


def read_secret(
    reference: SecretRef, *, field: str, home: Path, environ: Mapping[str, str], client: str, source: str
) -> str:
    """The value, without surrounding white space. Raises ``Misconfigured``; no message ever holds a value."""

    def refuse(detail: str, cure: str) -> Misconfigured:
        return Misconfigured(client=client, source=source, attempted=f"reading {field}", detail=detail, cure=cure)

    if isinstance(reference, EnvRef):
        value = environ.get(reference.env, "").strip()
        if not value:
            state = "is empty" if reference.env in environ else "is not set"
            raise refuse(f"environment variable {reference.env} {state}", f"set {reference.env}")
        return value
    path = inside_home(reference, home=home)
    if path is None:
        raise refuse(f"{reference.file} is outside the home folder", "move the file into the home folder")
    try:
        if path.stat().st_size > LARGEST_SECRET_BYTES:
            raise refuse(f"{reference.file} is too large to be a secret", "name the file with the key")
        value = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not text" if isinstance(error, UnicodeDecodeError) else (error.strerror or "cannot be read")
        raise refuse(f"{reference.file}: {reason}", f"put the secret into {reference.file}") from None
    if not value:
        raise refuse(f"{reference.file} is empty", f"put the secret into {reference.file}")
    return value


def inside_home(reference: FileRef | str, *, home: Path) -> Path | None:
    """The real path of a file named relative to the home folder; None where it leads outside, also by a link."""
    name = reference.file if isinstance(reference, FileRef) else reference
    if not name or "\0" in name:
        return None
    root = home.resolve()
    path = (root / name).resolve()
    return path if path.is_relative_to(root) and path != root else None


def resolve_base_url(settings: SourceSettings, *, environ: Mapping[str, str], client: str) -> str | None:
    """``base_url`` as written or from the environment, without a trailing slash; None where the file gives none."""
    if settings.base_url is None:
        return None

    def refuse(detail: str, cure: str) -> Misconfigured:
        return Misconfigured(client=client, source=settings.id, attempted="reading base_url", detail=detail, cure=cure)

    if isinstance(settings.base_url, EnvRef):
        name = settings.base_url.env
        url = environ.get(name, "").strip()
        if not url:
            raise refuse(f"environment variable {name} is not set", f"set {name} to an address such as https://host")
    else:
        name, url = "base_url", settings.base_url.strip()
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password or parts.query or parts.fragment:
        raise refuse(f"{name} is not a plain http(s) address", "give scheme, host and perhaps a prefix")
    if settings.secrets() and not settings.allow_http and goes_in_clear(url):
        raise refuse(f"{name} {CLEAR_TEXT.partition('; ')[0]}", CLEAR_TEXT.partition("; ")[2])
    return url.rstrip("/")
