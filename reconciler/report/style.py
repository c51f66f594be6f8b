"""Colours for a terminal, as plain ANSI sequences around text that is harmless already.

What things are called in every format, and words around numbers, lists and revisions.

The pieces that plan and result texts are made of: headings, people, old → new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.diff.change import Advice, AdviceKind, TextChange
from reconciler.messages import Message
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted, raw_text
from reconciler.plan.model import DriftCause
from reconciler.plan.step import Action, Step
from reconciler.sanitize.escape import escape_controls, mask_and_escape, quoted
from reconciler.sanitize.mask import mask_address, mask_link, mask_number, mask_text
from reconciler.sanitize.message import render_plain

BOLD: Final = "1"


_BY_MARK = {"+": "32", "-": "31", "~": "33", "!": "1;31", "=": "36", "i": "2"}


def paint(text: str, codes: str, color: bool) -> str:
    """The text in the given SGR codes ("1;31"); unchanged without `color`."""
    return f"\x1b[{codes}m{text}\x1b[0m" if color and text else text


def marked(mark: str, text: str, color: bool) -> str:
    """`+ alice`: a mark and its words, in the mark's colour.

    Marks: `+` comes, `-` goes, `~` changes, `=` adopted, `!` needs a person, `i` is good to know.
    """
    return paint(f"{mark} {text}", _BY_MARK[mark], color)


ADVICE_WORDS = {
    AdviceKind.ADMIN: "admins",
    AdviceKind.DOUBTFUL: "doubtful",
    AdviceKind.EXPIRED: "time has run out",
    AdviceKind.EXPIRES: "falls due",
    AdviceKind.KEPT: "left alone",
    AdviceKind.OBSERVED: "only observed",
    AdviceKind.PENDING: "pending invite",
    AdviceKind.REMATCHED: "another live group",
    AdviceKind.UNIDENTIFIED: "unidentified",
    AdviceKind.UNMANAGED: "unmanaged",
}
"""What each piece of advice is about."""


CAUSE_WORDS = {
    DriftCause.BY_HAND: "changed by hand",
    DriftCause.NOT_APPLIED: "not applied yet",
    DriftCause.BOTH: "changed by hand and in the file",
}
"""What each verdict is called; `both` alone would say nothing behind a difference."""


def plural(number: int, one: str, many: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {one if number == 1 else many}"


def first_n(texts: Sequence[str], most: int, shown: Callable[[str], str] = str) -> str:
    """`a, b and 3 more`: the first ones as they are to be shown, the others only counted."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(map(shown, texts[:most])) + more


def revision_label(name: str, commit: str) -> str:
    """`origin/main (commit 1a2b3c4d5)`: a revision by its name and the beginning of its hash."""
    return f"{name} (commit {commit[:9]})"


def advice_in_order(advice: Iterable[Advice]) -> list[Advice]:
    """In the order of the words that each begins with."""
    return sorted(advice, key=lambda item: ADVICE_WORDS[item.kind])


def cause_words(verdict: DriftCause | None) -> str:
    """What a verdict is called; nothing where there is none."""
    return "" if verdict is None else CAUSE_WORDS[verdict]


def cause_suffix(verdict: DriftCause | None, *, before: str = "  ") -> str:
    """`  (not applied yet)`: a verdict behind the difference that it is on; nothing where there is none."""
    return "" if verdict is None else f"{before}({CAUSE_WORDS[verdict]})"


KNOWN_AFTER_APPLY = "(known after apply)"


_CUT = 100


_LONG = 1000


_LEAD = 20


_NAMED_PEOPLE = 10


