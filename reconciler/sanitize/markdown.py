"""Hostile text in markdown for GitHub (and GitLab): it shows what was written and means nothing.

A comment is read twice. The parser reads markdown and HTML; characters it would obey go out as entities, which are
never structure (CommonMark, section 6.2), be it in running text, in a table or inside an HTML tag. What comes out is
searched again for `@mentions`, `#123`, links without brackets, commits and `:emoji:`, where an entity counts as its
character; so these are broken with an empty comment, which nobody sees and which is not copied.


Hostile text in a workflow command: `::error file=groups.yaml,line=3::message`.

GitHub reads a command to the end of its line, and takes these escapes out again (actions/toolkit, `command.ts`): in
the message `%25`, `%0D`, `%0A`; in a property also `%3A` and `%2C`, since a colon ends the properties and a comma one
of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.sanitize.escape import for_display

# `shown` leaves no control character, so that this one can mark where the comment goes.
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


# A line that begins so is a list, a heading's underline, code, a rule or an order to GitLab (`/close`).
_BEGINNING = re.compile(r"^([0-9]{0,9})([ +\-=/.)])")


_BACKTICKS = re.compile("`+")


_FENCE = 3


def markdown_text(text: str, *, show_phones: bool = False) -> str:
    """The text in running markdown, in a table's cell, or in an HTML element that stands in markdown."""
    broken = _COMMIT.sub(_in_pieces, for_display(text, show_phones=show_phones))
    broken = _BREAK_AFTER.sub(rf"\g<0>{_BREAK_MARK}", broken)
    return _ends(broken.translate(_ENTITIES))


def markdown_code(text: str, *, show_phones: bool = False) -> str:
    """The text in the look of code: a key, a name, an id. Good wherever `markdown_text` is."""
    return f"<code>{markdown_text(text, show_phones=show_phones)}</code>"


def markdown_fence(lines: Iterable[str], language: str = "", *, show_phones: bool = False) -> str:
    """Lines as a block of code, which none of them can end; in it nothing is obeyed. `language` is ours: `diff`."""
    told = [for_display(line, show_phones=show_phones) for line in lines]
    longest = max((len(run) for line in told for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(_FENCE, longest + 1)
    return "\n".join([f"{fence}{language}", *told, fence])


def _in_pieces(found: re.Match[str]) -> str:
    step = _HEX_TOO_SHORT_FOR_A_COMMIT
    return _BREAK_MARK.join(found[0][at : at + step] for at in range(0, len(found[0]), step))


def _ends(text: str) -> str:
    """First and last characters that count only there, made to count nowhere."""
    text = _BEGINNING.sub(lambda first: f"{first[1]}&#{ord(first[2])};", text)
    return f"{text[:-1]}&#32;" if text.endswith(" ") else text


_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})


_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def command_data(text: str, *, show_phones: bool = False) -> str:
    """The message of a command: one line, masked; what is shown is what `safe` shows."""
    return for_display(text, show_phones=show_phones).translate(_DATA)


def command_property(text: str, *, show_phones: bool = False) -> str:
    """The value of a property, `file` or `title`: it cannot begin another property or end them."""
    return for_display(text, show_phones=show_phones).translate(_PROPERTY)
