"""A comment on a pull request or an issue: what must be seen first, a section a group, an honest end.

GitHub takes 65,536 characters. What is more than fits is told in one line a group, then only counted, from the least
urgent on; a section stands whole or not at all, so that no `<details>` stays open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from reconciler.plan.shard import Shard
from reconciler.report.style import plural
from reconciler.sanitize.markdown import markdown_code, markdown_fence, markdown_text

MAX_COMMENT_CHARACTERS: Final = 64_000
"""UTF-16 units, of which an emoji takes two, so that it is never more than 192,000 bytes of the 262,144 that GitHub
keeps. What is left of the limit is for whoever adds a line of their own."""


_MOST_OF_A_BLOCK = 8_000


_MOST_AROUND = MAX_COMMENT_CHARACTERS * 3 // 4


_OPEN_AT_ONCE = 3


_ALERTED = 10


_BETWEEN = 10  # line breaks around head, foot and what is left out


_NAME = 80


_WORDS = 300


_OURS = re.compile("[a-z ]{4,20}")  # what a note is about: `blocked`, `pending invite`, `not added`


_NOT_IN_A_COMMENT = re.compile(r"[^A-Za-z0-9_.]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A group's part: its one line, and what opens below it (nothing where the line says all).

    The body is asked for only while there is room: of a large plan most of it never stands in a comment.
    """

    line: str
    body: Callable[[], str] = str


def comment_marker(kind: str, instance_id: str = "", shard: Shard | None = None) -> str:
    """The hidden first line by which a comment is found again: `<!-- reconciler:plan inst_abc123 -->`.

    It is the same in every run, and another for another instance or shard: a repository may have a comment for each.
    Without an instance it says what kind of comment it is, and no more.
    """
    part = f" {shard}" if shard is not None else ""
    of = f" {_NOT_IN_A_COMMENT.sub('_', instance_id)[:_NAME]}" if instance_id else ""
    return f"<!-- reconciler:{kind}{of}{part} -->"


def md_words(text: str, most: int = _WORDS) -> str:
    """Words that are masked already, in running markdown; cut where they would fill the comment."""
    return markdown_text(_cut(text, most), show_phones=True)


def md_code(text: str) -> str:
    """A key or an id that is masked already, in the look of code."""
    return markdown_code(_cut(text, _NAME), show_phones=True)


def md_title(key: str, name: str, parts: Iterable[str]) -> str:
    """A group's one line: key, name, and in short what is to be said of it. `parts` are our own words."""
    bold = f" <b>{markdown_text(_cut(name, _NAME), show_phones=True)}</b>" if name else ""
    return " · ".join([f"{md_code(key)}{bold}", *parts])


def md_summary(line: str) -> str:
    """`Plan: 2 to change, 0 to remove · 2 calls` as a heading and a line, without what there is none of."""
    what, _, told = line.partition(": ")
    counts, _, calls = told.rpartition(" · ")
    if not counts:
        return f"### {what}\n\n{told[:1].upper()}{told[1:]}"
    some = ", ".join(part for part in counts.split(", ") if not part.startswith("0 ")) or counts
    return f"### {what}\n\n**{some}** · {calls}"


def md_alert(kind: str, said: str, lines: Sequence[str]) -> str:
    """What must not be overlooked, in a box; `kind` is CAUTION or WARNING. Of the `lines`, markdown, ten stand."""
    left = len(lines) - _ALERTED
    more = [f"> - and {left} more"] if left > 0 else []
    return "\n".join([f"> [!{kind}]", f"> **{said}**", *(f"> - {line}" for line in lines[:_ALERTED]), *more])


def md_body(lines: Iterable[str]) -> str:
    """A group's marked lines (`  + alice`): changes as a coloured diff, what needs a person or is good to know below.

    The lines are harmless and masked already.
    """
    marked = [line[2:] for line in lines]
    changes = [line for line in marked if line[:1] not in {"!", "i"}]
    kept, more = _kept(changes)
    notes = [_note(line) for line in marked if line[:1] in {"!", "i"}]
    parts = [markdown_fence(kept, "diff", show_phones=True)] if kept else []
    parts += [f"*{plural(more, 'more line', 'more lines')}: see the artifact.*"] if more else []
    return "\n\n".join([*parts, "\n".join(notes)] if notes else parts)


