"""What can go wrong with a source, one class a cause, each permanent or transient.

Arguments are typed and each error builds its own message: what was attempted, for which client and source, the
status, whether a retry helps, and the cure. No secret is ever an argument.
"""

from __future__ import annotations

from typing import ClassVar, Literal

ErrorClass = Literal[
    "auth",
    "permission",
    "rate_limited",
    "quota",
    "unavailable",
    "timeout",
    "bad_reply",
    "version",
    "not_found",
    "config",
]


class SourceError(Exception):
    """A source could not be read. Never to be turned into empty data."""

    error_class: ClassVar[ErrorClass]
    transient: ClassVar[bool] = False
    concerns_whole_source: ClassVar[bool | None] = None
    """Whether the source's other streams would only fail the same way; None: as the error class says."""
    default_cure: ClassVar[str] = ""

    def __init__(
        self,
        *,
        client: str,
        source: str,
        attempted: str,
        detail: str = "",
        status: int | None = None,
        cure: str | None = None,
        retry_after_seconds: float | None = None,
        attempts: int = 1,
    ) -> None:
        self.client, self.source, self.attempted, self.detail = client, source, attempted, detail
        self.status, self.cure, self.retry_after_seconds = status, cure or self.default_cure, retry_after_seconds
        self.attempts = attempts
        super().__init__(str(self))

    def __str__(self) -> str:
        code = f" (HTTP {self.status})" if self.status else ""
        helps = "a later run tries again" if self.transient else "a retry does not help"
        parts = [f"{self.client}/{self.source}: {self.attempted} failed{code}", self.detail, helps, self.cure]
        return "; ".join(part for part in parts if part)


class AuthFailed(SourceError):
    """The token or key is missing, wrong, expired or revoked."""

    error_class = "auth"
    default_cure = "renew the token or key and set it where the client file says"


class PermissionMissing(SourceError):
    """Known to the vendor, but not allowed to read this account."""

    error_class = "permission"
    default_cure = "give the account read access to it"


class RateLimited(SourceError):
    """Too many calls in a short time."""

    error_class = "rate_limited"
    transient = True


class QuotaExhausted(SourceError):
    """The day's or hour's quota is used up; waiting inside a run does not help."""

    error_class = "quota"
    default_cure = "the next night goes on where this one stopped"


class Unavailable(SourceError):
    """The vendor answered with a server error, or nothing answered at all."""

    error_class = "unavailable"
    transient = True


class NotYet(Unavailable):
    """The source is well and says that it has not counted these days yet. They stay due, and nothing has failed."""


class TimedOut(SourceError):
    """No answer in time."""

    error_class = "timeout"
    transient = True


class BadReply(SourceError):
    """An answer that is not what the vendor documents."""

    error_class = "bad_reply"


class MetricGone(BadReply):
    """The vendor no longer knows a metric, and there is no other to read in its place."""

    unavailable: str = ""
    """Its name; of several, with commas between."""


class VersionRetired(SourceError):
    """The API version in use is no longer served."""

    error_class = "version"
    default_cure = "set api_version in the client file to a version that is still served"


class NotFound(SourceError):
    """The account, property, page or file does not exist."""

    error_class = "not_found"
    default_cure = "check the id in the client file"


class Misconfigured(SourceError):
    """The client file names a secret or a file that is not there, or that cannot be used."""

    error_class = "config"
