"""What the errors of Google's REST APIs mean: by ``reason``, which says more than the HTTP status (API.md, section 2).

What belongs here: the classic shape ``{"error": {"code", "message", "errors": [{"domain", "reason"}]}}`` and the newer
one with ``details``. What does not: Google's Analytics client (``ga4/errors.py``), tokens (``auth.py``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.core.errors import AuthFailed, BadReply, PermissionMissing, QuotaExhausted, RateLimited, SourceError
from connectors.core.http import Classify, Verdict, verdict_by_status
from connectors.core.reply import Reply

PACIFIC = ZoneInfo("America/Los_Angeles")
"""Google's quotas begin anew at midnight there, and so do the days of Search Console and YouTube."""
LOAD_QUOTA_SECONDS = 900.0
"""Search Console's load quota is counted over ten minutes; Google says to wait fifteen."""

_THROTTLED = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "concurrentLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg", "limitExceeded"})
_NOT_LET_IN = frozenset({"keyInvalid", "keyExpired", "authError", "API_KEY_INVALID", "API_KEY_EXPIRED"})
_WRONG_KEY = ("api key not valid", "api key not found", "api key expired", "unregistered callers")
"""What a wrong key's message says where the reason is only badRequest or forbidden."""
_SWITCHED_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_KEY_RESTRICTED = frozenset({"API_KEY_SERVICE_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED"})


class UnknownMetric(BadReply):
    """A metric asked for is no longer known."""


def classifier(*, now: datetime, auth_cure: str, permission_cure: str, api: str) -> Classify:
    """Google's errors. ``auth_cure`` and ``permission_cure``: what to do about this credential and this account."""

    def classify(reply: Reply) -> Verdict | None:
        if reply.status < 400 or not isinstance(reply.field("error"), dict):
            return None
        detail, found = reply.excerpt(), reasons(reply)
        spent = bool(found & _SPENT) or bool((found & _THROTTLED or _is_exhausted(reply)) and _names_a_day(detail))
        throttled = bool(found & _THROTTLED) or "usageLimits" in found or _is_exhausted(reply)
        enable, allow = (
            f"enable the {api} in the credential's project",
            f"allow the {api} in the API key's restrictions",
        )
        known: tuple[tuple[bool, type[SourceError], str | None], ...] = (
            (bool(found & _SWITCHED_OFF), PermissionMissing, enable),
            (bool(found & _KEY_RESTRICTED), PermissionMissing, allow),
            (bool(found & _NOT_LET_IN) or reply.status == 401, AuthFailed, auth_cure),
            (any(words in detail.lower() for words in _WRONG_KEY), AuthFailed, auth_cure),
            (spent, QuotaExhausted, None),
            (throttled, RateLimited, None),
            (reply.status == 403, PermissionMissing, permission_cure),
            (reply.status == 400 and "unknown identifier" in detail.lower(), UnknownMetric, None),
        )
        for applies, kind, cure in known:
            if applies:
                wait = _until_reset(found, detail, now) if kind is QuotaExhausted else None
                again = kind is RateLimited
                project = kind is QuotaExhausted and "youtube.quota" in found
                return Verdict(
                    error=kind,
                    detail=detail,
                    cure=cure,
                    retry=again,
                    retry_after_seconds=wait,
                    is_credentials=project,
                )
        return verdict_by_status(reply)

    return classify


def _is_exhausted(reply: Reply) -> bool:
    """The newer bodies name a limit by their status alone, with 403 as well as with 429."""
    return reply.field("error", "status") == "RESOURCE_EXHAUSTED"


def _names_a_day(detail: str) -> bool:
    return "per day" in detail.lower() or "daily" in detail.lower()


def reasons(reply: Reply) -> set[str]:
    """Every ``reason`` and ``domain`` that an error's body gives, of the classic shape and of the newer one."""
    found: set[str] = set()
    for part in ("errors", "details"):
        entries = reply.field("error", part)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                found |= {str(entry[name]) for name in ("domain", "reason") if isinstance(entry.get(name), str)}
    return found


def _until_reset(found: set[str], detail: str, now: datetime) -> float:
    """A day's quota: until midnight Pacific. A load quota: a quarter of an hour."""
    by_day = "youtube.quota" in found or any(reason.startswith("dailyLimit") for reason in found)
    if by_day or _names_a_day(detail):
        local = now.astimezone(PACIFIC)
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight.timestamp() - now.timestamp()
    return LOAD_QUOTA_SECONDS
