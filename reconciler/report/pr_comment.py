"""A comment on a pull request or an issue: what must be seen first, a section for each group, and a size limit.

A few groups open one by one; many are rows of a table, with what changes in each folded below it. GitHub takes 65,536
characters. Groups that do not fit are shown in one line, then only counted, the least urgent first. A section is
written whole or not at all, so that every `<details>` is closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from reconciler.messages import LiteralText
from reconciler.model.text import plural
from reconciler.plan.shard import Shard
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, Piece, spans
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
_MAX_SECTIONS: Final = 10
"""How many groups open one by one; more are rows of a table."""
_MAX_ALERT: Final = 16_000
_MAX_ALERT_ITEMS: Final = 10
_TABLE_HEAD: Final = "| group | what changes |\n| --- | --- |"
_EACH: Final = "What changes in each group"
_SEPARATORS: Final = 10  # line breaks around head, foot and the rest
_MAX_NAME: Final = 80
_MAX_TEXT: Final = 300
_NOT_IN_A_COMMENT: Final = re.compile(r"[^A-Za-z0-9_.]+")


@dataclass(frozen=True, slots=True)
class CommentSection:
    """A group's part: its title, its news in a few words, and what opens below (nothing where these say all).

    The body is made only while there is room: most of a large plan is never shown in a comment.
    """

    title: str
    news: str = ""
    body: Callable[[], str] = str

    @property
    def line(self) -> str:
        """The title and the news."""
        return " · ".join(filter(None, (self.title, self.news)))


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
    badges = (f"<b>{b.words}</b>" if b.tone in ("stop", "remove") else b.words for b in section.badges)
    title = group_title(section.key, section.name, options)
    return CommentSection(title, " · ".join(badges), lambda: lines_markdown(section.lines(), options))


def group_title(key: str, name: str, options: RenderOptions) -> str:
    """Return a group's name, and its key in the look of code."""
    bold = f"<b>{markdown((OutsideText(name),), options, _MAX_NAME)}</b> " if name else ""
    return f"{bold}{key_code(key, options)}"


def totals_markdown(totals: Totals) -> str:
    """Return totals as a heading and a line."""
    if not totals.counts:
        return heading_markdown(f"reconciler: {totals.subject}", f"{totals.rest[:1].upper()}{totals.rest[1:]}.")
    return heading_markdown(f"reconciler {totals.subject.lower()}: {totals.counts}", totals.rest)


def heading_markdown(heading: str, line: str) -> str:
    """Return the heading of a comment, in our own words, and the line below it."""
    return f"### {heading}\n\n{line}"


def alert(kind: str, title: str, items: Sequence[str]) -> str:
    """Return what nobody should overlook in a box; `kind` is CAUTION or WARNING. At most ten `items` are shown."""
    shown = _fitting(items[:_MAX_ALERT_ITEMS], _MAX_ALERT)
    left = len(items) - len(shown)
    more = [f"> - and {left} more"] if left > 0 else []
    return "\n".join([f"> [!{kind}]", f"> **{title}**", *(f"> - {item}" for item in shown), *more])


def lines_markdown(lines: Iterable[Line], options: RenderOptions) -> str:
    """Return changes as a coloured diff, and below it what needs a person or is good to know."""
    every = list(lines)
    notes = [note_markdown(line, options) for line in every if line.mark in ("!", "i")]
    # A diff has no colour for `~`; its mark for a changed line is `!`.
    marked = (replace(line, mark="!") if line.mark == "~" else line for line in every if line.mark not in ("!", "i"))
    changes = lines_text(marked, replace(options, color=False), indent="")
    return "\n\n".join([*_block(changes, "diff"), *(["\n".join(notes)] if notes else [])])


def note_markdown(line: Line, options: RenderOptions) -> str:
    """Return a note as an item of a list, its topic stressed."""
    return f"- {note_text(line, options)}"


def note_text(line: Line, options: RenderOptions) -> str:
    """Return a note, its topic stressed."""
    stress = "**" if line.mark == "!" else "*"
    if not line.topic:
        return markdown(line.pieces, options)
    topic = markdown((OutsideText(line.topic),), options)
    return f"{stress}{topic}{stress}{markdown((LiteralText(': '), *line.pieces), options)}"


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


def render_comment(
    head: str, sections: Sequence[CommentSection], foot: str, causes: Sequence[CommentSection] = ()
) -> str:
    """Return the whole comment; `sections` come in the order of their urgency. A `foot` that is too long goes.

    The `causes` are what several groups share: they come first and are always open.
    """
    foot = foot if comment_size(head) + comment_size(foot) <= _MAX_FRAME else "**There is more: see the artifact.**"
    longest = _left_out(len(sections), len(sections))
    room = MAX_COMMENT_CHARACTERS - sum(map(comment_size, (head, foot, longest))) - _SEPARATORS
    reserved = sum(_taken(_row(section)) for section in sections)
    first = _in_full(causes, room - reserved, is_open=True)
    first += _fitting([_item(cause) for cause in causes[len(first) :]], room - sum(map(_taken, first)))
    room -= sum(map(_taken, first))
    parts = _table(sections, room) if len(sections) > _MAX_SECTIONS else _list(sections, room)
    return "\n\n".join(filter(None, [head, *first, *parts, foot]))


def _list(sections: Sequence[CommentSection], room: int) -> list[str]:
    """Return sections that open one by one, then those that did not fit in one line, then how many are missing."""
    blocks = _in_full(sections, room, is_open=len(sections) <= _MAX_OPEN_SECTIONS)
    rest = [_item(section) for section in sections[len(blocks) :]]
    short = _fitting(rest, room - sum(map(_taken, blocks)))
    return [*blocks, "\n".join(short), _left_out(len(short), len(rest) - len(short))]


def _table(sections: Sequence[CommentSection], room: int) -> list[str]:
    """Return a row for each section, then what changes in each, folded, then how many are missing."""
    rows = _fitting([_row(section) for section in sections], room - _taken(_TABLE_HEAD))
    room -= _taken(_TABLE_HEAD) + sum(map(_taken, rows)) + _taken(_details(_EACH, "\n", is_open=False))
    blocks = []
    for section in sections[: len(rows)]:
        blocks.append(f"{section.line}\n\n{section.body()}".rstrip())
        room -= _taken(blocks[-1])
        if room < 0:
            blocks.pop()
            break
    table = "\n".join([_TABLE_HEAD, *rows])
    below = _details(_EACH, "\n\n".join(blocks), is_open=False) if blocks else ""
    return [table, below, _left_out(len(rows) - len(blocks), len(sections) - len(rows))]


def comment_size(text: str) -> int:
    """Return how much of a comment a text takes."""
    return len(text.encode("utf-16-le")) // 2


def _taken(text: str) -> int:
    """Return how much of a comment a text takes with the two line breaks after it."""
    return comment_size(text) + 2


def _in_full(sections: Sequence[CommentSection], room: int, *, is_open: bool) -> list[str]:
    """Return the first sections with their bodies, as many as leave room for one line of every other."""
    room -= sum(_taken(_item(section)) for section in sections)
    blocks = []
    for section in sections:
        block = _details(section.line, section.body(), is_open=is_open)
        room -= comment_size(block) - comment_size(_item(section))
        if room < 0:
            break
        blocks.append(block)
    return blocks


def _fitting(texts: Sequence[str], room: int) -> list[str]:
    """Return the first texts, as many as there is room for."""
    so_far = accumulate(map(_taken, texts))
    return [text for text, taken in zip(texts, so_far, strict=True) if taken <= room]


def _row(section: CommentSection) -> str:
    return f"| {section.title} | {section.news} |"


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
