"""Commands: imported only when they run, so that `--help` answers at once; each with the global options."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import click

from reconciler.cli.global_options import GlobalOption, add_global_options, global_options_of
from reconciler.model.text import closest_name


def command(example: str, name: str | None = None) -> Callable[[Callable[..., int]], click.Command]:
    """Make a function a command that takes the global options, with an example at the end of its help."""

    def decorate(function: Callable[..., int]) -> click.Command:
        return click.command(name, cls=Command, epilog=f"\b\nExample:\n{example}")(add_global_options(function))

    return decorate


def pass_global_options(function: Callable[..., int]) -> Callable[..., int]:
    """Set up the logs of a command, and pass it the values of the global options first."""

    @wraps(function)
    def run(*args: object, **kwargs: object) -> int:
        from reconciler.cli.progress import set_up_logging

        global_options = global_options_of(click.get_current_context())
        set_up_logging(global_options)
        return function(global_options, *args, **kwargs)

    return run


class Command(click.Command):
    """A command whose help lists its own options first and the global ones after them."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the two lists of options."""
        own, shared = _help_records(self, ctx)
        for title, records in (("Options", own), ("Global options", shared)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class LazyGroup(click.Group):
    """A group that knows its commands by name and summary, and imports a command's module when it runs.

    `lazy` maps a command's name to ("package.module:attribute", "its summary").
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

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

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        own, shared = _help_records(self, ctx)
        with formatter.section("Options"):
            formatter.write_dl(own + shared)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self.lazy.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; suggest one when the name is a typo."""
        if args and args[0] not in self.lazy and not args[0].startswith("-"):
            closest = closest_name(args[0], self.lazy)
            hint = f" Did you mean {closest!r}?" if closest else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def _help_records(command: click.Command, ctx: click.Context) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the help of a command's own options and of the global ones."""
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for param in command.get_params(ctx):
        record = None if isinstance(param, click.Argument) else param.get_help_record(ctx)
        if record is not None:
            (shared if isinstance(param, GlobalOption) else own).append(record)
    return own, shared
