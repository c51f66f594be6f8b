"""Report every membership to be confirmed: as text, as markdown with a box for each, as a document, and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reconciler.messages import LiteralText
from reconciler.model.text import plural
from reconciler.report.csv_table import csv_text
from reconciler.report.documents import document_json, document_of
from reconciler.report.history import NEVER, TRUNCATED, UNKNOWN, person_cells
from reconciler.report.members_on_day import since_pieces
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
from reconciler.report.pr_comment import key_code, markdown
from reconciler.report.text import BOLD, paint, wrap_text
from reconciler.timeline.review import Review, ReviewLine

REVIEW_FORMAT: Final = "wappfy-reconciler/review"
REVIEW_FORMAT_VERSION: Final = 1
_NOBODY: Final = "Without an owner"
_COLUMNS: Final = (
    *("group", "name", "owners", "person", "alias", "number", "since", "since_commit", "confirmed", "external"),
    *("through", "until", "reason"),
)


def review_document(review: Review) -> dict[str, Any]:
    """Return every membership to be confirmed, with full numbers."""
    return document_of(review, REVIEW_FORMAT, REVIEW_FORMAT_VERSION)


def render_review_json(review: Review, options: RenderOptions) -> str:
    """Return the document of a review."""
    return document_json(review_document(review), options)


def render_review(review: Review, options: RenderOptions) -> str:
    """Return a line for each membership, for each owner, the greatest risk first."""
    blocks = [f"{paint(plain_text(_heading(review), options), BOLD, options)}\n{_count(review)}."]
    for owner, lines in _by_owner(review):
        title = [plain_text((OutsideText(owner),), options)] if review.has_owners else []
        blocks.append("\n".join([*title, *(f"  {plain_text(_line_pieces(line), options)}" for line in lines)]))
    blocks += [TRUNCATED] if review.truncated else []
    blocks.append(_how_to_confirm(review, ""))
    return wrap_text("\n\n".join(blocks), options.width)


def render_review_markdown(review: Review, options: RenderOptions) -> str:
    """Return a list with a box for each membership, for each owner, the greatest risk first."""
    parts = [f"# {markdown(_heading(review), options)}", f"{_count(review)}. Tick each one that is still right."]
    for owner, lines in _by_owner(review):
        if review.has_owners:
            parts.append(f"## {markdown((OutsideText(owner),), options)}")
        parts.append("\n".join(f"- [ ] {_line(line, options)}" for line in lines))
    parts += [TRUNCATED] if review.truncated else []
    parts.append(_how_to_confirm(review, "`"))
    return "\n\n".join(parts)


def _heading(review: Review) -> Pieces:
    return (LiteralText("Review of "), *outside(review.path), LiteralText(f", {review.day.isoformat()}"))


def _count(review: Review) -> str:
    people = len({line.person.ref_id for line in review.lines})
    return f"{plural(len(review.lines), 'membership')} of {plural(people, 'person', 'people')}"


def _how_to_confirm(review: Review, quote: str) -> str:
    line = f"{quote}Reviewed: KEY@{review.day.isoformat()}{quote}"
    return f"To confirm a group, end the message of a commit with the line {line}."


def _by_owner(review: Review) -> list[tuple[str, Sequence[ReviewLine]]]:
    """Return the lines of each owner, sorted; a line of several owners is in the list of them all together."""
    owners: dict[str, list[ReviewLine]] = {}
    for line in review.lines:
        owners.setdefault(" ".join(line.owners) or _NOBODY, []).append(line)
    return sorted(owners.items(), key=lambda each: (each[0] == _NOBODY, each[0]))


def _line(line: ReviewLine, options: RenderOptions) -> str:
    facts = join_pieces(" ", [_name(line), literal("·"), _facts(line)])
    person = markdown(name_pieces(line.person), options)
    return f"**{person}** in {key_code(line.group, options)} {markdown(facts, options)}"


def _line_pieces(line: ReviewLine) -> Pieces:
    group: Pieces = (LiteralText("in "), OutsideText(line.group))
    return join_pieces(" ", [name_pieces(line.person), group, _name(line), literal("·"), _facts(line)])


def _name(line: ReviewLine) -> Pieces:
    return (QuotedText(line.name),) if line.name else ()


def _facts(line: ReviewLine) -> Pieces:
    person = line.person
    through: Pieces = (LiteralText("through "), *text_pieces(person.teams, " and ")) if person.teams else ()
    return join_pieces(
        ", ",
        [
            literal(f"until {person.until.isoformat() if person.until else NEVER}"),
            literal("external" if line.external else ""),
            since_pieces(line.since),
            literal(f"last confirmed {line.confirmed.isoformat() if line.confirmed else NEVER}"),
            through,
            outside(person.reason),
        ],
    )


def render_review_csv(review: Review, options: RenderOptions) -> str:
    """Return a row for each membership."""
    return csv_text(_COLUMNS, map(_row, review.lines), options)


def _row(line: ReviewLine) -> dict[str, Pieces]:
    since = line.since
    return {
        "group": (OutsideText(line.group),),
        "name": outside(line.name),
        "owners": text_pieces(line.owners, " ") or literal(UNKNOWN),
        "since": literal(since.at.date().isoformat() if since else UNKNOWN),
        "since_commit": literal(since.oid if since else UNKNOWN),
        "confirmed": literal(line.confirmed.isoformat() if line.confirmed else NEVER),
        "external": literal("yes" if line.external else "no"),
        **person_cells(line.person),
    }
