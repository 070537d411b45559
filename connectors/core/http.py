"""The one HTTP core: a session with timeouts, bounded retries by error class, waits, redaction and a rate limit.

What belongs here: what every vendor over plain HTTP needs. What does not: any vendor's words; each source says by its
``classify`` hook what a body's code means, which goes before the HTTP status (API.md, rule 8).
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from connectors.core.budget import BudgetSpent, Call, Claim, Limit, credential_of, granted
from connectors.core.columns import Report, ReportShape
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
    VersionRetired,
)
from connectors.core.protocol import EVERYWHERE, Context
from connectors.core.redaction import quiet_libraries
from connectors.core.reply import Failure, Reply, send
from connectors.core.retry import RetryPolicy, retry_after
from connectors.core.shape import Node
from okr_models.hosts import is_loopback

log = logging.getLogger(__name__)

MOST_REDIRECTS = 5
LARGEST_BODY_BYTES = 64 * 1024 * 1024
USER_AGENT = "marketing-okr/0.1"
RETRIED_STATUSES = frozenset({408, 429})
MALFORMED_ATTEMPTS = 2
UNANSWERED_ATTEMPTS = 2
"""Each costs its whole timeout, and a vendor that hangs would otherwise hold a night up for minutes a call."""
SHARE_ONCE_SILENT = 0.5
"""Of its timeout, for each call after one that was never answered; it is made once only."""
QUOTA_SECONDS = 3_600.0
"""A credential's quota that is used up is asked for again after so long where the vendor names no time."""
_DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a source's ``classify`` says of a reply: an error class, and whether the same call may be tried again."""

    error: type[SourceError]
    detail: str = ""
    cure: str | None = None
    retry: bool = False
    retry_after_seconds: float | None = None
    is_credentials: bool = False
    """A quota that the vendor counts by credential: nobody else with it need ask either, until it begins anew."""


Classify = Callable[[Reply], Verdict | None]
"""Called with every reply, also with 200; None: judge by the HTTP status."""


