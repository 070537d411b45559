"""What the published figures must be in the end, counted from the world's events and the clients' books. No test here.

Plain sets and sums, nothing of the pipeline: views by day and month, distinct visitors, followers at the last reading
before a month's end. Posts and what they received are ``truth_posts.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from okr_models.periods import add_months, month_end, month_start
from tests.sandbox_truth import WebTruth, followers
from tests.torture import truth_posts
from tests.torture.promises import Broken, Key, Published

if TYPE_CHECKING:
    from tests.torture.years import Story

OPENED = {"mastodon": date(2025, 3, 10), "bluesky": date(2026, 3, 2)}
WEB_FIRST = date(2025, 6, 1)
OLDEST = timedelta(days=35)


_counted: dict[tuple[int, str], set[date]] = {}
"""Days with a visit, by seed and brand: counted once a story."""


def _visited(story: Story, brand: str) -> set[date]:
    known = (story.seed, brand)
    if known not in _counted:
        seen = story.server.world.events_visits(brand, arrived_by=datetime(2027, 12, 31, tzinfo=UTC))
        _counted[known] = {day.date() for day in seen["day"].unique()}
    return _counted[known]


def is_zero(story: Story, key: Key) -> bool:
    """Whether the world had none of a figure on a day, or in a month where the key's date is one."""
    client, kpi, _, on = key
    brand = next((file.brand for file in story.clients if file.slug == client), "nova")
    if kpi in ("sessions", "page_views", "unique_visitors") and brand != "nova":
        # a month's date is its first day; months without any visit there are none
        return on not in _visited(story, brand)
    if kpi == "followers":
        return on < max(OPENED.values())
    return False


class Truth:
    """The end of a story against what is published."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.published = Published.of(story.home, story.day)
        self.compared = 0

    def differences(self) -> list[Broken]:
        """Closed months and days that are not what they were in the world."""
        found = []
        for file in self.story.clients:
            if not file.is_here:
                continue
            for source in file.sources:
                kind, scope = source["type"], f"source={source['id']}"
                if kind in ("plausible", "matomo"):
                    found += self._web(file.slug, file.brand, scope, kind)
                elif kind in OPENED:
                    found += self._followers(file.slug, file.brand, str(source["id"]), kind)
                    found += self._posts(file.slug, file.brand, str(source["id"]), kind)
                elif kind == "feed":
                    found += self._posted(
                        truth_posts.blog_posts(
                            self.story, file.slug, str(source["id"]), brand=file.brand, web_first=WEB_FIRST
                        )
                    )
            found += self._own(file.slug, file.brand)
        if self.compared < 30:
            found.append(Broken("the truth is compared", f"only {self.compared} figures"))
        return found

    def _differs(self, key: Key, wanted: float | None) -> list[Broken]:
        row = self.published.months.get(key)
        self.compared += 1
        said = None if row is None else row["value"]
        if said == wanted or (said is not None and wanted is not None and abs(said - wanted) < 1e-6):
            return []
        why = "" if row is None else f" ({row['note']}; closed {row['is_closed']})"
        return [Broken("figures equal the truth", f"{key}: {said}, in truth {wanted}{why}")]

    def _months(self, first: date) -> list[date]:
        """Months that are closed by now."""
        months, month = [], month_start(first)
        while month_end(month) + timedelta(days=16) <= self.story.day:
            months.append(month)
            month = add_months(month, 1)
        return months

    def _web(self, client: str, brand: str, scope: str, kind: str) -> list[Broken]:
        truth = WebTruth(self.story.server.world, brand)
        by_day: dict[date, tuple[int, int, int]] = truth.by_day()
        found = []
        for month in self._months(WEB_FIRST):
            inside = [counted for day, counted in by_day.items() if month <= day <= month_end(month)]
            found += self._differs((client, "sessions", scope, month), sum(each[0] for each in inside))
            found += self._differs((client, "page_views", scope, month), sum(each[1] for each in inside))
            if kind == "matomo":
                people = truth.all_visitors(month, month_end(month))
                found += self._differs((client, "unique_visitors", scope, month), people)
        return found

    def _followers(self, client: str, brand: str, source: str, kind: str) -> list[Broken]:
        """The last reading at a month's end, at most 35 days old; before it opened there were none."""
        world, readings = self.story.server.world, self._readings(client, source, "follower_snapshots")
        found: list[Broken] = []
        for month in self._months(add_months(self.story.day.replace(day=1), -14)):
            end = month_end(month)
            known = [day for day in readings if day <= end and end - day <= OLDEST]
            if end < OPENED[kind]:
                found += self._differs((client, "followers", f"source={source}", month), 0)
            elif known:
                wanted = followers(world, brand, kind, at=readings[max(known)])
                found += self._differs((client, "followers", f"source={source}", month), wanted)
            else:
                found += self._differs((client, "followers", f"source={source}", month), None)
        return found

    def _readings(self, client: str, source: str, of: str) -> dict[date, datetime]:
        """When each day's counters were read."""
        return {
            end: started
            for whose, known, stream, end, started, status, _ in self.published.loads
            if (whose, known, stream, status) == (client, source, of, "loaded")
        }

    def _posts(self, client: str, brand: str, source: str, kind: str) -> list[Broken]:
        """Posts as they stood at the newest reading, and the months that are closed."""
        readings, found = self._readings(client, source, "post_counters"), list[Broken]()
        if readings:
            at = readings[max(readings)]
            found += self._posted(
                truth_posts.social_posts(self.story, client, source, brand=brand, platform=kind, at=at)
            )
        closed = self._months(add_months(self.story.day.replace(day=1), -14))
        bounded = truth_posts.months_of_posts(self.story, brand=brand, platform=kind, months=closed, readings=readings)
        for kpi, month, wanted in bounded:
            found += self._differs((client, kpi, f"source={source}", month), wanted)
        return found

    def _blog_posts(self, client: str, brand: str, source: str) -> list[Broken]:
        return self._posted(truth_posts.blog_posts(self.story, client, source, brand=brand, web_first=WEB_FIRST))

    def _posted(self, compared: Iterable[truth_posts.Compared]) -> list[Broken]:
        all_of_them = list(compared)
        self.compared += len(all_of_them)
        return truth_posts.differing(all_of_them)

    def _own(self, client: str, brand: str) -> list[Broken]:
        book, found = self.story.books[brand], []
        for kpi in ("orders", "members", "calls"):
            for month in self._months(date(2025, 7, 1)):
                wanted = book.truth(kpi, month, self.story.day)
                if wanted is not None:
                    found += self._differs((client, kpi, "all", month), wanted)
        return found


def reading_counts(published: Published) -> dict[str, Any]:
    """How many reads of each status a story had, for its last line."""
    counted: dict[str, int] = defaultdict(int)
    for load in published.loads:
        counted[load[5]] += 1
    return dict(counted)
