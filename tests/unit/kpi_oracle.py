"""Monthly KPIs worked out a second time, in plain Python, from their definitions (MEASURES.md) and not from the SQL.

What belongs here: what a month's figure is, as plainly as can be told, a client at a time, over ``sql_story``'s rows.
What does not: any SQL, any speed, any word of a note; what was observed (``oracle_days``). "Silent" stands where the
definitions are and this says what the models do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any

from okr_models.periods import ONE_DAY, Window, add_months, local_date, month_end, month_start
from tests.unit.oracle_days import Days, Observed

Reading = tuple[date, datetime, float]
"""The day that it stands for, when it was taken, and what it read."""
DAILY = {
    "sessions": ("web_daily", "sessions"),
    "page_views": ("web_daily", "page_views"),
    "search_clicks": ("search_daily", "clicks"),
    "search_impressions": ("search_daily", "impressions"),
}
FOLLOWERS_LAST = timedelta(days=35)
COUNTERS = ("likes", "comments", "shares")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One month. ``parts``: numerator and denominator of a ratio; (0, 0) is known, though it has no value."""

    value: float | None = None
    is_estimated: bool = False
    share: float = 0.0
    is_closed: bool = False
    is_history: bool = False
    parts: tuple[float, float] | None = None

    @property
    def is_known(self) -> bool:
        return self.value is not None or self.parts == (0, 0)


