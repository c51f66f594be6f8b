"""`reconciler drift`: what differs live from the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.group import Command
from reconciler.cli.options import Settings, global_options
from reconciler.cli.parameters import Asked, format_option, output_option, planning_options
from reconciler.errors import NotShown, UsageError

if TYPE_CHECKING:
    from reconciler.planfile.saved import SavedPlan

EXAMPLE = """\b
Example:
  reconciler drift groups.yaml
  reconciler drift --since HEAD~3
  reconciler drift --format json --output drift.json
  reconciler drift --notify admins"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.option(
    "--notify",
    envvar="RECONCILER_NOTIFY",
    metavar="CHAT",
    help="If anything drifted, send a summary to this group of the file (its key) or chat (its id).",
)
@click.option(
    "--since",
    envvar="RECONCILER_SINCE",
    metavar="REF",
    help="Say of each difference whether somebody changed it by hand since this git revision was applied, or the file "
    "moved and was not applied yet (else the newest tag applied/… that HEAD has, if any).",
)
@format_option(PLAN_FORMATS)
@output_option
@planning_options
@global_options
@click.pass_context
def drift(
    ctx: click.Context,
    asked: Asked,
    notify: str | None,
    format_: str,
    output: Path | None,
    since: str | None,
) -> int:
    """Show what differs live from the file; exit with 2 when anything does. Changes no group.

    PATH is a YAML file or a folder of them, groups.yaml by default. With --notify one message is sent besides, of
    counts and the groups' keys, and nothing else is written; where it cannot be sent, the exit code is 1.
    """
    from reconciler.cli.commands.drift.notice import chat_of, send_notice
    from reconciler.cli.commands.drift.verdicts import baseline_for, with_verdicts
    from reconciler.cli.logs import begin
    from reconciler.cli.places import require_apart
    from reconciler.cli.planning import load_and_choose, made_now, planning_only

    settings = begin(ctx)
    require_apart({"--output": output}, (asked.path, settings.api_key_file))
    desired, choices = load_and_choose(asked, settings)
    chat = chat_of(notify, desired) if notify is not None else None
    baseline = baseline_for(asked.path, since)
    with planning_only(desired, choices, settings) as (planned, session):
        plan = with_verdicts(planned, desired, asked.path, baseline)
        shown = _shown(made_now(plan, desired.sources), asked, settings, format_, output)
        if chat is not None and session is not None and plan.pending:
            send_notice(chat, desired, replace(planned, plan=plan), session)
    if not shown:
        return 1
    return 2 if plan.pending else 0


def _shown(made: SavedPlan, asked: Asked, settings: Settings, format_: str, output: Path | None) -> bool:
    """Show what differs; where that fails say so and go on, since somebody in a chat may be waiting to hear of it."""
    from reconciler.cli.failing import told
    from reconciler.cli.remarks import say
    from reconciler.cli.writing import tell

    try:
        tell(PLAN_FORMATS[format_], made, settings, output, show_phones=asked.show_phones, drift=True)
    except BrokenPipeError:
        return False
    except (NotShown, UsageError) as error:
        say(told(error))
        return False
    return True
