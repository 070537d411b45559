"""What a brand's till rings up over the whole horizon: sales, what they brought in, and what was handed back.

What belongs here: records, made with numpy. What does not: the database that holds them (``shop_database.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.brands import Brand
from connectors.sandbox.world.business import NEVER, moments_years
from connectors.sandbox.world.days import HORIZON_END, Ints, busyness, day_starts
from connectors.sandbox.world.streams import stream

OPENED = date(2024, 1, 2)
"""First day of the till."""
SUNDAY = 6
_OPENS, _HOURS_OPEN = 10, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """One kind of goods."""

    name: str
    a_day: float
    """Sold on a usual open day at the till's first day."""
    price: float
    """Median, in kronor."""
    spread: float


GOODS = (
    Goods(name="elcykel", a_day=0.5, price=27_900, spread=0.18),
    Goods(name="cykel", a_day=1.1, price=8_900, spread=0.3),
    Goods(name="tillbehör", a_day=8.0, price=349, spread=0.7),
)
HANDED_BACK = {2024: 0.058, 2025: 0.055, 2026: 0.041, 2027: 0.038}
"""Share of a year's sales that is handed back, within four weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopLog:
    """One row a sale, by time. ``at`` and ``returned_at`` in UTC seconds; ``NEVER`` for what is kept."""

    at: Ints
    goods: Ints
    """Position in ``GOODS``."""
    amount: npt.NDArray[np.float64]
    returned_at: Ints


def is_open(day: date) -> bool:
    """Closed on Sundays, Christmas Day and New Year's Day."""
    return day.weekday() != SUNDAY and (day.month, day.day) not in {(12, 25), (1, 1)}


@lru_cache(maxsize=4)
def shop_log(brand: Brand, seed: int) -> ShopLog:
    """Every sale of the horizon; the same for the same seed."""
    rng = stream(seed, brand.slug, "shop")
    count = (HORIZON_END - OPENED).days + 1
    starts = day_starts(OPENED, count, brand.site.zone)
    busy = busyness(OPENED, count, weekday=brand.weekday, season=brand.season, growth=brand.growth)
    busy = busy * np.array([is_open(date.fromordinal(OPENED.toordinal() + n)) for n in range(count)])
    found: list[tuple[Ints, Ints, npt.NDArray[np.float64]]] = []
    for position, goods in enumerate(GOODS):
        days = np.repeat(np.arange(count), rng.poisson(goods.a_day * busy))
        within = ((_OPENS + _HOURS_OPEN * rng.random(days.size)) * 3600).astype(np.int64)
        amount = np.round(goods.price * rng.lognormal(0.0, goods.spread, days.size))
        found.append((starts[days] + within, np.full(days.size, position, dtype=np.int64), amount))
    at, kind, amount = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(at, kind="stable")
    at, kind, amount = at[order], kind[order], amount[order]
    share = np.array([HANDED_BACK[int(year)] for year in moments_years(at, brand.site.zone)])
    # whole weeks later, so that nothing is handed back on a Sunday
    later = at + rng.integers(1, 5, at.size) * np.int64(7 * 86_400)
    return ShopLog(
        at=at, goods=kind, amount=amount, returned_at=np.where(rng.random(at.size) < share, later, np.int64(NEVER))
    )
