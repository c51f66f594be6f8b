"""Words on stderr. Where it takes none there is nowhere else to say so, and no reason to fail."""

from __future__ import annotations

from contextlib import suppress

import click


def say(message: str) -> None:
    """A message of this program."""
    remark(f"reconciler: {message}")


def remark(text: str) -> None:
    """A line as it stands.

    RuntimeError is how a stream answers the handler of a signal that came in the middle of a line.
    """
    with suppress(OSError, RuntimeError):
        click.echo(text, err=True)
