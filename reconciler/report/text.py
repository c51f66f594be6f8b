"""Plans and results as text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from reconciler.apply.result import ApplyResult
from reconciler.messages import LiteralText
from reconciler.plan.model import Refusal
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, Piece, QuotedText, message_pieces, plain_text
from reconciler.report.plan_view import REFUSED, plan_view
from reconciler.report.result_view import result_view
from reconciler.report.sections import Line, Mark, Section

if TYPE_CHECKING:
    from reconciler.plan.file_format import SavedPlan

BOLD: Final = "1"
_RED: Final = "1;31"
_COLORS: Final[dict[Mark, str]] = {"+": "32", "-": "31", "~": "33", "!": _RED, "=": "36", "i": "2"}


def render_plan(saved: SavedPlan, options: RenderOptions) -> str:
    """Return the whole plan, ending in its totals; no line break at the end.

    Groups without a section are only counted; those merely found by name are named in one line.
    """
    view = plan_view(saved.plan, drift=options.drift)
    blocks = [section_text(group.section, options) for group in view.reported]
    blocks += [_refusals(view.plan.refusals, options)] if view.plan.refusals else []
    blocks += ["\n".join(line_text(note.line, options, indent="") for note in view.notes)] if view.notes else []
    ending = [*(plain_text(sentence, options) for sentence in view.scope), *filter(None, [view.in_sync])]
    return "\n\n".join([*blocks, "\n".join([*ending, paint(view.totals.line, BOLD, options)])])


def render_result(result: ApplyResult, options: RenderOptions) -> str:
    """Return the whole run, ending in its totals and, where it did not converge, in what to do next."""
    view = result_view(result)
    blocks = [section_text(section, options) for section in view.sections]
    ending = [paint(view.totals.line, BOLD, options), *(plain_text(step, options) for step in view.next_steps)]
    return "\n\n".join([*blocks, "\n".join(ending)])


def section_text(section: Section, options: RenderOptions) -> str:
    """Return a group's heading and its lines."""
    heading = heading_text(section.key, section.name, section.id, options)
    return "\n".join([heading, *lines_text(section.lines(), options)])


def heading_text(key: str, name: str, group_id: Piece, options: RenderOptions) -> str:
    """Return `project-alpha  "Project Alpha"  120363012345678901@g.us`; no name where none is known."""
    title = (QuotedText(name), LiteralText("  ")) if name else ()
    rest = plain_text((*title, group_id), options)
    return f"{paint(plain_text((OutsideText(key),), options), BOLD, options)}  {rest}".rstrip()


def lines_text(lines: Iterable[Line], options: RenderOptions, indent: str = "  ") -> list[str]:
    """Return lines below a heading."""
    return [line_text(line, options, indent) for line in lines]


def line_text(line: Line, options: RenderOptions, indent: str = "  ") -> str:
    """Return `  ! blocked: …`: a line in the colour of its mark."""
    topic = (OutsideText(line.topic), LiteralText(": ")) if line.topic else ()
    return indent + paint(f"{line.mark} {plain_text((*topic, *line.pieces), options)}", _COLORS[line.mark], options)


def paint(text: str, codes: str, options: RenderOptions) -> str:
    """Return harmless text in the given SGR codes ("1;31") where the reader has colours."""
    return f"\x1b[{codes}m{text}\x1b[0m" if options.color and text else text


def _refusals(refusals: Iterable[Refusal], options: RenderOptions) -> str:
    lines = [paint(REFUSED, _RED, options)]
    for refusal in refusals:
        where = (OutsideText(refusal.group), LiteralText(": ")) if refusal.group else ()
        lines.append(line_text(Line("!", where + message_pieces(refusal.message)), options))
        lines.append(f"    {plain_text(message_pieces(refusal.override), options)}")
    return "\n".join(lines)
