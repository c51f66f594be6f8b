"""`reconciler sandbox`: serve the embedded server, forget its state, make manual changes in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command, LazyGroup
from reconciler.cli.session import state_option

F = TypeVar("F", bound=Callable[..., Any])


EXAMPLE = """\b
Example:
  reconciler sandbox serve --port 8080 --from first-state.yaml
  reconciler sandbox shake"""


COMMANDS = {
    "serve": ("reconciler.cli.commands.sandbox_serve:serve", "Serve the embedded API on loopback until Ctrl-C."),
    "reset": ("reconciler.cli.commands.sandbox:reset", "Forget the embedded server's state."),
    "shake": ("reconciler.cli.commands.sandbox:shake", "Make hand-made drift in the embedded server's groups."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=EXAMPLE)
@add_global_options
def sandbox() -> None:
    """The embedded server by itself: serve it, forget its state, make drift in it."""


@click.command(cls=Command, epilog="\b\nExample:\n  reconciler sandbox reset")
@state_option
@add_global_options
def reset(state: Path) -> int:
    """Forget the embedded server's state: its groups, people and logs."""
    from reconciler.cli.output import write
    from reconciler.cli.session import map_sandbox_errors
    from reconciler.sandbox import reset as forget

    there = os.path.exists(state)
    with map_sandbox_errors():
        forget(state)
    write(f"forgot {state}" if there else f"nothing to forget: there is no {state}")
    return 0


@click.command(cls=Command, epilog="\b\nExample:\n  reconciler sandbox shake && reconciler --sandbox drift")
@state_option
@click.option(
    "--seed", envvar="RECONCILER_SEED", type=int, default=1, show_default=True, help="The same seed, the same drift."
)
@add_global_options
@click.pass_context
def shake(ctx: click.Context, state: Path, seed: int) -> int:
    """Make hand-made drift in the embedded server's groups: a rename, a removal, a stranger."""
    from reconciler.atomic_file import is_missing
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import write
    from reconciler.cli.session import map_sandbox_errors
    from reconciler.errors import UsageError
    from reconciler.sandbox import World
    from reconciler.sandbox import shake as shake_world

    settings = set_up_logging(ctx)
    if is_missing(state):
        raise UsageError(f"there is no sandbox state at {state}", "make one first: reconciler --sandbox apply")
    with map_sandbox_errors(), World.open(state) as world:
        known, asked = world.instance_ids(), settings.instance_id
        if asked and asked not in known:
            raise UsageError(
                f"the sandbox has no instance {asked}, only {', '.join(known) or 'none'}",
                "name one of these with --instance-id or WAPPFY_INSTANCE_ID, or none to shake them all",
            )
        instances = (asked,) if asked else known
        done = [line for instance_id in instances for line in shake_world(world, seed, instance_id)]
    write("\n".join(done) if done else "nothing to shake: the instance is in no group")
    return 0
