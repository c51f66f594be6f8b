"""`reconciler drift`: show how the live groups differ from the configuration, and notify a chat."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.completion import suggest_keys
from reconciler.cli.error_output import print_error
from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest, option, planning_options, result_options, summary_option
from reconciler.cli.output import require_distinct_files, write_rendered
from reconciler.errors import (
    MAY_HAVE_TAKEN_EFFECT,
    ApiError,
    ExitCode,
    Interrupted,
    NotificationFailed,
    OutputError,
    UsageError,
)
from reconciler.model.identity import chat_id, parse_jid
from reconciler.sanitize.escape import escape_controls

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.engine import PlanResult
    from reconciler.model.desired import Desired

log = logging.getLogger("reconciler.drift")


@dataclass(frozen=True, slots=True)
class ChatTarget:
    """Where a notification goes: `word` as the user wrote it; without an `id` it is the key of a group."""

    word: str
    id: str | None = None


def parse_chat(word: str, desired: Desired) -> ChatTarget:
    """Return the chat that a key or an id refers to. Raises UsageError, before any call, for a word that is neither."""
    if any(group.key == word for group in desired.groups):
        return ChatTarget(word)
    known_id = chat_id(word)
    if known_id is not None:
        return ChatTarget(word, known_id)
    if parse_jid(word) is not None:
        raise UsageError(
            f"--notify: {word} is a private id (LID), which cannot receive messages",
            "use the person's number: {phone}@s.whatsapp.net",
        )
    from reconciler.config.problem_collector import quote_person
    from reconciler.plan.selection import suggest_key

    hint = suggest_key(word, (group.key for group in desired.groups))
    raise UsageError(
        f"--notify: {quote_person(word)} is neither the key of a group nor the id of a chat",
        f"{hint}\nan id looks like 120363012345678901@g.us, or {{phone}}@s.whatsapp.net for a person",
    )


def send_notification(chat: ChatTarget, desired: Desired, planned: PlanResult, session: Session) -> None:
    """Send the summary of a plan, once.

    Raises NotificationFailed if it was not sent or that is unknown, Interrupted if a signal arrived.
    """
    from reconciler.report.text import render_notice

    target_id = chat.id or _live_id(chat.word, desired, planned)
    try:
        with session.messaging() as client:
            sent = client.send_message(target_id, render_notice(planned.plan))
    except ApiError as error:
        if isinstance(error, MAY_HAVE_TAKEN_EFFECT):
            outcome, hint = "may have been sent", "check the chat; it is not sent twice"
        else:
            outcome, hint = "was not sent", "check the id of the chat" if error.status == 404 else error.hint
        raise NotificationFailed(f"the notification to {chat.word} {outcome}: {error.summary()}", hint) from error
    queued = sent.id is None
    if session.stop.event.is_set():
        outcome = "was accepted, and is not sent yet" if queued else "was sent"
        raise Interrupted(f"interrupted; the notification to {chat.word} {outcome}")
    log.info(
        "The notification to %s was accepted, and is not sent yet." if queued else "Sent the notification to %s.",
        chat.word,
    )


def _live_id(key: str, desired: Desired, planned: PlanResult) -> str:
    """Return the id of a key's live group, among all groups that were listed for the plan."""
    from reconciler.diff.match import match_groups
    from reconciler.model.live import ListedGroup

    match = match_groups(desired.groups, [ListedGroup(id=i, name=name) for i, name in planned.live_names.items()])[key]
    if match.listed is None:
        reason = escape_controls(match.blocked.to_text()) if match.blocked else "the group is not live"
        raise NotificationFailed(f"the notification to {key} was not sent: {reason}", "name another chat with --notify")
    return match.listed.id


EXAMPLE = """\
  reconciler drift groups.yaml
  reconciler drift --since HEAD~3
  reconciler drift --format json --output drift.json
  reconciler drift --notify admins"""


@command(EXAMPLE)
@option(
    "--notify",
    metavar="CHAT",
    shell_complete=suggest_keys,
    help="Send a summary to this group (by key) or chat (by id) if there is drift.",
)
@option(
    "--since",
    metavar="REF",
    help="Show the cause of each difference since this git revision was applied: a manual change, or a configuration "
    "change that is not applied yet. Defaults to the newest applied/… tag in the history of HEAD, if any.",
)
@result_options(PLAN_FORMATS)
@summary_option
@planning_options
@pass_global_options
def drift(
    global_options: GlobalOptions,
    request: PlanRequest,
    notify: str | None,
    format_: str,
    summary: bool,
    output: Path | None,
    since: str | None,
) -> int:
    """Show how the live groups differ from the configuration; exit with 2 if they do. Changes no group.

    PATH is a YAML file or a folder of YAML files; the default is groups.yaml. --notify sends one message with counts
    and group keys, and nothing else is written. If the message cannot be sent, the exit code is 1.
    """
    from reconciler.cli.planning import load_request, read_only_plan
    from reconciler.cli.revisions import add_drift_causes, options_naming_people_of, read_baseline

    source = load_request(request, global_options, since=since)
    desired = source.desired
    require_distinct_files({"--output": output}, (*source.files, global_options.api_key_file))
    chat = parse_chat(notify, desired) if notify is not None else None
    baseline = read_baseline(request.path, since, desired.as_of)
    if baseline is not None:
        source = replace(source, options=options_naming_people_of(baseline, source.options))
    with read_only_plan(source, global_options) as (planned, session):
        plan = add_drift_causes(planned, desired, baseline)
        saved, reader = source.to_saved_plan(plan), {"show_phones": request.show_phones, "summary": summary}
        shown = _try(lambda: write_rendered(PLAN_FORMATS[format_], saved, global_options, output, drift=True, **reader))
        if chat is not None and session is not None and plan.has_changes:
            send_notification(chat, desired, replace(planned, plan=plan), session)
    if not shown:
        return ExitCode.ERROR
    return ExitCode.CHANGES_PENDING if plan.has_changes else ExitCode.DONE


def _try(write: Callable[[], None]) -> bool:
    """Print the drift. If that fails, print an error and go on, so that the notification is still sent."""
    try:
        write()
    except BrokenPipeError:
        return False
    except (OutputError, UsageError) as error:
        print_error(error)
        return False
    return True
