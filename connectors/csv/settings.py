"""Csv file in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from okr_models.client.fields import HomePath
from okr_models.client.sources import (
    SourceFacts,
    SourceSettings,
)


class Csv(SourceSettings):
    """A CSV file of the home folder."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="csv file",
        label="csv",
        category="own",
        example="{id: crm, type: csv, path: data/acme.csv}",
        note=(
            "No credentials. Columns `date` (`2026-03-31`) or `month` (`2026-03`), `kpi`, `value`, "
            "perhaps `scope`, `numerator` and `denominator`; with commas, semicolons or tabs, in "
            "UTF-8. An empty value is missing. Files lie below `data/`, or a folder that "
            "`csv_roots: [NAME]` in `okr.yaml` of the home folder names."
        ),
    )

    type: Literal["csv"] = "csv"
    path: HomePath
