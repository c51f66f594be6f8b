"""Plans, calls and results as text for a terminal or a log, and drift in a few lines for a chat."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.apply.result import ApplyResult
from reconciler.messages import LiteralText
from reconciler.model.live import ApiCall
from reconciler.model.text import plural
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Action, GroupPlan, Plan
from reconciler.report.comparison import cause_sentences
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, QuotedText, mask_for, outside, plain_text
from reconciler.report.plan_view import (
    REFUSED,
    WHERE_MORE,
    SharedChange,
    blocked_lines,
    plan_view,
    single_groups_lines,
)
from reconciler.report.result_view import not_started_lines, result_view
from reconciler.report.sections import Line, Mark, Obstacle, Section
from reconciler.report.summary import as_of_sentence, drift_words
from reconciler.sanitize.escape import json_line, mask_and_escape

BOLD: Final = "1"
_RED: Final = "1;31"
_COLORS: Final[dict[Mark, str]] = {"+": "32", "-": "31", "~": "33", "!": _RED, "=": "36", "i": "2"}
_NOTICE_ACTIONS: Final = {Action.CREATE: "to create", Action.JOIN: "to join", Action.LEAVE: "to leave"}
_MAX_NOTICE_GROUPS: Final = 10
_MIN_WIDTH: Final = 20
_COLOR: Final = re.compile("\x1b\\[[0-9;]*m")
_INDENT: Final = re.compile("(?:\x1b\\[[0-9;]*m)*( *)")


@dataclass(frozen=True, slots=True)
class DryRun:
    """A plan, and the calls that applying it would send."""

    saved: SavedPlan
    calls: Sequence[ApiCall]


def render_plan(saved: SavedPlan, options: RenderOptions) -> str:
    """Return the whole plan, ending in its totals; no line break at the end.

    What groups share comes first. Groups without a section are only counted; those merely found by name are named in
    one line.
    """
    view = plan_view(saved.plan, drift=options.drift)
    blocks = [_shared_text(change, options) for change in view.shared]
    if options.summary:
        blocks = [paint(view.headline, BOLD, options), *blocks, _lines_block(single_groups_lines(view), options)]
    else:
        blocks += [section_text(section, options) for section in view.sections]
        shared = (obstacle for obstacle in view.blocked if obstacle.is_shared)
        blocks.insert(0, _lines_block(blocked_lines(shared), options))
    blocks.insert(0, _lines_block((note.line for note in view.warnings), options))
    blocks += [_refusals(view.refused, options)] if view.refused and options.refusals else []
    if not options.summary:
        found = [] if view.found_by_name is None else [view.found_by_name]
        notes = (note.line for note in view.notes if note not in view.warnings)
        blocks.append(_lines_block([*found, *notes], options))
    ending = [plain_text(sentence, options) for sentence in (*view.scope, as_of_sentence(saved))]
    ending += [view.in_sync, paint(view.totals.line, BOLD, options)]
    return wrap_text("\n\n".join(filter(None, [*blocks, "\n".join(filter(None, ending))])), options.width)


def _lines_block(lines: Iterable[Line], options: RenderOptions) -> str:
    return "\n".join(lines_text(lines, options, indent=""))


def render_result(result: ApplyResult, options: RenderOptions) -> str:
    """Return the whole run, ending in its totals and, where it did not converge, in what to do next."""
    view = result_view(result)
    blocks = [_lines_block(blocked_lines(view.blocked), options)] if view.blocked else []
    blocks += [section_text(section, options) for section in view.sections]
    blocks += [line_text(line, options, indent="") for line in not_started_lines(view)]
    ending = [paint(view.totals.line, BOLD, options), *(plain_text(step, options) for step in view.next_steps)]
    return wrap_text("\n\n".join([*blocks, "\n".join(ending)]), options.width)


def render_calls(run: DryRun, options: RenderOptions) -> str:
    """Return one call a line: `POST /groups {"name": …, "participants": […]}`."""
    return "\n".join(call_lines(run.calls, options)) or "No calls."


def call_lines(calls: Iterable[ApiCall], options: RenderOptions) -> Iterator[str]:
    """Yield each call as a harmless line."""
    for call in calls:
        body = json_line(_masked_body(call.body, options)) if call.body is not None else ""
        yield " ".join(filter(None, (call.method, plain_text(outside(call.path), options), body)))


def _masked_body(body: Mapping[str, object], options: RenderOptions) -> dict[str, object]:
    return {
        key: [mask_for(str(item), options) for item in value]
        if isinstance(value, list)
        else mask_for(str(value), options)
        for key, value in body.items()
    }


def render_notice(plan: Plan) -> str:
    """Return drift as a few lines for a chat: what differs in up to ten groups, how many more, what blocks an apply.

    It has counts and keys, without the names that strangers wrote or anybody's number.
    """
    drifted = [group for group in plan.groups if group.has_changes]
    lines = [f"The reconciler: {drift_words(plan) or 'no drift'}."]
    lines += [f"- {mask_and_escape(group.key)}: {_differences(group)}" for group in drifted[:_MAX_NOTICE_GROUPS]]
    if (left := len(drifted) - _MAX_NOTICE_GROUPS) > 0:
        lines.append(f"- and {plural(left, 'more group')}")
    if plan.baseline is not None:
        lines += (plain_text(sentence, RenderOptions()) for sentence in cause_sentences(plan, plan.baseline))
    if plan.refusals:
        lines.append(f"Apply would be refused: {plural(len(plan.refusals), 'reason')}.")
    return "\n".join(lines)


def _differences(group: GroupPlan) -> str:
    parts = [_NOTICE_ACTIONS[step.action] for step in group.steps if step.action in _NOTICE_ACTIONS]
    if not parts:
        parts += [f"{change.field} differs" for change in group.field_changes]
        parts += [f"{len(group.add)} to add"] if group.add else []
        parts += [f"{len(group.remove)} to remove"] if group.remove else []
    parts += ["blocked"] if group.blocked else []
    return ", ".join(parts)


def section_text(section: Section, options: RenderOptions) -> str:
    """Return a group's heading and its lines."""
    # project-alpha  "Project Alpha"  120363012345678901@g.us
    name = (QuotedText(section.name), LiteralText("  ")) if section.name else ()
    key = paint(plain_text((OutsideText(section.key),), options), BOLD, options)
    heading = f"{key}  {plain_text((*name, section.id), options)}".rstrip()
    heading += f"  ({section.remark})" if section.remark else ""
    return "\n".join([heading, *lines_text(section.lines(), options)])


