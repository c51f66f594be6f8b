"""The help of the program and its commands: what one does, an example, its options; it fits narrow terminals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import click

from reconciler.cli.global_options import GlobalOption

NARROW: Final = 72
"""Columns below which the help of a long option is printed under the option, not beside it."""
SHORT: Final = 12
"""Characters of a name that leave room beside it, also on a narrow terminal."""


class HelpFormatter(click.HelpFormatter):
    """A formatter that leaves the help of an option room for a URL, also on a narrow terminal."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options with their help beside them, below `NARROW` columns under them."""
        rows = tuple(rows)
        fits = self.width >= NARROW or all(len(name) <= SHORT for name, _ in rows)
        super().write_dl(rows, col_max if fits else 4, col_spacing)


class HelpContext(click.Context):
    """A context whose help is written by that formatter."""

    formatter_class = HelpFormatter


def write_help(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the help of one command: its usage, what it does, its example, its options; the global ones by name."""
    _write_beginning(command, ctx, formatter)
    own, shared = _options(command, ctx)
    with formatter.section("Options"):
        formatter.write_dl(_records(own, ctx))
    if shared:
        names = ", ".join(max(option.opts, key=len) for option in shared)
        formatter.write_paragraph()
        formatter.write_text(f"Global options, which `reconciler --help` explains: {names}")


def write_group_help(
    group: click.Group, ctx: click.Context, formatter: click.HelpFormatter, summaries: Sequence[tuple[str, str]]
) -> None:
    """Write the help of a group: its usage, what it is for, its example, its commands, all of its options."""
    _write_beginning(group, ctx, formatter)
    with formatter.section("Commands"):
        formatter.write_dl(summaries)
    own, shared = _options(group, ctx)
    with formatter.section("Options"):
        formatter.write_dl(_records([*own, *shared], ctx))


def _write_beginning(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    command.format_usage(ctx, formatter)
    command.format_help_text(ctx, formatter)
    if command.epilog:
        formatter.write_paragraph()
        formatter.write_text(command.epilog)


def _options(command: click.Command, ctx: click.Context) -> tuple[list[click.Option], list[click.Option]]:
    """Return a command's own options, and the global ones."""
    options = [param for param in command.get_params(ctx) if isinstance(param, click.Option)]
    own = [option for option in options if not isinstance(option, GlobalOption)]
    return own, [option for option in options if isinstance(option, GlobalOption)]


def _records(options: Sequence[click.Option], ctx: click.Context) -> list[tuple[str, str]]:
    return [record for option in options if (record := option.get_help_record(ctx)) is not None]
