"""How Meta's tokens are renewed, and until when they live (API.md, sections 3 and 4).

Meta has no refresh tokens: a long-lived user's token (60 days) is exchanged for a new one while it still lives. So the
client file's ``refresh_token`` is that token, from which ``token`` was made or which ``token`` is. With Facebook Login
it is ``fb_exchange_token``, and of the new user's token the page's is asked; with Instagram Login ``ig_refresh_token``,
for a token at least a day old. Facebook tells a token's life by ``/debug_token``, Instagram Login only by renewing.
All are asked below ``base_url`` where one is set. What does not belong here: when to renew (``core/tokens.py``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from connectors.core.errors import AuthFailed, BadReply, NotFound, PermissionMissing
from connectors.core.http import Http, Verdict
from connectors.core.protocol import Context
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Node
from connectors.core.tokens import Granted, Life, Renewal, Token, granted_by
from connectors.meta.errors import PERMISSIONS, classifier
from connectors.meta.settings import FacebookPage
from connectors.meta.usage import Pace
from okr_models.client.sources import Refresh, SecretRef

FACEBOOK = "https://graph.facebook.com"
INSTAGRAM_LOGIN = "https://graph.instagram.com"
INSTAGRAM_PREFIX = "IG"
"""Tokens of Instagram Login begin so, those of Facebook Login with EAA."""
LIVES = timedelta(days=60)
"""What tokens of Instagram Login live; one of Facebook Login is asked."""
SIGN_IN = "sign in again, make a new long-lived token (60 days), and set it as token and as refresh_token"
CLIENT_CURE = "set client_id and client_secret to the id and the secret of the app that the token belongs to"


def is_instagram_login(token: str, base_url: str | None) -> bool:
    """Whether a token is one of Instagram Login, which another host serves, with other rules."""
    return token.startswith(INSTAGRAM_PREFIX) or urlsplit(base_url or "").hostname == urlsplit(INSTAGRAM_LOGIN).hostname


def app_secret_proof(token: str, app_secret: str) -> str:
    """Meta's proof that the caller knows the app's secret: HMAC-SHA256 of the token."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaTokens:
    """How one account's token is renewed and looked up, each with one or two calls. Raises ``SourceError``."""

    context: Context
    source: str
    base_url: str
    version: str
    client: Mapping[str, str]
    page: str | None
    """Id of the page whose own token is asked for; None for other accounts."""
    app_secret: str | None = None
    """For the proof of each token that a call is made with, which an app may ask of every call."""
    permissions: str = PERMISSIONS
    """The cure where one is missing."""

    def exchange(self, refresh_token: str) -> Granted:
        """A new user's token by Facebook Login, and the page's made of it."""
        query = {"grant_type": "fb_exchange_token", **self.client, "fb_exchange_token": refresh_token}
        granted = self._granted(f"/{self.version}/oauth/access_token", query)
        self.context.redact.add(granted.access_token)
        own = self._page_token(granted.access_token) if self.page else None
        # the user's token ends, a page's made of it does not
        return replace(granted, access_token=own, lives=None) if own else granted

    def refresh(self, refresh_token: str) -> Granted:
        """A new token by Instagram Login, which has no version in its address."""
        return self._granted("/refresh_access_token", {"grant_type": "ig_refresh_token", "access_token": refresh_token})

    def life(self, token: str) -> Life:
        """When a token ends, as ``/debug_token`` says. Raises ``AuthFailed`` where it has ended."""
        reply = self._get(
            f"/{self.version}/debug_token", {"input_token": token}, "asking when the token expires", token
        )
        about = reply["data"] if "data" in reply else Node({})
        if about["is_valid"].value is False:
            raise AuthFailed(
                client=self.context.client,
                source=self.source,
                attempted="asking when the token expires",
                detail="the token is no longer valid",
                cure=SIGN_IN,
            )
        return Life(issued_at=instant_of(about, "issued_at"), expires_at=instant_of(about, "expires_at"))

    def _page_token(self, user_token: str) -> str | None:
        """The page's own token; None where Meta gives none, as to a system user whose token reads the page itself."""
        try:
            query = {"fields": "access_token"}
            page = self._get(f"/{self.version}/{self.page}", query, "asking for the page's token", user_token)
        except (PermissionMissing, NotFound, BadReply):
            return None
        return page.text("access_token", None) if isinstance(page["access_token"].value, str) else None

    def _granted(self, path: str, query: Mapping[str, str]) -> Granted:
        attempted, problem = "renewing the token", ""
        reply = self._get(path, query, attempted, None)
        try:
            return granted_by(reply, renews_itself=True)
        except BadShape as shape:
            problem = str(shape)
        raise BadReply(client=self.context.client, source=self.source, attempted=attempted, detail=problem)

    def _get(self, path: str, query: Mapping[str, str], attempted: str, token: str | None) -> Node:
        http = Http(
            context=self.context,
            source=self.source,
            base_url=self.base_url,
            classify=_with_cures(classifier(Pace(), permissions=self.permissions)),
            headers={"Authorization": f"Bearer {token}"} if token else None,
            parameters=self._proof(token),
        )
        with closing(http):
            return http.get_json(path, attempted=attempted, params=dict(query))

    def _proof(self, token: str | None) -> dict[str, str]:
        if token is None or self.app_secret is None:
            return {}
        proof = app_secret_proof(token, self.app_secret)
        self.context.redact.add(proof)
        return {"appsecret_proof": proof}


