"""Report who was in which group on a day: as a document (`members.schema.json`), as text, markdown and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reconciler.messages import LiteralText
from reconciler.model.run_context import short_commit
from reconciler.model.text import plural
from reconciler.report.csv_table import csv_text
from reconciler.report.documents import document_json, document_of
from reconciler.report.history import NEVER, TRUNCATED, UNKNOWN, commit_pieces, person_cells
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import (
    OutsideText,
    Pieces,
    QuotedText,
    join_pieces,
    literal,
    name_pieces,
    outside,
    plain_text,
    text_pieces,
)
from reconciler.report.pr_comment import key_code, lines_markdown, markdown
from reconciler.report.sections import Line
from reconciler.report.text import BOLD, lines_text, paint, wrap_text
from reconciler.timeline.model import CommitRef, GroupMember, GroupMembers, MembersOnDay

MEMBERS_FORMAT: Final = "wappfy-reconciler/members"
MEMBERS_FORMAT_VERSION: Final = 1
_COLUMNS: Final = (
    *("day", "commit", "group", "name", "person", "alias", "number", "state", "since", "since_commit"),
    *("pull_request", "through", "until", "reason"),
)


def members_document(state: MembersOnDay) -> dict[str, Any]:
    """Return everything about a day, with full numbers."""
    return document_of(state, MEMBERS_FORMAT, MEMBERS_FORMAT_VERSION)


def render_members_json(state: MembersOnDay, options: RenderOptions) -> str:
    """Return the document of a day."""
    return document_json(members_document(state), options)


def render_members(state: MembersOnDay, options: RenderOptions) -> str:
    """Return each group with its members, and since when they are in."""
    blocks = [paint(plain_text(_heading(state), options), BOLD, options)]
    for group in state.groups:
        name: Pieces = (LiteralText("  "), QuotedText(group.name)) if group.name else ()
        title = plain_text((OutsideText(group.key), *name), options)
        blocks.append("\n".join([title, *lines_text(_lines(group), options)]))
    blocks += [TRUNCATED] if state.truncated else []
    return wrap_text("\n\n".join(blocks), options.width)


def render_members_markdown(state: MembersOnDay, options: RenderOptions) -> str:
    """Return each group with its members, and since when they are in."""
    parts = [f"### {markdown(_heading(state), options)}"]
    for group in state.groups:
        parts.append(f"**{key_code(group.key, options)}** {markdown(outside(group.name), options)}".rstrip())
        if lines := list(_lines(group)):
            parts.append(lines_markdown(lines, options))
    parts += [TRUNCATED] if state.truncated else []
    return "\n\n".join(parts)


def render_members_csv(state: MembersOnDay, options: RenderOptions) -> str:
    """Return a row for each membership."""
    return csv_text(_COLUMNS, (row for group in state.groups for row in _rows(state, group)), options)


def _heading(state: MembersOnDay) -> Pieces:
    """Return `Members on 2026-06-30: 3 groups, 12 memberships, by commit 1a2b3c4d5 · Ann · …`."""
    members = sum(len(group.members) for group in state.groups)
    count = f"{plural(len(state.groups), 'group')}, {plural(members, 'membership')}"
    if state.commit is None:
        return literal(f"Members on {state.day.isoformat()}: nothing; no commit until then has the path")
    invalid = literal(", the newest valid one") if state.invalid else ()
    return (LiteralText(f"Members on {state.day.isoformat()}: {count}, by "), *commit_pieces(state.commit), *invalid)


def _lines(group: GroupMembers) -> Iterator[Line]:
    yield from (Line("=", _member_pieces(member)) for member in group.members)
    yield from (Line("i", _member_pieces(member), "ended") for member in group.ended)


def _member_pieces(member: GroupMember) -> Pieces:
    person = member.person
    through: Pieces = (LiteralText("through "), *text_pieces(person.teams, " and ")) if person.teams else ()
    until = literal(f"until {person.until.isoformat() if person.until else NEVER}")
    invite = literal("by invite" if member.by_invite else "")
    details = join_pieces(", ", [since_pieces(member.since), through, until, invite, outside(person.reason)])
    return join_pieces(" ", [name_pieces(person), details])


def since_pieces(since: CommitRef | None) -> Pieces:
    """Return `since 2026-01-31 (commit 1a2b3c4d5, #12)`."""
    if since is None:
        return literal(f"since {UNKNOWN}")
    number = f", {since.pull_request}" if since.pull_request else ""
    return literal(f"since {since.at.date().isoformat()} (commit {short_commit(since.oid)}{number})")


def _rows(state: MembersOnDay, group: GroupMembers) -> Iterator[dict[str, Pieces]]:
    for member in (*group.members, *group.ended):
        since = member.since
        yield {
            "day": literal(state.day.isoformat()),
            "commit": literal(state.commit.oid if state.commit else UNKNOWN),
            "group": (OutsideText(group.key),),
            "name": outside(group.name),
            "state": literal("ended" if member.ended else "member"),
            "since": literal(since.at.date().isoformat() if since else UNKNOWN),
            "since_commit": literal(since.oid if since else UNKNOWN),
            "pull_request": literal((since.pull_request if since else "") or UNKNOWN),
            **person_cells(member.person),
        }
