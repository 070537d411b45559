"""The template environment and the bytes of a page.

What belongs here: autoescape, the inlined style, writing the file whole. What does not: what a page says.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from okr_models.words.numbers import Speech
from pipelines.compiled_templates import BesideTheTemplates
from pipelines.exports.report.messages import message
from pipelines.leftovers import write_whole

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=BesideTheTemplates(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def write_page(path: Path, template: str, *, speech: Speech, values: dict[str, object]) -> Path:
    """Render ``template`` and replace ``path`` by it in one step."""
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    text = (
        _environment()
        .get_template(template)
        .render(
            language=speech.language,
            style=Markup(style),  # noqa: S704 - our own file
            t=lambda key, **filled: message(key, speech, **filled),
            **values,
        )
    )
    return write_whole(path, text.encode("utf-8", errors="replace"))
