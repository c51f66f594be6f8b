"""A plan as every format shows it: one view, built once, that text, comments and the HTML page lay out.

`PlanView` has the headline and the totals, what is refused, what many groups share, group by group what changes and is
blocked, and who is added and removed where. A format decides on the layout alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.messages import LiteralText
from reconciler.model.text import plural
from reconciler.plan.model import Plan, Refusal
from reconciler.plan.summary import PlanSummary, summarize_plan
from reconciler.report.group_view import GroupView, PersonItem, group_view
from reconciler.report.pieces import (
    OutsideText,
    PersonName,
    Pieces,
    first_pieces,
    literal,
    message_pieces,
)
from reconciler.report.sections import (
    DOUBTFUL_TOPIC,
    MAX_KEYS,
    MIN_GROUPS,
    Line,
    Mark,
    Note,
    Obstacle,
    Section,
    advice_note,
)
from reconciler.report.summary import Totals, in_sync_sentence, plan_headline, plan_totals, scope_sentences

REFUSED: Final = "Apply will refuse this plan. Nothing will be changed."
MAX_SHARED_KEYS: Final = 5
_TOO_MANY: Final = "too-many-removals"
WHERE_MORE: Final = ", which `--format json` lists"


@dataclass(frozen=True, slots=True)
class PersonMoves:
    """A person and every group that adds or removes them, in the order of the groups."""

    name: PersonName
    groups: tuple[tuple[GroupView, PersonItem], ...]


@dataclass(frozen=True, slots=True)
class SharedChange:
    """Groups of which each would change alike, sorted by key."""

    groups: tuple[GroupView, ...]

    @property
    def people(self) -> tuple[PersonItem, ...]:
        """Who is added to each of the groups, then who is removed."""
        return self.groups[0].people

    @property
    def team(self) -> str:
        """The one team through which everybody is added to each of the groups; "" where there is no such team.

        Nobody knows which team a removed person was in.
        """
        teams = [set(item.person.teams) for group in self.groups for item in group.moving(added=True)]
        common = set.intersection(*teams) if teams else set()
        return common.pop() if len(common) == 1 else ""

    @property
    def title(self) -> Pieces:
        """Return `114 groups change alike: ops-001, ops-002 and 112 more`, and what stops them and how many leave."""
        keys = first_pieces([group.key for group in self.groups], MAX_SHARED_KEYS)
        return (LiteralText(self.count), *keys, *literal(f"  ({self.remarks})" if self.remarks else ""))

    @property
    def count(self) -> str:
        """Return `114 groups change alike: `."""
        verb = "change" if any(item.planned for item in self.people) else "differ"
        return f"{len(self.groups)} groups {verb} alike: "

    @property
    def remarks(self) -> str:
        """Return what stops the groups, and how many people leave each, "" for nothing."""
        first = self.groups[0]
        stops = [word for word, reasons in (("refused", first.refusals), ("blocked", first.blocked)) if reasons]
        return "; ".join(filter(None, [*stops, self.loss]))

    @property
    def loss(self) -> str:
        """Return `2 of 24 to 60 people leave each group`, "" where nobody leaves or the sizes are not known."""
        leaving, sizes = self.groups[0].leaving, sorted({group.members for group in self.groups})
        if not leaving or sizes[0] < leaving:
            return ""
        of = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
        people = "person" if sizes == [1] else "people"
        return f"{leaving} of {of} {people} {'leaves' if leaving == 1 else 'leave'} each group"

    def lines(self) -> Iterator[Line]:
        """Yield what changes in each of the groups."""
        team = (LiteralText("  (team "), OutsideText(self.team), LiteralText(")")) if self.team else ()
        for line in self.groups[0].people_lines:
            yield Line(line.mark, line.pieces + (team if line.mark == "+" else ()))
        yield from (note.line for note in self.groups[0].notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A whole plan: the main thing in a few words, what is refused, its groups by key, notes on the whole run.

    `shared` are the changes that several groups share; these groups are in `groups` too. `scope` has what the plan was
    limited to or compared with; `in_sync` how many groups have nothing to change.
    """

    headline: str
    totals: Totals
    summary: PlanSummary
    refused: tuple[Obstacle, ...]
    """Why the plan is refused; what many groups have in common once."""
    blocked: tuple[Obstacle, ...]
    """Why groups are blocked, each reason once."""
    shared: tuple[SharedChange, ...]
    groups: tuple[GroupView, ...]
    found_by_name: Line | None
    """The line with all groups that their name led to."""
    notes: tuple[Note, ...]
    scope: tuple[Pieces, ...]
    in_sync: str

    @property
    def shared_reasons(self) -> frozenset[Pieces]:
        """Return the reasons for which many groups are blocked: their sections need not repeat them."""
        return shared_reasons(self.blocked)

    @property
    def single(self) -> list[GroupView]:
        """Return the groups that need a section of their own, since nothing shared says all of them."""
        shared, reasons = {group.key for change in self.shared for group in change.groups}, self.shared_reasons
        groups = (group for group in self.groups if not group.is_quiet and group.key not in shared)
        return [
            group
            for group in groups
            if group.differs or group.notes or group.refusals or not reasons >= set(group.blocked)
        ]

    @property
    def sections(self) -> list[Section]:
        """Return what text and markdown show of these groups."""
        reasons = self.shared_reasons
        return [group.section(reasons) for group in self.single]

    @property
    def warnings(self) -> list[Note]:
        """Return the notes on the whole plan that tell why it may be wrong."""
        return [note for note in self.notes if note.topic == DOUBTFUL_TOPIC]

    @property
    def quiet(self) -> list[GroupView]:
        """Return the other groups."""
        return [group for group in self.groups if group.is_quiet]

    @property
    def people(self) -> list[PersonMoves]:
        """Return everybody who is added to a group or removed from one, in the order of people."""
        moves: dict[str, list[tuple[GroupView, PersonItem]]] = {}
        for group in self.groups:
            for item in group.people:
                moves.setdefault(item.person.ref_id, []).append((group, item))
        ordered = sorted(moves.values(), key=lambda found: found[0][1].person.sort_key)
        return [PersonMoves(found[0][1].name, tuple(found)) for found in ordered]


