"""What people see of a brand in a search engine: each search that showed one of its pages, where, and who clicked.

What belongs here: those events over the whole horizon, one row a page shown. What does not: what a search console has
counted by now, by property or by page (``search_console/server.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.brands import Brand
from connectors.sandbox.world.days import (
    HORIZON_END,
    HORIZON_START,
    Floats,
    Ints,
    busyness,
    day_starts,
    epoch_day,
    local_days,
)
from connectors.sandbox.world.pages import BlogPost, blog_posts
from connectors.sandbox.world.streams import stream

COUNTRIES = ("swe", "nor", "fin", "deu", "dnk")
DEVICES = ("MOBILE", "DESKTOP", "TABLET")
RARE = -1
"""Query of a search that too few people made for it to be told."""
LONGEST_DELAY_SECONDS = 60 * 3600
"""No search is counted later than this."""

_SEARCHES_PER_NEW_VISITOR = 2.4
_POSTS_SHARE = 0.004
"""Weight of a post with an appeal of 500, once it has been found, against all static pages together."""
_FORGOTTEN_AFTER_DAYS = 10
"""So long a deleted page is still shown."""
_TWO_PAGES = 0.08
_RARE_SHARE = 0.38
_SUFFIXES = ("", "tips", "köpa", "pris", "nära mig")
_HOURS = np.array([5, 3, 2, 2, 2, 4, 12, 26, 40, 46, 48, 50, 52, 48, 44, 44, 44, 46, 52, 60, 64, 56, 36, 16], float)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchLog:
    """One row a page shown in a search, by time. A search that showed two pages has two rows, the upper one first."""

    pages: tuple[str, ...]
    """Full canonical addresses."""
    queries: tuple[str, ...]
    at: Ints
    """UTC seconds."""
    arrives: Ints
    """UTC seconds from which it is counted."""
    search: npt.NDArray[np.int32]
    page: npt.NDArray[np.int32]
    query: npt.NDArray[np.int32]
    """Number in ``queries``, or ``RARE``."""
    position: npt.NDArray[np.int16]
    """From 1."""
    clicked: npt.NDArray[np.bool_]
    country: npt.NDArray[np.int8]
    device: npt.NDArray[np.int8]


def _weights(brand: Brand, posts: tuple[BlogPost, ...], count: int) -> tuple[Floats, Floats]:
    """How often each page is shown on each day, and the days since each post came out (negative before)."""
    static = np.array(list(brand.site.pages.values()))
    weights = np.zeros((count, static.size + len(posts)))
    weights[:, : static.size] = static / static.sum()
    first = epoch_day(HORIZON_START)
    age = np.zeros((count, len(posts)))
    for number, post in enumerate(posts):
        out = int(local_days(np.array([int(post.published_at.timestamp())]), brand.site.zone)[0]) - first
        age[:, number] = np.arange(count) - out
        found = np.where(age[:, number] >= 1, 1 - np.exp(-age[:, number].clip(0) / 14), 0.0)
        shown = found * _POSTS_SHARE * post.appeal / 500 * (0.4 + 0.6 * np.exp(-age[:, number].clip(0) / 400)) * 10
        if post.deleted_at is not None:
            gone = int(local_days(np.array([int(post.deleted_at.timestamp())]), brand.site.zone)[0]) - first
            shown[max(gone + _FORGOTTEN_AFTER_DAYS, 0) :] = 0.0
        weights[:, static.size + number] = shown
    return weights, age


def _picked_pages(weights: Floats, day: Ints, rng: np.random.Generator) -> Ints:
    share = np.cumsum(weights, axis=1)
    share /= share[:, -1:]
    flat = (share + np.arange(share.shape[0])[:, None]).ravel()
    found = np.searchsorted(flat, day + rng.random(day.size), side="right") - day * weights.shape[1]
    pages: Ints = np.clip(found, 0, weights.shape[1] - 1).astype(np.int64)
    return pages


def _positions(page: Ints, day: Ints, static_pages: int, age: Floats, rng: np.random.Generator) -> Ints:
    """Static pages hold their place; a post comes in far down and climbs over its first months."""
    homes = np.concatenate([rng.uniform(2.0, 9.0, static_pages), rng.uniform(4.5, 9.5, age.shape[1])])
    expected = homes[page]
    posts = np.flatnonzero(page >= static_pages)
    expected[posts] += 19 * np.exp(-age[day[posts], page[posts] - static_pages].clip(0) / 28)
    positions: Ints = np.maximum(np.rint(expected * np.exp(rng.normal(0.0, 0.38, page.size))), 1).astype(np.int64)
    return positions


def _queries(brand: Brand, posts: tuple[BlogPost, ...]) -> tuple[str, ...]:
    """``len(_SUFFIXES)`` queries for each page, in the pages' order."""
    heads = [path.strip("/").split("/")[-1].replace("-", " ") or brand.name.lower() for path in brand.site.pages]
    heads += [" ".join(post.slug.split("-")[:3]) for post in posts]
    return tuple(f"{head} {suffix}".strip() for head in heads for suffix in _SUFFIXES)