class Http:
    """HTTP for one source of one client. ``get`` and ``post`` give a good ``Reply`` or raise a ``SourceError``.

    ``authorize`` gives headers and ``sign`` parameters for each call; where credentials are refused, ``renew`` says
    whether there are others by now, and then the same call is made once more. ``limit`` is what the vendor allows the
    credential, which its ``secrets`` name; ``claims`` what it allows others by whom it counts the same calls.

    Paths are put after ``base_url``; a full address (a ``next`` link) is taken as it is, and credentials (``headers``,
    ``parameters``, ``authorize``, ``sign``) go along only to ``base_url``'s own origin. Not shared between threads.
    """

    def __init__(
        self,
        *,
        context: Context,
        source: str,
        base_url: str,
        classify: Classify | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        authorize: Callable[[], Mapping[str, str]] | None = None,
        sign: Callable[[], Mapping[str, str]] | None = None,
        renew: Callable[[], bool] | None = None,
        secrets: Iterable[str] = (),
        min_interval_seconds: float = 0.0,
        limit: Limit | None = None,
        claims: tuple[Claim, ...] = (),
        policy: RetryPolicy | None = None,
        timeout: tuple[float, float] = (10.0, 45.0),
        longest_call_seconds: float = 300.0,
        largest_body_bytes: int = LARGEST_BODY_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: random.Random | None = None,
    ) -> None:
        import requests

        from connectors.core.adapter import watch_session

        self.client, self.source, self.base_url = context.client, source, base_url.rstrip("/")
        self.redact = context.redact
        own = tuple(secrets)
        for secret in own:
            self.redact.add(secret)
        self.limit, self.claims = limit, claims
        self._credential = credential_of(str(_origin(self.base_url)), own)
        self.requests = 0
        self.retries = 0
        self.replies: list[tuple[str, bytes]] | None = None
        self._context, self._classify, self._authorize = context, classify, authorize
        self._sign, self._renew = sign, renew
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})}
        self._parameters = dict(parameters or {})
        self._interval, self._policy = min_interval_seconds, policy or RetryPolicy()
        self._timeout, self._longest_call, self._largest_body = timeout, longest_call_seconds, largest_body_bytes
        self._monotonic, self._jitter = monotonic, jitter or random.Random()  # noqa: S311 - spreads waits, no secret
        self._last_start: float | None = None
        self._session = requests.Session()
        self._session.auth = lambda request: request  # else ~/.netrc would replace the token
        self._session.trust_env = not is_loopback(urlsplit(self.base_url).hostname)
        watch_session(self._session)
        if context.transport is not None:
            for scheme in ("https://", "http://"):
                self._session.mount(scheme, context.transport)
        quiet_libraries()

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def begin(self, *, keep_replies: bool) -> None:
        """Start counting anew, for one ``Source.read``."""
        self.requests = self.retries = 0
        self.replies = [] if keep_replies else None

    def error(
        self, kind: type[SourceError], *, attempted: str, detail: str = "", cure: str | None = None,
        status: int | None = None, retry_after_seconds: float | None = None,
    ) -> SourceError:  # fmt: skip
        """A ``SourceError`` of this client and source, with every text redacted."""
        return kind(
            client=self.client,
            source=self.source,
            attempted=self.redact(attempted),
            detail=self.redact(detail)[:_DETAIL_CHARACTERS],
            status=status,
            cure=self.redact(cure) if cure else None,
            retry_after_seconds=retry_after_seconds,
            attempts=self.retries + 1,
        )

    def get(self, path: str, *, attempted: str, params: Mapping[str, str | int] | None = None) -> Reply:
        """GET; ``params`` are URL-encoded. An already encoded query goes into ``path``."""
        return self._call("GET", path, attempted=attempted, params=params)

    def get_document(self, path: str, *, attempted: str, params: Mapping[str, str | int] | None = None) -> Reply:
        """GET a JSON document, for a reply whose headers matter too; its ``json()`` is safe to call."""
        return self._call("GET", path, attempted=attempted, params=params, wants_json=True)

    def get_json(self, path: str, *, attempted: str, params: Mapping[str, str | int] | None = None) -> Node:
        """GET a JSON document."""
        return self._call("GET", path, attempted=attempted, params=params, wants_json=True).json()

    def post_json(self, path: str, *, attempted: str, body: Mapping[str, Any]) -> Node:
        """POST a JSON body, for a JSON document."""
        return self._call("POST", path, attempted=attempted, body=body, wants_json=True).json()

    def post_report(self, path: str, *, attempted: str, body: Mapping[str, Any], shape: ReportShape) -> Report:
        """POST a JSON body, for a report of many rows."""
        return self._call("POST", path, attempted=attempted, body=body, wants_json=True, shape=shape).report()

    def post_form(self, path: str, *, attempted: str, form: Mapping[str, str | int]) -> Node:
        """POST a form, for a JSON document."""
        return self._call("POST", path, attempted=attempted, form=form, wants_json=True).json()

    def _call(
        self,
        method: str,
        path: str,
        *,
        attempted: str,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str | int] | None = None,
        wants_json: bool = False,
        shape: ReportShape | None = None,
    ) -> Reply:
        """One call with its retries. Raises outside of any ``except``, so that no error drags a raw address along."""
        url = path if "://" in path else self.base_url + path
        at_home = _origin(url) == _origin(self.base_url)
        failures = malformed = unanswered = 0
        renewed = False
        waited = 0.0
        while True:
            self._keep_interval()
            signed = self._sign() if at_home and self._sign is not None else {}
            own = {**self._parameters, **signed} if at_home else {}
            query: dict[str, Any] = {"params": {**(params or {}), **own}, "json": body, "data": form}
            outcome, verdict = self._attempt(
                method, url, query, attempted=attempted, wants_json=wants_json, shape=shape
            )
            if isinstance(outcome, Reply):
                if verdict is None:
                    if self.replies is not None:
                        self.replies.append((self.redact(outcome.url), self.redact.body(outcome.body)))
                    return outcome
                if verdict.error is AuthFailed and self._renew is not None and not renewed and self._renew():
                    renewed = True
                    self.retries += 1
                    continue
                status, asked_wait = outcome.status, verdict.retry_after_seconds
                if asked_wait is None:
                    asked_wait = retry_after(outcome.headers, now=self._context.now)
            else:
                verdict = Verdict(error=outcome.error, detail=outcome.detail, retry=True)
                status, asked_wait = None, None
            failures += 1
            malformed += verdict.error is BadReply
            unanswered += isinstance(outcome, Failure) and verdict.error is TimedOut
            wait = asked_wait
            if wait is None:
                wait = self._policy.backoff(failures, jitter=self._jitter)
            is_last = (
                failures >= self._policy.attempts
                or malformed >= MALFORMED_ATTEMPTS
                or unanswered >= (1 if self._is_silent else UNANSWERED_ATTEMPTS)
            )
            if unanswered >= UNANSWERED_ATTEMPTS:
                self._context.silent.add(self.base_url)
            if not verdict.retry or is_last or not self._policy.allows(wait, waited=waited):
                if isinstance(outcome, Reply) and self.replies is not None:
                    # a reader may know how to go on after it, and a replay must meet it again
                    from connectors.core.replay import refused_request

                    refused = refused_request(outcome.status, self.redact(outcome.url))
                    self.replies.append((refused, self.redact.body(outcome.body)))
                raise self.error(
                    verdict.error,
                    attempted=attempted,
                    detail=verdict.detail,
                    cure=verdict.cure,
                    status=status,
                    retry_after_seconds=asked_wait,
                )
            log.info(
                "%s/%s: %s: %s; asking again in %.1f s",
                self.client,
                self.source,
                self.redact(attempted),
                verdict.error.error_class,
                wait,
            )
            self.retries += 1
            self._context.sleep(wait)
            waited += wait

    def _attempt(
        self,
        method: str,
        url: str,
        query: dict[str, Any],
        *,
        attempted: str,
        wants_json: bool,
        shape: ReportShape | None,
    ) -> tuple[Reply | Failure, Verdict | None]:
        """One attempt, once the budget allows it, and what a reply means. Raises where that is not to be waited for."""
        try:
            with self._granted() as call:
                outcome, verdict = self._follow(method, url, query), None
                if isinstance(outcome, Reply):
                    outcome = replace(outcome, shape=shape)
                    verdict = self._judge(outcome, wants_json=wants_json)
                    call.throttled, call.is_credentials = self._throttled(outcome, verdict)
                return outcome, verdict
        except BudgetSpent as error:
            detail, wait = str(error), error.wait_seconds
        raise self.error(QuotaExhausted, attempted=attempted, detail=detail, retry_after_seconds=wait)

    @property
    def _is_silent(self) -> bool:
        """Whether nobody answered there, also a call that another part of the source made."""
        return not self._context.silent.isdisjoint({self.base_url, EVERYWHERE})

    def _granted(self) -> AbstractContextManager[Call]:
        """A call that the credential's budget allows, waited for."""
        if self._context.budget is None:
            return nullcontext(Call())
        return granted(
            self._context.budget,
            self._credential,
            self.limit,
            sleep=self._context.sleep,
            others=self.claims,
            patience_seconds=self._policy.longest_wait_seconds,
        )

    def _throttled(self, reply: Reply, verdict: Verdict | None) -> tuple[float | None, bool]:
        """For how long nobody with this credential is to ask, None where the vendor did not throttle; and whether the
        vendor counts that by credential."""
        if verdict is None or not (verdict.error is RateLimited or verdict.is_credentials):
            return None, False
        asked = verdict.retry_after_seconds or retry_after(reply.headers, now=self._context.now)
        usual = QUOTA_SECONDS if verdict.is_credentials else self._policy.first_wait_seconds
        return asked or usual, verdict.is_credentials

    def _waits(self) -> tuple[float, float]:
        connect, read = self._timeout
        return (connect, read * SHARE_ONCE_SILENT) if self._is_silent else self._timeout

    def _keep_interval(self) -> None:
        """Wait until the source's least interval since the last call has passed."""
        now = self._monotonic()
        if self._last_start is not None and self._interval:
            wait = self._last_start + self._interval - now
            if wait > 0:
                self._context.sleep(wait)
                now = self._last_start + self._interval
        self._last_start = now

    def _follow(self, method: str, url: str, query: dict[str, Any]) -> Reply | Failure:
        """Send, and follow redirects by hand: neither credentials nor a body ever go to another origin."""
        home = _origin(self.base_url)
        for _ in range(MOST_REDIRECTS + 1):
            at_home = _origin(url) == home
            headers = dict(self._headers) if at_home else {"User-Agent": USER_AGENT}
            if at_home and self._authorize is not None:
                headers |= self._authorize()
            self.requests += 1
            if log.isEnabledFor(logging.DEBUG):
                log.debug("%s/%s: %s %s", self.client, self.source, method, self.redact(url))
            outcome = send(
                self._session,
                method,
                url,
                headers=headers,
                query=query,
                timeout=self._waits(),
                longest_call_seconds=self._longest_call,
                largest_body_bytes=self._largest_body,
                monotonic=self._monotonic,
            )
            if isinstance(outcome, Failure) or outcome.status not in {301, 302, 303, 307, 308}:
                return outcome
            target = urljoin(url, outcome.headers.get("Location", ""))
            elsewhere = _origin(target) != home
            if not outcome.headers.get("Location") or urlsplit(target).scheme not in {"http", "https"}:
                return outcome
            if method != "GET" or (elsewhere and self.redact(target) != target):
                return outcome
            url, query = target, {**query, "params": {}}
        return Failure(error=BadReply, detail=f"more than {MOST_REDIRECTS} redirects")

    def _judge(self, reply: Reply, *, wants_json: bool) -> Verdict | None:
        """The source's word first, then the HTTP status, then whether the body is the JSON that was asked for."""
        said = self._classify(reply) if self._classify is not None else None
        if said is not None:
            return said
        verdict = verdict_by_status(reply)
        if verdict is None and wants_json:
            problem = reply.json_problem()
            if problem is not None:
                return Verdict(error=BadReply, detail=problem, retry=True)
        return verdict