_NAMES = 5


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How to write for this reader: with full numbers or masked ones, with colours or without."""

    show_phones: bool
    color: bool

    def mask_for_reader(self, text: str) -> str:
        """The text as this reader may see it, not yet safe to print."""
        return text if self.show_phones else mask_text(text)

    def text(self, text: str) -> str:
        """A message in running text: one harmless line, cut where it would fill the screen."""
        shown = self.mask_for_reader(text)
        return escape_controls(shown[:_LONG]) + (
            f" … ({len(shown) - _LONG} more characters)" if len(shown) > _LONG else ""
        )

    def link(self, link: str) -> str:
        """An invite link that the API gave out, whole: people follow it."""
        return escape_controls(link if self.show_phones else mask_link(link))

    def message(self, message: Message) -> str:
        """A message as one harmless line, cut where it would fill the screen."""
        text = render_plain(message, show_phones=self.show_phones)
        return text[:_LONG] + (f" … ({len(text) - _LONG} more characters)" if len(text) > _LONG else "")

    def advice(self, advice: Advice) -> str:
        """What a piece of advice has to say, and the link that goes with it."""
        return self.message(advice.message) + (f" {self.link(advice.link)}" if advice.link else "")

    def title(self, text: str | Untrusted) -> str:
        """A name in quotes."""
        return quoted(self.mask_for_reader(raw_text(text)))

    def person(self, who: PersonRef) -> str:
        """`Bob Marsh (until 2026-12-31, contractor)`."""
        until = f"until {who.until.isoformat()}" if who.until else ""
        details = ", ".join(part for part in (until, self.text(who.reason or "")) if part)
        name = person_name(who, self.show_phones)
        return f"{name} ({details})" if details else name

    def people(self, people: Iterable[PersonRef]) -> str:
        """`alice, Bob Marsh`, sorted; from the eleventh on only how many more."""
        names = [self.person(who) for who in sorted(people, key=lambda who: who.sort_key)]
        more = [f"{len(names) - _NAMED_PEOPLE} more"] if len(names) > _NAMED_PEOPLE else []
        return ", ".join(names[:_NAMED_PEOPLE] + more)

    def names(self, names: Sequence[Untrusted]) -> str:
        """`"Sales", "Board"`; from the sixth on only how many more."""
        return first_n([name.raw for name in names], _NAMES, self.title)

    def line(self, mark: str, text: str) -> str:
        """A line under a group's heading."""
        return "  " + self.note(mark, text)

    def note(self, mark: str, text: str) -> str:
        """A line about the whole run."""
        return marked(mark, text, self.color)

    def heading(self, key: str, name: str | Untrusted, group_id: str) -> str:
        """`project-alpha  "Project Alpha"  120363012345678901@g.us`; no name where none is known."""
        title = f"{self.title(name)}  " if name else ""
        return f"{paint(self.text(key), BOLD, self.color)}  {title}{self.text(group_id)}"

    def change(self, change: TextChange) -> tuple[str, str]:
        """Mark and words of a name or description: `~`, `name         "Project Alfa" → "Project Alpha"`."""
        label = f"{self.text(change.field):<11}"
        new = self.mask_for_reader(change.new)
        if change.old is None:
            return "+", f"{label}  {_excerpt(new, 0)}"
        old = self.mask_for_reader(change.old.raw)
        skipped = _same_beginning(old, new) if max(len(old), len(new)) > _CUT else 0
        unseen = "  (a masked number differs)" if old == new != change.new else ""
        return "~", f"{label}  {_excerpt(old, skipped)} → {_excerpt(new, skipped)}{unseen}"


def person_name(who: PersonRef, show_phones: bool) -> str:
    """What to call a person: alias or name, else the number (masked unless `show_phones`), else the private id.

    Where a server names somebody in a form of its own, that stands in place of the private id.
    """
    if who.label:
        return escape_controls(who.label) if show_phones else mask_and_escape(who.label)
    number = who.identity or who.jid
    if number:
        return escape_controls(number) if show_phones else mask_number(number)
    private = who.lid or "(unidentified)"
    return escape_controls(private if show_phones else mask_address(private))


def display_rank(step: Step) -> int:
    """The fixed order of lines: joining, creating, leaving; text; who comes; who goes."""
    ranks = (Action.JOIN, Action.CREATE, Action.LEAVE, Action.PATCH, Action.ADD, Action.REMOVE)
    return ranks.index(step.action)


def _same_beginning(old: str, new: str) -> int:
    """How many characters two long texts may both leave out, so that the reader sees where they part."""
    same = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), None)
    same = min(len(old), len(new)) if same is None else same
    return same - _LEAD if same > _CUT - _LEAD else 0


def _excerpt(text: str, skipped: int) -> str:
    if not text:
        return "(none)"
    shown = quoted(text[skipped : skipped + _CUT])
    before = f"({skipped} characters as before) … " if skipped else ""
    left = len(text) - skipped - _CUT
    after = f" … ({left} more {'character' if left == 1 else 'characters'})" if left > 0 else ""
    return before + shown + after
