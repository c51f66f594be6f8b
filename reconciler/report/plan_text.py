"""A plan as text for people: what would come, go and change, per group, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.advice import Advice
from reconciler.model.plan import GroupPlan, Plan, Refusal
from reconciler.model.step import Action
from reconciler.model.verdict import Element
from reconciler.report.group import found_by, has_something_to_say, id_of, people_moving, text_changes
from reconciler.report.lines import Ink, order_of
from reconciler.report.narrowing import narrowing_lines
from reconciler.report.paint import BOLD, paint
from reconciler.report.summary import plan_line, unchanged_line
from reconciler.report.wording import ADVICE_WORDS, advice_in_order, some_of, verdict_aside

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
    ink = Ink(show_phones, color)
    sections = ["\n".join(group_lines(group, ink)) for group in plan.groups if has_something_to_say(group)]
    sections += ["\n".join(part) for part in (_refusals(plan.refusals, ink), run_notes(plan, ink)) if part]
    return "\n\n".join([*sections, "\n".join(_ending(plan, ink, drift))])


def run_notes(plan: Plan, ink: Ink) -> list[str]:
    """What is to be said of the whole run, each after its mark; advice in the order of the words it begins with."""
    adopted = [group.key for group in plan.groups if group.adopted and not has_something_to_say(group)]
    advice = [ink.note("i", advice_words(item, ink)) for item in advice_in_order(plan.advice)]
    return [*_only_adopted(adopted, ink), *advice]


def _only_adopted(keys: Sequence[str], ink: Ink) -> list[str]:
    if not keys:
        return []
    shown = some_of(keys, _ADOPTED_AT_ONCE, ink.words)
    ids = "its id" if len(keys) == 1 else "their ids"
    return [ink.note("=", f"adopt  found by name: {shown}; run `reconciler pin` to note {ids}")]


def group_lines(group: GroupPlan, ink: Ink) -> Iterator[str]:
    """The group's lines, in the fixed order: adopt; join, create, leave; text; + people; - people; blocked; advice."""
    yield ink.heading(group.key, group.name, id_of(group))
    if group.adopted:
        yield ink.line("=", f"adopt  {found_by(group, ink)}; run `reconciler pin` to note its id")
    for step in sorted(group.steps, key=order_of):
        if step.action in _STEP_LINES:
            mark, words = _STEP_LINES[step.action]
            yield ink.line(mark, words + verdict_aside(group.verdict_on(Element.GROUP)))
    yield from _text_lines(group, ink)
    yield from _people_lines("+", group, ink)
    yield from _people_lines("-", group, ink)
    arrives_or_leaves = any(step.action in _STEP_LINES for step in group.steps)
    for reason in group.blocked:
        verdict = "" if arrives_or_leaves else verdict_aside(group.verdict_on(Element.GROUP))
        yield ink.line("!", f"blocked: {ink.words(reason)}{verdict}")
    for advice in group.advice:
        yield ink.line("i", advice_words(advice, ink))


def _text_lines(group: GroupPlan, ink: Ink) -> Iterator[str]:
    for change, stays in text_changes(group):
        mark, words = ink.change(change)
        stay = _STAYS if stays else ""
        yield ink.line(mark, words + stay + verdict_aside(group.verdict_on(Element(change.field))))


def _people_lines(mark: str, group: GroupPlan, ink: Ink) -> Iterator[str]:
    element = Element.REMOVE if mark == "-" else Element.ADD
    for who, stays in people_moving(group, comes=mark == "+"):
        stay = _STAYS if stays else ""
        yield ink.line(mark, ink.person(who) + stay + verdict_aside(group.verdict_on(element, who)))


def advice_words(advice: Advice, ink: Ink) -> str:
    """`pending invite: alice, Bob Marsh: …`: what it is about, of whom, what there is to know, of which groups."""
    about, told = ADVICE_WORDS[advice.kind], ink.told(advice)
    return ": ".join(part for part in (about, ink.people(advice.people), told, ink.names(advice.names)) if part)


def _refusals(refusals: Sequence[Refusal], ink: Ink) -> list[str]:
    if not refusals:
        return []
    lines = [paint("Refused: apply would stop before its first write", "1;31", ink.color)]
    for refusal in refusals:
        where = f"{ink.words(refusal.group)}: " if refusal.group else ""
        lines += [ink.line("!", where + ink.words(refusal.message)), f"    {ink.words(refusal.lift)}"]
    return lines


def _ending(plan: Plan, ink: Ink, drift: bool) -> Iterator[str]:
    yield from (ink.words(line) for line in narrowing_lines(plan))
    if unchanged := unchanged_line(plan):
        yield unchanged
    yield paint(plan_line(plan, drift=drift), BOLD, ink.color)
