"""What a client's sources are called before a reader: the vendor's name, never the id that the file gives them.

What belongs here: names, and telling two sources of one vendor apart. What does not: the words of a language
(``words/notes.py`` says ``OWN``), what a vendor is called (its own package).
"""

from __future__ import annotations

from collections.abc import Mapping

from okr_models.client.model import Client
from okr_models.kpis.channels import CHANNEL_NAMES
from okr_models.words.notes import OWN, PLATFORM_NAMES
from okr_models.words.numbers import Language


def source_labels(client: Client) -> dict[str, str]:
    """A name by source id. A vendor's second source is numbered; what the client reports itself has one name."""
    seen: dict[str, int] = {}
    labels: dict[str, str] = {}
    for source in client.sources:
        name = OWN if source.category == "own" else source.facts.name
        seen[name] = seen.get(name, 0) + 1
        labels[source.id] = name if name == OWN or seen[name] == 1 else f"{name} ({seen[name]})"
    return labels


def scope_label(scope: str, labels: Mapping[str, str], language: Language = "en") -> str:
    """A scope by the name of its source, platform or channel.

    >>> scope_label("source=web", {"web": "Google Analytics"}), scope_label("platform=linkedin", {})
    ('Google Analytics', 'LinkedIn')
    >>> scope_label("channel=organic_search", {}, "sv"), scope_label("event=generate_lead", {})
    ('organisk sökning', 'generate_lead')
    """
    kind, _, name = scope.partition("=")
    if kind == "source":
        return labels.get(name, name)
    if kind == "channel":
        return CHANNEL_NAMES[language].get(name, name)
    return PLATFORM_NAMES.get(name, name) if name else scope
