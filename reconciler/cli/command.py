"""Commands: imported only when they run, so that `--help` answers at once; each with the global options."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.error_output import print_message
from reconciler.cli.global_options import add_global_options, global_options_of
from reconciler.cli.help_page import HelpContext, write_group_help, write_help
from reconciler.cli.logs import enter_command, is_json, set_up_logging
from reconciler.cli.options import NOTICES
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.model.text import closest_name
from reconciler.sanitize.escape import mask_and_escape

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def command(example: str, name: str | None = None) -> Callable[[Callable[..., int]], click.Command]:
    """Make a function a command that takes the global options, with an example in its help."""

    def decorate(function: Callable[..., int]) -> click.Command:
        return click.command(name, cls=Command, epilog=f"\b\nExample:\n{example}")(add_global_options(function))

    return decorate


def pass_global_options(function: Callable[..., int]) -> Callable[..., int]:
    """Set up the logs of a command, and pass it the values of the global options first."""

    @wraps(function)
    def run(*args: object, **kwargs: object) -> int:
        global_options = global_options_of(click.get_current_context())
        set_up_logging(quiet=global_options.quiet, verbose=global_options.verbose)
        return function(global_options, *args, **kwargs)

    return run


class Command(click.Command):
    """A command whose help shows an example before its options, and only names the global ones."""

    context_class = HelpContext

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Name the command in the lines on stderr before its arguments are parsed."""
        groups = parent.command_path.split()[1:] if parent is not None else []
        enter_command(" ".join([*groups, info_name or ""]))
        return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; suggest `--out` for `-out`."""
        with suggesting_two_dashes(self, ctx, args):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Print the notices about options, then run; where that was to print JSON, an error is a document, too."""
        if not global_options_of(ctx).quiet:
            for notice in ctx.meta.get(NOTICES, ()):
                print_message(mask_and_escape(notice), level="warning")
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if not is_json():
                raise  # click ends the line on which a terminal shows ^C
            raise Interrupted("interrupted; nothing was changed") from None
        except ReconcilerError as error:
            from reconciler.cli.output import write_error_document

            write_error_document(error, ctx)
            raise

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help page."""
        write_help(self, ctx, formatter)


class LazyGroup(click.Group):
    """A group that knows its commands by name and summary, and imports a command's module when it runs.

    `lazy` maps a command's name to ("package.module:attribute", "its summary").
    """

    context_class = HelpContext

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments before the command's name; suggest `--version` for `-version`."""
        with suggesting_two_dashes(self, ctx, args):
            return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names in the order of the table."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in self.lazy:
            return None
        module, _, attribute = self.lazy[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a command")
        return command

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help page, without importing any command."""
        write_group_help(self, ctx, formatter, [(name, summary) for name, (_, summary) in self.lazy.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Return the commands and options that fit a word, without importing any command."""
        from click.shell_completion import CompletionItem

        commands = [(name, summary) for name, (_, summary) in self.lazy.items() if name.startswith(incomplete)]
        items = [CompletionItem(name, help=summary) for name, summary in commands]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; suggest one when the name is a typo."""
        if args and args[0] not in self.lazy and not args[0].startswith("-"):
            closest = closest_name(args[0], self.lazy)
            hint = f" Did you mean {closest!r}?" if closest else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@contextmanager
def suggesting_two_dashes(command: click.Command, ctx: click.Context, arguments: Sequence[str]) -> Iterator[None]:
    """Suggest the option with two dashes for an unknown word with one, as other programs write it."""
    words = [word.partition("=")[0] for word in arguments]
    try:
        yield
    except click.NoSuchOption as error:
        options = {name for param in command.get_params(ctx) for name in param.opts if name.startswith("--")}
        for word in words:
            if f"-{word}" in options:
                raise click.NoSuchOption(word, possibilities=[f"-{word}"], ctx=ctx) from error
        raise
