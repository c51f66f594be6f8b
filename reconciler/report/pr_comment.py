"""A comment on a pull request or an issue: what must be seen first, a section for each group, and a size limit.

GitHub takes 65,536 characters. Groups that do not fit are shown in one line, then only counted, the least urgent first.
A section is written whole or not at all, so that every `<details>` is closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from reconciler.messages import LiteralText
from reconciler.plan.shard import Shard
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, Piece, plural, spans
from reconciler.report.sections import Line, Section
from reconciler.report.summary import Totals
from reconciler.report.text import lines_text
from reconciler.sanitize.markdown import markdown_code, markdown_fence, markdown_text

MAX_COMMENT_CHARACTERS: Final = 64_000
"""UTF-16 units, of which an emoji takes two, so that it is never more than 192,000 bytes of the 262,144 that GitHub
keeps. The rest of GitHub's limit is for those who add a line of their own."""

_MAX_BLOCK: Final = 8_000
_MAX_FRAME: Final = MAX_COMMENT_CHARACTERS * 3 // 4
_MAX_OPEN_SECTIONS: Final = 3
_MAX_ALERT_ITEMS: Final = 10
_SEPARATORS: Final = 10  # line breaks around head, foot and the rest
_MAX_NAME: Final = 80
_MAX_TEXT: Final = 300
_NOT_IN_A_COMMENT: Final = re.compile(r"[^A-Za-z0-9_.]+")


@dataclass(frozen=True, slots=True)
class CommentSection:
    """A group's part: its one line, and what opens below it (nothing where the line says all).

    The body is made only while there is room: most of a large plan is never shown in a comment.
    """

    line: str
    body: Callable[[], str] = str


def comment_marker(kind: str, instance_id: str = "", shard: Shard | None = None) -> str:
    """Return the hidden first line by which a comment is found again: `<!-- reconciler:plan inst_abc123 -->`.

    It is the same in every run, and differs for each instance and shard: a repository may have a comment for each.
    """
    part = f" {shard}" if shard is not None else ""
    of = f" {_NOT_IN_A_COMMENT.sub('_', instance_id)[:_MAX_NAME]}" if instance_id else ""
    return f"<!-- reconciler:{kind}{of}{part} -->"


def markdown(pieces: Iterable[Piece], options: RenderOptions, limit: int = _MAX_TEXT) -> str:
    """Return pieces as running markdown, cut where they would fill the comment; our own code is shown as code."""
    written = []
    for span in spans(pieces, options):
        text = span.text if len(span.text) <= limit else f"{span.text[:limit]}…"
        limit -= len(text)
        written.append(markdown_code(text, show_phones=True) if span.code else _running_text(text))
        if limit <= 0:
            break
    return "".join(written).strip(" ")


def _running_text(text: str) -> str:
    """Return running text; the spaces that part it from code stay spaces."""
    words = text.strip(" ")
    before, after = len(text) - len(text.lstrip(" ")), len(text) - len(text.rstrip(" "))
    return f"{' ' * before}{markdown_text(words, show_phones=True)}{' ' * after}" if words else text


def key_code(key: str, options: RenderOptions) -> str:
    """Return a group's key in the look of code."""
    return f"<code>{markdown((OutsideText(key),), options, _MAX_NAME)}</code>"


def by_urgency(sections: Iterable[Section], options: RenderOptions) -> list[CommentSection]:
    """Return the sections of a comment, the most urgent first."""
    ordered = sorted(sections, key=lambda section: (section.urgency, section.key))
    return [_comment_section(section, options) for section in ordered]


def _comment_section(section: Section, options: RenderOptions) -> CommentSection:
    name = f" <b>{markdown((OutsideText(section.name),), options, _MAX_NAME)}</b>" if section.name else ""
    badges = (f"<b>{b.words}</b>" if b.tone in ("stop", "remove") else b.words for b in section.badges)
    line = " · ".join([f"{key_code(section.key, options)}{name}", *badges])
    return CommentSection(line, lambda: lines_markdown(section.lines(), options))


def totals_markdown(totals: Totals) -> str:
    """Return totals as a heading and a line."""
    if not totals.counts:
        return f"### {totals.subject}\n\n{totals.rest[:1].upper()}{totals.rest[1:]}."
    return f"### {totals.subject}\n\n**{totals.counts}** · {totals.rest}"


def alert(kind: str, title: str, items: Sequence[str]) -> str:
    """Return what nobody should overlook in a box; `kind` is CAUTION or WARNING. The first ten `items` are shown."""
    left = len(items) - _MAX_ALERT_ITEMS
    more = [f"> - and {left} more"] if left > 0 else []
    return "\n".join([f"> [!{kind}]", f"> **{title}**", *(f"> - {item}" for item in items[:_MAX_ALERT_ITEMS]), *more])


