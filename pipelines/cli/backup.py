"""``okr backup`` and ``okr restore``: a home folder in one file, and back."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pipelines.cli.common import Place, fail, home_of, one_line
from pipelines.warehouse.backup import BackupFailed, back_up, put_back
from pipelines.warehouse.clock import clock_from


@click.command(epilog="Example: okr --home okr-home backup okr-2026-11-20.tar.gz")
@click.argument("file", type=Place(is_file=True))
@click.pass_context
def backup(context: click.Context, file: Path) -> None:
    """Copy the home folder into FILE, also while a run goes on.

    Client files, data, granted tokens, secrets that lie in the folder, the working and the published database and the
    exports: keep the file as secret as they are. Dagster's own history is left out.
    """
    try:
        count = back_up(home_of(context), file.absolute(), now=clock_from(os.environ).now())
    except BackupFailed as error:
        raise fail(one_line(error)) from error
    click.echo(f"{file}: {count} files")


@click.command(epilog="Example: okr restore okr-2026-11-20.tar.gz --into okr-restored")
@click.argument("file", type=Place(is_file=True))
@click.option("--into", "folder", required=True, type=Place(), help="An empty or a new folder.")
def restore(file: Path, folder: Path) -> None:
    """Put what okr backup wrote into an empty folder, which is a home folder then."""
    if not file.is_file():
        raise fail(f"there is no file {file}")
    try:
        count = put_back(file, folder.absolute())
    except BackupFailed as error:
        raise fail(one_line(error)) from error
    click.echo(f"{folder}: {count} files; okr --home {folder} status shows what it has")
