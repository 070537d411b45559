"""The version of a key result's definition: it changes exactly when what the figure means changes.

What belongs here: which of a key result's settings define it. What does not: comparing versions over time, which is
the OKR step's (``pipelines/warehouse``).
"""

from __future__ import annotations

import hashlib
import json

from okr_models.client.model import Client, KeyResult, Objective

VERSION_LENGTH = 12
_WORDS = {"id", "title", "owner"}


def definition_version(key_result: KeyResult, objective: Objective, client: Client) -> str:
    """Twelve hex digits over measure, target, revisions, baseline, scope, weight, ambition, period and own KPI.

    Titles, owners and what a default says anyway are left out, so that rewording a file, or writing a default down,
    changes nothing.
    """
    own_kpi = next((kpi for kpi in client.kpis if kpi.id == key_result.kpi), None)
    meaning = {
        "key_result": key_result.model_dump(mode="json", by_alias=True, exclude=_WORDS, exclude_defaults=True),
        "period": objective.period.model_dump(mode="json"),
        "own_kpi": own_kpi and own_kpi.model_dump(mode="json", exclude=_WORDS, exclude_defaults=True),
    }
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_LENGTH]
