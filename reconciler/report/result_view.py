"""A finished run as every format shows it: what was done, what was not and why, and what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from reconciler.apply.result import (
    ApplyResult,
    PersonOutcome,
    PersonStatus,
    StepResult,
    StepStatus,
    people_moved,
    summarize_result,
)
from reconciler.diff.change import TextChange
from reconciler.messages import LiteralText, Message
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import plural
from reconciler.plan.model import Action, GroupPlan
from reconciler.report.next_steps import next_steps
from reconciler.report.pieces import (
    InviteLink,
    OutsideText,
    Piece,
    Pieces,
    first_pieces,
    join_pieces,
    literal,
    message_pieces,
    people_pieces,
    person_pieces,
)
from reconciler.report.plan_view import shared_reasons, why_blocked
from reconciler.report.sections import Badge, Line, Obstacle, Section, field_line
from reconciler.report.summary import PeopleCount, Totals, blocked_words, both_words, pending_words

T = TypeVar("T")

_DONE: Final = {
    Action.JOIN: Line("+", literal("joined the group")),
    Action.CREATE: Line("+", literal("created the group")),
    Action.LEAVE: Line("-", literal("left the group")),
}
_DOING: Final = {
    Action.JOIN: "joining the group",
    Action.CREATE: "creating the group",
    Action.LEAVE: "leaving the group",
    Action.PATCH: "changing the name or description",
    Action.ADD: "adding ",
    Action.REMOVE: "removing ",
}
"""What a step is called, in the order in which a report shows steps."""
_COULD_NOT: Final = {PersonStatus.NOT_ADDED: "could not add ", PersonStatus.STILL_IN: "could not remove "}
_MAX_KEYS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """A whole run: its groups by key, its totals, and what to do next.

    `blocked` are the reasons that many groups have in common, `not_started` the groups of which no step was started,
    `held` those that were skipped because nobody is added any more: none have a section, unless there is more to say
    about them.
    """

    blocked: tuple[Obstacle, ...]
    sections: tuple[Section, ...]
    not_started: tuple[str, ...]
    held: tuple[Obstacle, ...]
    totals: Totals
    next_steps: tuple[Pieces, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _GroupRun:
    """One group's part of a run. `moved` has who was really added or removed by each step that was done.

    `blocked` are the reasons that are its own.
    """

    plan: GroupPlan
    steps: Sequence[StepResult]
    people: Sequence[PersonOutcome]
    remaining_drift: Sequence[Message]
    moved: Mapping[StepResult, tuple[PersonRef, ...]]
    blocked: Sequence[Pieces]

    @property
    def needs_section(self) -> bool:
        """Whether there is more to say about the group than that it was not started, or is blocked with many others."""
        started = not self.held_by and any(step.status is not StepStatus.NOT_RUN for step in self.steps)
        return started or bool(self.people or self.remaining_drift or self.blocked)

    @property
    def held_by(self) -> Pieces:
        """Why no step of the group was sent, where that is because nobody is added any more; else nothing."""
        if any(step.status not in (StepStatus.SKIPPED, StepStatus.NOT_RUN) for step in self.steps):
            return ()
        return next((message_pieces(step.message) for step in self.steps if step.is_held), ())


def result_view(result: ApplyResult) -> ResultView:
    """Return the view of a run."""
    plans = {group.key: group for group in result.plan.groups}
    order = list(_DOING)
    ordered = sorted(result.steps, key=lambda step: order.index(step.step.action))
    steps = _by_group((step.step.group, step) for step in ordered)
    people = _by_group((outcome.group, outcome) for outcome in result.people)
    drift = _by_group(result.remaining_drift)
    moved = people_moved(result)
    blocked = {group.key: list(map(message_pieces, group.blocked)) for group in result.plan.groups if group.blocked}
    obstacles = why_blocked(blocked.items())
    shared = shared_reasons(obstacles)
    runs = [
        _GroupRun(
            plan=plans[key],
            steps=steps[key],
            people=people[key],
            remaining_drift=drift[key],
            moved=moved,
            blocked=[reason for reason in blocked.get(key, ()) if reason not in shared],
        )
        for key in sorted(steps.keys() | people.keys() | drift.keys() | blocked.keys())
    ]
    return ResultView(
        blocked=tuple(obstacle for obstacle in obstacles if obstacle.is_shared),
        sections=tuple(_section(run) for run in runs if run.needs_section),
        not_started=tuple(run.plan.key for run in runs if run.steps and not (run.needs_section or run.held_by)),
        held=why_blocked((run.plan.key, [run.held_by]) for run in runs if run.held_by and not run.needs_section),
        totals=result_totals(result),
        next_steps=tuple(next_steps(result)),
    )


def not_started_lines(view: ResultView) -> Iterator[Line]:
    """Yield `! skipped: 9 groups (a, b, …): …` and `! not run: 71 groups were not started: ops-001 and 70 more`."""
    yield from (Line("!", obstacle.pieces(), StepStatus.SKIPPED.value) for obstacle in view.held)
    if view.not_started:
        count = plural(len(view.not_started), "group was not started: ", "groups were not started: ")
        keys = first_pieces(view.not_started, _MAX_KEYS)
        yield Line("!", (LiteralText(count), *keys), StepStatus.NOT_RUN.value)


def _section(run: _GroupRun) -> Section:
    badges = tuple(_badges(run))
    removed_anyone = any(step.step.action.is_destructive for step in run.steps)
    return Section(
        key=run.plan.key,
        name=run.plan.name.raw,
        id=_id(run),
        badges=badges or (Badge("add", "done"),),
        lines=lambda: _lines(run),
        remark="blocked" if len(run.blocked) < len(run.plan.blocked) else "",
        urgency=2 * (not badges) + (not removed_anyone),
    )


def _id(run: _GroupRun) -> Piece:
    """Return the live group's id, also of one that this run created; our words where it is unknown."""
    known = next(filter(None, (step.group_id or step.step.group_id for step in run.steps)), None)
    known = known or run.plan.id or (run.plan.live.id if run.plan.live else None)
    if known:
        return OutsideText(known)
    creates = [step.status for step in run.steps if step.step.action is Action.CREATE]
    is_missing = creates and not {StepStatus.DONE, StepStatus.UNKNOWN} & set(creates)
    return LiteralText("(not created)" if is_missing else "(id unknown)")


