"""Meta's Graph API as its sources share it: versions, token and proof, paging, insights, token expiry.

An account is asked at ``{base}/{version}/{id}``. What belongs here: the API as such. What does not: what its codes mean
(``errors.py``), budgets (``usage.py``), which figures are asked for (``facebook_page.py``, ``instagram.py``).
Renewing a token is ``tokens.py``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from connectors.core.arrow import Row
from connectors.core.doubt import Doubt, not_made
from connectors.core.errors import (
    AuthFailed,
    BadReply,
    MetricGone,
    NotFound,
    PermissionMissing,
    QuotaExhausted,
    Unavailable,
)
from connectors.core.http import Http, pause
from connectors.core.odd import Odd, readable_days
from connectors.core.protocol import Access, Context, Quality
from connectors.core.shape import BadShape, Json, Node
from connectors.meta.errors import PERMISSIONS, DeadField, DeadMetric, TooMuchData, classifier
from connectors.meta.tokens import (
    FACEBOOK,
    INSTAGRAM_LOGIN,
    LIVES,
    OfMeta,
    app_secret_proof,
    instant_of,
    is_instagram_login,
    open_token,
)
from connectors.meta.usage import Pace
from okr_models.periods import ONE_DAY, Window

VENDOR = FACEBOOK
DEFAULT_VERSION = "v26.0"
SUNSETS: dict[str, date | None] = {
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
"""Day on which each version ends; None: not announced. After it Meta answers with the oldest that lives."""
PACIFIC = ZoneInfo("America/Los_Angeles")
"""Zone of all of Meta's insight days."""
PAGE_LIMIT = 100
MOST_PAGES = 1_000
MIN_INTERVAL_SECONDS = 0.02
LONGEST_SAID = 200
HALF_A_DAY = timedelta(hours=12)
EDGE = timedelta(hours=1)
_OWN_PARAMETERS = frozenset({"access_token", "appsecret_proof", "debug", "format", "pretty"})

Parameters = Mapping[str, str | int]


def sunset_on(version: str) -> date | None:
    """The day a version ends; None where none is announced. One older than the table ended before its first."""
    if version in SUNSETS:
        return SUNSETS[version]
    oldest = min(SUNSETS, key=_number)
    return SUNSETS[oldest] if _number(version) < _number(oldest) else None


def _number(version: str) -> float:
    return float(version.removeprefix("v"))


def midnight(day: date) -> int:
    """Unix time at which a Pacific day begins, daylight saving included."""
    return int(datetime.combine(day, time(0), PACIFIC).timestamp())


def day_ended(instant: datetime) -> date:
    """The Pacific day that an ``end_time`` ends; an hour off midnight is taken for it, as around clock changes."""
    try:
        day = (instant - HALF_A_DAY).astimezone(PACIFIC).date()
        end = datetime.fromtimestamp(midnight(day + ONE_DAY), UTC)
        is_midnight = abs(instant - end) <= EDGE
    except (OverflowError, ValueError):  # at either end of the calendar
        is_midnight = False
    if not is_midnight:
        raise BadShape(path="end_time", wanted="a midnight in Los Angeles", found=instant.isoformat())
    return day


def day_by_day(
    days: Window, read: Callable[[date], Row | None], *, what: str, is_settled: Callable[[date], bool]
) -> tuple[list[Row], list[Doubt]]:
    """Figures that are asked for one day a call; a day of which ``read`` gives None has none.

    A day that Meta has an error of its own for each time it is asked costs itself, or it would keep out all that lies
    behind it: also on the nights after, on which it alone is asked again. A second one fails the read: then it is not
    the day; so does the only one of a read while it ``is_settled`` not yet.
    """
    failed = list[date]()

    def one(day: date, _: date) -> Row | None:
        try:
            return read(day)
        except Unavailable as error:
            failed.append(day)
            if error.status is None or len(failed) > 1 or (days.days == 1 and not is_settled(day)):
                raise
            said = error.detail
        raise BadShape(path="the reply", wanted="figures", found=said)

    try:
        found, doubts = readable_days(((day, day) for day in days), one, what=what)
    except BadShape as problem:
        if len(failed) != days.days:
            raise
        found, doubts = [], [not_made(days, seen=None, what=f"{what} of {days.start}: {problem}"[:LONGEST_SAID])]
    return [row for row in found if row is not None], doubts