class Client(Observed):
    """One client, and the months of its sources."""

    def additive(self, days: Days, source: str, stream: str, month: date) -> Figure:
        """As it is from 90 % of the days on, scaled up by weekdays' means from 60 % on; so far until it has ended."""
        expected = self.expected(source, stream, month)
        seen = [days[day] for day in expected if day in days]
        share = len(seen) / len(expected) if expected else 0.0
        if not self.loads(source, stream):
            return Figure(share=share)
        if self.is_so_far(source, stream, month):
            so_far = [value for day, value in days.items() if month_start(day) == month]
            return Figure(value=sum(so_far) if so_far else None, share=share)
        if share >= 0.9:
            return Figure(value=sum(seen), share=share)
        if self.began(source, stream, month):
            return Figure(value=sum(seen), share=share, is_estimated=True) if seen else Figure(share=share)
        opened = self.sources[source]["opened"] or date.min
        if share < 0.6 or not any(day in days and day >= opened for day in expected):
            return Figure(share=share)  # of days before the opening none after it is made up
        return Figure(value=sum(self.filled(days, source, expected).values()), share=share, is_estimated=True)

    def began(self, source: str, stream: str, month: date) -> bool:
        """Whether the account was first seen inside this month, and the file does not say since when it is there."""
        facts, begins = self.streams[source, stream], self.begins(source)
        by_absence = facts["delivery"] == "window" and facts["zero_by_absence"]
        asked_from = facts["history_from"] or date.min
        first_seen = begins is not None and max(month, asked_from) < begins <= month_end(month)
        return bool(by_absence and first_seen and not self.sources[source]["opened"])

    def unscaled(self, figure: Figure, *, is_so_far: bool, share: float, began: bool = False) -> Figure:
        """Never scaled: below 90 % estimated, below 60 % no value, but for the month in which it was first seen."""
        if is_so_far:
            return replace(figure, share=share)
        if share < 0.6 and not began:
            return Figure(share=share)
        return replace(figure, share=share, is_estimated=share < 0.9)

    def weighted_share(self, source: str, stream: str, column: str, month: date) -> float:
        """Share of the month's page views (search: impressions) that fall on observed days."""
        days, expected = self.days(source, stream, itemgetter(column)), self.expected(source, stream, month)
        weights = self.filled(days, source, expected)
        if not sum(weights.values()):
            return sum(day in days for day in expected) / len(expected) if expected else 0.0
        return sum(weight for day, weight in weights.items() if day in days) / sum(weights.values())

    def visitors(self, source: str, month: date) -> Figure:
        """The source's own count for exactly that month; never a sum."""
        opened, end = self.sources[source]["opened"], month_end(month)
        if opened and opened > end:
            return Figure(value=0, share=1)
        row = next((row for row in self.raw("web_monthly", source) if row["month"] == month), None)
        asked = [load["window_end"] for load in self.loads(source, "web_monthly") if load["window_start"] == month]
        begins = self.begins(source)
        was_there = bool(asked) and begins is not None and begins <= max(asked)
        if not was_there and not (row and row["visitors"]):
            return Figure()
        share = self.weighted_share(source, "web_daily", "page_views", month)
        is_so_far = self.is_so_far(source, "web_monthly", month)
        if not self.is_running(month):  # asked for before its end it says nothing of the days after
            share = min(share, (row["asked_through"] if row else max(asked)).day / end.day)
        figure, began = Figure(value=row["visitors"] if row else 0), self.began(source, "web_monthly", month)
        return self.unscaled(figure, is_so_far=is_so_far, share=share, began=began)

    def position(self, source: str, month: date) -> Figure:
        """Σ(position · impressions) / Σ impressions."""
        sums = [
            sum(value for day, value in self.days(source, "search_daily", itemgetter(column)).items()
                if month_start(day) == month)
            for column in ("position_sum", "impressions")
        ]  # fmt: skip
        share = self.weighted_share(source, "search_daily", "impressions", month)
        is_so_far = self.is_so_far(source, "search_daily", month)
        if is_so_far and not share:
            return Figure()
        value = sums[0] / sums[1] if sums[1] else None
        figure, began = Figure(value=value, parts=(sums[0], sums[1])), self.began(source, "search_daily", month)
        return self.unscaled(figure, is_so_far=is_so_far, share=share, began=began)

    def nearest(self, readings: Iterable[Reading], source: str) -> list[Reading]:
        """One a day, the one nearest the end of it in the source's zone; silent: of two as near the later."""
        best: dict[date, tuple[float, float, Reading]] = {}
        for reading in readings:
            day, taken, _ = reading
            ends = datetime.combine(day + ONE_DAY, time(), self.zone_of(source))
            found = (abs(taken.timestamp() - ends.timestamp()), -taken.timestamp(), reading)
            best[day] = min(best.get(day, found), found)
        return [best[day][2] for day in sorted(best)]

    def follower_days(self, source: str) -> dict[date, tuple[float, bool]]:
        """Followers at the end of a day, and whether guessed: read, kept by the platform, or a total less its gains."""
        snapshots = self.nearest(
            ((row["day"], row["taken_at"], row["followers"]) for row in self.raw("follower_snapshots", source)), source
        )
        found = {row["day"]: (row["followers"], False) for row in self.raw("follower_totals_daily", source)}
        found |= {day: (followers, False) for day, _, followers in snapshots}
        stream = (source, "follower_changes_daily")
        changes = self.days(*stream, itemgetter("change")) if stream in self.streams else {}
        newest = self.newest(*stream) if changes else date.min
        for read_on, _, followers in snapshots:
            day, total, guessed, known = read_on, followers, False, False
            # silent: a gain that is not yet given is none, where others are known, for as long as a reading counts
            while day in changes or newest < day <= newest + FOLLOWERS_LAST:
                guessed, known = guessed or day not in changes, known or day in changes
                day, total = day - ONE_DAY, total - changes.get(day, 0)
                if day in found or total < 0 or day < self.first_month:
                    break
                if known or day in changes:
                    found[day] = (total, guessed)
        return found

    def followers(self, source: str, month: date) -> Figure:
        """The last observation at or before the month's end, at most 35 days old."""
        opened = self.sources[source]["opened"]
        looked_at = min(month_end(month), self.today(source))
        if opened and opened > looked_at:
            return Figure(value=0, share=1)
        days = {day: found for day, found in self.follower_days(source).items() if day <= looked_at}
        if not days or looked_at - max(days) > FOLLOWERS_LAST:
            return Figure()
        value, guessed = days[max(days)]
        return Figure(value=value, is_estimated=guessed, share=1)

    def new_followers(self, source: str, month: date) -> Figure:
        """The difference of two stocks; the calendar's first month has one only if the account opened in it."""
        now, then = self.followers(source, month), self.followers(source, add_months(month, -1))
        opened = self.sources[source]["opened"]
        in_calendar = month > self.first_month or (opened and opened >= month)
        if now.value is None or then.value is None or not in_calendar:
            return Figure()
        return replace(now, value=now.value - then.value, is_estimated=now.is_estimated or then.is_estimated)

    def received(self, source: str) -> tuple[Days, set[date]]:
        """Interactions by day from differences of running totals, and months that share a gap with another."""
        zone, posts = self.zone_of(source), {row["post_id"]: row for row in self.rows.get("ops.gone_social_posts", [])}
        posts = {post_id: row for post_id, row in posts.items() if row["source"] == source}
        posts |= {row["post_id"]: row for row in self.raw("social_posts", source)}
        taken = [(load["window_end"], load["started_at"], 0.0) for load in self.loads(source, "post_counters")]
        by_post: defaultdict[str, list[Reading]] = defaultdict(list)
        for row in self.raw("post_counters", source):
            by_post[row["post_id"]].append((row["day"], row["taken_at"], sum(row[name] for name in COUNTERS)))
        if not taken:
            return {}, set()
        first_listed = min((load["started_at"] for load in self.loads(source, "social_posts")), default=None)
        found = dict.fromkeys(Window(min(taken)[0], max(taken)[0]), 0.0)
        del found[min(taken)[0]]
        split: set[date] = set()
        for post_id, read in by_post.items():
            readings, born = self.nearest(read, source), None
            if post_id not in posts:  # never listed: published after the account's reading before its first
                earlier = [reading for reading in self.nearest(taken, source) if reading[0] < readings[0][0]]
                readings = [*earlier[-1:], *readings]
            elif first_listed and posts[post_id]["published_at"] > first_listed:
                born = posts[post_id]["published_at"]
                readings = [(local_date(born, zone) - ONE_DAY, born, 0.0), *readings]
            for (before, since, was), (day, at, now) in pairwise(readings):
                begins = born if born == since else datetime.combine(before + ONE_DAY, time(), zone)
                spread = Window(min(before + ONE_DAY, day), day)
                if at - since <= timedelta(hours=36) or spread.days == 1:
                    spread = Window(max(before + ONE_DAY, day), max(before + ONE_DAY, day))
                elif len(spread.months()) > 1:
                    split |= set(spread.months())
                edges = [begins.timestamp()] + [datetime.combine(d + ONE_DAY, time(), zone).timestamp() for d in spread]
                for number, d in enumerate(spread):
                    part = (edges[number + 1] - edges[number]) / (edges[-1] - edges[0]) if spread.days > 1 else 1
                    if d in found:
                        found[d] += (now - was) * part
        return found, split

    def interactions(self, source: str, month: date) -> Figure:
        """The platform's own days where it has them, else differences of counters."""
        if (source, "interactions_daily") in self.streams:
            days = self.days(source, "interactions_daily", lambda row: sum(row[name] for name in COUNTERS))
            return self.additive(days, source, "interactions_daily", month)
        days, split = self.received(source)
        figure = self.additive(self.unopened(source) | days, source, "post_counters", month)
        return replace(figure, is_estimated=figure.is_estimated or (figure.is_known and month in split))

    def by_source(self, kpi: str, month: date) -> dict[str, Figure]:
        """The figure of each source that has the KPI."""
        stream, column = DAILY.get(kpi, ("", ""))
        make: Callable[[str], Figure] = {
            "unique_visitors": lambda source: self.visitors(source, month),
            "search_position": lambda source: self.position(source, month),
            "followers": lambda source: self.followers(source, month),
            "new_followers": lambda source: self.new_followers(source, month),
            "interactions": lambda source: self.interactions(source, month),
        }.get(kpi, lambda source: self.additive(
            self.days(source, stream, itemgetter(column)), source, stream, month
        ))  # fmt: skip
        rests_on = {
            "unique_visitors": ("web_monthly",),
            "search_position": ("search_daily",),
            "followers": ("follower_snapshots", "follower_totals_daily"),
            "new_followers": ("follower_snapshots", "follower_totals_daily"),
            "interactions": ("interactions_daily", "post_counters"),
        }.get(kpi, (stream,))
        found = {}
        for source in self.sources:
            having = [name for name in rests_on if (source, name) in self.streams]
            if having:
                own = next((name for name in having if self.loads(source, name)), having[0])  # silent
                found[source] = replace(make(source), is_closed=self.is_closed(kpi, source, own, month))
        return found

    def history(self, kpi: str, scope: str, month: date) -> Figure | None:
        """What csv gives for the month; new followers are the difference of two months' followers."""
        key = (kpi, scope, month)
        rows = self.rows.get("raw.own_metrics", [])
        value = next((r["value"] for r in rows if (r["kpi"], r["scope"], r["period_start"]) == key), None)
        if value is None and kpi == "new_followers":
            now, then = (self.history("followers", scope, at) for at in (month, add_months(month, -1)))
            value = now.value - then.value if now and then else None  # type: ignore[operator]
        closes = month_end(month) + timedelta(days=self.closing_days[kpi])
        closed = not self.is_running(month) and self.as_of >= closes
        return None if value is None else Figure(value=value, share=1, is_closed=closed, is_history=True)

    def picked(self, own: Figure, kpi: str, scope: str, month: date) -> Figure:
        """History for each month whose own source covers less than 90 %; the two are never mixed inside a month."""
        return own if own.is_known and own.share >= 0.9 else self.history(kpi, scope, month) or own


