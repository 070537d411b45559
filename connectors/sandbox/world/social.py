"""What happens on social platforms: posts, each like, comment and share at its moment, followers who come and go.

What belongs here: those events over the whole horizon. What does not: running totals at an instant (``world.py``).
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.brands import Brand, SocialAccount
from connectors.sandbox.world.days import HORIZON_END, HORIZON_START, Ints, busyness, day_starts
from connectors.sandbox.world.streams import stream

KINDS = ("like", "comment", "share")
LIKE, COMMENT, SHARE = range(3)
REACTIONS = 6
"""Sorts of reactions; 0 is the plain like."""

_OPENINGS = (
    "Nytt från oss",
    "Veckans tips",
    "Bakom kulisserna",
    "Tack för besöket",
    "Snart dags",
    "Vi firar",
    "Läs mer",
)
_MIDDLES = ("på bloggen", "inför helgen", "i verkstaden", "från våra kunder", "denna årstid", "hos oss")
_ALPHABET = string.ascii_letters + string.digits + "-_"
_BASE32 = "234567abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialPost:
    """One post over its whole life; ``post_id`` in the platform's own form."""

    number: int
    post_id: str
    text: str
    published_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None

    def is_live(self, at: datetime) -> bool:
        """Published and not deleted at an instant."""
        return self.published_at <= at and (self.deleted_at is None or at < self.deleted_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """One row a like, comment or share, by time; ``delta`` is -1 where one is taken back."""

    at: Ints
    arrives: Ints
    """UTC seconds from which daily statistics know it; counters know it at once."""
    post: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int8]
    reaction: npt.NDArray[np.int8]
    delta: npt.NDArray[np.int8]
    impressions: npt.NDArray[np.int32]
    """How often the post was shown on the way to this interaction."""
    clicks: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followers:
    """One row a person who begins (+1) or stops (-1) to follow, by time."""

    at: Ints
    arrives: Ints
    delta: npt.NDArray[np.int8]
    paid: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialLog:
    """One account over the horizon. ``base`` followers stand before the first event."""

    account: SocialAccount
    base: int
    posts: tuple[SocialPost, ...]
    interactions: Interactions
    followers: Followers


def native_id(account: SocialAccount, number: int, published: datetime, rng: np.random.Generator) -> str:
    """A post id in the platform's own form."""
    millis = int(published.timestamp() * 1000)
    low = int(rng.integers(0, 2**22))
    if account.platform == "linkedin":
        sort = "share" if number % 4 else "ugcPost"
        return f"urn:li:{sort}:{(millis << 22) | low}"
    if account.platform == "facebook":
        return f"{account.account_id}_{(millis // 10) * 1000 + low % 1000}"
    if account.platform == "instagram":
        return f"17{(millis << 10) | (low % 1024):015d}"
    if account.platform == "youtube":
        return "".join(_ALPHABET[int(letter)] for letter in rng.integers(0, len(_ALPHABET), 11))
    if account.platform == "bluesky":
        key = "".join(_BASE32[int(letter)] for letter in rng.integers(0, len(_BASE32), 13))
        return f"at://did:plc:{account.handle.replace('.', ''):a<24.24}/app.bsky.feed.post/{key}"
    return str((millis << 16) | (low % 65536))


def _open(account: SocialAccount) -> date:
    return max(account.opened, HORIZON_START)


def _posts(brand: Brand, account: SocialAccount, seed: int) -> tuple[SocialPost, ...]:
    rng = stream(seed, brand.slug, account.platform, "posts")
    zone = ZoneInfo(brand.site.zone)
    first = _open(account)
    count = (HORIZON_END - first).days + 1
    rate = account.posts_per_week / 7 * np.array([1.3, 1.3, 1.3, 1.3, 1.2, 0.3, 0.3])
    weekday = (np.arange(count) + first.weekday()) % 7
    days = np.flatnonzero(rng.random(count) < rate[weekday])
    posts: list[SocialPost] = []
    gone = int(np.searchsorted(days, (date(2026, 5, 4) - first).days))
    for number, offset in enumerate(days):
        day = first + timedelta(days=int(offset))
        moment = timedelta(hours=int(rng.integers(7, 18)), minutes=int(rng.integers(0, 60)))
        published = (datetime(day.year, day.month, day.day, tzinfo=zone) + moment).astimezone(UTC)
        opening, middle = _OPENINGS[int(rng.integers(0, 7))], _MIDDLES[int(rng.integers(0, 6))]
        text = f"{opening} {middle} \u2013 {brand.name} #{number + 1}"
        edited = published + timedelta(hours=3) if rng.random() < 0.08 else None
        posts.append(
            SocialPost(
                number=number,
                post_id=native_id(account, number, published, rng),
                text=text,
                published_at=published,
                edited_at=edited,
                deleted_at=published + timedelta(days=61, hours=5) if number == gone else None,
            )
        )
    return tuple(posts)


