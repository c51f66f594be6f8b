"""Text of a file in a message: escaped, short, and never with a whole phone number."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from reconciler.config.tree import Trail
from reconciler.hostile.escaping import plain
from reconciler.hostile.masking import mask_person, mask_strictly

LONGEST = 60
"""Characters of a quoted text that are shown."""

_MOST_NAMES = 500
_MOST_STEPS = 12


def shown(text: str) -> str:
    """A text of the file in backticks: phone numbers masked, what does not print escaped, cut to 60 characters."""
    clear = plain(mask_strictly(text[: 4 * LONGEST]))
    return f"`{clear[: LONGEST - 1]}…`" if len(clear) > LONGEST or len(text) > 4 * LONGEST else f"`{clear}`"


def shown_person(reference: str) -> str:
    """Like `shown`, for what should be a person: a mistyped number (with a letter in it, say) is masked as a whole."""
    return shown(mask_person(reference[: 4 * LONGEST]))


def trail_text(trail: Trail) -> str:
    """A place in a document: `groups.project-alpha.members[2]`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{shown(step)[1:-1]}" for step in trail[:_MOST_STEPS]]
    return "".join(parts).removeprefix(".") + ("…" if len(trail) > _MOST_STEPS else "")


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A suggestion, "did you mean `description`?", or nothing when no name is near."""
    size, first, last = len(word), word[:1].casefold(), word[-1:].casefold()
    near = [
        name
        for name in names
        if abs(len(name) - size) <= 3 and (name[:1].casefold() == first or name[-1:].casefold() == last)
    ]
    found = difflib.get_close_matches(word, near[:_MOST_NAMES], n=1, cutoff=0.65)
    return f"did you mean {shown(found[0])}?" if found else ""