def plan_view(plan: Plan, *, drift: bool) -> PlanView:
    """Return the view of a plan; `drift` for one that nobody intends to apply."""
    groups = tuple(group_view(group, plan.refusals) for group in plan.groups)
    found = [group.key for group in groups if group.found_by_name or (group.is_quiet and group.adopted)]
    notes = sorted(map(advice_note, plan.advice), key=lambda note: note.topic)
    return PlanView(
        headline=plan_headline(plan, drift=drift),
        totals=plan_totals(plan, drift=drift),
        summary=summarize_plan(plan),
        refused=why_refused(plan.refusals),
        blocked=why_blocked((group.key, group.blocked) for group in groups),
        shared=shared_changes(groups),
        groups=groups,
        found_by_name=_found_by_name(found) if found else None,
        notes=tuple(notes),
        scope=tuple(scope_sentences(plan)),
        in_sync=in_sync_sentence(plan),
    )


def single_groups_lines(view: PlanView) -> Iterator[Line]:
    """Yield the groups with changes of their own, a line for each kind of change, and each reason for being blocked."""
    other = "other " if view.shared else ""
    changes = (f"{other}group changes", f"{other}groups change")
    alike: dict[tuple[Mark, tuple[str, str]], list[str]] = {}
    for group in view.single:
        if group.differs and not group.blocked:
            kinds: list[tuple[Mark, tuple[str, str]]] = [
                ("-" if action.tone == "remove" else "+", action.counted) for action in group.actions
            ]
            alike.setdefault(kinds[0] if kinds else ("~", changes), []).append(group.key)
    for (mark, words), keys in sorted(alike.items()):
        yield Line(mark, (LiteralText(f"{plural(len(keys), *words)}: "), *first_pieces(keys, MAX_KEYS)))
    yield from blocked_lines(view.blocked)


def blocked_lines(obstacles: Iterable[Obstacle]) -> Iterator[Line]:
    """Yield each reason as a line with its groups."""
    yield from (Line("!", obstacle.pieces(more=WHERE_MORE), "blocked") for obstacle in obstacles)


