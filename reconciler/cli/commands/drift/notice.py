"""`drift --notify`: to which chat, and one message to it, through a session that can send nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.cli.session import Session
from reconciler.errors import AMBIGUOUS, ApiError, Interrupted, NoticeFailed, UsageError
from reconciler.model.desired import Desired
from reconciler.model.identity import chat_id, parse_jid

if TYPE_CHECKING:
    from reconciler.pipeline import Planned


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a notice goes: `word` as the user wrote it, `id` where it is one, else it is the key of a group."""

    word: str
    id: str | None = None


def chat_of(word: str, desired: Desired) -> Chat:
    """The chat that a key or an id stands for; UsageError, before any call, for a word that is neither."""
    if any(group.key == word for group in desired.groups):
        return Chat(word)
    address = chat_id(word)
    if address is not None:
        return Chat(word, address)
    if parse_jid(word) is not None:
        raise UsageError(
            f"--notify: {word} is a private id (LID), and no message can be sent to one",
            "name the person by the number: {phone}@s.whatsapp.net",
        )
    from reconciler.config.quoting import shown_person
    from reconciler.diff.select import suggestion

    hint = suggestion(word, (group.key for group in desired.groups))
    raise UsageError(
        f"--notify: the file has no group {shown_person(word)}, and it is no chat's id",
        f"{hint}\na chat's id is written 120363012345678901@g.us, or {{phone}}@s.whatsapp.net for a person's",
    )


def send_notice(chat: Chat, desired: Desired, planned: Planned, session: Session) -> None:
    """Send the summary of a plan, once.

    Raises NoticeFailed where it was not sent or nobody knows, Interrupted where a signal came.
    """
    from reconciler.report.notice_text import render_notice

    address = chat.id or _live_id(chat.word, desired, planned)
    try:
        with session.messaging() as client:
            client.send_message(address, render_notice(planned.plan))
    except ApiError as error:
        if isinstance(error, AMBIGUOUS):
            what, hint = "may have been sent", "look into the chat; it is not sent twice"
        else:
            what, hint = "was not sent", error.hint
        raise NoticeFailed(f"the notice to {chat.word} {what}: {error.what()}", hint) from error
    if session.stop.event.is_set():
        raise Interrupted(f"interrupted; the notice to {chat.word} was sent")


def _live_id(key: str, desired: Desired, planned: Planned) -> str:
    """The live group of a key, found among the groups that were listed for the plan, also where it is no part of it."""
    from reconciler.diff.match import match_groups
    from reconciler.model.live import ListedGroup

    match = match_groups(desired.groups, [ListedGroup(i, name) for i, name in planned.known.items()])[key]
    if match.listed is None:
        why = match.blocked or "it is not live"
        raise NoticeFailed(f"the notice to {key} was not sent: {why}", "name another chat with --notify")
    return match.listed.id