def _badges(run: _GroupRun) -> Iterator[Badge]:
    """Yield what keeps the group from matching the configuration."""
    for status in sorted({step.status for step in run.steps if step.status is not StepStatus.DONE}):
        yield Badge("stop", status.value)
    if run.plan.blocked:
        yield Badge("stop", "blocked")
    if refused := sum(person.refused for person in run.people):
        yield Badge("stop", f"{plural(refused, 'person', 'people')} refused")
    if unknown := sum(person.status is PersonStatus.NOT_KNOWN for person in run.people):
        yield Badge("stop", f"{plural(unknown, 'person', 'people')} not known")
    if run.remaining_drift:
        yield Badge("stop", "still differs")


def _lines(run: _GroupRun) -> Iterator[Line]:
    """Yield what was done, what was not, people with an outcome of their own, and what still differs."""
    for step in run.steps:
        if step.status is StepStatus.DONE:
            yield from _done(step, run)
    yield from (_not_done(step) for step in run.steps if step.status is not StepStatus.DONE)
    # By status, then in the order of people everywhere.
    for outcome in sorted(run.people, key=lambda item: (not item.refused, item.status, item.person.sort_key)):
        yield _person(outcome)
    yield from (Line("!", reason, "blocked") for reason in run.blocked)
    yield from (Line("!", message_pieces(text), "still differs") for text in run.remaining_drift)


