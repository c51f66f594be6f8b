"""Two versions of the file compared, as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.difference import Difference, GroupDifference
from reconciler.report.difference_lines import (
    FORBIDDEN,
    difference_line,
    group_difference_lines,
    rule_lines,
    side_words,
)
from reconciler.report.lines import Ink
from reconciler.report.paint import BOLD, paint


def render_difference(difference: Difference, *, show_phones: bool, color: bool) -> str:
    """Rules that bear on all groups first, then group by group, ending in warnings and the summary line."""
    ink = Ink(show_phones, color)
    rules = rule_lines(difference, ink)
    sections = ["\n".join([paint("For all groups", BOLD, color), *rules])] if rules else []
    sections += ["\n".join(_group(group, ink)) for group in difference.groups]
    for title, told in ((FORBIDDEN, difference.forbidden), ("Warnings", difference.warnings)):
        if told:
            sections.append("\n".join([paint(title, BOLD, color), *(ink.line("!", ink.words(text)) for text in told)]))
    return "\n\n".join([*sections, "\n".join(_ending(difference, ink))])


def _group(group: GroupDifference, ink: Ink) -> Iterator[str]:
    yield ink.heading(group.key, group.name, group.id or "").rstrip()
    yield from group_difference_lines(group, ink)


def _ending(difference: Difference, ink: Ink) -> Iterator[str]:
    if not (difference.old.there and difference.new.there):
        yield f"From {side_words(difference.old, ink)} to {side_words(difference.new, ink)}."
    yield paint(difference_line(difference), BOLD, ink.color)