def pause(seconds: float, base_url: str) -> float:
    """The least interval to keep towards a server: none towards one on this machine, which nobody shares."""
    return 0.0 if is_loopback(urlsplit(base_url).hostname) else seconds


def limit_towards(limit: Limit, base_url: str) -> Limit | None:
    """A vendor's limit, which a server on this machine does not have."""
    return None if is_loopback(urlsplit(base_url).hostname) else limit


def claims_towards(base_url: str, limits: Mapping[str, Limit]) -> tuple[Claim, ...]:
    """What a vendor allows others by whom it counts, by their names; nothing towards a server on this machine."""
    if is_loopback(urlsplit(base_url).hostname):
        return ()
    return tuple(Claim(credential_of(base_url, [holder]), limit) for holder, limit in limits.items())


def verdict_by_status(reply: Reply) -> Verdict | None:
    """What the HTTP status alone says; None: a good reply. Sources build their ``classify`` before it."""
    status = reply.status
    if status < 300:
        return None
    detail = reply.excerpt()
    if status < 400:
        where = urlsplit(reply.headers.get("Location", "")).hostname or "elsewhere"
        return Verdict(error=BadReply, detail=f"redirected to {where}", cure="set base_url to the address it moved to")
    kind: type[SourceError] = BadReply
    if status >= 500:
        kind = Unavailable
    else:
        kind = {
            401: AuthFailed,
            402: PermissionMissing,
            403: PermissionMissing,
            404: NotFound,
            408: TimedOut,
            410: NotFound,
            426: VersionRetired,
            429: RateLimited,
        }.get(status, BadReply)
    return Verdict(error=kind, detail=detail, retry=status >= 500 or status in RETRIED_STATUSES)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)
