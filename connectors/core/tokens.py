"""The token that a source calls with: the client file's, or the newest that the vendor has granted in its place.

A token is renewed before it ends, and once where the vendor refuses it. What was granted is on the disk before it is
first used (``token_store.py``), under a lock, so that two processes never spend the same refresh token. What belongs
here: when to renew, and whose word counts. What does not: any vendor's words (``linkedin/tokens.py``,
``meta/tokens.py``).

Whose word counts: a token that the client file gives anew goes before one that was kept; a refresh token that the file
gives anew begins a new file in the store.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.core.errors import AuthFailed, Misconfigured, SourceError
from connectors.core.http import Verdict, verdict_by_status
from connectors.core.protocol import Access, Context
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Node
from connectors.core.token_store import Kept, StoreUnusable, TokenStore, fingerprint

log = logging.getLogger(__name__)

LONGEST_AHEAD = timedelta(days=20)
"""How long before its end a token is renewed: before anybody is warned of it. A short-lived one in its last quarter."""
SHARE_AHEAD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a token endpoint gave. None: it did not say, so that what was known stays."""

    access_token: str
    lives: timedelta | None = None
    refresh_token: str | None = None
    refresh_lives: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """When a token was issued and when it ends; None: not known, or never."""

    issued_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How a vendor renews a token."""

    subject: str
    """What the refresh token renews, where one stands for several accounts that are granted different tokens."""
    refresh_token: str
    """The one that the client file names."""
    grant: Callable[[str], Granted]
    """A new token for a refresh token. Raises ``SourceError``."""
    learn: Callable[[str], Life] | None = None
    """Until when a token lives that the vendor was not yet asked to renew. Raises ``SourceError``."""
    renews_unknown: bool = False
    """Whether one whose end is not known is renewed at once, since the vendor says it only then."""


class Token:
    """One source's token. ``renewal`` None: the client file's, for ever. Not shared between threads."""

    def __init__(self, context: Context, *, source: str, renewal: Renewal | None = None) -> None:
        self._context, self._source = context, source
        self._given = self._value = context.secret("token")
        self._store = context.tokens
        self._renewal = renewal if self._store is not None else None
        self._kept: Kept | None = None
        self._life = Life()
        self._settled = self._renewal is None
        self._granted = False
        self._trouble: SourceError | None = None
        context.redact.add(self._value)

    def current(self) -> str:
        """The token to call with, renewed where that is due. Raises ``SourceError`` where it has ended for good."""
        if not self._settled:
            with self._locked() as (store, renewal):
                self._adopt(store, renewal)
                self._renew_if_due(store, renewal)
            self._settled = True
        return self._value

    def renew(self) -> bool:
        """Whether there is another token now, after the vendor refused this one.

        Raises ``SourceError`` where it did not grant one. A token that was just granted is not renewed again.
        """
        if self._renewal is None or self._granted:
            return False
        refused = self._value
        with self._locked() as (store, renewal):
            self._adopt(store, renewal)
            if self._value == refused:
                self._grant(store, renewal)
        return True

    def access(self, *, lives_at_most: timedelta | None = None) -> Access:
        """What is known of its end, without asking anybody.

        ``lives_at_most``: what the vendor's tokens live; the end of one that it says nothing of is then counted from
        the first time that it was met here.
        """
        until, at_latest = self._life.expires_at, False
        if until is None and lives_at_most is not None and self._value == self._given:
            first = self._first_met()
            latest = first + lives_at_most if first is not None else None
            # one that outlived its vendor's word is not known to end; that it has ended, its use shows
            until, at_latest = (latest, True) if latest is not None and latest > self._context.now else (None, False)
        return Access(
            token_until=until,
            at_latest=at_latest,
            renews=self._renewal is not None,
            sign_in_by=self._kept.renewable_until if self._kept else None,
            trouble=str(self._trouble) if self._trouble else None,
        )

    def _first_met(self) -> datetime | None:
        """When this token was met first; None where that can't be kept."""
        if self._store is None:
            return None
        name = fingerprint("seen", self._given)
        try:
            with self._store.locked(name):
                return self._store.first_seen(name, now=self._context.now)
        except StoreUnusable as error:
            log.info("%s", error)
            return None

    @contextmanager
    def _locked(self) -> Iterator[tuple[TokenStore, Renewal]]:
        store, renewal = self._store, self._renewal
        assert store is not None  # noqa: S101 - no renewal without a store
        assert renewal is not None  # noqa: S101 - asked for only where there is one
        problem = None
        try:
            with store.locked(self._name(renewal)):
                yield store, renewal
        except StoreUnusable as error:
            problem = str(error)
        if problem:
            raise Misconfigured(
                client=self._context.client,
                source=self._source,
                attempted="keeping the renewed token",
                detail=problem,
                cure="make the folder state in the home folder one that okr may write to, with room on the disk",
            )

    @staticmethod
    def _name(renewal: Renewal) -> str:
        return fingerprint(renewal.subject, renewal.refresh_token)

    def _adopt(self, store: TokenStore, renewal: Renewal) -> None:
        """Take what is kept; the client file's token goes before it if it was changed since."""
        kept = store.read(self._name(renewal), seal=renewal.refresh_token)
        if kept is None:
            return
        self._kept = kept
        self._context.redact.add(kept.access_token)
        self._context.redact.add(kept.refresh_token)
        if kept.given == fingerprint(self._given):
            self._value = kept.access_token
            self._life = Life(issued_at=kept.obtained_at, expires_at=kept.expires_at)

    def _renew_if_due(self, store: TokenStore, renewal: Renewal) -> None:
        """Renew before the end. Where that fails the token is used as long as it lives, and the trouble told."""
        now = self._context.now
        refused = False
        if self._value == self._given and renewal.learn is not None:
            try:
                self._life = renewal.learn(self._value)
            except AuthFailed:
                refused = True
            except SourceError as error:
                log.info("%s", error)
        unknown = self._life.expires_at is None and renewal.renews_unknown and self._value == self._given
        if not (refused or unknown or _is_due(self._life, now=now)):
            return
        try:
            self._grant(store, renewal)
        except SourceError as error:
            ends = self._life.expires_at
            if refused or (ends is not None and ends <= now):
                raise
            self._trouble = error
            log.warning("%s", error)

    def _grant(self, store: TokenStore, renewal: Renewal) -> None:
        now, kept = self._context.now, self._kept
        spent = kept.refresh_token if kept else renewal.refresh_token
        granted = renewal.grant(spent)
        self._context.redact.add(granted.access_token)
        self._context.redact.add(granted.refresh_token or spent)
        until = kept.renewable_until if kept else None
        if granted.refresh_lives is not None:
            until = now + granted.refresh_lives
        new = Kept(
            access_token=granted.access_token,
            refresh_token=granted.refresh_token or spent,
            obtained_at=now,
            expires_at=now + granted.lives if granted.lives is not None else None,
            renewable_until=until,
            given=fingerprint(self._given),
        )
        store.write(self._name(renewal), new, seal=renewal.refresh_token)
        self._kept, self._value, self._granted = new, new.access_token, True
        self._life = Life(issued_at=now, expires_at=new.expires_at)
        self._trouble = None


