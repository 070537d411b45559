"""People who visit a brand's site: who comes when, comes back, and reads which page for how long.

What belongs here: the page-view log of one brand over the whole horizon, made with numpy in about a second. What does
not: what has arrived by now (``world.py``) and what a vendor reports of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.brands import Brand
from connectors.sandbox.world.conversions import conversions_of
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
from connectors.sandbox.world.pages import Address, BlogPost, addresses, blog_posts, reading_by_age
from connectors.sandbox.world.streams import stream

CHANNELS = ("Organic Search", "Direct", "Organic Social", "Referral", "Email", "AI Assistant")
REFERRAL, AI_ASSISTANT = 3, 5
AI_ASSISTANT_ON = date(2026, 5, 13)
"""From here on vendors tell AI assistants' visits apart from other referrals."""
COUNTRIES = ("Sweden", "Norway", "Finland", "Germany", "Denmark")
DEVICES = ("mobile", "desktop", "tablet")

LONGEST_DELAY_SECONDS = 72 * 3600
"""No event arrives later than this, so a day is whole once its end is 72 hours past."""

_WARM_UP_DAYS = 120
"""People have come back for a while before the log begins."""
_HOURS = np.array([6, 4, 2, 2, 2, 4, 12, 26, 38, 44, 46, 48, 52, 48, 44, 42, 42, 46, 54, 66, 72, 62, 38, 16], float)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLog:
    """One row a page view, by time. Arrays are read-only and shared by all worlds of the same seed."""

    addresses: tuple[Address, ...]
    posts: tuple[BlogPost, ...]
    static_pages: int
    """Pages below this number are static; the rest are ``posts`` in order."""
    at: Ints
    """UTC seconds."""
    arrives: Ints
    """UTC seconds from which the view is known to analytics."""
    day: Ints
    """Epoch day in the site's zone."""
    visitor: npt.NDArray[np.int32]
    session: npt.NDArray[np.int32]
    address: npt.NDArray[np.int32]
    engaged: npt.NDArray[np.int32]
    """Seconds with the page in the foreground; 0 for one that was left at once."""
    starts_session: npt.NDArray[np.bool_]
    first_visit: npt.NDArray[np.bool_]
    """The visitor's very first view."""
    channel: npt.NDArray[np.int8]
    country: npt.NDArray[np.int8]
    device: npt.NDArray[np.int8]
    conversion: npt.NDArray[np.int8]
    """Number of the conversion that happened in this view (``conversions.py``); 0: none."""
    firings: npt.NDArray[np.int8]
    """How often its event was sent, 0 without one."""


