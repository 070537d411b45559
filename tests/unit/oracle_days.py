"""What was observed of a client, read from its raw rows, ledger and config by the definitions and not by the SQL.

What belongs here: days that were read, expected or filled in, and when a month is closed. What does not: what a month's
figure is (``kpi_oracle``). "Silent" stands where the definitions are and this says what the models do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from statistics import fmean
from typing import Any, cast
from zoneinfo import ZoneInfo

from okr_models.periods import ONE_DAY, Window, local_date, month_end, month_start, month_window, snapshot_day

Row = Mapping[str, Any]
Days = dict[date, float]
SHOWS = {
    "web_daily": ("visitors", "sessions", "page_views"),
    "web_monthly": ("visitors",),
    "search_daily": ("impressions",),
    "interactions_daily": ("likes", "comments", "shares"),
    "follower_changes_daily": ("change",),
    "follower_snapshots": ("taken_at",),
    "social_posts": ("post_id",),
}
"""Columns of which a figure other than 0 shows that the account was there."""


class Observed:
    """One client's rows, and what they say was observed."""

    def __init__(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        self.rows = rows
        me = rows["config.clients"][0]
        self.as_of, self.now, self.zone = me["as_of"], me["now"], ZoneInfo(me["timezone"])
        self.sources: dict[str, Row] = {row["source"]: row for row in rows["config.sources"]}
        self.streams: dict[tuple[str, str], Row] = {
            (row["source"], row["stream"]): row for row in rows["config.streams"]
        }
        self.closing_days = {row["kpi"]: row["closing_days"] for row in rows["config.kpis"]}
        given = [row["period_start"] for row in rows.get("raw.own_metrics", [])]
        self.first_month = month_start(min([row["start_on"] for row in self.sources.values()] + given))
        self.months = Window(self.first_month, self.as_of).months()

    def raw(self, table: str, source: str) -> list[dict[str, Any]]:
        return [row for row in self.rows.get(f"raw.{table}", []) if row["source"] == source]

    def loads(self, source: str, stream: str) -> list[dict[str, Any]]:
        """Successful ones: a failed read changes nothing."""
        whose = (source, stream, "loaded")
        return [load for load in self.rows["ops.loads"] if (load["source"], load["stream"], load["status"]) == whose]

    def zone_of(self, source: str) -> ZoneInfo:
        return ZoneInfo(self.sources[source]["zone"])

    def today(self, source: str) -> date:
        return local_date(self.now, self.zone_of(source))

    def is_running(self, month: date) -> bool:
        return month == month_start(self.as_of)

    def begins(self, source: str) -> date | None:
        """``opened``, else the first day on which anything shows that the account was there."""
        if self.sources[source]["opened"]:
            return cast("date", self.sources[source]["opened"])
        shown: list[date] = [
            row.get("day") or row.get("asked_through") or local_date(row["published_at"], self.zone_of(source))
            for table, columns in SHOWS.items()
            for row in self.raw(table, source)
            if any(row[column] for column in columns)
        ]
        return min(shown, default=None)

    def unopened(self, source: str) -> Days:
        """Days before the account opened: true zeros."""
        opened = self.sources[source]["opened"]
        return (
            dict.fromkeys(Window(self.first_month, opened - ONE_DAY), 0.0)
            if opened and opened > self.first_month
            else {}
        )

    def days(self, source: str, stream: str, value: Callable[[Row], float]) -> Days:
        """Observed days: those read, of which one without a row is 0 where the source says zero by leaving out."""
        read = {day for load in self.loads(source, stream) for day in Window(load["window_start"], load["window_end"])}
        told = {row["day"]: value(row) for row in self.raw(stream, source) if row["day"] in read}
        if self.streams[source, stream]["zero_by_absence"]:
            begins = self.begins(source)
            told = {day: told.get(day, 0.0) for day in read if begins and begins <= day}
        return self.unopened(source) | told

    def newest(self, source: str, stream: str) -> date:
        """The newest day that was ever given, whatever the calendar says; of a reading the day that it stands for."""
        loads = self.loads(source, stream)
        if self.streams[source, stream]["delivery"] == "listing":
            return max((snapshot_day(load["started_at"], self.zone_of(source)) for load in loads), default=date.min)
        return max((load["window_end"] for load in loads), default=date.min)

    def is_given(self, source: str, stream: str, day: date) -> bool:
        """Not a day after the newest one; what was before the account opened is known."""
        return day <= self.newest(source, stream) or day < (self.sources[source]["opened"] or date.min)

    def is_so_far(self, source: str, stream: str, month: date) -> bool:
        """Not given to its end yet."""
        return not self.is_given(source, stream, month_end(month))

    def expected(self, source: str, stream: str, month: date) -> list[date]:
        """Days of the month; of the running one those that were given."""
        running = self.is_running(month)
        return [day for day in month_window(month) if not running or self.is_given(source, stream, day)]

    def is_closed(self, kpi: str, source: str, stream: str, month: date) -> bool:
        """Loaded at or after the closing day; silent: days read before they had settled were read again by then."""
        closes = month_end(month) + timedelta(days=self.closing_days[kpi])
        opened, facts, zone = self.sources[source]["opened"], self.streams[source, stream], self.zone_of(source)
        if opened and opened > month_end(month):
            return bool(self.as_of >= closes)
        if self.is_so_far(source, stream, month):
            return False
        newest: dict[date, date] = {}
        loaded = [(load, local_date(load["finished_at"], zone)) for load in self.loads(source, stream)]
        for load, on in loaded:
            for day in month_window(month).intersect(Window(load["window_start"], load["window_end"])) or ():
                newest[day] = max(on, newest.get(day, on))
        settle = timedelta(days=1 + facts["settle_days"])
        begins = self.begins(source) if facts["zero_by_absence"] else opened
        settled = all(
            on >= closes or (facts["grain"] == "day" and on >= day + settle)
            for day, on in newest.items()
            if begins is None or day >= begins
        )
        return any(on >= closes for _, on in loaded) and (settled or facts["delivery"] != "window")

    def filled(self, days: Days, source: str, expected: list[date]) -> Days:
        """Missing days by the mean of their weekday; silent: a day before the opening says nothing of them."""
        opened = self.sources[source]["opened"] or date.min
        shown = {day: days[day] for day in expected if day in days and day >= opened}
        by_weekday: defaultdict[int, list[float]] = defaultdict(list)
        for day, value in shown.items():
            by_weekday[day.weekday()].append(value)
        mean = fmean(shown.values()) if shown else 0.0
        return {day: days[day] if day in days else fmean(by_weekday[day.weekday()] or [mean]) for day in expected}
