"""`reconciler drift`: what differs live from the file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.formats import PLAN_FORMATS, Look
from reconciler.cli.group import Command
from reconciler.cli.options import (
    format_option,
    global_options,
    output_option,
    path_argument,
    planning_options,
)

if TYPE_CHECKING:
    from reconciler.model.shard import Shard

EXAMPLE = """\b
Example:
  reconciler drift groups.yaml
  reconciler drift --format json --output drift.json"""


@click.command(cls=Command, epilog=EXAMPLE)
@path_argument
@format_option(PLAN_FORMATS)
@output_option
@planning_options
@global_options
@click.pass_context
def drift(
    ctx: click.Context,
    path: Path,
    format_: str,
    output: Path | None,
    targets: tuple[str, ...],
    changed_since: str | None,
    as_of: datetime | None,
    max_removals: str | None,
    show_phones: bool,
    shard: Shard | None,
) -> int:
    """Show what differs live from the file; exit with 2 when anything does. Never writes.

    PATH is a YAML file or a folder of them, groups.yaml by default.
    """
    from reconciler.cli.logs import begin
    from reconciler.cli.planning import Asked, made_now, read_only_plan
    from reconciler.cli.writing import colored, show

    settings = begin(ctx)
    asked = Asked(path, as_of, targets, max_removals, show_phones, shard, changed_since)
    desired, plan = read_only_plan(asked, settings)
    look = Look(show_phones, colored(settings.no_color) and output is None, drift=True)
    show(PLAN_FORMATS[format_](made_now(plan, desired.sources), look), output, private=show_phones)
    return 2 if plan.pending else 0
