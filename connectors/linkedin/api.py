"""How LinkedIn's versioned REST API is spoken: versions and their sunset, Rest.li 2.0 encoding, what errors mean.

What belongs here: the API as such. What does not: its endpoints and rows (``source.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from urllib.parse import quote

from connectors.core.errors import (
    AuthFailed,
    Misconfigured,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    SourceError,
    VersionRetired,
)
from connectors.core.http import Classify, Http, Verdict, pause, verdict_by_status
from connectors.core.protocol import Context
from connectors.core.reply import Reply
from connectors.core.tokens import Token
from connectors.linkedin.settings import LinkedIn
from okr_models.periods import Window, add_months

VENDOR = "https://api.linkedin.com"
DEFAULT_VERSION = "202607"
SUNSETS = {
    "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15),
    "202603": date(2027, 3, 16),
}
"""Announced. Later versions have no announced day yet; LinkedIn keeps each for about a year."""
MIN_INTERVAL_SECONDS = 0.05


def sunset_on(version: str) -> date:
    """The day a version is switched off: announced, else assumed to be the 15th of its month a year on."""
    announced = SUNSETS.get(version)
    return announced or add_months(date(int(version[:4]), int(version[4:]), 1), 12).replace(day=15)


def open_http(settings: LinkedIn, context: Context, token: Token) -> Http:
    """HTTP with LinkedIn's headers. Raises ``Misconfigured`` for a version that is none."""
    version = settings.api_version or DEFAULT_VERSION
    if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", version):
        raise Misconfigured(
            client=context.client,
            source=settings.id,
            attempted="reading api_version",
            detail=f"{version!r} is not a LinkedIn version",
            cure=f"write year and month, such as {DEFAULT_VERSION!r}, or leave it out",
        )
    return Http(
        context=context,
        source=settings.id,
        base_url=(context.base_url or VENDOR) + "/rest",
        classify=classifier(version=version, now=context.now),
        headers={
            "LinkedIn-Version": version,
            "X-Restli-Protocol-Version": "2.0.0",
        },
        authorize=lambda: {"Authorization": f"Bearer {token.current()}"},
        renew=token.renew,
        secrets=[context.secret("token")],
        min_interval_seconds=pause(MIN_INTERVAL_SECONDS, context.base_url or VENDOR),
    )


def urn_list(urns: Iterable[str]) -> str:
    """URNs as a Rest.li 2.0 list: the list's own signs bare, the URNs' colons encoded."""
    return f"List({','.join(encoded(urn) for urn in urns)})"


def encoded(urn: str) -> str:
    """A URN as a Rest.li 2.0 parameter: ``urn%3Ali%3Aorganization%3A1``."""
    return quote(urn, safe="")


def by_day(window: Window) -> str:
    """The window as a ``timeIntervals`` parameter: UTC midnights in milliseconds, the end excluded."""
    start, end = _midnight_ms(window.start), _midnight_ms(window.end + timedelta(days=1))
    return f"(timeRange:(start:{start},end:{end}),timeGranularityType:DAY)"


def _midnight_ms(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400_000


def _version_to_ask_for(refused: str, *, now: datetime) -> str:
    """In words for the client file; never the refused one, which asking for again would not mend."""
    if refused < DEFAULT_VERSION or refused > f"{now:%Y%m}":
        return f"{DEFAULT_VERSION} or newer, or leave it out"
    following = add_months(date(int(refused[:4]), int(refused[4:]), 1), 1)
    return f"{following:%Y%m} or newer"


def classifier(*, version: str, now: datetime) -> Classify:
    """LinkedIn's errors: a throttle without ``Retry-After`` is the day's, and stops the account until midnight UTC."""

    def classify(reply: Reply) -> Verdict | None:
        if reply.status < 400:
            return None
        code, detail = str(reply.field("code") or ""), reply.excerpt()
        cure: str | None = None
        kind: type[SourceError]
        if reply.status == 426 or code in {"NONEXISTENT_VERSION", "VERSION_MISSING"} or "VERSION" in code:
            kind = VersionRetired
            cure = f"version {version} is not served; set api_version to {_version_to_ask_for(version, now=now)}"
        elif reply.status == 429 and "Retry-After" in reply.headers and " DAY " not in f" {detail} ":
            return Verdict(error=RateLimited, detail=detail, retry=True)
        elif reply.status == 429:
            into_day = now.timestamp() % 86_400
            return Verdict(error=QuotaExhausted, detail=detail, retry_after_seconds=86_400 - into_day)
        elif reply.status == 401:
            kind, cure = AuthFailed, "sign in again for a new token (they live 60 days) and set it"
        elif reply.status == 403:
            kind = PermissionMissing
            cure = (
                "the token needs r_organization_social and rw_organization_admin, its member the page's ADMINISTRATOR"
            )
        else:
            return verdict_by_status(reply)
        return Verdict(error=kind, detail=f"{code} {detail}".strip(), cure=cure)

    return classify
