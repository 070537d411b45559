"""``okr sandbox``: the sandbox server in the foreground."""

from __future__ import annotations

import os

import click

from pipelines.cli.common import readable_errors
from pipelines.warehouse.clock import clock_from


@click.command(epilog="Example: okr sandbox --port 8099")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port to listen on; default a free one.")
@readable_errors(OSError)
def sandbox(port: int | None) -> None:
    """Serve the vendors' APIs over a simulated world, until stopped."""
    from connectors.sandbox.server import serve

    serve(port=port, now=clock_from(os.environ).now(), echo=click.echo)
