"""Names and descriptions before and after, with the words that differ marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from reconciler.diff.change import TextChange
from reconciler.report.style import TextStyle
from reconciler.sanitize.escape import escape_controls

_WORD = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")


_SHOWN = 4000
"""Characters of a text that are shown; a description has 2,048 at most, what a server sends may be longer."""


_ALIKE = 0.4
"""From this share of common words on it helps to mark single words; below, the texts are simply two."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a text, as its lines, each fit to be shown; `changed` where the other text lacks it."""

    changed: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextView:
    """A name or description before and after; None where there is none yet, no runs where it is empty."""

    field: str
    before: tuple[Segment, ...] | None
    after: tuple[Segment, ...]
    stays: bool
    remark: str


def text_view(change: TextChange, ink: TextStyle, *, stays: bool) -> TextView:
    """One change as it is shown; `stays` where no step mends it."""
    many = change.field == "description"
    new = _unified(ink.mask_for_reader(change.new), many)
    if change.old is None:
        return TextView(ink.text(change.field), None, _runs([(False, new)], many), stays, _more(new))
    old = _unified(ink.mask_for_reader(change.old.raw), many)
    before, after = _marked(old[:_SHOWN], new[:_SHOWN])
    hidden = "a masked number differs" if old == new and change.old.raw != change.new else ""
    remark = "; ".join(part for part in (hidden, _more(old), _more(new)) if part)
    return TextView(ink.text(change.field), _runs(before, many), _runs(after, many), stays, remark)


def _unified(text: str, many: bool) -> str:
    """Line breaks as one character where lines are shown as lines; a name has one line, and shows them escaped."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if many else text


def _more(text: str) -> str:
    return f"{len(text) - _SHOWN} more characters are not shown" if len(text) > _SHOWN else ""


def _marked(old: str, new: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    """Both texts in stretches, those the other lacks marked."""
    one, other = _WORD.findall(old), _WORD.findall(new)
    # What is everywhere in a long text is left out of the search, or a hostile one would take minutes.
    matcher = SequenceMatcher(None, one, other, autojunk=True)
    if matcher.ratio() < _ALIKE:
        return [(True, old)], [(True, new)]
    before, after = [], []
    for what, i, j, k, m in matcher.get_opcodes():
        before.append((what != "equal", "".join(one[i:j])))
        after.append((what != "equal", "".join(other[k:m])))
    return before, after


def _runs(stretches: Iterable[tuple[bool, str]], many: bool) -> tuple[Segment, ...]:
    return tuple(Segment(changed, tuple(_lines(text, many))) for changed, text in stretches if text)


def _lines(text: str, many: bool) -> Iterator[str]:
    """The lines of a stretch, escaped each by itself, so that breaks stay breaks and nothing else is obeyed."""
    yield from (escape_controls(line) for line in (text.split("\n") if many else [text]))