class GraphCalls:
    """Calls in the Graph API's manner at one host: budgets, paging, insights. Raises ``SourceError``.

    ``http`` counts, redacts and fails as everywhere; ``pace`` is what its classifier learns the budget's use by.
    """

    def __init__(self, *, http: Http, pace: Pace, version: str, sleep: Callable[[float], None]) -> None:
        self.http, self.version = http, version
        self.unavailable: set[str] = set()
        """Metrics and fields that Meta no longer knows, as found out so far."""
        self._served: str | None = None
        self._sleep, self._pace = sleep, pace

    def get(self, path: str, params: Parameters, *, attempted: str) -> Node:
        """One call, held back where Meta says that most of the budget is used, and not made where nearly all is."""
        if self._pace.spent:
            raise self.http.error(
                QuotaExhausted,
                attempted=attempted,
                detail=f"Meta says that {self._pace.usage.percent:.0f} % of the call budget is used",
                retry_after_seconds=self._pace.comes_back_in_seconds,
            )
        wait = self._pace.slowdown_seconds()
        if wait:
            self._sleep(wait)
        reply = self.http.get_document(path, attempted=attempted, params=params)
        self._served = reply.headers.get("facebook-api-version") or self._served
        return reply.json()

    def pages(self, path: str, params: Parameters, *, attempted: str) -> Iterator[list[Node]]:
        """The items of an edge page by page, following ``next`` until it is absent, however empty a page is.

        Only ``next``'s query is used, without the token that it repeats: the call goes to the base address, and
        no credential anywhere else. A page that is too heavy is asked for by halves.
        """
        limit, query, seen = PAGE_LIMIT, params, set[str]()
        for _ in range(MOST_PAGES):
            try:
                page = self.get(path, {**query, "limit": limit}, attempted=attempted)
            except TooMuchData:
                if limit == 1:
                    raise
                limit //= 2
                continue
            yield page.each("data")
            following = page["paging"].text("next", None) if "paging" in page else None
            if following is None:
                return
            if following in seen:
                raise BadShape(path="paging.next", wanted="a page not read before", found="the same page again")
            seen.add(following)
            query = query_of(following)
        raise BadShape(path="paging", wanted=f"a list that ends within {MOST_PAGES} pages", found="another page")

    def listed(
        self, path: str, *, fields: Iterable[str], optional: Iterable[str] = (), odd: Odd | None = None, attempted: str
    ) -> list[Node]:
        """Every item of an edge, each id once. ``odd`` is told of items without an id."""
        odd = odd if odd is not None else Odd()
        kept = [name for name in optional if name not in self.unavailable]
        try:
            pages = list(self.pages(path, {"fields": ",".join([*fields, *kept])}, attempted=attempted))
        except DeadField as error:
            if error.field not in kept:
                raise
            self.unavailable.add(error.field)
            return self.listed(path, fields=fields, optional=kept, odd=odd, attempted=attempted)
        return list(odd.by_id((item for page in pages for item in page), lambda item: item.text("id")).values())

    def insights(
        self,
        account: str,
        metrics: Iterable[str],
        params: Parameters,
        *,
        attempted: str,
        edge: str = "insights",
        gone: set[str] | None = None,
    ) -> dict[str, Node]:
        """Insights by metric; one that Meta left out is not there. Their ``paging`` is endless and never followed.

        A metric that is not known is found by halves and noted in ``gone`` (``unavailable``, unless it is one of a kind
        of posts alone); the others are still read. Raises ``MetricGone`` where none is left.
        """
        gone = self.unavailable if gone is None else gone
        wanted = list(metrics)
        alive = [name for name in wanted if name not in gone]
        found = self._insights(f"/{account}/{edge}", alive, params, attempted=attempted, gone=gone) if alive else {}
        if gone.issuperset(wanted):
            lost = self.http.error(
                MetricGone,
                attempted=attempted,
                detail=f"Meta no longer knows the metric {', '.join(wanted)} in version {self.version}",
                cure="update marketing-okr; days that could not be read stay due",
            )
            assert isinstance(lost, MetricGone)  # noqa: S101 - as asked for
            lost.unavailable = ", ".join(wanted)
            raise lost
        return found

    def _insights(
        self, path: str, metrics: list[str], params: Parameters, *, attempted: str, gone: set[str]
    ) -> dict[str, Node]:
        try:
            reply = self.get(path, {**params, "metric": ",".join(metrics)}, attempted=attempted)
        except DeadMetric:
            if len(metrics) == 1:
                gone.add(metrics[0])
                return {}
        else:
            return {item.text("name"): item for item in reply.each("data")}
        middle = len(metrics) // 2
        first = self._insights(path, metrics[:middle], params, attempted=attempted, gone=gone)
        return first | self._insights(path, metrics[middle:], params, attempted=attempted, gone=gone)

    def quality(self) -> Quality:
        """What a load should say of the API: what it no longer knows, and a version other than the one asked for."""
        said: dict[str, Json] = {}
        if self.unavailable:
            said["unavailable"] = ", ".join(sorted(self.unavailable))
        if self._served and self._served != self.version:
            said["version_served"] = self._served
        if self._pace.usage.percent:
            said["budget_used_pct"] = self._pace.usage.percent
        return said

    def doubts(self) -> tuple[Doubt, ...]:
        """What Meta no longer gives."""
        return (Doubt(code="metric_gone", what=", ".join(sorted(self.unavailable))),) if self.unavailable else ()

    def about(self, what: str) -> str:
        """A probe's detail, with the version that was really served."""
        served = f", answered as {self._served}" if self._served and self._served != self.version else ""
        return f"{what}, version {self.version}{served}"


