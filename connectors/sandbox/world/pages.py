"""A site's pages: its blog posts over the whole horizon, how much each is read by age, and every address of each.

What belongs here: pages, posts and the addresses under which analytics sees them. What does not: visits to them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import numpy as np

from connectors.sandbox.world.brands import Brand
from connectors.sandbox.world.days import HORIZON_END, HORIZON_START, Floats
from connectors.sandbox.world.streams import stream

_ANGLES = (
    "Så väljer du {x}",
    "Fem tips om {x}",
    "Vanliga frågor om {x}",
    "Det här bör du veta om {x}",
    "Bakom kulisserna: {x}",
    "Så sköter du {x}",
    "Nytt i år: {x}",
    "Tre misstag med {x}",
)
_DAYS_BETWEEN_POSTS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogPost:
    """One blog post over its whole life."""

    post_id: int
    title: str
    slug: str
    """As people read it; å, ä and ö are kept in about every second slug, as some WordPress sites do."""
    path: str
    published_at: datetime
    edited_at: tuple[datetime, ...]
    """Later edits, in order."""
    deleted_at: datetime | None
    appeal: float
    """Views expected in its first 90 days."""

    def is_live(self, at: datetime) -> bool:
        """Published and not deleted at an instant."""
        return self.published_at <= at and (self.deleted_at is None or at < self.deleted_at)

    def modified_at(self, at: datetime) -> datetime:
        """The last change that had happened by an instant."""
        return max((self.published_at, *(edit for edit in self.edited_at if edit <= at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One way in which analytics sees a page."""

    page: int
    host: str
    path: str
    query: str


def slugify(title: str, *, keep_letters: bool) -> str:
    """A slug as WordPress makes it: lower case, hyphens; å, ä and ö kept or written as a and o."""
    text = title.lower()
    if not keep_letters:
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()
    return "-".join(words)[:80]


def _planned(brand: Brand, seed: int) -> list[tuple[str, date, float]]:
    """Title, day and appeal of every post: those of 2026 as the brand states them, the rest from subjects."""
    rng = stream(seed, brand.slug, "posts")
    planned = [(title, day, float(views)) for title, day, views in brand.site.views_by_post_2026]
    titles = [angle.format(x=subject) for angle in _ANGLES for subject in brand.site.subjects]
    order = rng.permutation(len(titles))
    day, taken = HORIZON_START + timedelta(days=9), 0
    while day <= HORIZON_END:
        if day.year != 2026:
            appeal = float(np.clip(rng.lognormal(6.1, 0.55), 90, 1800))
            planned.append((titles[order[taken % len(titles)]], day, appeal))
            taken += 1
        day += timedelta(days=int(_DAYS_BETWEEN_POSTS + rng.integers(-7, 8)))
    return sorted(planned, key=lambda plan: plan[1])


def blog_posts(brand: Brand, seed: int) -> tuple[BlogPost, ...]:
    """Every post of the horizon, by publication."""
    rng = stream(seed, brand.slug, "post details")
    zone = ZoneInfo(brand.site.zone)
    posts: list[BlogPost] = []
    post_id = 214
    for number, (title, day, appeal) in enumerate(_planned(brand, seed)):
        post_id += int(rng.integers(3, 30))
        hour, minute = int(rng.integers(7, 17)), int(rng.integers(0, 60))
        published = datetime(day.year, day.month, day.day, hour, minute, 0, tzinfo=zone).astimezone(UTC)
        edits = sorted(int(days) for days in rng.integers(1, 240, size=int(rng.integers(0, 3))))
        slug = slugify(title, keep_letters=number % 2 == 0)
        deleted = None
        if title == brand.site.deleted_title:
            gone = brand.site.deleted_on
            deleted = datetime(gone.year, gone.month, gone.day, 14, 20, 0, tzinfo=zone).astimezone(UTC)
        posts.append(
            BlogPost(
                post_id=post_id,
                title=title,
                slug=slug,
                path=f"{brand.site.blog_path}{slug}/",
                published_at=published,
                edited_at=tuple(published + timedelta(days=days, minutes=37) for days in edits),
                deleted_at=deleted,
                appeal=appeal,
            )
        )
    return tuple(posts)


def reading_by_age(days: int) -> Floats:
    """Share of a post's first 90 days of views that falls on each day of age: a spike, then a long tail."""
    age = np.arange(days, dtype=np.float64)
    shape = np.exp(-age / 4.0) * 0.09 + 0.012 * np.exp(-age / 60.0) + 0.0026 / (1.0 + age / 365.0)
    shares: Floats = shape / float(shape[:90].sum())
    return shares


def addresses(brand: Brand, posts: tuple[BlogPost, ...]) -> tuple[tuple[Address, ...], Floats]:
    """Every address of every page (static ones first, then posts, numbered in that order) and its share of the page."""
    site = brand.site
    paths = [*site.pages, *(post.path for post in posts)]
    queries = (
        "utm_source=linkedin&utm_medium=social",
        "utm_source=nyhetsbrev&utm_medium=email",
        "fbclid=IwAR0sandbox",
        "gclid=sandbox",
    )
    found: list[Address] = []
    shares: list[float] = []
    for page, path in enumerate(paths):
        encoded = quote(path)
        main = encoded if encoded != path else path
        variants: list[tuple[float, str, str, str]] = [(0.74, site.hosts[0], main, "")]
        variants += [
            (weight, site.hosts[0], main, query)
            for weight, query in zip((0.05, 0.03, 0.03, 0.02), queries, strict=True)
        ]
        variants.append((0.05, site.hosts[1], main, ""))
        if path != "/":
            variants.append((0.04, site.hosts[0], main.rstrip("/"), ""))
            variants.append((0.01, site.hosts[1], main.rstrip("/"), queries[2]))
        if encoded != path:
            variants.append((0.04, site.hosts[0], path, ""))
            variants.append((0.02, site.hosts[0], encoded.replace("%C3%A", "%c3%a").replace("%C3%B", "%c3%b"), ""))
        total = sum(weight for weight, *_ in variants)
        for weight, host, address_path, query in variants:
            found.append(Address(page=page, host=host, path=address_path, query=query))
            shares.append(weight / total)
    return tuple(found), np.array(shares)
