"""What the errors of Google's Analytics client mean: our class, whether to ask again, how long until it makes sense.

What belongs here: reading an exception. What does not: raising one for a client and source (``client.py``).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import requests
from google.api_core import exceptions as api_exceptions
from google.auth import exceptions as auth_exceptions
from google.protobuf.json_format import ParseError

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    NotFound,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    SourceError,
    TimedOut,
    Unavailable,
)
from connectors.core.http import UNANSWERED_ATTEMPTS
from connectors.core.retry import retry_after
from connectors.ga4.quota import Budget
from connectors.google.auth import Told, told_by_auth

PACIFIC = ZoneInfo("America/Los_Angeles")
_ADDRESS = re.compile(r"^[A-Z]+ https?://\S+: ")


class Patience:
    """Decides for one call whether to ask again: server errors, broken connections and the concurrency quota only."""

    def __init__(self, budget: Budget, *, attempts: int) -> None:
        self.failures = 0
        self._malformed = self._unanswered = 0
        self._budget, self._attempts = budget, attempts

    def __call__(self, error: Exception) -> bool:
        self.failures += 1
        self._malformed += isinstance(error, ParseError)
        self._unanswered += isinstance(error, requests.Timeout)
        if is_server_error(error):
            self._budget.server_error()
            if not self._budget.allows_another_error:
                return False
        spent = self.failures >= self._attempts or self._malformed > 1 or self._unanswered >= UNANSWERED_ATTEMPTS
        return self._worth(error) and not spent

    @property
    def is_unanswered(self) -> bool:
        """Whether nobody answered so often that nobody is there."""
        return self._unanswered >= UNANSWERED_ATTEMPTS

    @staticmethod
    def _worth(error: Exception) -> bool:
        if isinstance(error, api_exceptions.TooManyRequests):
            return not exhausted(error.message)
        if isinstance(error, auth_exceptions.RefreshError):
            return bool(error.retryable)
        return isinstance(
            error,
            api_exceptions.ServerError
            | requests.ConnectionError
            | requests.Timeout
            | requests.exceptions.ChunkedEncodingError
            | auth_exceptions.TransportError
            | ParseError,
        )


def is_server_error(error: Exception) -> bool:
    """Whether it counts on Google's quota of server errors."""
    return isinstance(error, api_exceptions.ServerError)


def asked_wait(error: Exception, *, now: datetime) -> float | None:
    """Seconds that the reply's ``Retry-After`` asks for; None where it asks for none."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    return retry_after(headers, now=now) if headers is not None else None


def exhausted(message: str) -> bool:
    """Whether a 429 speaks of a quota of the hour or the day, for which no run waits (API.md, section 1)."""
    text = message.lower()
    return any(part in text for part in ("per hour", "per day", "thresholded", "daily", "hourly", "server errors"))


def seconds_to_reset(message: str, *, now: datetime) -> float:
    """Until the next hour, or for a day's quota until midnight Pacific."""
    if "per day" in message.lower() or "daily" in message.lower():
        local = now.astimezone(PACIFIC)
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight.timestamp() - now.timestamp()
    return 3600.0 - (now.timestamp() % 3600.0)


def told(error: Exception, *, email: str, property_id: str) -> Told:
    """Our class, the detail and the cure of what the client raised."""
    match error:
        case auth_exceptions.GoogleAuthError():
            return told_by_auth(error)
        case api_exceptions.GoogleAPICallError():
            return _told_by_api(error, email=email, property_id=property_id)
        case requests.Timeout():
            return TimedOut, "Google did not answer in time", None
        case requests.exceptions.ChunkedEncodingError():
            return BadReply, "the reply was cut off", None
        case requests.RequestException():
            return Unavailable, "nothing answered at this address", None
        case _:
            return BadReply, "the reply is not the JSON that Google documents", None


def _told_by_api(error: api_exceptions.GoogleAPICallError, *, email: str, property_id: str) -> Told:
    """By the message where the status says too little, else by the status."""
    # the client puts the whole address before Google's words
    message = _ADDRESS.sub("", " ".join(str(error.message).split()))
    cure = None
    match error:
        case api_exceptions.TooManyRequests():
            kind: type[SourceError] = QuotaExhausted if exhausted(message) else RateLimited
        case api_exceptions.Unauthorized():
            kind = AuthFailed
        case api_exceptions.Forbidden():
            kind, cure = PermissionMissing, f"add {email} as Viewer of property {property_id}"
            if "has not been used" in message or "disabled" in message:
                cure = "enable the Google Analytics Data API in the service account's project"
        case api_exceptions.NotFound():
            kind = NotFound
        case api_exceptions.GatewayTimeout():
            kind = TimedOut
        case api_exceptions.ServerError():
            kind = Unavailable
        case _:
            kind = BadReply
    return kind, message, cure