class Graph(GraphCalls):
    """One account's Graph API at Facebook's or Instagram's host, with its token."""

    def __init__(self, *, settings: OfMeta, context: Context, permissions: str = PERMISSIONS) -> None:
        given = context.secret("token")
        self._app_secret = context.secret("app_secret") if settings.app_secret is not None else None
        version, pace = settings.api_version or DEFAULT_VERSION, Pace()
        by_instagram = is_instagram_login(given, context.base_url)
        base = context.base_url or (INSTAGRAM_LOGIN if by_instagram else VENDOR)
        self._has_debug_token = not by_instagram
        self._token = open_token(settings, context, version=version, permissions=permissions)
        http = Http(
            context=context,
            source=settings.id,
            base_url=f"{base}/{version}",
            classify=classifier(pace, permissions=permissions),
            authorize=lambda: {"Authorization": f"Bearer {self._token.current()}"},
            sign=self._proof,
            renew=self._token.renew,
            secrets=[secret for secret in (given, self._app_secret) if secret],
            min_interval_seconds=pause(MIN_INTERVAL_SECONDS, base),
        )
        super().__init__(http=http, pace=pace, version=version, sleep=context.sleep)

    def _proof(self) -> dict[str, str]:
        """Proof that the caller knows the app's secret, for the token as it is now."""
        if self._app_secret is None:
            return {}
        proof = app_secret_proof(self._token.current(), self._app_secret)
        self.http.redact.add(proof)
        return {"appsecret_proof": proof}

    def access(self) -> Access:
        """Until when the account can be read, by ``/debug_token`` where there is one.

        Access to data ends 90 days after somebody last signed in, also where the token itself lives on or is renewed.
        Raises ``AuthFailed`` where the token is no longer valid.
        """
        token = self._token.current()
        known = self._token.access(lives_at_most=None if self._has_debug_token else LIVES)
        known = replace(known, version=self.version, version_sunset_on=sunset_on(self.version))
        if not self._has_debug_token:
            return known
        try:
            return with_ends(known, token=token, get=self.get, http=self.http)
        except (AuthFailed, QuotaExhausted):
            raise
        # only the app's own people may ask, and not through any proxy
        except (BadReply, BadShape, NotFound, PermissionMissing):
            return known


def with_ends(known: Access, *, token: str, get: Callable[..., Node], http: Http) -> Access:
    """``known`` with the ends that ``/debug_token`` tells. Raises ``AuthFailed`` where the token is no longer valid."""
    attempted = "asking when the token expires"
    told = get("/debug_token", {"input_token": token}, attempted=attempted)["data"]
    if told["is_valid"].value is False:
        said = told["error"].text("message", "the token is not valid") if "error" in told else ""
        raise http.error(AuthFailed, attempted=attempted, detail=said)
    expires, access = (instant_of(told, name) for name in ("expires_at", "data_access_expires_at"))
    return replace(known, token_until=expires, sign_in_by=access)


def query_of(following: str) -> dict[str, str]:
    """The query of a ``paging.next`` address, without the credentials that it repeats."""
    given = parse_qsl(urlsplit(following).query, keep_blank_values=True)
    return {name: value for name, value in given if name not in _OWN_PARAMETERS}