def _shared_text(change: SharedChange, options: RenderOptions) -> str:
    heading = paint(plain_text(change.title, options), BOLD, options)
    return "\n".join([heading, *lines_text(change.lines(), options)])


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


def _refusals(obstacles: Iterable[Obstacle], options: RenderOptions) -> str:
    lines = [paint(REFUSED, _RED, options)]
    for obstacle in obstacles:
        lines.append(line_text(Line("!", obstacle.pieces(more=WHERE_MORE)), options))
        lines.append(f"    {plain_text(obstacle.override, options)}")
    return "\n".join(lines)


def wrap_text(text: str, width: int | None) -> str:
    """Return the text in lines of at most so many columns; as it is without a width."""
    if width is None:
        return text
    return "\n".join(_wrap_line(line, max(width, _MIN_WIDTH)) for line in text.split("\n"))


def _wrap_line(line: str, width: int) -> str:
    if _columns(line) <= width:
        return line
    match = _INDENT.match(line)
    indent = " " * (len(match[1]) if match else 0) + "  "
    lines, current = [], ""
    for part in _parts(line):
        if current.strip() and _columns(current + part.rstrip(" ")) > width:
            lines.append(current.rstrip(" "))
            current = indent + part.lstrip(" ")
        else:
            current += part
    return "\n".join([*lines, current.rstrip(" ")])


def _parts(line: str) -> list[str]:
    """Return the parts between which a line may be broken, with the spaces that follow them."""
    by_dots = re.findall(r".+?(?: · |$)", line)
    return by_dots if len(by_dots) > 1 else re.findall(r" *[^ ]+ *", line)


def _columns(text: str) -> int:
    """Return how many columns a line takes; colours take none, wide characters two."""
    shown = _COLOR.sub("", text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in shown)
