"""Google's own Analytics client, over REST: paging, an explicit bounded retry, counting.

Imports google libraries, so it is imported only when a GA4 source is built. What does not belong here: which reports
are asked and what they mean (``source.py``), which errors are worth a retry (``errors.py``).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from urllib.parse import urlsplit

import requests
from google.analytics.data_v1beta import BetaAnalyticsDataClient, types
from google.analytics.data_v1beta.services.beta_analytics_data.transports.rest import BetaAnalyticsDataRestTransport
from google.api_core import exceptions as api_exceptions
from google.auth import exceptions as auth_exceptions
from google.protobuf.json_format import ParseError

from connectors.core.budget import Limit
from connectors.core.deadline import watched
from connectors.core.doubt import Doubt
from connectors.core.errors import BadReply, QuotaExhausted, SourceError
from connectors.core.http import SHARE_ONCE_SILENT, Http, claims_towards
from connectors.core.odd import Odd
from connectors.core.protocol import EVERYWHERE, Context, Quality
from connectors.core.redaction import Redactor, quiet_libraries
from connectors.core.retry import RetryPolicy
from connectors.core.shape import Json
from connectors.ga4.errors import Patience, asked_wait, seconds_to_reset, told
from connectors.ga4.key_events import ADMIN, KeyEvent, read_key_events
from connectors.ga4.quota import Budget
from connectors.ga4.report import Report, Result
from connectors.ga4.rows import Row, RowsAside
from connectors.google.auth import Bearer, key_token, watch_google
from connectors.google.errors import classifier
from okr_models.periods import Window

SCOPES = ("https://www.googleapis.com/auth/analytics.readonly",)
VENDOR = "https://analyticsdata.googleapis.com"
AN_ADMIN_USER, AN_ADMIN_PROJECT = Limit(600, 60.0), Limit(1_200, 60.0)
"""https://developers.google.com/analytics/devguides/config/admin/v1/quotas. Those of the Data API are by property."""
MOST_ROWS = 250_000
MOST_LISTINGS = 3
CALL_SECONDS = 120.0
"""For one attempt; Google's own client waits a minute."""
_QUOTAS = {
    "quota_day_left": "tokens_per_day",
    "quota_hour_left": "tokens_per_hour",
    "quota_project_hour_left": "tokens_per_project_per_hour",
    "quota_thresholded_left": "potentially_thresholded_requests_per_hour",
}
Failed = (
    api_exceptions.GoogleAPIError,
    auth_exceptions.GoogleAuthError,
    requests.RequestException,
    ParseError,
    ValueError,
    AttributeError,  # api_core reads {"error": "text"} as if the text were an object,
    TypeError,  # and google-auth a token endpoint's web page
)