def _is_due(life: Life, *, now: datetime) -> bool:
    if life.expires_at is None:
        return False
    ahead = LONGEST_AHEAD
    if life.issued_at is not None:
        ahead = min(ahead, (life.expires_at - life.issued_at) / SHARE_AHEAD)
    return now >= life.expires_at - ahead


def granted_by(reply: Node, *, renews_itself: bool = False) -> Granted:
    """A token endpoint's reply (RFC 6749, section 5.1). ``renews_itself``: the new token is also what renews it.

    Raises ``BadShape``, which never quotes a value: it might be the token.
    """
    token = _text(reply, "access_token")
    if token is None:
        raise BadShape(path="access_token", wanted="a token", found=None)
    return Granted(
        access_token=token,
        lives=_seconds(reply, "expires_in"),
        refresh_token=token if renews_itself else _text(reply, "refresh_token"),
        refresh_lives=_seconds(reply, "refresh_token_expires_in"),
    )


def _text(reply: Node, name: str) -> str | None:
    value = reply[name].value if isinstance(reply.value, dict) else None
    if value is None or (isinstance(value, str) and value and value.isascii() and value.isprintable()):
        return value
    raise BadShape(path=name, wanted="a token", found=None)


def _seconds(reply: Node, name: str) -> timedelta | None:
    """Seconds from now; as a number or, as some proxies write it, in quotes. Absent, zero or absurd: not said."""
    value = reply[name].value
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    try:
        return timedelta(seconds=float(text)) if float(text) > 0 else None
    except (ValueError, OverflowError):
        return None


def oauth_classifier(*, grant_cure: str, client_cure: str) -> Callable[[Reply], Verdict | None]:
    """Errors of a token endpoint (RFC 6749, section 5.2): a refused grant or client is for good."""

    def classify(reply: Reply) -> Verdict | None:
        if reply.status < 400:
            return None
        code = reply.field("error")
        detail = f"{code if isinstance(code, str) else ''} {reply.excerpt()}".strip()
        if code in {"invalid_client", "unauthorized_client"}:
            return Verdict(error=AuthFailed, detail=detail, cure=client_cure)
        if code == "invalid_grant" or reply.status in {400, 401}:
            return Verdict(error=AuthFailed, detail=detail, cure=grant_cure)
        return verdict_by_status(reply)

    return classify
