"""What a brand's CRM holds over the whole horizon: contacts, deals and tickets, with what becomes of each.

What belongs here: records, made with numpy. What does not: what is known of them at an instant, and how a vendor
shows it (``vendors/hubspot.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.brands import Brand
from connectors.sandbox.world.days import HORIZON_END, HORIZON_START, Ints, busyness, day_starts, local_days
from connectors.sandbox.world.streams import stream

NEVER = np.iinfo(np.int64).max
SLOWEST_ANSWER_HOURS = 72
_OPENING_HOUR, _OPEN_HOURS = 7, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmLog:
    """UTC seconds by record, in order of creation or closing; ``NEVER`` for what does not happen."""

    contact_created: Ints
    contact_deleted: Ints
    deal_closed: Ints
    """When it is closed as won; an open deal carries it as a forecast before."""
    deal_reopened: Ints
    deal_amount: npt.NDArray[np.float64]
    ticket_created: Ints
    ticket_answered: Ints


def moments_years(moments: Ints, zone: str) -> Ints:
    """The calendar year, in a zone, of each UTC second."""
    years: Ints = local_days(moments, zone).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


@lru_cache(maxsize=8)
def crm_log(brand: Brand, seed: int) -> CrmLog:
    """Every record of the horizon; the same for the same seed."""
    rng = stream(seed, brand.slug, "crm")
    count = (HORIZON_END - HORIZON_START).days + 1
    starts = day_starts(HORIZON_START, count, brand.site.zone)
    busy = busyness(HORIZON_START, count, weekday=brand.weekday, season=brand.season, growth=brand.growth)

    def moments(a_day: float) -> Ints:
        days = np.repeat(np.arange(count), rng.poisson(a_day * busy))
        within = (_OPENING_HOUR + _OPEN_HOURS * rng.random(days.size)) * 3600
        # a few in the last minutes of a day, which another zone has on the next
        late = rng.random(days.size) < 0.05
        length = starts[days + 1] - starts[days]
        within = np.where(late, length - 1 - rng.integers(0, 3000, days.size), within)
        found: Ints = np.sort(starts[days] + within.astype(np.int64))
        return found

    contacts, deals, tickets = moments(4.0), moments(0.6), moments(1.5)
    years = moments_years(tickets, brand.site.zone)
    slowest = np.array([brand.slowest_answer_hours.get(int(year), SLOWEST_ANSWER_HOURS) for year in years])

    def later(moment: Ints, share: float, longest_hours: Ints | int) -> Ints:
        after = moment + rng.integers(3600, longest_hours * np.int64(3600), moment.size)
        found: Ints = np.where(rng.random(moment.size) < share, after, NEVER)
        return found

    return CrmLog(
        contact_created=contacts,
        contact_deleted=later(contacts, 0.05, 60 * 24),
        deal_closed=deals,
        deal_reopened=later(deals, 0.08, 25 * 24),
        deal_amount=np.round(rng.lognormal(9.2, 0.7, deals.size), 2),
        ticket_created=tickets,
        ticket_answered=later(tickets, 0.9, slowest.astype(np.int64)),
    )