class OfMeta(Protocol):
    """Settings of a source that is read with a token of Meta's."""

    named_by: ClassVar[tuple[str, ...]]

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def app_secret(self) -> SecretRef | None: ...
    @property
    def refresh(self) -> Refresh | None: ...
    @property
    def api_version(self) -> str | None: ...


def open_token(settings: OfMeta, context: Context, *, version: str, permissions: str = PERMISSIONS) -> Token:
    """An account's token, renewed by itself where the client file gives ``refresh``."""
    given = context.secret("token")
    if settings.refresh is None:
        return Token(context, source=settings.id)
    names = ("client_id", "client_secret", "refresh_token")
    secrets = {name: context.secret(f"refresh.{name}") for name in names}
    for secret in secrets.values():
        context.redact.add(secret)
    by_instagram = is_instagram_login(given, context.base_url)
    account = str(getattr(settings, settings.named_by[0]))
    tokens = MetaTokens(
        context=context,
        source=settings.id,
        base_url=context.base_url or (INSTAGRAM_LOGIN if by_instagram else FACEBOOK),
        version=version,
        client={name: secrets[name] for name in names[:2]},
        page=account if isinstance(settings, FacebookPage) else None,
        app_secret=context.secret("app_secret") if settings.app_secret is not None else None,
        permissions=permissions,
    )
    renewal = Renewal(
        subject=f"{settings.type}/{account}",
        refresh_token=secrets["refresh_token"],
        grant=tokens.refresh if by_instagram else tokens.exchange,
        learn=None if by_instagram else tokens.life,
        renews_unknown=by_instagram,
    )
    return Token(context, source=settings.id, renewal=renewal)


def _with_cures(classify: Callable[[Reply], Verdict | None]) -> Callable[[Reply], Verdict | None]:
    """Meta's errors as everywhere, but a refused exchange names what mends it."""

    def judged(reply: Reply) -> Verdict | None:
        verdict = classify(reply)
        if verdict is None or verdict.retry:
            return verdict
        said = reply.excerpt().lower()
        if reply.field("error", "code") in {1, 101} and ("secret" in said or "application" in said):
            return replace(verdict, error=AuthFailed, cure=CLIENT_CURE)
        return replace(verdict, cure=SIGN_IN) if verdict.error is AuthFailed else verdict

    return judged


def instant_of(about: Node, name: str) -> datetime | None:
    """Unix seconds; None where it is 0, which is never, or not there."""
    try:
        seconds = about.whole(name, 0)
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (BadShape, OverflowError, OSError, ValueError):
        return None
