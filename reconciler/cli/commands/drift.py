"""`reconciler drift`: show what differs live from the file, and tell a chat about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.global_options import GlobalOptions, add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import PlanRequest, format_option, output_option, planning_options
from reconciler.errors import (
    MAY_HAVE_TAKEN_EFFECT,
    ApiError,
    Interrupted,
    NotificationFailed,
    OutputError,
    UsageError,
)
from reconciler.model.identity import chat_id, parse_jid

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.engine import PlanResult
    from reconciler.model.desired import Desired
    from reconciler.plan.file_format import SavedPlan


@dataclass(frozen=True, slots=True)
class ChatTarget:
    """Where a notice goes: `word` as the user wrote it, `id` where it is one, else it is the key of a group."""

    word: str
    id: str | None = None


def parse_chat(word: str, desired: Desired) -> ChatTarget:
    """The chat that a key or an id stands for; UsageError, before any call, for a word that is neither."""
    if any(group.key == word for group in desired.groups):
        return ChatTarget(word)
    address = chat_id(word)
    if address is not None:
        return ChatTarget(word, address)
    if parse_jid(word) is not None:
        raise UsageError(
            f"--notify: {word} is a private id (LID), and no message can be sent to one",
            "name the person by the number: {phone}@s.whatsapp.net",
        )
    from reconciler.config.problem_collector import quote_person
    from reconciler.plan.selection import suggest_key

    hint = suggest_key(word, (group.key for group in desired.groups))
    raise UsageError(
        f"--notify: the file has no group {quote_person(word)}, and it is no chat's id",
        f"{hint}\na chat's id is written 120363012345678901@g.us, or {{phone}}@s.whatsapp.net for a person's",
    )


def send_notification(chat: ChatTarget, desired: Desired, planned: PlanResult, session: Session) -> None:
    """Send the summary of a plan, once.

    Raises NoticeFailed where it was not sent or nobody knows, Interrupted where a signal came.
    """
    from reconciler.report.chat_notice import render_notice

    address = chat.id or _live_id(chat.word, desired, planned)
    try:
        with session.messaging() as client:
            client.send_message(address, render_notice(planned.plan))
    except ApiError as error:
        if isinstance(error, MAY_HAVE_TAKEN_EFFECT):
            what, hint = "may have been sent", "look into the chat; it is not sent twice"
        else:
            what, hint = "was not sent", error.hint
        raise NotificationFailed(f"the notice to {chat.word} {what}: {error.summary()}", hint) from error
    if session.stop.event.is_set():
        raise Interrupted(f"interrupted; the notice to {chat.word} was sent")


def _live_id(key: str, desired: Desired, planned: PlanResult) -> str:
    """The live group of a key, found among the groups that were listed for the plan, also where it is no part of it."""
    from reconciler.diff.match import match_groups
    from reconciler.model.live import ListedGroup

    match = match_groups(desired.groups, [ListedGroup(i, name) for i, name in planned.live_names.items()])[key]
    if match.listed is None:
        why = match.blocked or "it is not live"
        raise NotificationFailed(f"the notice to {key} was not sent: {why}", "name another chat with --notify")
    return match.listed.id


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
@add_global_options
@click.pass_context
def drift(
    ctx: click.Context,
    asked: PlanRequest,
    notify: str | None,
    format_: str,
    output: Path | None,
    since: str | None,
) -> int:
    """Show what differs live from the file; exit with 2 when anything does. Changes no group.

    PATH is a YAML file or a folder of them, groups.yaml by default. With --notify one message is sent besides, of
    counts and the groups' keys, and nothing else is written; where it cannot be sent, the exit code is 1.
    """

    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import require_distinct_files
    from reconciler.cli.planning import load_and_choose, read_only_plan, stamp
    from reconciler.cli.revisions import add_drift_causes, find_applied_revision

    settings = set_up_logging(ctx)
    require_distinct_files({"--output": output}, (asked.path, settings.api_key_file))
    desired, choices = load_and_choose(asked, settings)
    chat = parse_chat(notify, desired) if notify is not None else None
    baseline = find_applied_revision(asked.path, since)
    with read_only_plan(desired, choices, settings) as (planned, session):
        plan = add_drift_causes(planned, desired, asked.path, baseline)
        shown = _render(stamp(plan, desired.sources), asked, settings, format_, output)
        if chat is not None and session is not None and plan.pending:
            send_notification(chat, desired, replace(planned, plan=plan), session)
    if not shown:
        return 1
    return 2 if plan.pending else 0


def _render(made: SavedPlan, asked: PlanRequest, settings: GlobalOptions, format_: str, output: Path | None) -> bool:
    """Show what differs; where that fails say so and go on, since somebody in a chat may be waiting to hear of it."""
    from reconciler.cli.error_output import format_error
    from reconciler.cli.output import print_message, render_to_stdout

    try:
        render_to_stdout(PLAN_FORMATS[format_], made, settings, output, show_phones=asked.show_phones, drift=True)
    except BrokenPipeError:
        return False
    except (OutputError, UsageError) as error:
        print_message(format_error(error))
        return False
    return True