def _sessions(brand: Brand, rng: np.random.Generator) -> tuple[Ints, Ints, int]:
    """Visitor and day number (0: the warm-up's first) of every session, and the number of days."""
    first = HORIZON_START - timedelta(days=_WARM_UP_DAYS)
    count = (HORIZON_END - first).days + 1
    factor = busyness(first, count, weekday=brand.weekday, season=brand.season, growth=brand.growth)
    weather = np.exp(rng.normal(0.0, 0.07, count))
    arriving = rng.poisson(brand.site.new_visitors_per_day * factor * weather)
    born = np.repeat(np.arange(count), arriving)
    loyalty = rng.gamma(0.55, 2.6, born.size)
    returns = rng.poisson(loyalty)
    who = np.repeat(np.arange(born.size), returns)
    gaps = np.exp(rng.normal(2.2, 1.1, who.size))
    total = np.cumsum(gaps)
    before = np.concatenate([[0.0], total])[np.concatenate([[0], np.cumsum(returns)])[who]]
    day = np.floor(born[who] + (total - before)).astype(np.int64)
    inside = day < count
    who, day = who[inside], day[inside]
    week = np.tile(np.array(brand.weekday), count // 7 + 2)[first.weekday() : first.weekday() + count]
    keeps = rng.random(day.size) < 0.85 * week[day] / max(brand.weekday)
    visitor = np.concatenate([np.arange(born.size), who[keeps]])
    days = np.concatenate([born, day[keeps]])
    return visitor.astype(np.int64), days.astype(np.int64), count


def _moments(days: Ints, rng: np.random.Generator, zone: str, count: int) -> Ints:
    """A UTC second within each local day, by the hours at which people are online; a DST day is as long as it is."""
    first = HORIZON_START - timedelta(days=_WARM_UP_DAYS)
    starts = day_starts(first, count, zone)
    edges = np.concatenate([[0.0], np.cumsum(_HOURS) / _HOURS.sum()])
    share = np.interp(rng.random(days.size), edges, np.linspace(0.0, 1.0, edges.size))
    moments: Ints = starts[days] + (share * (starts[days + 1] - starts[days])).astype(np.int64)
    return moments


def _pages(brand: Brand, posts: tuple[BlogPost, ...], day: Ints, rng: np.random.Generator) -> Ints:
    """A page for each view, by the day's weights: posts by their age, static pages share the rest."""
    first, last = int(day.min()), int(day.max())
    count = last - first + 1
    volume = np.bincount(day - first, minlength=count).astype(np.float64)
    smooth = np.convolve(np.pad(volume, 14, mode="edge"), np.full(29, 1 / 29), mode="valid")
    static = np.array(list(brand.site.pages.values()))
    weights = np.zeros((count, static.size + len(posts)))
    reading = reading_by_age(count + 1)
    for number, post in enumerate(posts):
        begins = int(local_days(np.array([int(post.published_at.timestamp())]), brand.site.zone)[0]) - first
        if begins < count:
            at = max(begins, 0)
            weights[at:, static.size + number] = post.appeal * reading[at - begins : count - begins]
        if post.deleted_at is not None:
            gone = int(local_days(np.array([int(post.deleted_at.timestamp())]), brand.site.zone)[0]) - first
            weights[gone + 1 :, static.size + number] = 0.0
    rest = np.maximum(smooth - weights.sum(axis=1), 0.3 * smooth)
    weights[:, : static.size] = rest[:, None] * (static / static.sum())[None, :]
    share = np.cumsum(weights, axis=1)
    share /= share[:, -1:]
    flat = (share + np.arange(count)[:, None]).ravel()
    picked = np.searchsorted(flat, (day - first) + rng.random(day.size), side="right")
    pages: Ints = picked - (day - first) * weights.shape[1]
    return np.clip(pages, 0, weights.shape[1] - 1)


def _only_live(pages: Ints, at: Ints, posts: tuple[BlogPost, ...], static_pages: int) -> Ints:
    """Nobody reads a post before it is out or after it is gone: such views fall on the front page."""
    live = pages.copy()
    for number, post in enumerate(posts):
        mine = pages == static_pages + number
        outside = at < int(post.published_at.timestamp())
        if post.deleted_at is not None:
            outside |= at >= int(post.deleted_at.timestamp())
        live[mine & outside] = 0
    return live


def _pick(rng: np.random.Generator, shares: tuple[float, ...], size: int) -> npt.NDArray[np.int8]:
    picked: npt.NDArray[np.int8] = np.searchsorted(np.cumsum(shares)[:-1], rng.random(size), side="right").astype(
        np.int8
    )
    return picked


def _addresses(pages: Ints, shares: Floats, table: tuple[Address, ...], rng: np.random.Generator) -> Ints:
    """One of the page's addresses for each view."""
    page_of = np.array([address.page for address in table])
    cumulative = np.cumsum(shares)
    cumulative /= cumulative[-1]
    counts = np.bincount(page_of)
    ends = np.cumsum(counts)
    upto = np.concatenate([[0.0], cumulative[ends - 1]])
    at = upto[pages] + rng.random(pages.size) * (upto[pages + 1] - upto[pages])
    chosen = np.searchsorted(cumulative, at, side="right")
    lowest, highest = (ends - counts)[pages], ends[pages] - 1
    clipped: Ints = np.clip(chosen, lowest, highest).astype(np.int64)
    return clipped


def _delays(rng: np.random.Generator, size: int) -> Ints:
    """Seconds until a session is known: most within hours, a few after up to three days."""
    share = rng.random(size)
    hours = np.interp(share, [0.0, 0.62, 0.9, 0.98, 1.0], [0.05, 4.0, 24.0, 48.0, 71.9])
    delays: Ints = (hours * 3600).astype(np.int64)
    return delays


def _with_assistants(
    brand: Brand, seed: int, channels: npt.NDArray[np.int8], session: Ints, day: Ints
) -> npt.NDArray[np.int8]:
    """A third of the visits by referral are an AI assistant's, told apart from ``AI_ASSISTANT_ON`` on."""
    is_one = stream(seed, brand.slug, "assistants").random(int(session.max()) + 1) < 0.33
    begun = np.full(int(session.max()) + 1, np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(begun, session, day)
    is_assistant = is_one[session] & (channels == REFERRAL) & (begun[session] >= epoch_day(AI_ASSISTANT_ON))
    named: npt.NDArray[np.int8] = np.where(is_assistant, AI_ASSISTANT, channels).astype(np.int8)
    return named


def make_web_log(brand: Brand, seed: int) -> WebLog:
    """Every page view of the horizon."""
    rng = stream(seed, brand.slug, "visits")
    zone = brand.site.zone
    visitor, days, count = _sessions(brand, rng)
    begins = _moments(days, rng, zone, count)
    people = int(visitor.max()) + 1
    views = 1 + rng.geometric(0.52, begins.size) - 1
    session = np.repeat(np.arange(begins.size), views)
    gaps = 15 + rng.exponential(55.0, session.size).astype(np.int64)
    elapsed = np.cumsum(gaps)
    heads = np.concatenate([[0], np.cumsum(views)[:-1]])
    at = begins[session] + elapsed - elapsed[heads][session]
    starts = np.zeros(session.size, dtype=bool)
    starts[heads] = True

    log_starts = int(day_starts(HORIZON_START, 1, zone)[0])
    whole = begins[session] >= log_starts
    order = np.argsort(at[whole], kind="stable")
    kept = np.flatnonzero(whole)[order]
    at, session, starts = at[kept], session[kept], starts[kept]
    day = local_days(at, zone)

    posts = blog_posts(brand, seed)
    table, shares = addresses(brand, posts)
    static_pages = len(brand.site.pages)
    pages = _only_live(_pages(brand, posts, day, rng), at, posts, static_pages)
    is_post = pages >= static_pages
    engaged = np.exp(rng.normal(np.where(is_post, 3.9, 2.7), 0.8)).astype(np.int64)
    engaged[rng.random(at.size) < np.where(is_post, 0.12, 0.2)] = 0

    who = visitor[session]
    _, firsts = np.unique(who, return_index=True)
    first_visit = np.zeros(at.size, dtype=bool)
    first_visit[firsts] = True
    delays = _delays(rng, begins.size)
    conversion, firings = conversions_of(brand, seed, starts)
    channels = _with_assistants(
        brand, seed, _pick(rng, (0.46, 0.24, 0.16, 0.09, 0.05), begins.size)[session], session, day
    )
    renumbered = np.unique(session, return_inverse=True)[1]

    log = WebLog(
        addresses=table,
        posts=posts,
        static_pages=static_pages,
        at=at,
        arrives=at + delays[session],
        day=day,
        visitor=who.astype(np.int32),
        session=renumbered.astype(np.int32),
        address=_addresses(pages, shares, table, rng).astype(np.int32),
        engaged=np.minimum(engaged, 1800).astype(np.int32),
        starts_session=starts,
        first_visit=first_visit,
        channel=_with_assistants(brand, seed, channels, session, day),
        country=_pick(rng, (0.86, 0.05, 0.04, 0.03, 0.02), people)[who],
        device=_pick(rng, (0.58, 0.37, 0.05), people)[who],
        conversion=conversion,
        firings=firings,
    )
    for values in (log.at, log.arrives, log.day, log.visitor, log.session, log.address, log.engaged, log.channel):
        values.setflags(write=False)
    return log


def horizon_days() -> tuple[int, int]:
    """First and last epoch day of the horizon."""
    return epoch_day(HORIZON_START), epoch_day(HORIZON_END)
