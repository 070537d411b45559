"""What Matomo's errors mean: it says them with HTTP 200 as often as not, in a sentence and without a code.

What belongs here: its sentences. What does not: anything about reports (``source.py``). The sentences are
Matomo 4's and 5's in English, the language of its API; one that is not known here becomes ``bad_reply`` with its own
words.
"""

from __future__ import annotations

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    SourceError,
    Unavailable,
)
from connectors.core.http import Verdict, verdict_by_status
from connectors.core.reply import Reply

NEW_TOKEN = "make a new token under Administration, Personal, Security, and set it"  # noqa: S105 - advice
VIEW_ACCESS = "give the token's user view access to this site, and check site_id"
UPDATE = "update this Matomo to version 4 or newer and activate its plugins VisitsSummary, Actions and SitesManager"

_SENTENCES: tuple[tuple[str, type[SourceError], str | None], ...] = (
    ("unable to authenticate", AuthFailed, NEW_TOKEN),
    ("token_auth", AuthFailed, NEW_TOKEN),
    ("must be logged in", AuthFailed, NEW_TOKEN),
    ("authentication failed", AuthFailed, NEW_TOKEN),
    ("you can't access this resource", PermissionMissing, VIEW_ACCESS),
    ("requires 'view' access", PermissionMissing, VIEW_ACCESS),
    ("unexpected website was found", NotFound, "check site_id: Administration, Websites, Manage lists them"),
    ("exceeded the number of allowed", RateLimited, "wait, or take this address off Matomo's brute force block"),
    ("does not exist or is not available", NotFound, UPDATE),
    ("is not enabled for the requested period", Misconfigured, "switch it on in this Matomo's config.ini.php"),
    ("plugin is not activated", Misconfigured, UPDATE),
)
_PASSING = (
    "maintenance",
    "gone away",
    "too many connections",
    "connection refused",
    "lock wait timeout",
    "deadlock",
    "maximum execution time",
    "allowed memory size",
)
"""What a database or a server under load says, which is often over when asked again."""


def classify(reply: Reply) -> Verdict | None:
    """The verdict on any reply, that with HTTP 200 included."""
    message = reply.field("message")
    if reply.field("result") != "error" or not isinstance(message, str):
        return verdict_by_status(reply)
    said, detail = message.lower().replace("\u2019", "'").replace("&#039;", "'"), reply.excerpt()
    if any(words in said for words in _PASSING):
        return Verdict(error=Unavailable, detail=detail, retry=True)
    for words, kind, cure in _SENTENCES:
        if words in said:
            return Verdict(error=kind, detail=detail, cure=cure)
    by_status = verdict_by_status(reply)
    return by_status or Verdict(error=BadReply, detail=detail)
