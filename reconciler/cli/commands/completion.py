"""`reconciler completion`: print the script that completes command lines in a shell."""

from __future__ import annotations

import click

from reconciler.cli.command import command
from reconciler.cli.completion import SHELLS, completion_script
from reconciler.cli.output import write

EXAMPLE = """\
  # bash, for you:
  echo 'eval "$(reconciler completion bash)"' >> ~/.bashrc
  # bash, with the package bash-completion:
  reconciler completion bash > ~/.local/share/bash-completion/completions/reconciler
  # zsh, after `compinit` in ~/.zshrc:
  echo 'eval "$(reconciler completion zsh)"' >> ~/.zshrc
  # fish:
  reconciler completion fish > ~/.config/fish/completions/reconciler.fish"""


@command(EXAMPLE)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print the completion script of a shell: bash (4.4 or later), zsh or fish.

    It completes commands, options and formats, the keys of groups (--target, --exclude, --notify, invite), and the
    aliases and names of people (who). Keys and people come from PATH, if it is typed before the word, else from
    RECONCILER_PATH or groups.yaml in the working folder. Nothing is read over the network.
    """
    write(completion_script(shell))
    return 0
