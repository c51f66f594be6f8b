"""What every format tells of one group of a plan, before it is told in words.

A plan as text for people: what would come, go and change, per group, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.diff.change import Advice, MatchedBy, TextChange
from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import DriftItem, GroupPlan, Plan, Refusal
from reconciler.plan.step import Action
from reconciler.report.style import (
    ADVICE_WORDS,
    BOLD,
    KNOWN_AFTER_APPLY,
    TextStyle,
    advice_in_order,
    cause_suffix,
    display_rank,
    first_n,
    paint,
)
from reconciler.report.summary import plan_line, scope_lines, unchanged_line


def needs_section(group: GroupPlan) -> bool:
    """Whether a group gets a section of its own, rather than being counted or only named."""
    return group.has_changes or bool(group.advice or group.field_changes or group.add or group.remove)


def display_id(group: GroupPlan) -> str:
    """The live group's id, whether the file or a name led to it; else why there is none."""
    known = group.id or (group.live.id if group.live else None)
    if known:
        return known
    arriving = any(step.action.enters_group for step in group.steps)
    return KNOWN_AFTER_APPLY if arriving else "(no live group)"


def match_label(group: GroupPlan, ink: TextStyle) -> str:
    """By which name an adopted group was found: `found by earlier name "Project Alfa"`."""
    if group.matched_by is not MatchedBy.PREVIOUS_NAME:
        return "found by name"
    old = group.live.name if group.live else next((c.old for c in group.field_changes if c.field == "name"), None)
    return f"found by earlier name {ink.title(old)}" if old else "found by an earlier name"


def text_changes(group: GroupPlan) -> list[tuple[TextChange, bool]]:
    """Name, then description, and whether each stays as it is because no step mends it.

    The name of a group that is yet to be made stands in its heading already.
    """
    sent = {("name", step.name) for step in group.steps} | {("description", s.description) for s in group.steps}
    changes = sorted(group.field_changes, key=lambda change: (change.field != "name", change.field))
    return [
        (change, (change.field, change.new) not in sent)
        for change in changes
        if change.field != "name" or change.old is not None
    ]


def moving_people(group: GroupPlan, *, comes: bool) -> list[tuple[PersonRef, bool]]:
    """Who comes (or goes), in the order of people, and whether they stay all the same because no step moves them."""
    actions = (Action.CREATE, Action.ADD) if comes else (Action.REMOVE,)
    moved = {who.ref_id: who for step in group.steps if step.action in actions for who in step.people}
    differing = {who.ref_id: who for who in (group.add if comes else group.remove)}
    everybody: dict[str, PersonRef] = moved | differing
    return [(who, who.ref_id not in moved) for who in sorted(everybody.values(), key=lambda who: who.sort_key)]


_STEP_LINES = {
    Action.JOIN: ("+", "join by its invite"),
    Action.CREATE: ("+", "create"),
    Action.LEAVE: ("-", "leave"),
}


_ADOPTED_AT_ONCE = 10


_STAYS = "  (stays as it is)"


def render_plan(plan: Plan, *, show_phones: bool, color: bool, drift: bool = False) -> str:
    """The whole plan, ending in its summary line; no line break at the end.

    Groups with nothing to say are only counted, those merely found by name named in one line. `drift` changes the
    summary's first word, for a plan that nobody means to apply.
    """
    ink = TextStyle(show_phones, color)
    sections = ["\n".join(group_lines(group, ink)) for group in plan.groups if needs_section(group)]
    sections += ["\n".join(part) for part in (_refusals(plan.refusals, ink), run_notes(plan, ink)) if part]
    return "\n\n".join([*sections, "\n".join(_ending(plan, ink, drift))])


def run_notes(plan: Plan, ink: TextStyle) -> list[str]:
    """What is to be said of the whole run, each after its mark; advice in the order of the words it begins with."""
    adopted = [group.key for group in plan.groups if group.adopted and not needs_section(group)]
    advice = [ink.note("i", advice_words(item, ink)) for item in advice_in_order(plan.advice)]
    return [*_only_adopted(adopted, ink), *advice]


def _only_adopted(keys: Sequence[str], ink: TextStyle) -> list[str]:
    if not keys:
        return []
    shown = first_n(keys, _ADOPTED_AT_ONCE, ink.text)
    ids = "its id" if len(keys) == 1 else "their ids"
    return [ink.note("=", f"adopt  found by name: {shown}; run `reconciler pin` to note {ids}")]


def group_lines(group: GroupPlan, ink: TextStyle) -> Iterator[str]:
    """The group's lines, in the fixed order: adopt; join, create, leave; text; + people; - people; blocked; advice."""
    yield ink.heading(group.key, group.name, display_id(group))
    if group.adopted:
        yield ink.line("=", f"adopt  {match_label(group, ink)}; run `reconciler pin` to note its id")
    for step in sorted(group.steps, key=display_rank):
        if step.action in _STEP_LINES:
            mark, words = _STEP_LINES[step.action]
            yield ink.line(mark, words + cause_suffix(group.cause_of(DriftItem.GROUP)))
    yield from _text_lines(group, ink)
    yield from _people_lines("+", group, ink)
    yield from _people_lines("-", group, ink)
    arrives_or_leaves = any(step.action in _STEP_LINES for step in group.steps)
    for reason in group.blocked:
        verdict = "" if arrives_or_leaves else cause_suffix(group.cause_of(DriftItem.GROUP))
        yield ink.line("!", f"blocked: {ink.message(reason)}{verdict}")
    for advice in group.advice:
        yield ink.line("i", advice_words(advice, ink))


def _text_lines(group: GroupPlan, ink: TextStyle) -> Iterator[str]:
    for change, stays in text_changes(group):
        mark, words = ink.change(change)
        stay = _STAYS if stays else ""
        yield ink.line(mark, words + stay + cause_suffix(group.cause_of(DriftItem(change.field))))


def _people_lines(mark: str, group: GroupPlan, ink: TextStyle) -> Iterator[str]:
    element = DriftItem.REMOVE if mark == "-" else DriftItem.ADD
    for who, stays in moving_people(group, comes=mark == "+"):
        stay = _STAYS if stays else ""
        yield ink.line(mark, ink.person(who) + stay + cause_suffix(group.cause_of(element, who)))


def advice_words(advice: Advice, ink: TextStyle) -> str:
    """`pending invite: alice, Bob Marsh: …`: what it is about, of whom, what there is to know, of which groups."""
    about, told = ADVICE_WORDS[advice.kind], ink.advice(advice)
    return ": ".join(part for part in (about, ink.people(advice.people), told, ink.names(advice.names)) if part)


def _refusals(refusals: Sequence[Refusal], ink: TextStyle) -> list[str]:
    if not refusals:
        return []
    lines = [paint("Refused: apply would stop before its first write", "1;31", ink.color)]
    for refusal in refusals:
        where = f"{ink.text(refusal.group)}: " if refusal.group else ""
        lines += [ink.line("!", where + ink.message(refusal.message)), f"    {ink.message(refusal.override)}"]
    return lines


def _ending(plan: Plan, ink: TextStyle, drift: bool) -> Iterator[str]:
    yield from (ink.text(line) for line in scope_lines(plan))
    if unchanged := unchanged_line(plan):
        yield unchanged
    yield paint(plan_line(plan, drift=drift), BOLD, ink.color)