class Ga4Client:
    """Runs reports on one property. Counts requests and retries, and fails only with ``SourceError``."""

    def __init__(
        self,
        *,
        context: Context,
        source: str,
        property_id: str,
        page_rows: int = MOST_ROWS,
        policy: RetryPolicy | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self.requests = self.retries = 0
        self.replies: list[tuple[str, bytes]] | None = None
        self._context, self._source, self._property_id = context, source, property_id
        self._page_rows, self._policy, self._budget = page_rows, policy or RetryPolicy(), Budget()
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads waits, no secret
        self._redact = Redactor([context.secret("credentials")])
        self._token = key_token(context, source=source, field="credentials", scopes=SCOPES)
        transport = BetaAnalyticsDataRestTransport(host=with_port(context.base_url or VENDOR), credentials=self._token)
        watch_google(transport._session)
        self._aside = RowsAside()
        transport._session.hooks["response"].append(self._aside)
        self._client = BetaAnalyticsDataClient(transport=transport)
        self._is_silent = EVERYWHERE in context.silent
        quiet_libraries()

    def close(self) -> None:
        """Give the connections back."""
        self._client.transport.close()  # type: ignore[no-untyped-call]

    def begin(self, *, keep_replies: bool) -> None:
        """Start counting anew."""
        self.requests = self.retries = 0
        self.replies = [] if keep_replies else None

    def error(
        self,
        kind: type[SourceError],
        *,
        attempted: str,
        detail: str = "",
        cure: str | None = None,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> SourceError:
        """A ``SourceError`` of this client and source, redacted."""
        return kind(
            client=self._context.client,
            source=self._source,
            attempted=self._redact(attempted),
            detail=self._redact(detail)[:400],
            cure=cure,
            status=status,
            retry_after_seconds=retry_after_seconds,
            attempts=self.retries + 1,
        )

    def run(self, report: Report) -> Result:
        """All pages of a report. Where the report changed while it was paged, it is read again from the start."""
        for _ in range(MOST_LISTINGS):
            result = self._pages(report)
            if result is not None:
                return result
        raise self.error(
            BadReply, attempted=self._attempted(report), detail="the report kept changing while it was read"
        )

    def key_events(self, odd: Odd) -> tuple[tuple[KeyEvent, ...], str | None]:
        """The property's key events, through the Admin API, which answers at another host of Google's."""
        classify = classifier(
            now=self._context.now,
            api="Google Analytics Admin API",
            auth_cure=self._token.cure,
            permission_cure=f"add {self._token.email} to property {self._property_id} as Viewer",
        )
        base_url = self._context.base_url or ADMIN
        bearer = Bearer(self._context, source=self._source, token=self._token)
        http = Http(
            context=self._context,
            source=self._source,
            base_url=base_url,
            classify=classify,
            authorize=bearer,
            renew=bearer.renew,
            secrets=[self._context.secret("credentials")],
            claims=claims_towards(base_url, self._token.counted_by(user=AN_ADMIN_USER, project=AN_ADMIN_PROJECT)),
        )
        try:
            return read_key_events(http, self._property_id, odd)
        finally:
            self.requests, self.retries = self.requests + http.requests, self.retries + http.retries
            http.close()

    def _pages(self, report: Report) -> Result | None:
        """Every page, or None where the pages don't make one report.

        Rows are counted by their dimensions, of which a report has each once: a row that comes on two pages has pushed
        another one out, so the next page is asked from as many as are really there.
        """
        found: dict[tuple[str, ...], tuple[str, ...]] = {}
        count: int | None = None
        while True:
            reply = self._ask(report, offset=len(found))
            count = reply.row_count if count is None else count
            before = len(found)
            for names, values in self._rows(reply):
                self._check_width(report, names, values)
                if found.setdefault(names, values) != values:
                    return None
            if reply.row_count != count or len(found) > count:
                return None
            if len(found) == count:
                zone = reply.metadata.time_zone
                doubts = doubts_of(reply, report.window, dimensions=report.dimensions)
                return Result(rows=list(found.items()), zone=zone, quality=quality_of(reply), doubts=doubts)
            if len(found) == before:
                return None

    def _rows(self, reply: types.RunReportResponse) -> Iterable[Row]:
        """Of the reply just given: those taken out before, else those in it."""
        if self._aside.rows is not None:
            return self._aside.rows
        # the message itself: the client's wrapper makes an object of each value, which takes ten times as long
        return (
            (tuple(value.value for value in row.dimension_values), tuple(value.value for value in row.metric_values))
            for row in types.RunReportResponse.pb(reply).rows
        )

    def _ask(self, report: Report, *, offset: int) -> types.RunReportResponse:
        request = types.RunReportRequest(
            property=f"properties/{self._property_id}",
            date_ranges=[
                types.DateRange(start_date=report.window.start.isoformat(), end_date=report.window.end.isoformat())
            ],
            dimensions=[types.Dimension(name=name) for name in report.dimensions],
            metrics=[types.Metric(name=name) for name in report.metrics],
            order_bys=[
                types.OrderBy(dimension=types.OrderBy.DimensionOrderBy(dimension_name=name))
                for name in report.dimensions
            ],
            dimension_filter=only_events(report.events) if report.events else None,
            limit=self._page_rows,
            offset=offset,
            return_property_quota=True,
        )
        patience = Patience(self._budget, attempts=self._policy.attempts)
        while True:
            spent = self._budget.spent()
            if spent:
                back = seconds_to_reset(spent, now=self._context.now)
                raise self.error(
                    QuotaExhausted, attempted=self._attempted(report), detail=spent, retry_after_seconds=back
                )
            self.requests += 1
            outcome = self._once(request)
            if isinstance(outcome, types.RunReportResponse):
                self._require_report(outcome, report)
                self._budget.note(outcome.property_quota)
                return outcome
            wait = asked_wait(outcome, now=self._context.now)
            again = patience(outcome) and not (self._is_silent and isinstance(outcome, requests.Timeout))
            self._is_silent = self._is_silent or patience.is_unanswered
            failure = self._failure(outcome, report)
            if wait is None:
                wait = self._policy.backoff(patience.failures, jitter=self._jitter)
            if not again or wait > self._policy.longest_wait_seconds:
                raise failure
            self.retries += 1
            self._context.sleep(wait)

    def _once(self, request: types.RunReportRequest) -> types.RunReportResponse | Exception:
        """One attempt, over at its deadline whatever the other side does: the report, or what went wrong."""
        seconds = CALL_SECONDS * (SHARE_ONCE_SILENT if self._is_silent else 1.0)
        with watched(seconds) as watch:
            try:
                # without Google's own retry, which would really sleep; waits are the context's
                reply = self._client.run_report(request, retry=None, timeout=seconds)
            except Failed as error:
                return requests.Timeout() if watch.expired else error
        # what was cut off may look like an end
        return requests.Timeout() if watch.expired else reply

    def _attempted(self, report: Report) -> str:
        by = " by " + ", ".join(report.dimensions) if report.dimensions else ""
        window = report.window
        about = f"report of {', '.join(report.metrics)}{by}"
        return f"{about} for property {self._property_id}, {window.start} to {window.end}"

    def _require_report(self, reply: types.RunReportResponse, report: Report) -> None:
        """Refuse JSON that is no report, such as a proxy's ``{}``: Google's client makes an empty one of it."""
        if not reply.kind and not reply.metric_headers and "metadata" not in reply:
            raise self.error(BadReply, attempted=self._attempted(report), detail="the reply is not a report")

    def _check_width(self, report: Report, names: tuple[str, ...], values: tuple[str, ...]) -> None:
        if (len(names), len(values)) != (len(report.dimensions), len(report.metrics)):
            raise self.error(BadReply, attempted=self._attempted(report), detail="a row lacks values")

    def _failure(self, error: Exception, report: Report) -> SourceError:
        kind, detail, cure = told(error, email=self._token.email, property_id=self._property_id)
        status = error.code if isinstance(error, api_exceptions.GoogleAPICallError) else None
        wait = None
        if kind is QuotaExhausted:
            wait = seconds_to_reset(detail, now=self._context.now)
        return self.error(
            kind,
            attempted=self._attempted(report),
            detail=detail,
            cure=cure,
            status=int(status) if status else None,
            retry_after_seconds=wait,
        )


def only_events(names: tuple[str, ...]) -> types.FilterExpression:
    """A filter that lets only these events through."""
    listed = types.Filter.InListFilter(values=list(names), case_sensitive=True)
    return types.FilterExpression(filter=types.Filter(field_name="eventName", in_list_filter=listed))


def quality_of(reply: types.RunReportResponse) -> Quality:
    """What Google says of the property, and how much of the quota is left."""
    meta, quota = reply.metadata, reply.property_quota
    quality: dict[str, Json] = {"empty_reason": meta.empty_reason or None, "property_zone": meta.time_zone}
    # one that a reply does not give is not known; protobuf would read it as 0
    return quality | {name: getattr(quota, field).remaining for name, field in _QUOTAS.items() if field in quota}


def doubts_of(reply: types.RunReportResponse, days: Window, *, dimensions: tuple[str, ...]) -> tuple[Doubt, ...]:
    """What Google says against a report's figures."""
    meta, found = reply.metadata, list[Doubt]()
    samples = [
        (int(sample.samples_read_count), int(sample.sampling_space_size))
        for sample in meta.sampling_metadatas
        if sample.sampling_space_size
    ]
    if samples:
        read, space = min(samples, key=lambda sample: sample[0] / sample[1])
        found.append(Doubt(code="sampled", quantity=read, of=space, days=days))
    if meta.subject_to_thresholding:
        found.append(Doubt(code="thresholded", days=days))
    if meta.data_loss_from_other_row:
        found.append(Doubt(code="other_row" if "pagePath" in dimensions else "rows_folded", days=days))
    for reason in meta.data_truncation_reasons:
        kind, until = reason.data_truncation_type.name, reason.data_truncation_date
        found.append(Doubt(code="history_cut", what=f"{kind} {until}".strip(), days=days))
    return tuple(found)


def with_port(base_url: str) -> str:
    """The address with its port written out: the client adds ``:443`` after a prefix where it finds no port."""
    parts = urlsplit(base_url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"