def _done(result: StepResult, run: _GroupRun) -> Iterator[Line]:
    step = result.step
    if step.action in _DONE:
        yield _DONE[step.action]
    old = {change.field: change.old for change in run.plan.field_changes}
    if step.action is Action.PATCH:
        yield from (field_line(TextChange(field, old.get(field), text)) for field, text in step.texts.items())
    if people := run.moved[result]:
        removes = step.action is Action.REMOVE
        words = f"{'removed' if removes else 'added'} {plural(len(people), 'person', 'people')}: "
        yield Line("-" if removes else "+", (LiteralText(words), *people_pieces(people)))
    if result.message:
        yield Line("i", message_pieces(result.message))


def _by_group(pairs: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for key, item in pairs:
        found[key].append(item)
    return found


def _not_done(result: StepResult) -> Line:
    step = result.step
    people = people_pieces(step.people) if step.action in (Action.ADD, Action.REMOVE) else ()
    doing = (LiteralText(_DOING[step.action]), *people)
    return Line("!", join_pieces(": ", [doing, message_pieces(result.message)]), result.status.value)


def _person(outcome: PersonOutcome) -> Line:
    """Return `! could not add Bob Marsh (bob): they left the group lately …. Send them the invite link: …`."""
    person, why = person_pieces(outcome.person), message_pieces(outcome.message)
    if outcome.link_failure is not None:
        why = join_pieces("; ", [why, message_pieces(outcome.link_failure)])
    if outcome.status in _COULD_NOT:
        person = (LiteralText(_COULD_NOT[outcome.status]), *person)
        link = (LiteralText(". Send them the invite link: "), InviteLink(outcome.link)) if outcome.link else ()
        return Line("!", join_pieces(": ", [person, why]) + link)
    link = (LiteralText("; invite link: "), InviteLink(outcome.link)) if outcome.link else ()
    unsure = outcome.refused or outcome.status is PersonStatus.NOT_KNOWN
    return Line("!" if unsure else "i", join_pieces(": ", [person, why]) + link, outcome.status.value)


def result_totals(result: ApplyResult) -> Totals:
    """Return `Applied: 1 created, 2 changed · 5 people joined · 2 people could not be added · 1 failed · 7 calls`."""
    count = summarize_result(result)
    groups = {"created": count.created, "joined": count.joined, "changed": count.changed, "left": count.left}
    steps = {"failed": count.failed, "unknown": count.unknown, "skipped": count.skipped, "not run": count.not_run}
    joined, left = PeopleCount(count.people_joined, count.added), PeopleCount(count.people_left, count.removed)
    done = [f"{number} {word}" for word, number in groups.items() if number]
    first = next((plural(number, "group") + f" {word}" for word, number in groups.items() if number), "")
    parts = (
        (first, *done[1:]) if done else (),
        both_words((joined, "joined", "joined"), (left, "left", "left")),
        _refused_words(result.people),
        tuple(f"{plural(number, 'step')} {word}" for word, number in steps.items() if number),
        blocked_words(count.blocked),
        (f"pending: {pending}",) if (pending := pending_words(result.plan)) else (),
    )
    return Totals("Applied", parts, plural(count.calls + count.read_backs, "call"))


def _refused_words(people: Iterable[PersonOutcome]) -> tuple[str, ...]:
    """Return `12 people could not be added`, `1 person could not be removed`, none for nobody."""
    refused = [outcome for outcome in people if outcome.refused]
    still_in = [outcome.person for outcome in refused if outcome.status is PersonStatus.STILL_IN]
    not_added = [outcome.person for outcome in refused if outcome.status is not PersonStatus.STILL_IN]
    counts = {"added": PeopleCount.of(not_added), "removed": PeopleCount.of(still_in)}
    return tuple(
        count.words(f"could not be {verb}", f"could not be {verb}") for verb, count in counts.items() if count.people
    )
