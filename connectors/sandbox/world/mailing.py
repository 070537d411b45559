"""A brand's newsletters, subscribers and advertising over the whole horizon.

What belongs here: facts and draws, with what they have grown to by an instant. What does not: how a vendor shows them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from connectors.sandbox.world.brands import Brand
from connectors.sandbox.world.days import HORIZON_END, HORIZON_START
from connectors.sandbox.world.streams import stream

_EVERY_DAYS = 14
_HALF_OF_CLICKS = timedelta(days=1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """One newsletter, with the clicks it ends up with."""

    number: int
    sent_at: datetime
    recipients: int
    hard_bounces: int
    soft_bounces: int
    clicks: int
    unique_clicks: int

    def grown(self, total: int, at: datetime) -> int:
        """How much of a total has come by an instant: half in a day and a half, and so on."""
        age = max((at - self.sent_at) / _HALF_OF_CLICKS, 0.0)
        return int(total * (1.0 - math.pow(0.5, age)) + 1e-9)

    @property
    def delivered(self) -> int:
        return self.recipients - self.hard_bounces - self.soft_bounces


@lru_cache(maxsize=8)
def newsletters(brand: Brand, seed: int) -> tuple[Newsletter, ...]:
    """Every other Tuesday, some of them minutes before midnight UTC."""
    rng, zone = stream(seed, brand.slug, "newsletters"), ZoneInfo(brand.site.zone)
    first = HORIZON_START + timedelta(days=(1 - HORIZON_START.weekday()) % 7 + 7)
    found: list[Newsletter] = []
    day = first
    while day <= HORIZON_END:
        late = rng.random() < 0.15
        moment = time(0, int(rng.integers(0, 50))) if late else time(int(rng.integers(8, 18)), 0)
        recipients = subscribers(brand, seed, day)
        bounced = int(rng.integers(2, 30))
        unique = int(rng.binomial(recipients, 0.04))
        found.append(
            Newsletter(
                number=len(found) + 1,
                sent_at=datetime.combine(day, moment, zone).astimezone(UTC),
                recipients=recipients,
                hard_bounces=bounced // 3,
                soft_bounces=bounced - bounced // 3,
                clicks=unique + int(rng.integers(0, unique + 1)),
                unique_clicks=unique,
            )
        )
        day += timedelta(days=_EVERY_DAYS)
    return tuple(found)


@lru_cache(maxsize=8)
def _levels(brand: Brand, seed: int) -> tuple[int, ...]:
    rng = stream(seed, brand.slug, "subscribers")
    count = (HORIZON_END - HORIZON_START).days + 1
    change = rng.poisson(2.2, count) - rng.poisson(1.1, count)
    return tuple(int(level) for level in 1800 + np.cumsum(change))


def subscribers(brand: Brand, seed: int, day: date) -> int:
    """How many there are at the end of a day."""
    levels = _levels(brand, seed)
    return levels[min(max((day - HORIZON_START).days, 0), len(levels) - 1)]


@lru_cache(maxsize=8)
def ad_costs(brand: Brand, seed: int) -> tuple[float, ...]:
    """What was spent on each day of the horizon; nothing on some."""
    rng = stream(seed, brand.slug, "ads")
    count = (HORIZON_END - HORIZON_START).days + 1
    spent = np.round(rng.lognormal(5.5, 0.4, count), 2)
    return tuple(float(cost) for cost in np.where(rng.random(count) < 0.1, 0.0, spent))
