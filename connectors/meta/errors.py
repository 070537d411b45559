"""What Meta's error codes mean: the body's code and subcode first, the HTTP status last (API.md, section 3).

Meta throttles with HTTP 400 as readily as with 429, so the status alone says little. Codes 21, 341, 368 and 803 and
subcodes 458, 459 and 467 are from memory (API.md, section 16), and so is 2635 for a version that is no longer served:
an expired version is usually answered by the oldest that lives. What belongs here: codes into error classes. What does
not: the calls (``graph.py``).
"""

from __future__ import annotations

import re

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    SourceError,
    Unavailable,
    VersionRetired,
)
from connectors.core.http import Classify, Verdict, verdict_by_status
from connectors.core.reply import Reply
from connectors.meta.usage import Pace

THROTTLES = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
"""Application, user, page and custom limits; 800xx are business use cases (80001 pages, 80002 Instagram)."""
OF_THE_TOKEN = frozenset({4, 17})
"""Counted by app and by user, whichever account is read; the other throttles are one account's."""
TRANSIENT = frozenset({1, 2})
BAD_PARAMETER = 100
TOKEN = 190
UNKNOWN_OBJECT_SUBCODE = 33

_TOKEN_CURES = {
    458: "the app was removed; connect it again and set the new token",
    459: "the person has to pass a security check at facebook.com first",
    460: "the password was changed; sign in again and set the new token",
    463: "the token has expired; make a new long-lived one (60 days) or use a system user's, and set it",
    464: "the person has to confirm the account at facebook.com first",
    467: "the token was revoked; make a new one and set it",
}
PERMISSIONS = (
    "the token needs read_insights, pages_read_engagement and pages_read_user_content (Instagram: instagram_basic and"
    " instagram_manage_insights), given by somebody with a role on the account"
)
BLOCKED = "Meta has blocked this app or person for a while; see the app's alerts"
_UNSEEN_CURE = "check the id in the client file, and that the token may read it: Meta does not say which"
_BY_CODE: dict[int, tuple[type[SourceError], str | None]] = {
    3: (PermissionMissing, None),
    10: (PermissionMissing, None),
    21: (NotFound, "the page was merged into another or renumbered: write the number that Meta names as page_id"),
    102: (AuthFailed, None),
    104: (AuthFailed, None),
    368: (PermissionMissing, BLOCKED),
    803: (NotFound, None),
    2635: (VersionRetired, None),
}
_DEAD_METRIC = re.compile(
    r"valid insights metric|metric\[\d+\] must be one of|not support the .+ metric", re.IGNORECASE
)
_DEAD_FIELD = re.compile(r"nonexisting field \(([A-Za-z0-9_]+)\)")
_UNKNOWN_VERSION = re.compile(r"Unknown path components: /v\d")
_TOO_MUCH = "reduce the amount of data"
_TOO_OLD = "available for the last 2 years"
_NO_PROOF = re.compile(r"app ?secret[ _]proof", re.IGNORECASE)
_UNSEEN = re.compile(r"does not exist, cannot be loaded due to missing permission", re.IGNORECASE)
_NEEDS_PERMISSION = re.compile(
    r"requires? [^.]*(permission|feature)|(missing|insufficient|not have [^.]*) permission|permissions? (denied|error)",
    re.IGNORECASE,
)
_USER_CHARACTERS = 200


class DeadMetric(BadReply):
    """One of the metrics asked for is no longer known; Meta does not say which."""


class DeadField(BadReply):
    """A field asked for is not known on this object."""

    @property
    def field(self) -> str | None:
        """Its name, as Meta gives it."""
        named = _DEAD_FIELD.search(self.detail)
        return named.group(1) if named else None


class TooMuchData(Unavailable):
    """The page asked for is too heavy; half of it may do."""


