"""YouTube Analytics v2: a channel's reports by day, for its owner only.

Pacific days, known two days after they end and restated until they are nine days old; quiet days have rows of zeros,
days that are not known yet have none. Service accounts and other people get 403. Only the day dimension and the metrics
below. That corrections take so long, and in one direction only, is an assumption; live ones may also be negative.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import RateLimit
from connectors.sandbox.vendors.google.classic import ClassicError, common_fault, worded
from connectors.sandbox.vendors.google.errors import authorised
from connectors.sandbox.world import Brand
from connectors.sandbox.world.days import HORIZON_START, day_start, epoch_day, local_days
from connectors.sandbox.world.social import COMMENT, LIKE, SHARE, SocialLog

ZONE = "America/Los_Angeles"
SCOPE = "https://www.googleapis.com/auth/yt-analytics.readonly"
SCOPES = (SCOPE, "https://www.googleapis.com/auth/youtube.readonly", "https://www.googleapis.com/auth/youtube")
AUDIENCE = "https://youtubeanalytics.googleapis.com/"
KNOWN_AFTER = timedelta(days=2)
SLOWNESS = 3
"""An event is counted so many times later than a platform usually counts it: after nine days at most."""
METRICS = ("likes", "comments", "shares", "subscribersGained", "subscribersLost", "views")
_KINDS = {"likes": LIKE, "comments": COMMENT, "shares": SHARE}
Counts = npt.NDArray[np.int64]


def owner_of(brand: Brand) -> str:
    """The person who owns the brand's channel."""
    return f"kanal@{brand.slug}.example"


def brand_of(call: Call) -> Brand | None:
    """The brand whose channel ``ids`` names, or that the caller owns."""
    kind, _, channel = call.request.query_params.get("ids", "").partition("==")
    if kind == "channel" and channel == "MINE":
        return next((brand for brand in call.world.brands if owner_of(brand) == _holder(call)), None)
    return call.world.brand_of("youtube", channel) if kind == "channel" else None


def _holder(call: Call) -> str | None:
    token = call.sandbox.google.bearer(call.bearer or "", jwt_audience=AUDIENCE)
    return token.holder if token else None


def _day(call: Call, name: str) -> date:
    text = call.request.query_params.get(name)
    if text is None:
        raise ClassicError(400, "Required", reason="required")
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ClassicError(400, f"Invalid value '{text}'.", reason="invalidParameter")


def _metrics(call: Call) -> list[str]:
    names = [name for name in call.request.query_params.get("metrics", "").split(",") if name]
    if not names:
        raise ClassicError(400, "Required", reason="required")
    for name in names:
        if name not in METRICS or name in call.faults.removed():
            raise ClassicError(400, f"Unknown identifier ({name}) given in field parameters.metrics.")
    return names


def reports(call: Call) -> Response:
    """``GET /v2/reports``."""
    token = authorised(call, scopes=SCOPES, audience=AUDIENCE)
    if call.brand is None or token.holder != owner_of(call.brand):
        raise ClassicError(403, "Forbidden")
    metrics, start, end = _metrics(call), _day(call, "startDate"), _day(call, "endDate")
    if call.request.query_params.get("dimensions", "") != "day":
        raise ClassicError(400, "The query is not supported. Check the documentation for supported queries.")
    if start > end:
        raise ClassicError(400, "The start date must not be after the end date.", reason="invalidParameter")
    headers = [{"name": "day", "columnType": "DIMENSION", "dataType": "STRING"}]
    headers += [{"name": name, "columnType": "METRIC", "dataType": "INTEGER"} for name in metrics]
    reply: Json = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers}
    newest_end = int((call.world.now - KNOWN_AFTER).timestamp())
    first = max(start, HORIZON_START)
    days = [first + timedelta(days=n) for n in range(max((end - first).days + 1, 0))]
    days = [day for day in days if day_start(day + timedelta(days=1), ZONE) <= newest_end]
    days = [day for day in days if day not in call.faults.empty_days()]
    if days:
        log = call.world.social(call.brand.slug, "youtube")
        columns = [_by_day(name, log, days, int(call.world.now.timestamp())) for name in metrics]
        reply["rows"] = [
            [day.isoformat(), *(int(column[number]) for column in columns)] for number, day in enumerate(days)
        ]
    return json_reply(reply)


def _by_day(metric: str, log: SocialLog, days: list[date], now: int) -> Counts:
    """The metric on each of the days, of what has arrived."""
    if metric in {"subscribersGained", "subscribersLost"}:
        people = log.followers
        sign = 1 if metric == "subscribersGained" else -1
        at, values = people.at, np.where(people.delta == sign, 1, 0)
        arrives = people.arrives
    else:
        rows = log.interactions
        at, arrives = rows.at, rows.arrives
        values = rows.impressions if metric == "views" else np.where(rows.kind == _KINDS[metric], rows.delta, 0)
    known = at + SLOWNESS * (arrives - at) <= now
    numbers = local_days(at[known], ZONE)
    first = epoch_day(days[0])
    inside = (numbers >= first) & (numbers <= epoch_day(days[-1]))
    sums = np.bincount(
        numbers[inside] - first, weights=values[known][inside], minlength=epoch_day(days[-1]) - first + 1
    )
    chosen: Counts = sums[[epoch_day(day) - first for day in days]].astype(np.int64)
    return chosen


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in YouTube Analytics' shape."""
    if isinstance(fault, RateLimit):
        if fault.kind == "day":
            said = "Quota exceeded for quota metric 'Queries' and limit 'Queries per day'."
            return ClassicError(429, said, reason="rateLimitExceeded", service="RATE_LIMIT_EXCEEDED").response()
        said = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'."
        return ClassicError(429, said, reason="rateLimitExceeded", service="RATE_LIMIT_EXCEEDED").response()
    return common_fault(fault) or ClassicError(404, "Not Found").response()


VENDOR = Vendor(
    name="youtube_analytics",
    endpoints=(Endpoint(methods=("GET",), path="/v2/reports", handler=worded(reports)),),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
