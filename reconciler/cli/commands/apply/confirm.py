"""Asking before anything is written."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from reconciler.errors import Refused, UsageError
from reconciler.model.plan import Plan


def confirm(plan: Plan, *, yes: bool) -> None:
    """Ask on a terminal; elsewhere --yes must have been said. Raises when it is not to go on."""
    if yes:
        return
    stdin: TextIO | None = sys.stdin  # None where it was closed when the program started (`<&-`)
    if stdin is None or not stdin.isatty():
        raise UsageError("there is no terminal to ask on, nothing was changed", "pass --yes to apply without asking")
    calls = f"{plan.calls} call{'s' if plan.calls != 1 else ''}"
    click.echo(f"\nApply this plan ({calls})? Only 'yes' goes on: ", nl=False, err=True)
    if stdin.readline().strip().lower() != "yes":
        raise Refused("not applied: nothing was changed")