def _levels(brand: Brand, first: date, count: int, *, growth: float) -> npt.NDArray[np.float64]:
    """Mild season and the brand's growth, made stronger or weaker."""
    season = tuple(0.6 + 0.4 * month for month in brand.season)
    scaled = {year: rate * growth for year, rate in brand.growth.items()}
    return busyness(first, count, weekday=(1.0,) * 7, season=season, growth=scaled)


def _interactions(brand: Brand, account: SocialAccount, seed: int, posts: tuple[SocialPost, ...]) -> Interactions:
    rng = stream(seed, brand.slug, account.platform, "interactions")
    first = _open(account)
    level = _levels(brand, first, (HORIZON_END - first).days + 2, growth=1.25)
    published = np.array([int(post.published_at.timestamp()) for post in posts], dtype=np.int64)
    offset = np.array([(post.published_at.date() - first).days for post in posts])
    charm = rng.gamma(3.0, 1 / 3.0, len(posts)) * level[offset]
    columns: list[tuple[Ints, Ints, Ints]] = []
    for kind, mean in enumerate((account.likes, account.comments, account.shares)):
        number = rng.poisson(mean * charm)
        post = np.repeat(np.arange(len(posts)), number)
        hours = np.minimum(np.exp(rng.normal(2.9, 1.7, post.size)), 24 * 75)
        columns.append((post, published[post] + 60 + (hours * 3600).astype(np.int64), np.full(post.size, kind)))
    post, at, kinds = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    delta = np.ones(at.size, dtype=np.int64)
    regretted = np.flatnonzero((kinds == LIKE) & (rng.random(at.size) < 0.02))
    later = at[regretted] + (rng.exponential(5.0, regretted.size) * 86400).astype(np.int64) + 30
    reaction = np.where(kinds == LIKE, rng.choice(REACTIONS, size=at.size, p=[0.72, 0.12, 0.06, 0.04, 0.04, 0.02]), 0)
    impressions, clicks = rng.poisson(34.0, at.size), rng.poisson(0.7, at.size)

    post, at, kinds = (
        np.concatenate([post, post[regretted]]),
        np.concatenate([at, later]),
        np.concatenate([kinds, kinds[regretted]]),
    )
    reaction = np.concatenate([reaction, reaction[regretted]])
    delta = np.concatenate([delta, -np.ones(regretted.size, dtype=np.int64)])
    nothing = np.zeros(regretted.size, dtype=np.int64)
    impressions, clicks = np.concatenate([impressions, nothing]), np.concatenate([clicks, nothing])
    arrives = at + (rng.gamma(1.2, 6.0, at.size).clip(0, 71.9) * 3600).astype(np.int64)

    never = np.iinfo(np.int64).max
    gone = np.array([int(p.deleted_at.timestamp()) if p.deleted_at else never for p in posts], dtype=np.int64)
    order = np.argsort(at, kind="stable")
    order = order[at[order] < gone[post[order]]]
    return Interactions(
        at=at[order],
        arrives=arrives[order],
        post=post[order].astype(np.int32),
        kind=kinds[order].astype(np.int8),
        reaction=reaction[order].astype(np.int8),
        delta=delta[order].astype(np.int8),
        impressions=impressions[order].astype(np.int32),
        clicks=clicks[order].astype(np.int32),
    )


def _followers(brand: Brand, account: SocialAccount, seed: int) -> Followers:
    rng = stream(seed, brand.slug, account.platform, "followers")
    first = _open(account)
    count = (HORIZON_END - first).days + 1
    level = _levels(brand, first, count, growth=0.8)
    starts = day_starts(first, count, brand.site.zone)
    moments: list[Ints] = []
    deltas: list[Ints] = []
    for rate, delta in ((account.gain_per_day, 1), (account.loss_per_day, -1)):
        day = np.repeat(np.arange(count), rng.poisson(rate * level))
        moments.append(starts[day] + (rng.random(day.size) * (starts[day + 1] - starts[day])).astype(np.int64))
        deltas.append(np.full(day.size, delta))
    at, change = np.concatenate(moments), np.concatenate(deltas)
    order = np.argsort(at, kind="stable")
    arrives = at + (rng.gamma(1.2, 6.0, at.size).clip(0, 71.9) * 3600).astype(np.int64)
    paid = (change > 0) & (rng.random(at.size) < 0.08)
    return Followers(at=at[order], arrives=arrives[order], delta=change[order].astype(np.int8), paid=paid[order])


def make_social_log(brand: Brand, account: SocialAccount, seed: int) -> SocialLog:
    """Everything that happens on one account over the horizon."""
    posts = _posts(brand, account, seed)
    return SocialLog(
        account=account,
        base=account.followers,
        posts=posts,
        interactions=_interactions(brand, account, seed, posts),
        followers=_followers(brand, account, seed),
    )
