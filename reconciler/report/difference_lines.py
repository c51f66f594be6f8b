"""Two versions of the file compared, as marked lines that text and markdown share. Masked and escaped."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.hostile.masking import mask_number
from reconciler.model.difference import (
    Difference,
    Fate,
    FieldChange,
    GroupDifference,
    ListChange,
    Mover,
    Reassigned,
    Side,
    summarize_difference,
)
from reconciler.model.plan import TextChange
from reconciler.model.who import Who
from reconciler.report.lines import Ink
from reconciler.report.wording import at_commit, counted

FORBIDDEN = "Forbidden by `restrictions`"
_TEXTS = ("name", "description")
_REASSIGNED_AT_ONCE = 20
_FATES = {Fate.ADDED: ("+", "new in the file"), Fate.GONE: ("-", "gone from the file")}


def group_difference_lines(group: GroupDifference, ink: Ink) -> Iterator[str]:
    """A group's lines: its fate, key and fields; who enters, who leaves, who stays on other terms; lists; notes."""
    if group.fate in _FATES:
        yield ink.line(*_FATES[group.fate])
    if group.old_key is not None:
        keys = f"{ink.words(group.old_key)} → {ink.words(group.key)}"
        yield ink.line("~", f"key          {keys} (the same group, by its {'name' if group.id is None else 'id'})")
    for field in group.fields:
        yield from _said_of_new(field, ink) if group.fate is Fate.ADDED else _field(field, ink)
    both = {mover.who.label for mover in group.enters} & {mover.who.label for mover in group.leaves}
    yield from (ink.line("+", _entering(mover, both, ink)) for mover in group.enters)
    yield from (ink.line("-", _leaving(mover, both, ink)) for mover in group.leaves if not mover.stays)
    for terms in group.terms:
        yield ink.line("~", f"{ink.person(terms.who)}: {ink.words(terms.old)} → {ink.words(terms.new)}")
    for listed in group.lists:
        yield from _list(listed, ink, "i")
    for why in sorted({mover.stays for mover in group.leaves if mover.stays}):
        people = ink.people(mover.who for mover in group.leaves if mover.stays == why)
        yield ink.line("i", f"listed no more, and stays: {people}: {why}")
    yield from (ink.line("i", ink.words(note)) for note in group.notes)


def rule_lines(difference: Difference, ink: Ink) -> list[str]:
    """What changed for all groups: aliases that mean somebody else, rules, lists of people."""
    lines = [_reassigned(change, ink) for change in difference.reassigned[:_REASSIGNED_AT_ONCE]]
    left = len(difference.reassigned) - _REASSIGNED_AT_ONCE
    lines += [ink.line("!", f"and {counted(left, 'more alias', 'more aliases')}")] if left > 0 else []
    lines += [line for change in difference.rules for line in _field(change, ink)]
    return lines + [line for change in difference.lists for line in _list(change, ink, "!")]


def difference_line(difference: Difference) -> str:
    """`Diff: 1 added, 2 changed, 3 people enter, 1 leaves · 4 groups as before`."""
    count = summarize_difference(difference)
    unchanged = counted(count.unchanged, "group", "groups")
    if not difference.differs:
        return f"No difference: {unchanged} as before."
    fates = [(count.added, "added"), (count.gone, "gone"), (count.changed, "changed")]
    groups = [(number, fate) for number, fate in fates if number]
    parts = [
        # Only the first of them says of what.
        *(f"{counted(number, 'group', 'groups')} {fate}" for number, fate in groups[:1]),
        *(f"{number} {fate}" for number, fate in groups[1:]),
        counted(count.enters, "person enters", "people enter"),
        counted(count.leaves, "person leaves", "people leave"),
        counted(count.rules, "rule changed", "rules changed"),
    ]
    return f"Diff: {', '.join(part for part in parts if not part.startswith('0 '))} · {unchanged} as before"


def side_words(side: Side, ink: Ink) -> str:
    """`HEAD~1 (commit 1a2b3c4d5)`; a revision without the file says so."""
    named = ink.words(side.named)
    told = at_commit(named, side.commit) if side.commit else named
    return told if side.there else f"{told}, which does not have the file"


def _field(change: FieldChange, ink: Ink) -> Iterator[str]:
    if change.field in _TEXTS and change.old is not None and change.new is not None:
        mark, told = ink.change(TextChange(change.field, change.old, change.new))
        yield ink.line(mark, told)
    else:
        old, new = (ink.words(value) if value is not None else "(not said)" for value in (change.old, change.new))
        yield ink.line("~", f"{change.field:<11}  {old} → {new}")
    if change.note:
        yield ink.line("!", f"{change.field}: {change.note}")


def _said_of_new(field: FieldChange, ink: Ink) -> Iterator[str]:
    """What a new group says: nobody said anything of it before, so that goes without saying."""
    said = field.new or ""
    mark, told = ink.change(TextChange(field.field, None, said))
    yield ink.line(mark, told if field.field in _TEXTS else f"{field.field:<11}  {ink.words(said)}")
    if field.note:
        yield ink.line("!", f"{field.field}: {field.note}")


def _list(change: ListChange, ink: Ink, note_mark: str) -> Iterator[str]:
    for mark, people in (("+", change.added), ("-", change.dropped)):
        if people:
            yield ink.line("~", f"{change.field:<11}  {mark} {ink.people(people)}")
    if change.note:
        yield ink.line(note_mark, f"{change.field}: {change.note}")


def _reassigned(change: Reassigned, ink: Ink) -> str:
    numbers = " → ".join(_number(who, ink) for who in (change.old, change.new))
    return ink.line("!", f"{ink.words(change.alias)}: stands for another number in every group: {numbers}")


def _entering(mover: Mover, both: set[str | None], ink: Ink) -> str:
    details = [*(["by the invite link"] if mover.by_invite else []), *_through(mover, ink)]
    return " ".join([_named(mover.who, both, ink), *(f"({detail})" for detail in details)])


def _leaving(mover: Mover, both: set[str | None], ink: Ink) -> str:
    return " ".join([_named(mover.who, both, ink), *(f"(was {detail})" for detail in _through(mover, ink))])


def _through(mover: Mover, ink: Ink) -> list[str]:
    return [f"through {', '.join(ink.words(way) for way in mover.teams)}"] if mover.teams else []


def _named(who: Who, both: set[str | None], ink: Ink) -> str:
    """The person; with the number too where one alias stands for two people."""
    return f"{ink.person(who)} [{_number(who, ink)}]" if who.label in both and who.label else ink.person(who)


def _number(who: Who, ink: Ink) -> str:
    number = who.identity or ""
    return number if ink.show_phones else mask_number(number)
