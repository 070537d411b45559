"""A drawn chart made fit for the page: one labelled image, with a text alternative.

What belongs here: the ``<svg>`` around a drawing. What does not: what is drawn (``charts.py``).
"""

from __future__ import annotations

from markupsafe import Markup, escape

from pipelines.exports.report.drawing import Drawing


def for_page(drawing: Drawing, *, chart_id: str, title: str, description: str) -> Markup:
    """``drawing`` as one labelled image, the same bytes whenever the same chart is drawn."""
    head = Markup(
        '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-t {id}-d">'
    ).format(width=drawing.width, height=drawing.height, id=chart_id)
    labels = Markup('<title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>').format(
        id=chart_id, title=title, description=description
    )
    return head + labels + Markup(drawing.body) + Markup("</svg>")  # noqa: S704 - numbers, and escaped words


def empty(text: str) -> Markup:
    """What stands where there is nothing to draw."""
    return Markup('<p class="nochart">{}</p>').format(escape(text))
