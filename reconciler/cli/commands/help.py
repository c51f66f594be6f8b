"""`reconciler help`: show the help of the program or of one command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.command import command
from reconciler.cli.output import write

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EXAMPLE = """\
  reconciler help plan
  reconciler help sandbox serve"""


def _suggest_commands(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    root = ctx.find_root()
    return root.command.shell_complete(root, incomplete)


@command(EXAMPLE, name="help")
@click.argument("words", nargs=-1, metavar="[COMMAND]...", shell_complete=_suggest_commands)
def help_(words: tuple[str, ...]) -> int:
    """Show the help of the program or of one command, as --help does."""
    context = click.get_current_context().find_root()
    for word in words:
        group = context.command
        if not isinstance(group, click.Group):
            context.fail(f"{context.command_path} has no commands.")
        name, found, _ = group.resolve_command(context, [word])
        if found is None:
            context.fail(f"No such command {word!r}.")
        context = found.context_class(found, parent=context, info_name=name)
    write(context.get_help(), with_key=True)
    return 0