def together(figures: list[Figure]) -> Figure:
    """What adds up over sources; no value where one that was open has none. Ratios: Σ/Σ."""
    if len(figures) == 1:
        return figures[0]
    whole = Figure(share=min(figure.share for figure in figures), is_closed=all(figure.is_closed for figure in figures))
    if not all(figure.is_known for figure in figures):
        return whole
    whole = replace(
        whole,
        is_estimated=any(figure.is_estimated for figure in figures),
        is_history=any(figure.is_history for figure in figures),
    )
    parts = [figure.parts for figure in figures if figure.parts]
    if len(parts) < len(figures):
        return replace(whole, value=sum(figure.value or 0 for figure in figures))
    over, under = sum(part[0] for part in parts), sum(part[1] for part in parts)
    return replace(whole, value=over / under if under else None, parts=(over, under))


KPIS = (*DAILY, "unique_visitors", "search_position", "followers", "new_followers", "interactions")


def kpi_monthly(rows: Mapping[str, list[dict[str, Any]]]) -> dict[tuple[str, str, date], Figure]:
    """Figures by KPI, scope and month, of the KPIs that a source of the client has."""
    client = Client(rows)
    found: dict[tuple[str, str, date], Figure] = {}
    for kpi, month in ((kpi, month) for kpi in KPIS for month in client.months):
        units: defaultdict[str, list[Figure]] = defaultdict(list)
        for source, own in client.by_source(kpi, month).items():
            scope, platform = f"source={source}", client.sources[source]["platform"]
            found[kpi, scope, month] = client.picked(own, kpi, scope, month)
            units[f"platform={platform}" if platform else scope].append(found[kpi, scope, month])
        for scope, figures in units.items():
            found[kpi, scope, month] = client.picked(together(figures), kpi, scope, month)
        if units and (kpi != "unique_visitors" or len(units) == 1):
            whole = together([found[kpi, scope, month] for scope in units])
            found[kpi, "all", month] = client.picked(whole, kpi, "all", month)
    return found
