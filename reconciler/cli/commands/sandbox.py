"""`reconciler sandbox`: serve the embedded server, delete its state, make manual changes in its groups."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command, LazyGroup
from reconciler.cli.options import option
from reconciler.cli.session import state_option

F = TypeVar("F", bound=Callable[..., Any])

EXAMPLE = """\b
Example:
  reconciler sandbox serve --port 8080 --from first-state.yaml
  reconciler sandbox shake"""

COMMANDS = {
    "serve": ("reconciler.cli.commands.sandbox_serve:serve", "Serve the embedded API on loopback until Ctrl-C."),
    "reset": ("reconciler.cli.commands.sandbox:reset", "Delete the embedded server's state."),
    "shake": ("reconciler.cli.commands.sandbox:shake", "Simulate manual changes in the embedded server's groups."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=EXAMPLE)
@add_global_options
def sandbox() -> None:
    """Run and manage the embedded server: serve it, delete its state, simulate manual changes."""


@click.command(cls=Command, epilog="\b\nExample:\n  reconciler sandbox reset")
@state_option
@add_global_options
def reset(state: Path) -> int:
    """Delete the embedded server's state: its groups, people and logs."""
    from reconciler.cli.output import write
    from reconciler.cli.session import map_sandbox_errors
    from reconciler.sandbox import reset as delete_state

    existed = os.path.exists(state)
    with map_sandbox_errors():
        delete_state(state)
    write(f"deleted {state}" if existed else f"nothing to delete: {state} does not exist")
    return 0


@click.command(cls=Command, epilog="\b\nExample:\n  reconciler sandbox shake && reconciler --sandbox drift")
@state_option
@option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same changes.")
@add_global_options
@click.pass_context
def shake(ctx: click.Context, state: Path, seed: int) -> int:
    """Simulate manual changes in the embedded server's groups: a rename, a removal, an unknown member."""
    from reconciler.atomic_file import is_missing
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import write
    from reconciler.cli.session import map_sandbox_errors
    from reconciler.errors import UsageError
    from reconciler.sandbox import World
    from reconciler.sandbox import shake as shake_world

    global_options = set_up_logging(ctx)
    if is_missing(state):
        raise UsageError(f"there is no sandbox state at {state}", "create it with `reconciler --sandbox apply`")
    with map_sandbox_errors(), World.open(state) as world:
        instance_ids, selected = world.instance_ids(), global_options.instance_id
        if selected and selected not in instance_ids:
            raise UsageError(
                f"the sandbox has no instance {selected}; it has {', '.join(instance_ids) or 'none'}",
                "name one of these with --instance-id or WAPPFY_INSTANCE_ID, or leave it out to change all",
            )
        selected_ids = (selected,) if selected else instance_ids
        changes = [line for instance_id in selected_ids for line in shake_world(world, seed, instance_id)]
    write("\n".join(changes) if changes else "nothing to change: the account is in no group")
    return 0
