"""Escape text of others in markdown and workflow commands of GitHub (and GitLab), so that it is text and nothing else.

A comment is read twice. The parser reads markdown and HTML: special characters become entities, which are never
structure (CommonMark, section 6.2), in running text, in a table or inside an HTML element. The result is searched again
for `@mentions`, `#123`, links without brackets, commits and `:emoji:`, where an entity counts as its character: an
empty comment, which is invisible and not copied, breaks these.

GitHub reads a workflow command (`::error file=groups.yaml,line=3::message`) to the end of its line and takes these
escapes out again (actions/toolkit, `command.ts`): in the message `%25`, `%0D`, `%0A`; in a property also `%3A` and
`%2C`, because a colon ends the properties and a comma ends one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.sanitize.escape import for_display

# `for_display` leaves no control character, so this one can mark where the comment goes.
_BREAK_MARK = "\0"
_ENTITIES = str.maketrans(
    {char: f"&#{ord(char)};" for char in "\\`*_{}[]|~$#@^"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;", _BREAK_MARK: "<!-- -->"}
)
_BREAK_AFTER = re.compile(
    r"""@ | \#(?=\w|$) | \bGH-(?=\d)          # people and teams; issues
    | [!%&~$](?=[\w"])                     # GitLab's merge requests, milestones, epics, labels, snippets
    | :(?=//) | \bwww(?=\.)               # links
    | :(?=[\w+\-]{1,40}(?::|$))               # emoji
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMMIT = re.compile(r"(?<![^\W_])(?=[0-9]{0,39}[a-f])[0-9a-f]{7,40}(?![^\W_])", re.IGNORECASE)
_HEX_TOO_SHORT_FOR_A_COMMIT = 6
# A line with this beginning is a list, a heading's underline, code, a rule or a command to GitLab (`/close`).
_BEGINNING = re.compile(r"^([0-9]{0,9})([ +\-=/.)])")
_BACKTICKS = re.compile("`+")
_FENCE = 3


def markdown_text(text: str, *, show_phones: bool = False) -> str:
    """Return the text for running markdown, a table's cell, or an HTML element in markdown."""
    broken = _COMMIT.sub(_break_commit, for_display(text, show_phones=show_phones))
    broken = _BREAK_AFTER.sub(rf"\g<0>{_BREAK_MARK}", broken)
    return _escape_ends(broken.translate(_ENTITIES))


def markdown_code(text: str, *, show_phones: bool = False) -> str:
    """Return the text as code: a key, a name, an id. It fits wherever `markdown_text` does."""
    return f"<code>{markdown_text(text, show_phones=show_phones)}</code>"


def markdown_fence(lines: Iterable[str], language: str = "", *, show_phones: bool = False) -> str:
    """Return lines as a block of code, which none of them can end. `language` is our own word: `diff`."""
    escaped = [for_display(line, show_phones=show_phones) for line in lines]
    longest = max((len(run) for line in escaped for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(_FENCE, longest + 1)
    return "\n".join([f"{fence}{language}", *escaped, fence])


def _break_commit(found: re.Match[str]) -> str:
    step = _HEX_TOO_SHORT_FOR_A_COMMIT
    return _BREAK_MARK.join(found[0][at : at + step] for at in range(0, len(found[0]), step))


def _escape_ends(text: str) -> str:
    """Escape characters that are special only at the beginning or the end."""
    text = _BEGINNING.sub(lambda first: f"{first[1]}&#{ord(first[2])};", text)
    return f"{text[:-1]}&#32;" if text.endswith(" ") else text


_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def command_data(text: str, *, show_phones: bool = False) -> str:
    """Return the message of a command: one line, masked and escaped."""
    return for_display(text, show_phones=show_phones).translate(_DATA)


def command_property(text: str, *, show_phones: bool = False) -> str:
    """Return the value of a property, `file` or `title`, which cannot begin another property or end them."""
    return for_display(text, show_phones=show_phones).translate(_PROPERTY)
