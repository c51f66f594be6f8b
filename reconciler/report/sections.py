"""What every report is laid out in: a section for each group, of badges and marked lines.

`plan_view`, `result_view`, `config_diff` and `person` fill sections with typed pieces; text and comments render them.
The HTML page renders the view of a plan. No format reads what another one wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from reconciler.diff.change import Advice, AdviceKind, TextChange
from reconciler.messages import LiteralText
from reconciler.model.person_ref import PersonRef
from reconciler.model.rules import Finding, FindingKind, Severity
from reconciler.report.pieces import (
    InviteLink,
    OutsideText,
    Piece,
    Pieces,
    QuotedText,
    TextDiff,
    first_pieces,
    join_pieces,
    literal,
    message_pieces,
    outside,
    people_pieces,
    person_pieces,
)

Mark: TypeAlias = Literal["+", "-", "~", "=", "!", "i"]
"""What a line is: `+` added, `-` removed, `~` changed, `=` adopted, `!` needs a person, `i` is good to know."""

Tone: TypeAlias = Literal["add", "remove", "change", "stop", "note", "plain"]

DOUBTFUL_TOPIC: Final = "doubtful"
_ADVICE_TOPICS: Final[Mapping[AdviceKind, str]] = {
    AdviceKind.ACCEPTED: "accepted",
    AdviceKind.ADMIN: "admins",
    AdviceKind.BUDGET: "pending (budget)",
    AdviceKind.DOUBTFUL: DOUBTFUL_TOPIC,
    AdviceKind.EXPIRED: "expired",
    AdviceKind.EXPIRES: "expires soon",
    AdviceKind.KEPT: "not removed",
    AdviceKind.MEMBERSHIP: "membership",
    AdviceKind.NOT_ADDED: "not added",
    AdviceKind.NOT_CHECKED: "not checked",
    AdviceKind.NOT_ON_WHATSAPP: "not on WhatsApp",
    AdviceKind.OBSERVED: "observed only",
    AdviceKind.PENDING: "pending invite",
    AdviceKind.REFUSED: "pending (refused)",
    AdviceKind.REMATCHED: "different live group",
    AdviceKind.UNIDENTIFIED: "unidentified",
    AdviceKind.UNMANAGED: "unmanaged",
}
"""The topic of a line with each kind of advice."""

KNOWN_AFTER_APPLY: Final = "(known after apply)"
"""Shown as the id of a group that is yet to be created."""

_MAX_NAMES: Final = 5
MAX_KEYS: Final = 10
"""How many groups are named; the others are counted."""
MIN_GROUPS: Final = 3
"""How many groups are shown together; fewer are easier to read one by one."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A few words beside a group's heading, ours alone."""

    tone: Tone
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line below a heading: its mark, for a note its topic, and what it says."""

    mark: Mark
    pieces: Pieces
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A group's part of a report. `lines` are made when a format asks: most of a large plan is never shown."""

    key: str
    name: str
    id: Piece
    lines: Callable[[], Iterable[Line]]
    badges: tuple[Badge, ...] = ()
    remark: str = ""
    """Our own words behind the heading of a text: how many people leave, of how many; that the group is blocked."""
    urgency: int = 0
    """How urgent the group is, the most urgent 0."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know: its topic, the text, and the people or live groups it is about."""

    topic: str
    text: Pieces
    people: tuple[PersonRef, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def line(self) -> Line:
        """Return the note as one line; many people or names are only counted."""
        names = first_pieces(self.names, _MAX_NAMES, QuotedText)
        return Line("i", join_pieces(": ", [people_pieces(self.people), self.text, names]), self.topic)

    @property
    def everybody(self) -> list[Pieces]:
        """Return every person and every name that the note is about."""
        people = sorted(self.people, key=lambda person: person.sort_key)
        return [*map(person_pieces, people), *((QuotedText(name),) for name in self.names)]


def advice_note(advice: Advice) -> Note:
    """Return a piece of advice as a note, with its invite link."""
    link: Pieces = (LiteralText(" "), InviteLink(advice.link)) if advice.link else ()
    names = tuple(name.raw for name in advice.names)
    return Note(_ADVICE_TOPICS[advice.kind], message_pieces(advice.message) + link, advice.people, names)


def rule_note(finding: Finding, overrides: Mapping[str, str]) -> Note | None:
    """Return what was found about a rule as a note, None where it refuses an apply; `overrides` has reasons by rule."""
    end: Pieces = ()
    if finding.kind is FindingKind.EXEMPT and finding.exemption is not None:
        topic, exemption = "exempt from a rule", finding.exemption
        end = (LiteralText(f"; exempt until {exemption.until.isoformat()}: "), *outside(exemption.reason))
    elif finding.refuses and finding.rule in overrides:
        topic, end = "overridden rule", (LiteralText("; overridden: "), *outside(overrides[finding.rule]))
    elif finding.refuses:
        return None
    elif finding.kind is FindingKind.BROKEN:
        topic = "broken rule" if finding.severity is Severity.WARNING else "broken rule (audit)"
    else:
        topic = "rule"
    place = (LiteralText(" ("), *outside(str(finding.place)), LiteralText(")")) if finding.place is not None else ()
    return Note(topic, (*outside(finding.rule), LiteralText(": "), *outside(finding.message), *place, *end))


def field_line(change: TextChange, suffix: str = "") -> Line:
    """Return a name or description as one line: `~`, `name         "Project Alfa" → "Project Alpha"`."""
    label = field_label(change.field)
    return Line("+" if change.old is None else "~", (label, TextDiff(change), *literal(suffix)))


def field_label(field: str) -> LiteralText:
    """Return the name of a field, so wide that values below each other begin in one column."""
    return LiteralText(f"{field:<11}  ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One reason why groups are blocked or the plan is refused, and what lifts it; `places` are keys with remarks.

    Without places it is about the whole plan.
    """

    reason: Pieces
    override: Pieces = ()
    places: tuple[tuple[str, str], ...] = ()

    @property
    def is_shared(self) -> bool:
        """Whether so many groups have this reason that it is shown once for all of them."""
        return len(self.places) >= MIN_GROUPS

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the groups."""
        return tuple(key for key, _ in self.places)

    def pieces(self, *, more: str = "") -> Pieces:
        """Return `3 groups (a, b, c): …`, or `a: …`; `more` says where those are that are only counted."""
        named = join_pieces(", ", [place_pieces(*place) for place in self.places[:MAX_KEYS]])
        left = len(self.places) - MAX_KEYS
        named += literal(f" and {left} more{more}" if left > 0 else "")
        if len(self.places) > 1:
            named = (LiteralText(f"{len(self.places)} groups ("), *named, LiteralText(")"))
        return join_pieces(": ", [named, self.reason])


def place_pieces(key: str, remark: str) -> Pieces:
    """Return `ops-001 8 of 33`."""
    return (OutsideText(key), *literal(f" {remark}" if remark else ""))
