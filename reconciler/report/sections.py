"""What every report is laid out in: a section for each group, of badges and marked lines.

A view (`plan_view`, `result_view`, `config_diff`) fills sections with typed pieces; text and comments render them, and
the HTML page renders the view of a plan. No format reads what another one wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.diff.change import TextChange
from reconciler.messages import LiteralText
from reconciler.report.pieces import Piece, Pieces, TextDiff, literal

Mark: TypeAlias = Literal["+", "-", "~", "=", "!", "i"]
"""What a line is: `+` added, `-` removed, `~` changed, `=` adopted, `!` needs a person, `i` is good to know."""

Tone: TypeAlias = Literal["add", "remove", "change", "stop", "note", "plain"]


@dataclass(frozen=True, slots=True)
class Badge:
    """A few words beside a group's heading, ours alone."""

    tone: Tone
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line below a heading: its mark, for a note its topic, and what it says."""

    mark: Mark
    pieces: Pieces
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A group's part of a report. `lines` are made when a format asks: most of a large plan is never shown."""

    key: str
    name: str
    id: Piece
    badges: tuple[Badge, ...]
    lines: Callable[[], Iterable[Line]]
    urgency: int
    """How urgent the group is, the most urgent 0."""


def field_line(change: TextChange, suffix: str = "") -> Line:
    """Return a name or description as one line: `~`, `name         "Project Alfa" → "Project Alpha"`."""
    label = LiteralText(f"{change.field:<11}  ")
    return Line("+" if change.old is None else "~", (label, TextDiff(change), *literal(suffix)))
