"""``okr mcp``: the published figures for a program that speaks the Model Context Protocol, over stdio."""

from __future__ import annotations

import click

from pipelines.cli.common import fail, home_of


@click.command(epilog="Example: okr --home okr-home mcp")
@click.pass_context
def mcp(context: click.Context) -> None:
    """Serve read-only tools over the published figures to an assistant, over stdio.

    Needs the extra: pip install 'marketing-okr[mcp]'. Nothing can be changed through it, and nothing but schemas marts
    and ops can be read.
    """
    try:
        from pipelines.asking.server import server_of
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "mcp":
            raise
        raise fail("okr mcp needs the extra: pip install 'marketing-okr[mcp]'") from error
    server_of(home_of(context)).run("stdio")
