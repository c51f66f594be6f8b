"""Two versions of the file compared, as a comment on a pull request: needs no key, so forks can have it too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.difference import Difference, Fate, GroupDifference
from reconciler.report.comment import Section, alert, body, comment, marker, summary, title, words
from reconciler.report.difference_lines import (
    FORBIDDEN,
    difference_line,
    group_difference_lines,
    rule_lines,
    side_words,
)
from reconciler.report.lines import Ink
from reconciler.report.wording import counted

_FATES = {Fate.ADDED: "new", Fate.GONE: "<b>gone from the file</b>"}


def render_difference_markdown(difference: Difference, *, show_phones: bool) -> str:
    """The comment, below the size GitHub takes; groups that are gone or lose people come first."""
    ink = Ink(show_phones, color=False)
    told = sorted(difference.groups, key=lambda group: (_rank(group), group.key))
    head = [marker("diff"), summary(difference_line(difference))]
    head += [alert("CAUTION", FORBIDDEN, _told(difference.forbidden, ink))] if difference.forbidden else []
    head += [alert("WARNING", "Warnings", _told(difference.warnings, ink))] if difference.warnings else []
    if rules := rule_lines(difference, ink):
        head.append("\n\n".join(["**For all groups**", body(rules)]))
    foot = f"<sub>{words(_compared(difference, ink))}</sub>"
    return comment("\n\n".join(head), [_section(group, ink) for group in told], foot)


def _rank(group: GroupDifference) -> int:
    """How urgent a group is, the most urgent 0."""
    warned = any(field.note for field in group.fields)
    leaves = any(not mover.stays for mover in group.leaves)
    return [warned, group.fate is Fate.GONE, leaves, True].index(True)


def _told(texts: Sequence[str], ink: Ink) -> list[str]:
    return [words(ink.words(text)) for text in texts]


def _section(group: GroupDifference, ink: Ink) -> Section:
    line = title(ink.words(group.key), ink.unmasked(group.name), _parts(group))
    return Section(line, lambda: body(group_difference_lines(group, ink)))


def _parts(group: GroupDifference) -> Iterator[str]:
    """A group in short, the urgent first."""
    yield from ([_FATES[group.fate]] if group.fate in _FATES else [])
    if leaving := sum(not mover.stays for mover in group.leaves):
        yield f"<b>{counted(leaving, 'person leaves', 'people leave')}</b>"
    if group.enters:
        yield counted(len(group.enters), "person enters", "people enter")
    yield from (["another key"] if group.old_key is not None else [])
    yield from (field.field for field in group.fields)
    yield from (["other terms"] if group.terms else [])
    yield from (listed.field for listed in group.lists)


def _compared(difference: Difference, ink: Ink) -> str:
    sides = f"from {side_words(difference.old, ink)} to {side_words(difference.new, ink)}"
    return f"What the file wants, {sides}, as of {difference.as_of.isoformat()}. The live groups were not asked."
