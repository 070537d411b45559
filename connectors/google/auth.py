"""Who calls Google's APIs: service accounts and people, with tokens from their own ``token_uri``, and their errors.

What belongs here: authentication shared by the Google sources. Imports google libraries, so it is imported only when
such a source is built. What does not: any one API.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import requests
from google.auth import exceptions as auth_exceptions
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from connectors.core.adapter import watch_session
from connectors.core.budget import Limit
from connectors.core.deadline import watched
from connectors.core.errors import AuthFailed, BadReply, Misconfigured, SourceError, TimedOut, Unavailable
from connectors.core.protocol import Context
from connectors.core.retry import RetryPolicy
from connectors.core.token_store import Kept, StoreUnusable, fingerprint
from okr_models.hosts import goes_in_clear

Told = tuple[type[SourceError], str, str | None]
GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
IN_CLEAR = "its token_uri is http, and the credential could be read on its way"
TOKEN_SECONDS = 60.0
"""For a token, however its endpoint draws the answer out."""
TOKEN_ATTEMPTS = 2
"""At an endpoint that is not there; what it says of itself that passes, google-auth asks for again already."""
_SHOWN_CHARACTERS = 200
_USER_FIELDS = ("client_id", "client_secret", "refresh_token")


TOKEN_TOO_LATE: Told = (TimedOut, "the token endpoint did not answer in time", None)


class KeyToken(Credentials):
    """Tokens of a service-account key, fetched from its ``token_uri`` and from nowhere else.

    The client's own service-account class may sign tokens itself without asking ``token_uri``, and looks up "regional
    access boundaries" at a fixed Google host in a background thread; behind a proxy or a sandbox both are wrong.
    """

    cure = "make a new key for the service account, and check this machine's clock"

    def __init__(self, key: service_account.Credentials) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._key = key

    @property
    def email(self) -> str:
        """The address to which access is given."""
        return str(self._key.service_account_email)

    def counted_by(self, *, user: Limit, project: Limit) -> dict[str, Limit]:
        """By whom Google counts a call with this key besides the account that is read, each with its limit."""
        of_project = {f"project {self._key.project_id}": project} if self._key.project_id else {}
        return {f"user {self.email}": user, **of_project}

    def refresh(self, request: Any) -> None:
        """Fetch a new token."""
        _fetch(self._key, request)
        self.token, self.expiry = self._key.token, self._key.expiry


class UserToken(Credentials):
    """Tokens of a person who once consented, fetched with the refresh token from its ``token_uri``."""

    cure = (
        "sign in again as the account's owner and give the new refresh token; while the consent screen is in Testing,"
        " Google lets each live seven days only"
    )

    def __init__(self, given: Mapping[str, str], *, context: Context) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._given, self._context = given, context
        context.redact.add(given["refresh_token"])

    def refresh(self, request: Any) -> None:
        """Fetch a new token. Google seldom gives another refresh token with it; one is kept before it is used."""
        store, seal = self._context.tokens, self._given["refresh_token"]
        if store is None:
            self._ask(request, seal)
            return
        name = fingerprint("google", self._given["client_id"], seal)
        with store.locked(name):
            kept = store.read(name, seal=seal)
            spent = kept.refresh_token if kept else seal
            self._context.redact.add(spent)
            newest = self._ask(request, spent)
            if newest != spent:
                now = self._context.now
                self._context.redact.add(newest)
                store.write(name, Kept(access_token="", refresh_token=newest, obtained_at=now), seal=seal)

    def _ask(self, request: Any, refresh_token: str) -> str:
        """Fetch a token; the refresh token that holds from now on."""
        user = user_credentials.Credentials(  # type: ignore[no-untyped-call]
            None, **{**self._given, "refresh_token": refresh_token}
        )
        _fetch(user, request)
        self._context.redact.add(str(user.token))
        self.token, self.expiry = user.token, user.expiry
        return str(user.refresh_token or refresh_token)


def _fetch(credentials: Credentials, request: Any) -> None:
    """Fetch a token. google-auth takes whatever it does not know for a refusal of the credential: a server error is
    none, and neither is a page that is no JSON. Raises ``ValueError`` for the latter."""
    answered: list[int] = []

    def noting(*args: Any, **kwargs: Any) -> Any:
        response = request(*args, **kwargs)
        answered.append(int(response.status))
        return response

    try:
        credentials.refresh(noting)  # type: ignore[no-untyped-call]
    except auth_exceptions.RefreshError as error:
        if error.retryable or not answered:
            raise
        is_server_error = answered[-1] >= HTTPStatus.INTERNAL_SERVER_ERROR
        if not is_server_error and len(error.args) > 1:  # with its document
            raise
        what = f"HTTP {answered[-1]}"
    else:
        return
    if is_server_error:
        raise auth_exceptions.RefreshError(what, retryable=True)  # type: ignore[no-untyped-call]
    raise ValueError(what)


def key_token(context: Context, *, source: str, field: str, scopes: tuple[str, ...]) -> KeyToken:
    """Credentials from the key's JSON text. Raises ``Misconfigured``; the text is never in a message."""
    text = context.secret(field)
    problem = "it is not the JSON of a service-account key"
    try:
        found = _key_of(text)
        if found is not None:
            key, token_uri = found
            if context.allow_http or not goes_in_clear(token_uri):
                return KeyToken(key.with_scopes(list(scopes)))
            problem = IN_CLEAR
    except (ValueError, TypeError, AttributeError, auth_exceptions.GoogleAuthError):
        problem = "the service-account key is incomplete or damaged"
    raise Misconfigured(
        client=context.client,
        source=source,
        attempted=f"reading {field}",
        detail=problem,
        cure=(
            "write https there"
            if problem == IN_CLEAR
            else "download a JSON key of the service account and give its whole text"
        ),
    )


