"""`reconciler sandbox reset`: no world any more."""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli.commands.sandbox.command import state_option
from reconciler.cli.group import Command
from reconciler.cli.options import global_options


@click.command(cls=Command, epilog="\b\nExample:\n  reconciler sandbox reset")
@state_option
@global_options
def reset(state: Path) -> int:
    """Forget the embedded server's state: its groups, people and logs."""
    from reconciler.cli.embedded import expecting_sandbox_errors
    from reconciler.cli.writing import show
    from reconciler.sandbox import reset as forget

    there = os.path.exists(state)
    with expecting_sandbox_errors():
        forget(state)
    show(f"forgot {state}" if there else f"nothing to forget: there is no {state}")
    return 0
