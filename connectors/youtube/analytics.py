"""YouTube Analytics v2: a channel's figures by day, for its owner; no service account is let in (API.md, section 6).

What belongs here: the report by day, dead metrics, and which days it knows. What does not: rows (``source.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from connectors.core.errors import NotYet
from connectors.core.http import Http
from connectors.core.protocol import Context
from connectors.core.shape import BadShape, Node, as_day
from connectors.google.errors import UnknownMetric, classifier
from connectors.youtube.settings import YouTube
from okr_models.periods import ONE_DAY, Window

ANALYTICS = "https://youtubeanalytics.googleapis.com"
LAG_DAYS = 2
LATE_DAYS = 4
"""A day this old is known, be it with zeros; a younger one without a row is not known yet."""

Day = tuple[date, dict[str, Node]]


class Analytics:
    """Reports on one channel."""

    def __init__(self, *, http: Http, channel: str) -> None:
        self.http, self._channel = http, channel

    def by_day(self, window: Window, metrics: tuple[str, ...]) -> list[Day]:
        """The metrics on each day that has a row. A value may be negative, where YouTube corrects itself."""
        reply = self.http.get_json(
            "/v2/reports",
            params={
                "ids": f"channel=={self._channel}",
                "startDate": window.start.isoformat(),
                "endDate": window.end.isoformat(),
                "dimensions": "day",
                "metrics": ",".join(metrics),
                "sort": "day",
            },
            attempted=f"{', '.join(metrics)} by day, {window.start} to {window.end}",
        )
        names = [header.text("name") for header in reply.each("columnHeaders")]
        if not {"day", *metrics} <= set(names):
            raise BadShape(path="columnHeaders", wanted=f"day, {', '.join(metrics)}", found=names)
        found: list[Day] = []
        for row in reply.each("rows", or_empty=True):
            cells = list(row)
            if len(cells) != len(names):
                raise BadShape(path=row.path, wanted=f"{len(names)} cells", found=len(cells))
            by_name = dict(zip(names, cells, strict=True))
            found.append((as_day(by_name["day"]), {metric: by_name[metric] for metric in metrics}))
        return found

    def of_living(self, window: Window, metrics: tuple[str, ...]) -> tuple[list[Day], tuple[str, ...]]:
        """The metrics that are still known, and the names of the others. Raises where none is left."""
        dead: list[str] = []
        while True:
            asked = tuple(metric for metric in metrics if metric not in dead)
            try:
                return self.by_day(window, asked), tuple(dead)
            except UnknownMetric as error:
                named = [metric for metric in asked if f"({metric})" in error.detail]
                if len(named) != 1 or len(asked) == 1:
                    raise
                dead += named

    def known(self, window: Window, days: Iterable[date], *, today: date) -> Window:
        """The part of ``window`` that is known, where ``days`` had rows. Raises ``NotYet`` where that is nothing."""
        newest = max([today - LATE_DAYS * ONE_DAY, *days])
        if newest < window.start:
            # a second run of one day asks for the newest days alone
            raise self.http.error(
                NotYet,
                attempted=f"reading {window.start} to {window.end}",
                detail="YouTube Analytics does not know these days yet",
                status=200,
            )
        return Window(window.start, min(window.end, newest))


def open_analytics(settings: YouTube, context: Context) -> Analytics:
    """As the channel's owner. Raises ``Misconfigured`` where the credentials are none of a person."""
    from connectors.google.auth import Bearer, user_token

    token = user_token(context, source=settings.id, field="credentials")
    bearer = Bearer(context, source=settings.id, token=token)
    http = Http(
        context=context,
        source=settings.id,
        base_url=context.base_url or ANALYTICS,
        classify=classifier(
            now=context.now,
            api="YouTube Analytics API",
            auth_cure=token.cure,
            permission_cure=(
                f"sign in as the owner of {settings.channel_id}, with the scope yt-analytics.readonly, and give the"
                " new refresh token"
            ),
        ),
        authorize=bearer,
        renew=bearer.renew,
        secrets=[context.secret("credentials")],
    )
    return Analytics(http=http, channel=settings.channel_id)