def classifier(pace: Pace, *, permissions: str = PERMISSIONS) -> Classify:
    """Meta's errors by their code. ``pace`` learns how much of the budget is used, from every reply.

    ``permissions``: the cure where one is missing.
    """

    def classify(reply: Reply) -> Verdict | None:
        pace.note(reply.headers)
        if not isinstance(reply.field("error"), dict):
            return None
        return _verdict(reply, pace, permissions)

    return classify


def _verdict(reply: Reply, pace: Pace, permissions: str) -> Verdict:
    code, subcode = _whole(reply, "code"), _whole(reply, "error_subcode")
    # the whole message: what it asks for often stands behind what an excerpt shows
    said = _words(reply, "message")
    trace = reply.field("error", "fbtrace_id")
    number = f"{code}/{subcode}" if subcode else str(code)
    detail = f"code {number}: {reply.excerpt()}{_told_to_people(reply)}"
    detail += f" (trace {trace})" if isinstance(trace, str) else ""
    if code in THROTTLES:
        wait = pace.comes_back_in_seconds
        is_tokens = code in OF_THE_TOKEN
        spent = Verdict(error=QuotaExhausted, detail=detail, retry_after_seconds=wait, is_credentials=is_tokens)
        return spent if pace.spent else Verdict(error=RateLimited, detail=detail, retry=True)
    if _TOO_MUCH in said:
        return Verdict(error=TooMuchData, detail=detail)
    if code in TRANSIENT or reply.field("error", "is_transient") is True:
        return Verdict(error=Unavailable, detail=detail, retry=True)
    kind, cure = _permanent(code or 0, subcode or 0, said)
    if kind is PermissionMissing and cure != BLOCKED:
        cure = f"{cure}; {permissions}" if cure else permissions
    if kind is not None:
        return Verdict(error=kind, detail=detail, cure=cure)
    by_status = verdict_by_status(reply) or Verdict(error=BadReply)
    return Verdict(error=by_status.error, detail=detail, retry=by_status.retry)


def _permanent(code: int, subcode: int, said: str) -> tuple[type[SourceError] | None, str | None]:
    """Errors that no retry helps, with their cure (of a permission, what comes before which are needed); no class for a
    code that is not known."""
    if _NO_PROOF.search(said):
        return Misconfigured, "set app_secret to the secret of the app that the token belongs to"
    if "deprecated version" in said or _UNKNOWN_VERSION.search(said):
        return VersionRetired, None
    if code == BAD_PARAMETER:
        return _bad_parameter(subcode, said)
    if code == TOKEN:
        return AuthFailed, _TOKEN_CURES.get(subcode)
    if 200 <= code <= 299:
        return PermissionMissing, None
    return _BY_CODE.get(code, (None, None))


def _bad_parameter(subcode: int, said: str) -> tuple[type[SourceError], str | None]:
    """The first that fits, from the surest sign to the vaguest."""
    meanings: tuple[tuple[object, type[SourceError], str | None], ...] = (
        (subcode == UNKNOWN_OBJECT_SUBCODE, NotFound, _UNSEEN_CURE),
        (_TOO_OLD in said, NotFound, "give older figures as history in a csv source"),
        (_DEAD_METRIC.search(said), DeadMetric, None),
        (_DEAD_FIELD.search(said), DeadField, None),
        (_UNSEEN.search(said), PermissionMissing, _UNSEEN_CURE),
        (_NEEDS_PERMISSION.search(said), PermissionMissing, None),
    )
    return next(((kind, cure) for fits, kind, cure in meanings if fits), (BadReply, None))


def _told_to_people(reply: Reply) -> str:
    """What Meta would have an app show its user, which often says more than the message; empty where that is all."""
    title, text = (_words(reply, name)[:_USER_CHARACTERS] for name in ("error_user_title", "error_user_msg"))
    shown = ": ".join(part for part in (title, text) if part and part not in _words(reply, "message"))
    return f"; Meta says: {shown}" if shown else ""


def _words(reply: Reply, name: str) -> str:
    value = reply.field("error", name)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _whole(reply: Reply, name: str) -> int | None:
    value = reply.field("error", name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
