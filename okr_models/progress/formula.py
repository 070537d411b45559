"""Progress: how far A has come from B towards T.

What belongs here: the one formula. What does not: A, B and T (``measures.py``), what it should be by now
(``expected.py``).
"""

from __future__ import annotations

import math

from okr_models.client.model import Target
from okr_models.progress.measures import Measurement, is_met


def raw_progress(measurement: Measurement, target: Target) -> float | None:
    """(A - B) / (T - B) as it is; 1 or 0 for a level that was inside at the start, or has no start."""
    if measurement.refusal is not None or measurement.current is None:
        return None
    if measurement.inside:
        return 1.0 if is_met(target, measurement.current) else 0.0
    if measurement.baseline is None or measurement.target is None:
        return None
    gap = measurement.target - measurement.baseline
    if gap == 0:
        return None
    raw = (measurement.current - measurement.baseline) / gap
    return raw if math.isfinite(raw) else None


def clipped(raw: float | None) -> float | None:
    """Progress for the roll-up only, 0..1."""
    return None if raw is None else min(1.0, max(0.0, raw))
