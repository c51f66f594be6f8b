"""Declare a command: its help with an example, the global options, logs that are set up before it starts."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click

from reconciler.cli.global_options import add_global_options, global_options_of
from reconciler.cli.lazy_group import Command


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
