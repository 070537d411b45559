"""Clients whose raw rows and ledgers are drawn at random, as untidy as real ones, for ``kpi_oracle`` and the models.

Days that were not read, read twice, failed or skipped; sources that begin or open late; two of a kind; readings at odd
hours, doubled or missed for weeks; posts at month ends, deleted ones and ones that a reading leaves out; counters that
shrink; csv beside it all.
What belongs here: rows. What does not: what any of them comes to.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from okr_models.periods import ONE_DAY, Window, local_date, month_end, month_start
from tests.unit.sql_story import Story, at, days

# the days after, in and before a month's closing, a leap year's spring and a year's last day
AS_OF = (
    date(2026, 11, 20),
    date(2026, 11, 3),
    date(2026, 11, 1),
    date(2024, 4, 12),
    date(2026, 12, 31),
    date(2025, 3, 1),
)
ZONES = ("Europe/Stockholm", "UTC", "America/Los_Angeles", "Asia/Tokyo", "Australia/Lord_Howe")
STEPS = (1, 1, 2, 3, 7, 20, 30)
HOURS = (5, 5, 5, 5, 5, 5, 7, 11, 12, 16, 23, 0)


def random_client(seed: int) -> Story:
    """One client, the same for the same seed."""
    return _Drawn(seed).story


class _Drawn:
    """A story while it is being drawn."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        as_of = self.chance.choice(AS_OF)
        self.start = as_of - timedelta(days=self.chance.randrange(70, 170))
        if self.likely(0.5):
            self.start = month_start(self.start)
        self.story = Story(f"c{seed}", as_of=as_of, zone=self.chance.choice(ZONES), start_on=self.start)
        self.yesterday = as_of - ONE_DAY
        for number in range(self.chance.randrange(3)):
            self.web(f"web{number}")
        for number in range(self.chance.randrange(3)):
            self.search(f"search{number}")
        kinds = ["linkedin", "linkedin", "mastodon", "mastodon", "facebook"]
        for number, kind in enumerate(self.chance.sample(kinds, self.chance.randrange(4))):
            self.social(f"{kind}{number}", kind)
        self.csv()

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def opened(self) -> date | None:
        return self.start + timedelta(days=self.chance.randrange(100)) if self.likely(0.2) else None

    def begins(self, opened: date | None) -> date:
        """The first day with any figures: often later than the first day read."""
        late = self.start + timedelta(days=self.chance.choice((0, 0, self.chance.randrange(60))))
        return max(late, opened or late)

    def windows(self, source: str, stream: str, *, lag: int = 0) -> list[date]:
        """A ledger with holes, failures and overlaps; the days that were loaded, up to the source's own yesterday."""
        now, zone = at(self.story.as_of, zone=self.story.zone), ZoneInfo(self.story.zones[source])
        loaded, end = set[date](), local_date(now, zone) - timedelta(days=1 + lag)

        def read(start: date, end: date, status: str, on: datetime) -> None:
            self.story.loaded(source, stream, start, end, status=status, on=on)
            loaded.update(days(start, end) if status == "loaded" else ())

        day = self.start
        while day <= end:
            last = min(end, day + timedelta(days=self.chance.choice(STEPS) - 1))
            night = min(self.story.as_of, last + timedelta(days=self.chance.choice((1, 1, 3, 6, 12))))
            on = at(night, self.chance.choice(HOURS))
            outcome = self.chance.choices(("loaded", "failed", "skipped", None), (80, 10, 5, 5))[0]
            if outcome:
                read(day, last, outcome, on)
            if self.likely(0.1):
                again = self.chance.choice(("loaded", "failed"))
                read(max(self.start, day - timedelta(days=3)), last, again, on + timedelta(hours=1))
            day = last + ONE_DAY
        if self.likely(0.5):
            read(max(self.start, end - timedelta(days=self.chance.randrange(10))), end, "loaded", at(self.story.as_of))
        return sorted(loaded)

    def web(self, source: str) -> None:
        opened = self.opened()
        self.story.source(source, "ga4", zone=self.chance.choice(ZONES), opened=opened)
        begins = self.begins(opened)
        for day in self.windows(source, "web_daily"):
            visits = self.chance.randrange(60)
            if day >= begins and self.likely(0.93):
                row = {"day": day, "sessions": visits, "page_views": 2 * visits, "visitors": visits}
                self.story.raw(source, "web_daily", [row])
        for month in Window(self.start, self.yesterday).months():
            counted: dict[str, object] | None = None
            for nights in sorted(self.chance.sample(range(1, 50), self.chance.choice((0, 1, 2, 4, 8)))):
                asked_on = month + timedelta(days=nights)
                through, status = (
                    min(month_end(month), asked_on - ONE_DAY),
                    self.chance.choice(("loaded", "loaded", "failed")),
                )
                if asked_on <= self.story.as_of:
                    self.story.loaded(source, "web_monthly", month, through, on=at(asked_on), status=status)
                    if status == "loaded" and through >= begins:
                        counted = {"month": month, "asked_through": through, "visitors": self.chance.randrange(500)}
            self.story.raw(source, "web_monthly", [counted] if counted else [])

    def search(self, source: str) -> None:
        opened = self.opened()
        self.story.source(source, "search_console", zone="America/Los_Angeles", opened=opened)
        begins, has_silent_months = self.begins(opened), self.likely(0.1)
        for day in self.windows(source, "search_daily", lag=2):
            seen = self.chance.randrange(1, 80)
            if day >= begins and self.likely(0.9) and not (has_silent_months and day.month % 2):
                found = {"clicks": self.chance.randrange(seen), "impressions": seen, "position_sum": 0.5 * seen * seen}
                self.story.raw(source, "search_daily", [{"day": day, **found}])

    def social(self, source: str, kind: str) -> None:
        zone = {"linkedin": "UTC", "facebook": "America/Los_Angeles"}.get(kind, self.story.zone)
        opened = self.opened()
        self.story.source(source, kind, zone=zone, opened=opened)
        begins = opened or self.start
        if kind == "linkedin":
            for stream in ("follower_changes_daily", "interactions_daily"):
                for day in self.windows(source, stream, lag=1):
                    row = {"change": self.chance.randrange(-3, 8)}
                    if stream == "interactions_daily":
                        row = {"likes": self.chance.randrange(-1, 9), "comments": 1, "shares": self.chance.randrange(2)}
                    if day >= begins and self.likely(0.9):
                        self.story.raw(source, stream, [{"platform": kind, "day": day, **row}])
        if kind == "facebook":
            for day in self.windows(source, "follower_totals_daily"):
                if day >= begins and self.likely(0.95):
                    total = {"platform": kind, "day": day, "followers": 1000 + 2 * (day - self.start).days}
                    self.story.raw(source, "follower_totals_daily", [total])
        first = self.chance.choice((begins, self.start + timedelta(days=self.chance.randrange(100))))
        self.readings(source, kind, ZoneInfo(zone), opened, first=max(first, begins) + ONE_DAY)

    def readings(self, source: str, platform: str, zone: ZoneInfo, opened: date | None, *, first: date) -> None:
        posts, gone = {}, {}
        for number in range(self.chance.randrange(8)):
            day = self.start + timedelta(days=self.chance.randrange(-60, (self.story.as_of - self.start).days))
            if self.likely(0.3):
                day = month_start(day) - self.chance.choice((ONE_DAY, timedelta(0)))
            published = datetime.combine(day, time(self.chance.randrange(24), 30), zone).astimezone(UTC)
            if (opened is None or day > opened) and published < at(self.story.as_of):
                posts[f"p{number}"] = published
                if self.likely(0.15):
                    gone[f"p{number}"] = self.start + timedelta(days=self.chance.randrange(200))
        totals, followers = dict.fromkeys(posts, 0), self.chance.randrange(100, 900)
        missed = self.chance.choice((0.02, 0.1, 0.4))
        hole = first + timedelta(days=self.chance.randrange(200))
        hole_ends = hole + timedelta(days=self.chance.randrange(2, 60))
        for day in days(first, self.story.as_of) if first <= self.story.as_of else ():
            if self.likely(missed) or hole <= day < hole_ends:
                status = self.chance.choice(("failed", "skipped"))
                self.story.loaded(source, "post_counters", day - ONE_DAY, day - ONE_DAY, on=at(day), status=status)
                continue
            hours = (
                {5} if day == self.story.as_of else {self.chance.choice(HOURS), *((23,) if self.likely(0.05) else ())}
            )
            for hour in sorted(hours):
                taken, followers = at(day, hour, zone=zone.key), followers + self.chance.randrange(-3, 9)
                if taken > at(self.story.as_of, zone=self.story.zone):
                    continue
                rows = []
                for post, published in posts.items():
                    # some platforms leave out posts of which nothing has happened yet
                    is_told = self.likely(0.95 if totals[post] else 0.6)
                    if published < taken and day < gone.get(post, date.max) and is_told:
                        totals[post] += self.chance.randrange(-2 if totals[post] > 5 else 0, 9)
                        rows.append(
                            {"platform": platform, "post_id": post, "likes": totals[post], "comments": 1, "shares": 0}
                        )
                if self.likely(0.97):
                    self.story.reading(source, "post_counters", taken, rows)
                self.story.reading(
                    source, "follower_snapshots", taken, [{"platform": platform, "followers": followers}]
                )
                self.story.reading(source, "social_posts", taken)
        self.story.raw(source, "social_posts", [
            {"platform": platform, "post_id": post, "published_at": published}
            for post, published in posts.items()
            if gone.get(post, date.max) > self.story.as_of
        ])  # fmt: skip
        self.noted_gone(source, {post: (posts[post], on) for post, on in gone.items()})

    def noted_gone(self, source: str, gone: Mapping[str, tuple[datetime, date]]) -> None:
        """When posts were published that went; of some that went before there was a note of it nobody knows."""
        for number, (post, (published, on)) in enumerate(sorted(gone.items())):
            if on <= self.story.as_of and (number + 1) % 3:
                self.story.gone(source, post, published, gone_at=at(on))

    def csv(self) -> None:
        self.story.source("files", "csv")
        scopes = {"sessions": ["all", "source=web0"], "followers": ["all", "platform=mastodon"]}
        scopes |= {"interactions": ["all", "platform=linkedin", "platform=mastodon"], "unique_visitors": ["all"]}
        for kpi in self.chance.sample(sorted(scopes), self.chance.randrange(3)):
            months = [
                month for month in Window(self.start - timedelta(days=40), self.yesterday).months() if self.likely(0.6)
            ]
            given = {month: float(self.chance.randrange(1000)) for month in months}
            self.story.csv("files", kpi, given, scope=self.chance.choice(scopes[kpi]))
