"""What to do after a run: until the groups match the configuration, and for groups that it created."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepStatus
from reconciler.messages import LiteralText
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import plural
from reconciler.plan.model import Action
from reconciler.report.pieces import OutsideText, Pieces, QuotedText, literal, people_pieces
from reconciler.report.summary import pending_words

_MAX_KEYS: Final = 5


def next_steps(result: ApplyResult) -> Iterator[Pieces]:
    """Yield what to do: first why the groups do not match the configuration yet, most urgent first."""
    if not result.converged:
        yield from _until_converged(result)
    new = [
        step.step.group for step in result.steps if step.step.action is Action.CREATE and step.status is StepStatus.DONE
    ]
    if new:
        ids = "the id of the new group" if len(new) == 1 else "the ids of the new groups"
        yield literal(f"Run `reconciler pin` to write {ids} into the file, so that a rename makes no second group.")


def _until_converged(result: ApplyResult) -> Iterator[Pieces]:
    if pending := pending_words(result.plan):
        yield literal(f"Apply again on another day for what is pending: {pending}.")
    yield from _what_to_do(result)


def _what_to_do(result: ApplyResult) -> Iterator[Pieces]:
    for step in result.steps:
        if step.status is StepStatus.UNKNOWN and step.step.action is Action.CREATE:
            yield (
                LiteralText("The outcome of creating the group "),
                QuotedText(step.step.name or step.step.group),
                LiteralText(" is unknown. Check whether it exists before the next apply."),
                LiteralText(" If it does, the next plan finds it by its name."),
            )
    statuses = {outcome.status for outcome in result.people}
    yield from _to_mark_as_invited(result)
    has_stopped = result.adding_stopped is not None
    if has_stopped:
        yield literal(
            "Wait a day before the next apply, and do not try the same people again: accounts that go on adding are "
            "banned."
        )
    if any(map(_may_be_hidden, result.people)):
        yield literal("Set the `lid` of the people who may be in a group under a private id (see above).")
    if statuses & {PersonStatus.BAD_NUMBER, PersonStatus.NOT_ON_WHATSAPP}:
        yield literal("Correct the bad numbers in the file.")
    if any(group.blocked for group in result.plan.groups):
        yield literal("Blocked groups stay unchanged until you resolve the reasons above.")
    yield from _about_the_rest(result, has_stopped=has_stopped)


def _about_the_rest(result: ApplyResult, *, has_stopped: bool) -> Iterator[Pieces]:
    """Yield what to run for the changes that were not made; no apply within a day of refusals."""
    if result.interrupted and all(step.status is StepStatus.DONE for step in result.steps):
        yield literal("The run stopped before it verified its changes. Run `reconciler plan` to check them.")
    elif has_stopped:
        yield literal("Some changes were not made (see above). Run `reconciler plan` to see the rest.")
    elif result.interrupted:
        yield literal("The run was interrupted. Run `reconciler apply` again to apply the rest.")
    elif _may_help_again(result):
        yield literal(
            "Some changes were not made (see above). Run `reconciler plan` to see the rest, then run "
            "`reconciler apply` again."
        )
    elif not result.plan.waits:
        yield literal("Some changes were not made (see above); applying again will not make them.")


def _to_mark_as_invited(result: ApplyResult) -> Iterator[Pieces]:
    """Yield what to write in the file about people who could not be added, a sentence for each group."""
    refused: defaultdict[str, list[PersonRef]] = defaultdict(list)
    for one in result.people:
        if one.status is PersonStatus.NOT_ADDED and one.may_join_by_link:
            refused[one.group].append(one.person)
    for key, people in list(refused.items())[:_MAX_KEYS]:
        place = result.places.get(key)
        yield (
            LiteralText("If they can only join through the link, add `join: invite` to the "),
            LiteralText("entry of " if len(people) == 1 else "entries of "),
            *people_pieces(replace(person, until=None, reason=None, teams=()) for person in people),
            LiteralText(" under `members` of "),
            OutsideText(key),
            *((LiteralText(" ("), OutsideText(place), LiteralText(")")) if place else ()),
            LiteralText("; anybody without an entry there needs one, `{person: …, join: invite}`; "),
            LiteralText("else the next apply tries to add them again."),
        )
    if len(refused) > _MAX_KEYS:
        others = plural(len(refused) - _MAX_KEYS, "other group")
        yield literal(f"Do the same for the people who could not be added in {others} (see above).")


def _may_help_again(result: ApplyResult) -> bool:
    """Whether another apply may get further: not where people cannot be added and groups are blocked, nothing else."""
    return (
        bool(result.remaining_drift or result.unexpected)
        or any(step.status is not StepStatus.DONE for step in result.steps)
        or any(
            outcome.status in (PersonStatus.STILL_IN, PersonStatus.NOT_KNOWN) and not _may_be_hidden(outcome)
            for outcome in result.people
        )
    )


def _may_be_hidden(outcome: PersonOutcome) -> bool:
    """Whether somebody may be in the group already under a private id, which no further call finds out."""
    return outcome.message is not None and outcome.message.code == "not-sorted-out-hidden"
