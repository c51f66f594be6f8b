"""`reconciler sandbox`: the embedded server by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.embedded import SANDBOX_STATE
from reconciler.cli.group import LazyGroup
from reconciler.cli.options import global_options

F = TypeVar("F", bound=Callable[..., Any])

EXAMPLE = """\b
Example:
  reconciler sandbox serve --port 8080 --from first-state.yaml
  reconciler sandbox shake"""

COMMANDS = {
    "serve": ("reconciler.cli.commands.sandbox.serve:serve", "Serve the embedded API on loopback until Ctrl-C."),
    "reset": ("reconciler.cli.commands.sandbox.reset:reset", "Forget the embedded server's state."),
    "shake": ("reconciler.cli.commands.sandbox.shake:shake", "Make hand-made drift in the embedded server's groups."),
}


def state_option(function: F) -> F:
    """--state FILE."""
    return click.option(
        "--state",
        envvar="RECONCILER_STATE",
        type=click.Path(path_type=Path, dir_okay=False),
        default=SANDBOX_STATE,
        show_default=True,
        metavar="FILE",
        help="Where the server's state is kept.",
    )(function)


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=EXAMPLE)
@global_options
def sandbox() -> None:
    """The embedded server by itself: serve it, forget its state, make drift in it."""
