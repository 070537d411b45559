"""Google Analytics 4 in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from connectors.google.facts import MENDED_AT, key_step
from okr_models.client.fields import refuse
from okr_models.client.sources import (
    BlogPath,
    Events,
    SecretRef,
    SourceFacts,
    SourceSettings,
    checked,
)

_property_id = checked(r"[0-9]{1,20}", 'must be the numeric property id, like "412345678", not G-... or UA-...')


class Ga4(SourceSettings):
    """A GA4 property."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Google Analytics 4",
        label="Google Analytics",
        category="web",
        example='{id: web, type: ga4, property_id: "412345678", credentials: {env: ACME_GOOGLE_KEY}}',
        steps=(
            key_step("Google Analytics Data API"),
            ("In Analytics: Admin, Property, Property access management: add the service account's address as Viewer."),
            "For conversions also enable the Google Analytics Admin API, which says since when an event is key.",
            "The property id is the number under Admin, Property details; not `G-...`.",
        ),
        channel_since={"ai_assistants": date(2026, 5, 13)},
        where_to_click=f"{MENDED_AT}; who may read: analytics.google.com: Admin, Property access management",
    )

    named_by: ClassVar[tuple[str, ...]] = ("property_id",)

    type: Literal["ga4"] = "ga4"
    property_id: Annotated[str, _property_id, Field(examples=['property_id: "412345678"'])]
    credentials: SecretRef
    blog_path: BlogPath | None = None
    events: Events = ()
    leads: Literal["key_event", "event_count"] = "key_event"

    @model_validator(mode="after")
    def _counted_events_are_named(self) -> Ga4:
        if self.leads == "event_count" and not self.events:
            raise refuse("counts events by their names; add events: [generate_lead]", "leads")
        return self
