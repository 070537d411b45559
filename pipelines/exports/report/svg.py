"""A drawn chart made fit for the page: the page's fonts and colours, ids of its own, a text alternative.

What belongs here: rewriting SVG text. What does not: what is drawn (``charts.py``).
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

INKS: dict[str, str] = {
    "#a10001": "--now",
    "#a10002": "--now-soft",
    "#a10003": "--last",
    "#a10004": "--path",
    "#a10005": "--fan",
    "#a10006": "--axis",
    "#a10007": "--grid",
    "#a10008": "--label",
    "#a10009": "--last-ink",
    "#a10010": "--bar",
    "#a10011": "--paper",
}
"""Stand-ins that the drawing uses, and the page's colour each becomes: a chart then follows light and dark."""

_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_ROLES = re.compile(r' (?:role|aria-[a-z]+|class|pointer-events|font-family|stroke-miterlimit)="[^"]*"')
TITLE = "\u00a7"
"""Before a mark's description: what shows where one points at it, without a script."""
_TITLED = re.compile(rf'<(path|line) aria-label="{TITLE}([^"]*)"([^>]*)/>')
_AXIS_LABELS = re.compile(r'<g class="mark-text role-axis-label"[^>]*>(.*?)</g>')
_MIDDLED = '<text text-anchor="middle"'
_EMPTY_PATH = re.compile(r'<path(?: d="")?(?: display="none")?/>|<path d="" display="none"/>|<path d="M0,0h0v0h0Z"/>')
_CLIP = re.compile(r"\bclip\d+\b")
_SIZE = re.compile(r'^<svg[^>]*?viewBox="([^"]+)"[^>]*>')


def for_page(svg: str, *, chart_id: str, title: str, description: str) -> Markup:
    """``svg`` as one labelled image, the same bytes whenever the same chart is drawn."""
    body = svg[svg.index("<svg") :]
    found = _SIZE.match(body)
    if found is None:
        raise ValueError(f"chart {chart_id} came without a viewBox")
    body = body[found.end() :]
    body = _TITLED.sub(r"<\1\3><title>\2</title></\1>", body)
    body = _AXIS_LABELS.sub(lambda match: f"<g>{_thinned(match.group(1))}</g>", body)
    body = _ROLES.sub("", body)
    body = _EMPTY_PATH.sub("", body)
    body = _LONG_NUMBER.sub(lambda match: f"{float(match.group()):.2f}".rstrip("0").rstrip("."), body)
    names: dict[str, str] = {}
    body = _CLIP.sub(lambda match: names.setdefault(match.group(), f"{chart_id}-clip{len(names)}"), body)
    for ink, variable in INKS.items():
        body = body.replace(f'"{ink}"', f'"var({variable})"')
    head = Markup('<svg class="chart" viewBox="{box}" role="img" aria-labelledby="{id}-t {id}-d">').format(
        box=found.group(1), id=chart_id
    )
    labels = Markup('<title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>').format(
        id=chart_id, title=title, description=description
    )
    return head + labels + Markup(body)  # noqa: S704 - drawn from numbers and escaped labels by the chart library


def _thinned(labels: str) -> str:
    """Labels of months with each but every third marked, for where type is large beside the chart."""
    first, *others = labels.split(_MIDDLED)
    marked = (f'<text data-m="{n % 3}" text-anchor="middle"{rest}' for n, rest in enumerate(others))
    return first + "".join(marked)


def empty(text: str) -> Markup:
    """What stands where there is nothing to draw."""
    return Markup('<p class="nochart">{}</p>').format(escape(text))
