"""The pieces that plan and result texts are made of: headings, people, old → new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.hostile.escaping import plain, quoted, safe
from reconciler.hostile.masking import mask_address, mask_link, mask_number, mask_text
from reconciler.model.advice import Advice
from reconciler.model.plan import TextChange
from reconciler.model.step import Action, Step
from reconciler.model.who import Who
from reconciler.report.paint import BOLD, marked, paint
from reconciler.report.wording import some_of

KNOWN_AFTER_APPLY = "(known after apply)"
_CUT = 100
_LONG = 1000
_LEAD = 20
_NAMED_PEOPLE = 10
_NAMES = 5


@dataclass(frozen=True, slots=True)
class Ink:
    """How to write for this reader: with full numbers or masked ones, with colours or without."""

    show_phones: bool
    color: bool

    def unmasked(self, text: str) -> str:
        """The text as this reader may see it, not yet safe to print."""
        return text if self.show_phones else mask_text(text)

    def words(self, text: str) -> str:
        """A message in running text: one harmless line, cut where it would fill the screen."""
        shown = self.unmasked(text)
        return plain(shown[:_LONG]) + (f" … ({len(shown) - _LONG} more characters)" if len(shown) > _LONG else "")

    def link(self, link: str) -> str:
        """An invite link that the API gave out, whole: people follow it."""
        return plain(link if self.show_phones else mask_link(link))

    def told(self, advice: Advice) -> str:
        """What a piece of advice has to say, and the link that goes with it."""
        return self.words(advice.text) + (f" {self.link(advice.link)}" if advice.link else "")

    def title(self, text: str) -> str:
        """A name in quotes."""
        return quoted(self.unmasked(text))

    def person(self, who: Who) -> str:
        """`Bob Marsh (until 2026-12-31, contractor)`."""
        until = f"until {who.until.isoformat()}" if who.until else ""
        details = ", ".join(part for part in (until, self.words(who.reason or "")) if part)
        name = person_name(who, self.show_phones)
        return f"{name} ({details})" if details else name

    def people(self, people: Iterable[Who]) -> str:
        """`alice, Bob Marsh`, sorted; from the eleventh on only how many more."""
        names = [self.person(who) for who in sorted(people, key=lambda who: who.order)]
        more = [f"{len(names) - _NAMED_PEOPLE} more"] if len(names) > _NAMED_PEOPLE else []
        return ", ".join(names[:_NAMED_PEOPLE] + more)

    def names(self, names: Sequence[str]) -> str:
        """`"Sales", "Board"`; from the sixth on only how many more."""
        return some_of(names, _NAMES, self.title)

    def line(self, mark: str, text: str) -> str:
        """A line under a group's heading."""
        return "  " + self.note(mark, text)

    def note(self, mark: str, text: str) -> str:
        """A line about the whole run."""
        return marked(mark, text, self.color)

    def heading(self, key: str, name: str, group_id: str) -> str:
        """`project-alpha  "Project Alpha"  120363012345678901@g.us`; no name where none is known."""
        title = f"{self.title(name)}  " if name else ""
        return f"{paint(self.words(key), BOLD, self.color)}  {title}{self.words(group_id)}"

    def change(self, change: TextChange) -> tuple[str, str]:
        """Mark and words of a name or description: `~`, `name         "Project Alfa" → "Project Alpha"`."""
        label = f"{self.words(change.field):<11}"
        new = self.unmasked(change.new)
        if change.old is None:
            return "+", f"{label}  {_excerpt(new, 0)}"
        old = self.unmasked(change.old)
        skipped = _same_beginning(old, new) if max(len(old), len(new)) > _CUT else 0
        unseen = "  (a masked number differs)" if old == new != change.new else ""
        return "~", f"{label}  {_excerpt(old, skipped)} → {_excerpt(new, skipped)}{unseen}"


def person_name(who: Who, show_phones: bool) -> str:
    """What to call a person: alias or name, else the number (masked unless `show_phones`), else the private id.

    Where a server names somebody in a form of its own, that stands in place of the private id.
    """
    if who.label:
        return plain(who.label) if show_phones else safe(who.label)
    number = who.identity or who.jid
    if number:
        return plain(number) if show_phones else mask_number(number)
    private = who.lid or "(unidentified)"
    return plain(private if show_phones else mask_address(private))


def order_of(step: Step) -> int:
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
