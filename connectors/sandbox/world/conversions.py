"""What visitors do that a brand calls a conversion: which, when it was marked as one, and in which views it happens.

What belongs here: facts and draws. What does not: how any vendor counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.brands import Brand
from connectors.sandbox.world.streams import stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """One kind of conversion under its vendors' names."""

    event: str
    """GA4's event."""
    goal: str
    """What Matomo and Plausible call it."""
    marked_at: datetime
    """When it was made a key event in GA4, which counts it only from then on."""
    counting: str
    share: float
    """Of visits, in which it happens."""


CONVERSIONS = (
    Conversion(
        event="generate_lead",
        goal="Kontaktformulär",
        marked_at=datetime(2023, 3, 1, 8, tzinfo=UTC),
        counting="ONCE_PER_SESSION",
        share=0.03,
    ),
    Conversion(
        event="newsletter_signup",
        goal="Nyhetsbrev",
        marked_at=datetime(2026, 5, 17, 9, 12, tzinfo=UTC),
        counting="ONCE_PER_EVENT",
        share=0.015,
    ),
)
"""Numbered from 1 in the log; the second is marked late."""


def conversions_of(
    brand: Brand, seed: int, starts: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """By view the number of its conversion and how often the event was sent; at most one a visit, as it begins."""
    rng = stream(seed, brand.slug, "conversions")
    drawn = rng.random(starts.size)
    edges = np.cumsum([each.share for each in CONVERSIONS])
    found = np.searchsorted(edges, drawn, side="right") + 1
    number: npt.NDArray[np.int8] = np.where(starts & (drawn < edges[-1]), found, 0).astype(np.int8)
    again = rng.random(starts.size) < 0.2
    firings: npt.NDArray[np.int8] = np.where(number > 0, 1 + again, 0).astype(np.int8)
    return number, firings