def why_blocked(groups: Iterable[tuple[str, Iterable[Pieces]]]) -> tuple[Obstacle, ...]:
    """Return every reason why groups are blocked once, with their keys, in their order."""
    alike: dict[Pieces, list[tuple[str, str]]] = {}
    for key, reasons in groups:
        for reason in reasons:
            alike.setdefault(reason, []).append((key, ""))
    return tuple(Obstacle(reason=reason, places=tuple(places)) for reason, places in alike.items())


def shared_reasons(obstacles: Iterable[Obstacle]) -> frozenset[Pieces]:
    """Return the reasons that many groups have in common: their sections need not repeat them."""
    return frozenset(obstacle.reason for obstacle in obstacles if obstacle.is_shared)


def why_refused(refusals: Iterable[Refusal]) -> tuple[Obstacle, ...]:
    """Return why a plan is refused: what at least three groups have in common is one reason."""
    alike: dict[Hashable, list[Refusal]] = {}
    for refusal in refusals:
        alike.setdefault(_reason(refusal), []).append(refusal)
    found: list[Obstacle] = []
    for same in alike.values():
        found += [_shared_refusal(same)] if len(same) >= MIN_GROUPS else map(_refusal, same)
    return tuple(found)


def _reason(refusal: Refusal) -> Hashable:
    """Return what two refusals have in common if they have one reason: by how many a limit is exceeded may differ."""
    message, params = refusal.message, dict(refusal.message.params)
    if message.code == _TOO_MANY:
        return message.code, params["limit"], params["source"], refusal.override.code
    return message, refusal.override, None if refusal.group is None else "a group"


def _refusal(refusal: Refusal) -> Obstacle:
    places = ((refusal.group, ""),) if refusal.group is not None else ()
    return Obstacle(reason=message_pieces(refusal.message), override=message_pieces(refusal.override), places=places)


def _shared_refusal(same: Sequence[Refusal]) -> Obstacle:
    """Return the one reason of many groups; what lifts it is what lifts it for all of them."""
    first = same[0]
    if first.message.code != _TOO_MANY:
        return replace(_refusal(first), places=tuple((refusal.group or "", "") for refusal in same))
    params = [dict(refusal.message.params) for refusal in same]
    limit = (OutsideText(str(params[0]["limit"])), LiteralText(" ("), OutsideText(str(params[0]["source"])))
    places = [
        (refusal.group or "", f"{each['removed']} of {each['members']}")
        for refusal, each in zip(same, params, strict=True)
    ]
    largest = max(same, key=lambda refusal: int(str(dict(refusal.message.params)["removed"])))
    return Obstacle(
        reason=(LiteralText("each loses more members than its limit allows: "), *limit, LiteralText(")")),
        override=message_pieces(largest.override),
        places=tuple(places),
    )


def _found_by_name(keys: Sequence[str]) -> Line:
    """Return one line for all groups that were found by name: it says the same of each."""
    ids = "its id" if len(keys) == 1 else "their ids"
    pin = LiteralText(f": found by name; run `reconciler pin` to write {ids} into the file")
    return Line("=", (*first_pieces(keys, MAX_KEYS), pin), "adopt")


def shared_changes(groups: Iterable[GroupView]) -> tuple[SharedChange, ...]:
    """Return the changes that at least three groups share, those of most groups first."""
    alike: dict[Hashable, list[GroupView]] = {}
    for group in groups:
        if group.people and not (group.actions or group.fields or group.adopted):
            obstacles = tuple(map(_reason, group.refusals)), group.blocked
            alike.setdefault((tuple(map(_move, group.people)), group.notes, obstacles), []).append(group)
    found = [SharedChange(tuple(same)) for same in alike.values() if len(same) >= MIN_GROUPS]
    return tuple(sorted(found, key=lambda change: (-len(change.groups), change.groups[0].key)))


def _move(item: PersonItem) -> Hashable:
    person = item.person
    return person.ref_id, item.added, item.planned, item.cause, person.until, person.reason
