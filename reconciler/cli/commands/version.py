"""`reconciler version`: show the version."""

from __future__ import annotations

from reconciler import __version__
from reconciler.cli.command import command
from reconciler.cli.output import write


@command("  reconciler version")
def version() -> int:
    """Show the version, as --version and -V do."""
    write(f"reconciler, version {__version__}")
    return 0
