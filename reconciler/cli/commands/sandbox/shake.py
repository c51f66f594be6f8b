"""`reconciler sandbox shake`: drift, as if made by hand."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.commands.sandbox.command import state_option
from reconciler.cli.group import Command
from reconciler.cli.options import global_options


@click.command(cls=Command, epilog="\b\nExample:\n  reconciler sandbox shake && reconciler --sandbox drift")
@state_option
@click.option(
    "--seed", envvar="RECONCILER_SEED", type=int, default=1, show_default=True, help="The same seed, the same drift."
)
@global_options
@click.pass_context
def shake(ctx: click.Context, state: Path, seed: int) -> int:
    """Make hand-made drift in the embedded server's groups: a rename, a removal, a stranger."""
    from reconciler.cli.embedded import expecting_sandbox_errors
    from reconciler.cli.logs import begin
    from reconciler.cli.writing import show
    from reconciler.errors import UsageError
    from reconciler.files import is_gone
    from reconciler.sandbox import World
    from reconciler.sandbox import shake as shake_world

    settings = begin(ctx)
    if is_gone(state):
        raise UsageError(f"there is no sandbox state at {state}", "make one first: reconciler --sandbox apply")
    with expecting_sandbox_errors(), World.open(state) as world:
        known, asked = world.instance_ids(), settings.instance_id
        if asked and asked not in known:
            raise UsageError(
                f"the sandbox has no instance {asked}, only {', '.join(known) or 'none'}",
                "name one of these with --instance-id or WAPPFY_INSTANCE_ID, or none to shake them all",
            )
        instances = (asked,) if asked else known
        done = [line for instance_id in instances for line in shake_world(world, seed, instance_id)]
    show("\n".join(done) if done else "nothing to shake: the instance is in no group")
    return 0
