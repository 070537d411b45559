"""Vendors' names of channels, and ours (API2.md, section B).

What belongs here: names that several vendors share, and what an unknown one means. What does not: our vocabulary
(``okr_models/kpis/channels.py``) and Matomo's numbers (``matomo/conversions.py``).
"""

from __future__ import annotations

from okr_models.kpis.channels import Channel

_NAMED: dict[str, Channel] = {
    "direct": "direct",
    "organic search": "organic_search",
    "organic shopping": "organic_search",
    "paid search": "paid_search",
    "paid shopping": "paid_search",
    "organic social": "organic_social",
    "paid social": "paid_social",
    "email": "email",
    "referral": "referral",
    "ai assistant": "ai_assistants",
    "ai assistants": "ai_assistants",
    "display": "display",
    "organic video": "video",
    "paid video": "video",
    "affiliates": "affiliates",
    "affiliate": "affiliates",
}
_KNOWN_AS_OTHER = frozenset(
    {
        "cross-network",
        "paid other",
        "audio",
        "sms",
        "mobile push notifications",
        "unassigned",
        "(other)",
        "(not set)",
        "(data not available)",
        "",
    }
)
"""No one channel of ours: Cross-network (Performance Max) is paid, over several networks at once."""


def channel_of(label: str) -> Channel:
    """GA4's and Plausible's names, in any case, singular or plural.

    >>> channel_of("AI Assistants"), channel_of("Paid Shopping"), channel_of("Something new")
    ('ai_assistants', 'paid_search', 'other')
    """
    return _NAMED.get(label.strip().lower(), "other")


def is_known(label: str) -> bool:
    """Whether the name is one that was documented when this was written."""
    return label.strip().lower() in _NAMED.keys() | _KNOWN_AS_OTHER
