"""Names and descriptions before and after, with the words that differ marked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from reconciler.diff.change import TextChange
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import MaskedText, mask_for

_WORD: Final = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_MAX_CHARACTERS: Final = 4000
"""Characters of a text that are shown; a description has 2,048 at most, what a server sends may be longer."""
_MIN_RATIO: Final = 0.4
"""From this share of common words on it helps to mark single words; below, the texts are simply two."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a text, as its lines; `changed` where the other text lacks it."""

    changed: bool
    lines: tuple[MaskedText, ...]


@dataclass(frozen=True, slots=True)
class MarkedTexts:
    """A name or description before and after; None where there is none yet, no segments where it is empty."""

    before: tuple[Segment, ...] | None
    after: tuple[Segment, ...]
    remark: str


def mark_differences(change: TextChange, options: RenderOptions) -> MarkedTexts:
    """Return both texts with the words marked that the other one lacks."""
    multiline = change.field == "description"
    new = _unify(mask_for(change.new, options), multiline)
    if change.old is None:
        return MarkedTexts(None, _segments([(False, new)], multiline), _cut_remark(new))
    old = _unify(mask_for(change.old.raw, options), multiline)
    before, after = _compare(old[:_MAX_CHARACTERS], new[:_MAX_CHARACTERS])
    hidden = "a masked number differs" if old == new and change.old.raw != change.new else ""
    remark = "; ".join(filter(None, (hidden, _cut_remark(old), _cut_remark(new))))
    return MarkedTexts(_segments(before, multiline), _segments(after, multiline), remark)


def _unify(text: str, multiline: bool) -> str:
    """Return line breaks as one character where lines are shown as lines; a name shows them escaped."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if multiline else text


def _cut_remark(text: str) -> str:
    return f"{len(text) - _MAX_CHARACTERS} more characters are not shown" if len(text) > _MAX_CHARACTERS else ""


def _compare(old: str, new: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    """Return both texts in stretches, those the other lacks marked."""
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    # Words that are everywhere in a long text are left out of the search, or a hostile text would take minutes.
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=True)
    if matcher.ratio() < _MIN_RATIO:
        return [(True, old)], [(True, new)]
    before, after = [], []
    for operation, i, j, k, m in matcher.get_opcodes():
        before.append((operation != "equal", "".join(old_words[i:j])))
        after.append((operation != "equal", "".join(new_words[k:m])))
    return before, after


def _segments(stretches: Iterable[tuple[bool, str]], multiline: bool) -> tuple[Segment, ...]:
    """Return the stretches as lines, so that breaks stay breaks when each line is escaped."""
    return tuple(
        Segment(changed, tuple(MaskedText(line) for line in (text.split("\n") if multiline else [text])))
        for changed, text in stretches
        if text
    )
