"""LinkedIn's token endpoints: a new token for a refresh token, and what a token is (API.md, section 5).

A token lives 60 days. A refresh token lives 365 days from the day somebody signed in, and using it does not prolong
that; LinkedIn says each time how long it still lives. Both endpoints are asked at LinkedIn's own host, or below
``base_url`` where one is set, so that a proxy or a sandbox sees them too. That the year counts from ``authorized_at``
is inferred from LinkedIn's documentation. What does not belong here: when to renew (``core/tokens.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.core.errors import BadReply, SourceError
from connectors.core.http import Http
from connectors.core.protocol import Access, Context
from connectors.core.shape import BadShape, Node
from connectors.core.tokens import Granted, Renewal, Token, granted_by, oauth_classifier
from connectors.linkedin.settings import LinkedIn

LOGIN = "https://www.linkedin.com"
LIVES, REFRESH_LIVES = timedelta(days=60), timedelta(days=365)
SIGN_IN = "sign in again as the page's administrator, and set the new token and refresh_token (it lives 365 days)"
CLIENT_CURE = "set client_id and client_secret to those of the app that the refresh token was given to"


class LinkedInTokens:
    """One source's token and, where the client file gives ``refresh``, how it is renewed."""

    def __init__(self, settings: LinkedIn, context: Context) -> None:
        self._context, self._source = context, settings.id
        self._client: Mapping[str, str] = {}
        renewal = None
        if settings.refresh is not None:
            names = ("client_id", "client_secret", "refresh_token")
            given = {name: context.secret(f"refresh.{name}") for name in names}
            for secret in given.values():
                context.redact.add(secret)
            self._client = {name: given[name] for name in names[:2]}
            renewal = Renewal(subject="linkedin", refresh_token=given["refresh_token"], grant=self._grant)
        self.token = Token(context, source=settings.id, renewal=renewal)

    def access(self) -> Access:
        """Until when it can be read. LinkedIn is asked only where ``refresh`` is given and nothing was granted yet."""
        self.token.current()
        known = self.token.access(lives_at_most=LIVES)
        if not known.renews or known.sign_in_by is not None:
            return known
        attempted, form = "asking when the token expires", {**self._client, "token": self.token.current()}
        try:
            about = self._post("/oauth/v2/introspectToken", form, attempted=attempted)
        except SourceError:  # a proxy may not pass this endpoint on; whether the token works, its use shows
            return known
        signed_in = _instant(about, "authorized_at")
        return replace(
            known,
            token_until=_instant(about, "expires_at") or known.token_until,
            at_latest=known.at_latest and _instant(about, "expires_at") is None,
            sign_in_by=signed_in + REFRESH_LIVES if signed_in else None,
        )

    def _grant(self, refresh_token: str) -> Granted:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **self._client}
        attempted, problem = "renewing the token", ""
        reply = self._post("/oauth/v2/accessToken", form, attempted=attempted)
        try:
            return granted_by(reply)
        except BadShape as shape:
            problem = str(shape)
        raise BadReply(client=self._context.client, source=self._source, attempted=attempted, detail=problem)

    def _post(self, path: str, form: Mapping[str, str], *, attempted: str) -> Node:
        http = Http(
            context=self._context,
            source=self._source,
            base_url=self._context.base_url or LOGIN,
            classify=oauth_classifier(grant_cure=SIGN_IN, client_cure=CLIENT_CURE),
        )
        with closing(http):
            return http.post_form(path, attempted=attempted, form=form)


def _instant(about: Node, name: str) -> datetime | None:
    """Unix seconds; None where LinkedIn does not say, or says nonsense."""
    try:
        seconds = about.whole(name, 0)
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (BadShape, OverflowError, OSError, ValueError):
        return None