def make_search_log(brand: Brand, seed: int) -> SearchLog:
    """Every search of the horizon."""
    rng = stream(seed, brand.slug, "search")
    zone = brand.site.zone
    posts = blog_posts(brand, seed)
    count = (HORIZON_END - HORIZON_START).days + 1
    factor = busyness(HORIZON_START, count, weekday=brand.weekday, season=brand.season, growth=brand.growth)
    mean = brand.site.new_visitors_per_day * _SEARCHES_PER_NEW_VISITOR * factor
    day = np.repeat(np.arange(count), rng.poisson(mean))
    starts = day_starts(HORIZON_START, count, zone)
    hour = rng.choice(24, size=day.size, p=_HOURS / _HOURS.sum())
    at = starts[day] + ((hour + rng.random(day.size)) / 24 * (starts[day + 1] - starts[day])).astype(np.int64)
    order = np.argsort(at, kind="stable")
    day, at = day[order], at[order]

    weights, age = _weights(brand, posts, count)
    static_pages = len(brand.site.pages)
    page = _picked_pages(weights, day, rng)
    position = _positions(page, day, static_pages, age, rng)
    clicked = rng.random(day.size) < 0.34 * np.exp(-0.28 * (position - 1))
    query = page * len(_SUFFIXES) + rng.choice(len(_SUFFIXES), size=day.size, p=[0.42, 0.22, 0.16, 0.12, 0.08])
    query = np.where(rng.random(day.size) < _RARE_SHARE, RARE, query)
    delays = np.interp(rng.random(day.size), [0.0, 0.5, 0.92, 1.0], [3.0, 14.0, 36.0, 59.9])
    country = rng.choice(len(COUNTRIES), size=day.size, p=[0.86, 0.05, 0.04, 0.03, 0.02])
    device = rng.choice(len(DEVICES), size=day.size, p=[0.6, 0.36, 0.04])

    # some searches show the front page too, further down
    second = np.flatnonzero((rng.random(day.size) < _TWO_PAGES) & (page != 0))
    lower = position[second] + rng.integers(1, 5, second.size)
    source = np.concatenate([np.arange(day.size), second])
    rows = np.lexsort((np.concatenate([np.zeros(day.size), np.ones(second.size)]), source))
    row = source[rows]
    log = SearchLog(
        pages=tuple(f"https://{brand.site.host}{quote(path)}" for path in _paths(brand, posts)),
        queries=_queries(brand, posts),
        at=at[row],
        arrives=(at + (delays * 3600).astype(np.int64))[row],
        search=row.astype(np.int32),
        page=np.concatenate([page, np.zeros(second.size, dtype=np.int64)])[rows].astype(np.int32),
        query=query[row].astype(np.int32),
        position=np.concatenate([position, lower])[rows].astype(np.int16),
        clicked=np.concatenate([clicked, np.zeros(second.size, dtype=bool)])[rows],
        country=country[row].astype(np.int8),
        device=device[row].astype(np.int8),
    )
    for values in (log.at, log.arrives, log.search, log.page, log.query, log.position, log.clicked):
        values.setflags(write=False)
    return log


def _paths(brand: Brand, posts: tuple[BlogPost, ...]) -> list[str]:
    return [*brand.site.pages, *(post.path for post in posts)]