def lines_markdown(lines: Iterable[Line], options: RenderOptions) -> str:
    """Return changes as a coloured diff, and below it what needs a person or is good to know."""
    every = list(lines)
    notes = [note_markdown(line, options) for line in every if line.mark in ("!", "i")]
    changes = lines_text(
        (line for line in every if line.mark not in ("!", "i")), replace(options, color=False), indent=""
    )
    return "\n\n".join([*_block(changes, "diff"), *(["\n".join(notes)] if notes else [])])


def note_markdown(line: Line, options: RenderOptions) -> str:
    """Return a note as an item of a list, its topic stressed."""
    stress = "**" if line.mark == "!" else "*"
    if not line.topic:
        return f"- {markdown(line.pieces, options)}"
    topic = markdown((OutsideText(line.topic),), options)
    return f"- {stress}{topic}{stress}{markdown((LiteralText(': '), *line.pieces), options)}"


def folded(title: str, lines: Sequence[str]) -> str:
    """Return harmless lines of code that open below a title of our own."""
    return _details(title, "\n\n".join(_block(lines)), is_open=False)


def _block(lines: Sequence[str], language: str = "") -> list[str]:
    """Return harmless lines as a block of code, and how many did not fit."""
    shown = _that_have_room(lines)
    left = len(lines) - len(shown)
    parts = [markdown_fence(shown, language, show_phones=True)] if shown else []
    return [*parts, *([f"*{plural(left, 'more line')}: see the artifact.*"] if left else [])]


def _that_have_room(lines: Sequence[str]) -> list[str]:
    """Return the lines that fit into a block in their order; additions are left out before all others."""
    room = _MAX_BLOCK
    shown = []
    for index in sorted(range(len(lines)), key=lambda index: (lines[index].startswith("+ "), index)):
        room -= len(lines[index]) + 1
        if room >= 0:
            shown.append(index)
    return [lines[index] for index in sorted(shown)]


def render_comment(head: str, sections: Sequence[CommentSection], foot: str) -> str:
    """Return the whole comment; `sections` come in the order of their urgency. A `foot` that is too long goes."""
    foot = foot if comment_size(head) + comment_size(foot) <= _MAX_FRAME else "**There is more: see the artifact.**"
    longest = _left_out(len(sections), len(sections))
    room = MAX_COMMENT_CHARACTERS - sum(map(comment_size, (head, foot, longest))) - _SEPARATORS
    blocks = _in_full(sections, room)
    rest = [_item(section) for section in sections[len(blocks) :]]
    short = _fitting(rest, room - sum(map(_taken, blocks)))
    parts = [head, *blocks, "\n".join(short), _left_out(len(short), len(rest) - len(short)), foot]
    return "\n\n".join(filter(None, parts))


def comment_size(text: str) -> int:
    """Return how much of a comment a text takes."""
    return len(text.encode("utf-16-le")) // 2


def _taken(text: str) -> int:
    """Return how much of a comment a text takes with the two line breaks after it."""
    return comment_size(text) + 2


def _in_full(sections: Sequence[CommentSection], room: int) -> list[str]:
    """Return the first sections with their bodies, as many as leave room for one line of every other."""
    room -= sum(_taken(_item(section)) for section in sections)
    blocks = []
    for section in sections:
        block = _details(section.line, section.body(), is_open=len(sections) <= _MAX_OPEN_SECTIONS)
        room -= comment_size(block) - comment_size(_item(section))
        if room < 0:
            break
        blocks.append(block)
    return blocks


def _fitting(texts: Sequence[str], room: int) -> list[str]:
    """Return the first texts, as many as there is room for."""
    so_far = accumulate(map(_taken, texts))
    return [text for text, taken in zip(texts, so_far, strict=True) if taken <= room]


def _item(section: CommentSection) -> str:
    return f"- {section.line}"


def _details(line: str, below: str, *, is_open: bool) -> str:
    if not below:
        return f"- {line}"
    start = "<details open>" if is_open else "<details>"
    # The empty line after the summary is what makes the rest markdown again.
    return f"{start}\n<summary>{line}</summary>\n\n{below}\n\n</details>"


def _left_out(short: int, missing: int) -> str:
    """Return what is not shown, and where it is."""
    parts = [f"{plural(short, 'group is', 'groups are')} shown in one line"] if short else []
    parts += [f"{plural(missing, 'more group is', 'more groups are')} left out"] if missing else []
    return f"**{' and '.join(parts)} to keep this comment short: see the artifact for all of it.**" if parts else ""