def _note(line: str) -> str:
    about, colon, told = line[2:].partition(": ")
    if not colon or not _OURS.fullmatch(about):
        return f"- {md_words(line[2:])}"
    stress = "**" if line.startswith("!") else "*"
    return f"- {stress}{about}{stress}: {md_words(told)}"


def _kept(lines: Sequence[str]) -> tuple[list[str], int]:
    """The lines there is room for, those who leave before those who enter, in their order; how many are left out."""
    room = _MOST_OF_A_BLOCK
    kept = []
    for at in sorted(range(len(lines)), key=lambda at: (lines[at].startswith("+ "), at)):
        room -= len(lines[at]) + 1
        if room >= 0:
            kept.append(at)
    return [lines[at] for at in sorted(kept)], len(lines) - len(kept)


def render_comment(head: str, sections: Sequence[Section], foot: str) -> str:
    """The whole comment; `sections` come in the order of their urgency. A `foot` that takes too much is left out."""
    foot = foot if md_size(head) + md_size(foot) <= _MOST_AROUND else "**There is more to know: see the artifact.**"
    room = (
        MAX_COMMENT_CHARACTERS
        - md_size(head)
        - md_size(foot)
        - md_size(_left_out(len(sections), len(sections)))
        - _BETWEEN
    )
    blocks = _in_full(sections, room)
    rest = [_line(section) for section in sections[len(blocks) :]]
    short = _that_fit(rest, room - sum(map(_taken, blocks)))
    told = [*blocks, "\n".join(short), _left_out(len(short), len(rest) - len(short))]
    return "\n\n".join(part for part in (head, *told, foot) if part)


def md_folded(line: str, lines: Sequence[str]) -> str:
    """Harmless lines of code that open below a line of our own; of a great many the first stand, and how many more."""
    kept, more = _kept(lines)
    parts = [markdown_fence(kept, show_phones=True)] if kept else []
    parts += [f"*{plural(more, 'more line', 'more lines')}: see the artifact.*"] if more else []
    return _block(line, "\n\n".join(parts), is_open=False)


def md_size(text: str) -> int:
    """How much of a comment a text takes."""
    return len(text.encode("utf-16-le")) // 2


def _taken(text: str) -> int:
    """How much of a comment a text takes with the two line breaks after it."""
    return md_size(text) + 2


def _in_full(sections: Sequence[Section], room: int) -> list[str]:
    """The first sections with their bodies, as many as leave room for one line of every other."""
    room -= sum(_taken(_line(section)) for section in sections)
    blocks = []
    for section in sections:
        block = _block(section.line, section.body(), is_open=len(sections) <= _OPEN_AT_ONCE)
        room -= md_size(block) - md_size(_line(section))
        if room < 0:
            break
        blocks.append(block)
    return blocks


def _that_fit(texts: Sequence[str], room: int) -> list[str]:
    """The first texts, as many as there is room for."""
    so_far = accumulate(map(_taken, texts))
    return [text for text, taken in zip(texts, so_far, strict=True) if taken <= room]


def _line(section: Section) -> str:
    return f"- {section.line}"


def _block(line: str, below: str, *, is_open: bool) -> str:
    if not below:
        return f"- {line}"
    start = "<details open>" if is_open else "<details>"
    # The empty line after the summary is what makes the rest markdown again.
    return f"{start}\n<summary>{line}</summary>\n\n{below}\n\n</details>"


def _left_out(short: int, missing: int) -> str:
    """What is not here, and where it is."""
    told = []
    if short:
        told.append(f"{plural(short, 'group stands', 'groups stand')} here in one line only")
    if missing:
        told.append(f"{plural(missing, 'more group is', 'more groups are')} left out")
    return f"**{' and '.join(told)}, for a comment has an end: see the artifact for all of it.**" if told else ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
