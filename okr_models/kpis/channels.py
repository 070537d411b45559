"""The one vocabulary of channels, into which every web source's own names are read (MEASURES.md, "KPIs").

What belongs here: our names and what a reader calls them. What does not: the vendors' names
(``connectors/core/channels.py``).
"""

from __future__ import annotations

from typing import Literal, get_args

Channel = Literal[
    "direct",
    "organic_search",
    "paid_search",
    "organic_social",
    "paid_social",
    "email",
    "referral",
    "ai_assistants",
    "display",
    "video",
    "affiliates",
    "other",
]
CHANNELS: tuple[str, ...] = get_args(Channel)
CHANNELS_SPLIT = {"channel=referral": "ai_assistants"}
"""What was counted in one channel until it got another of its own."""

CHANNEL_NAMES: dict[Literal["sv", "en"], dict[str, str]] = {
    "sv": {
        "direct": "direkt",
        "organic_search": "organisk sökning",
        "paid_search": "betald sökning",
        "organic_social": "organiskt i sociala medier",
        "paid_social": "betalt i sociala medier",
        "email": "e-post",
        "referral": "hänvisning",
        "ai_assistants": "AI-assistenter",
        "display": "display",
        "video": "video",
        "affiliates": "affiliate",
        "other": "övrigt",
    },
    "en": {
        "direct": "direct",
        "organic_search": "organic search",
        "paid_search": "paid search",
        "organic_social": "organic social",
        "paid_social": "paid social",
        "email": "email",
        "referral": "referral",
        "ai_assistants": "AI assistants",
        "display": "display",
        "video": "video",
        "affiliates": "affiliates",
        "other": "other",
    },
}