@lru_cache(maxsize=64)
def _key_of(text: str) -> tuple[service_account.Credentials, str] | None:
    """The key in ``text``, without scopes and never with a token, and where its tokens are fetched.

    None where it is JSON of something else.

    Checking a private key takes longer than a request, and an agency has one key for all its clients.
    """
    info = json.loads(text)
    if not isinstance(info, dict) or info.get("type") != "service_account":
        return None
    key: service_account.Credentials = service_account.Credentials.from_service_account_info(info)  # type: ignore[no-untyped-call]
    return key, str(info["token_uri"])


def user_token(context: Context, *, source: str, field: str) -> UserToken:
    """Credentials from the JSON of an authorised user. Raises ``Misconfigured``; the text is never in a message."""
    problem = "it is not the JSON of an authorised user"
    try:
        info = json.loads(context.secret(field))
        if isinstance(info, dict) and info.get("type") == "service_account":
            problem = "it is a service account's key, and Google lets none in here"
        elif isinstance(info, dict) and all(_is_text(info.get(name)) for name in _USER_FIELDS):
            given = {name: info[name] for name in _USER_FIELDS}
            token_uri = info.get("token_uri") or GOOGLE_TOKEN_URI
            if context.allow_http or not goes_in_clear(token_uri):
                return UserToken({**given, "token_uri": token_uri}, context=context)
            problem = IN_CLEAR
    except (ValueError, TypeError):
        problem = "the JSON of the authorised user is incomplete or damaged"
    raise Misconfigured(
        client=context.client,
        source=source,
        attempted=f"reading {field}",
        detail=problem,
        cure=(
            "write https there"
            if problem == IN_CLEAR
            else f"sign in as the account's owner and give JSON with {', '.join(_USER_FIELDS)} and perhaps token_uri"
        ),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def watch_google(session: AuthorizedSession) -> None:
    """Let the calls of Google's own client be watched, those for its tokens included."""
    watch_session(session)
    # google-auth makes it and gives no other way to it; without it only the token's calls are not watched
    if isinstance(inner := getattr(session, "_auth_request_session", None), requests.Session):
        watch_session(inner)


class Bearer:
    """``authorize`` for ``Http``: the header with a token that is still good, fetched anew when it has run out."""

    def __init__(self, context: Context, *, source: str, token: KeyToken | UserToken) -> None:
        self._client, self._source, self._token = context.client, source, token
        self._calls = 0
        self._sleep, self._jitter = context.sleep, random.Random()  # noqa: S311 - spreads waits, no secret
        self._session = requests.Session()
        watch_session(self._session)
        self._request = Request(session=self._session)

    def __call__(self) -> Mapping[str, str]:
        """The header. Raises ``SourceError`` where the key is refused or Google's token endpoint is not there."""
        for attempt in range(1, TOKEN_ATTEMPTS + 1):
            told = None if self._token.valid else self._fetched()
            if told is None:
                self._calls += 1
                return {"Authorization": f"Bearer {self._token.token}"}
            kind, detail, cure = told
            if kind is not Unavailable or attempt == TOKEN_ATTEMPTS:
                break
            self._sleep(RetryPolicy().backoff(attempt, jitter=self._jitter))
        raise kind(client=self._client, source=self._source, attempted="fetching a token", detail=detail, cure=cure)

    def renew(self) -> bool:
        """Drop a token that served a call and is refused before its time; the next call fetches another. A new one that
        is refused is no matter of time."""
        if self._calls < 2:
            return False
        self._token.token = None
        return True

    def _fetched(self) -> Told | None:
        """Fetch a token; None where there is one, else why not."""
        try:
            with watched(TOKEN_SECONDS) as watch:
                self._token.refresh(self._request)
        except StoreUnusable as error:
            cure = "make the folder state in the home folder one that okr may write to"
            return Misconfigured, f"keeping the renewed token: {error}", cure
        except (auth_exceptions.GoogleAuthError, TypeError, ValueError) as error:
            # google-auth indexes a reply that is a web page as if it were an object
            kind, detail, said = TOKEN_TOO_LATE if watch.expired else told_by_auth(error)
            return kind, detail, self._token.cure if kind is AuthFailed else said
        self._calls = 0
        return None

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()


def told_by_auth(error: Exception) -> Told:
    """Class, detail and cure of what google-auth raised."""
    match error:
        case auth_exceptions.RefreshError():
            said = " ".join(str(error.args[0]).split())[:_SHOWN_CHARACTERS] if error.args else "no reason given"
            if error.retryable:
                return Unavailable, f"the token endpoint: {said}", None
            return AuthFailed, f"the token endpoint refused the credential: {said}", KeyToken.cure
        case auth_exceptions.TransportError() if "timed out" not in str(error):
            return Unavailable, "the token endpoint could not be reached", None
        case auth_exceptions.TimeoutError() | auth_exceptions.TransportError():
            return TimedOut, "the token endpoint did not answer in time", None
        case auth_exceptions.GoogleAuthError():
            return AuthFailed, f"Google's library could not make a token ({type(error).__name__})", None
        case _:
            return BadReply, "the token endpoint's reply is not the JSON that Google documents", None
