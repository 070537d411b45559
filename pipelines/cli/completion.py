"""``okr completion``: what a shell needs to complete commands, options and client names on Tab."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_OKR_COMPLETE"
"""click's own name for it; the script that a shell loads asks by this variable."""


@click.command(
    epilog="""\b
Example: okr completion bash
bash:  okr completion bash > ~/.local/share/bash-completion/completions/okr
zsh:   okr completion zsh > "${fpath[1]}/_okr"
fish:  okr completion fish > ~/.config/fish/completions/okr.fish"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for a shell: commands, options and the names of clients."""
    made_by = get_completion_class(shell)
    if made_by is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    root = context.find_root()
    click.echo(made_by(root.command, {}, root.info_name or "okr", VARIABLE).source())
