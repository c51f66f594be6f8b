"""What an apply did: every call, every step, everybody who was not added or removed as planned. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Final

from reconciler.diff.change import AdviceKind
from reconciler.messages import Message
from reconciler.model.live import CallRecord
from reconciler.model.person_ref import PersonRef, count_people
from reconciler.plan.model import Action, Plan, Step
from reconciler.plan.summary import count_pending


class StepStatus(StrEnum):
    """How a step ended. UNKNOWN: it may have taken effect. SKIPPED: an earlier step of its group did not succeed, or
    nobody is added any more in this run."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOT_RUN = "not run"


class PersonStatus(StrEnum):
    """Why somebody was not added or removed as planned, or what else to know about them.

    BY_LID: added, and shown only by a new private id. NOT_KNOWN: nobody can say whether they are in.
    """

    ALREADY_IN = "already in"
    ALREADY_OUT = "already out"
    BAD_NUMBER = "bad number"
    BY_LID = "private id"
    NOT_ADDED = "not added"
    NOT_KNOWN = "not known"
    NOT_ON_WHATSAPP = "not on WhatsApp"
    PENDING = "pending"
    STILL_IN = "still in"


_NO_WAY_IN: Final = ("not-there-no-account", "not-there-full", "adding-stopped")
"""The reasons for which the invite link does not help: there is no account or no room, or nobody was asked."""
_NOT_REFUSED: Final = (
    PersonStatus.ALREADY_IN,
    PersonStatus.ALREADY_OUT,
    PersonStatus.BY_LID,
    PersonStatus.NOT_KNOWN,
    PersonStatus.PENDING,
)


@dataclass(frozen=True, slots=True)
class PersonOutcome:
    """A person not added or removed as planned; `link` is the invite link, or `link_failure` why there is none."""

    group: str
    person: PersonRef
    status: PersonStatus
    message: Message | None = None
    link: str | None = None
    link_failure: Message | None = None

    @property
    def may_join_by_link(self) -> bool:
        """Whether the invite link may help: not without an account or room, nor for somebody who was not tried."""
        impossible = self.message is not None and self.message.code in _NO_WAY_IN
        return self.status in (PersonStatus.NOT_ADDED, PersonStatus.PENDING) and not impossible

    @property
    def refused(self) -> bool:
        """Whether this person is not where the configuration wants them."""
        return self.status not in _NOT_REFUSED


def people_not_on_whatsapp(plan: Plan) -> tuple[PersonOutcome, ...]:
    """Return the outcome of the people who the plan does not add because their number is not on WhatsApp."""
    return tuple(
        PersonOutcome(group.key, person, PersonStatus.NOT_ON_WHATSAPP, advice.message)
        for group in plan.groups
        for advice in group.advice
        if advice.kind is AdviceKind.NOT_ON_WHATSAPP
        for person in advice.people
    )


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step ended; `message` is the reason where it did not simply succeed."""

    step: Step
    status: StepStatus
    message: Message | None = None
    group_id: str | None = None

    @property
    def is_held(self) -> bool:
        """Whether the step was not sent because nobody is added any more in this run."""
        return self.message is not None and self.message.code == "adding-stopped"

    @classmethod
    def from_unexpected(cls, step: Step, error: Exception, group_id: str | None = None) -> StepResult:
        """Return the result of a step that an unexpected error ended."""
        message = Message.of("unexpected-error", error=type(error).__name__)
        return cls(step, StepStatus.UNKNOWN, message, group_id)


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The whole run. `remaining_drift` has what still differs when the groups are read back, with their keys.

    `unexpected` are errors that no part of the program expects, for example a bug; the steps have what they mean.
    `places` has the file and line of each group by its key, where the configuration is there.
    """

    plan: Plan
    steps: tuple[StepResult, ...] = ()
    people: tuple[PersonOutcome, ...] = ()
    _: KW_ONLY
    remaining_drift: tuple[tuple[str, Message], ...] = ()
    calls: tuple[CallRecord, ...] = ()
    interrupted: bool = False
    adding_stopped: Message | None = None
    """Why nobody was added any more from some point on; None where that did not happen."""
    unexpected: tuple[Exception, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def crashed(cls, plan: Plan, error: Exception) -> ApplyResult:
        """Return the result of a run that an unexpected error ended: the outcome of every step is unknown."""
        steps = tuple(StepResult.from_unexpected(step, error) for step in plan.steps)
        return cls(plan, steps, unexpected=(error,))

    @classmethod
    def without_steps(cls, plan: Plan, calls: tuple[CallRecord, ...]) -> ApplyResult:
        """Return the result of a plan in which nothing is to be done."""
        return cls(plan, people=people_not_on_whatsapp(plan), calls=calls)

    @classmethod
    def refused(cls, plan: Plan, calls: tuple[CallRecord, ...]) -> ApplyResult:
        """Return the result of a run that a guard refused: no step was run."""
        return cls(plan, tuple(StepResult(step, StepStatus.NOT_RUN) for step in plan.steps), calls=calls)

    @property
    def converged(self) -> bool:
        """Whether the live groups match the configuration now, as far as this run knows."""
        return not (
            self.interrupted
            or self.unexpected
            or self.plan.refusals
            or self.remaining_drift
            or any(result.status is not StepStatus.DONE for result in self.steps)
            or any(outcome.refused or outcome.status is PersonStatus.NOT_KNOWN for outcome in self.people)
            or any(group.blocked or group.waits for group in self.plan.groups)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSummary:
    """A run in numbers; `calls` counts the requests that could write, retries included, `read_backs` all that followed
    the first of them and only read.

    `added` and `removed` are memberships, `people_joined` and `people_left` the distinct people whose these are.
    """

    created: int
    joined: int
    changed: int
    added: int
    removed: int
    people_joined: int
    people_left: int
    left: int
    failed: int
    unknown: int
    skipped: int
    not_run: int
    people_refused: int
    blocked: int
    pending_adds: int
    pending_removes: int
    pending_creates: int
    calls: int
    read_backs: int


def summarize_result(result: ApplyResult) -> ResultSummary:
    """Return the numbers for the run's summary line and its document."""
    writes = [index for index, call in enumerate(result.calls) if call.method != "GET"]
    done = [step for step in result.steps if step.status is StepStatus.DONE]
    kinds = [step.step.action for step in done]
    outcomes = [step.status for step in result.steps]
    moved = people_moved(result)
    new = {step.step.group for step in done if step.step.action.enters_group}
    changed = {step.step.group for step in done if step.step.action is Action.PATCH or moved.get(step)}
    adding = (Action.CREATE, Action.ADD)
    joined = [person for step, people in moved.items() if step.step.action in adding for person in people]
    pending = count_pending(result.plan)
    gone = [person for step, people in moved.items() if step.step.action is Action.REMOVE for person in people]
    return ResultSummary(
        created=kinds.count(Action.CREATE),
        joined=kinds.count(Action.JOIN),
        changed=len(changed - new),
        added=len(joined),
        removed=len(gone),
        people_joined=count_people(joined),
        people_left=count_people(gone),
        left=kinds.count(Action.LEAVE),
        failed=outcomes.count(StepStatus.FAILED),
        unknown=outcomes.count(StepStatus.UNKNOWN),
        skipped=outcomes.count(StepStatus.SKIPPED),
        not_run=outcomes.count(StepStatus.NOT_RUN),
        people_refused=sum(person.refused for person in result.people),
        blocked=sum(bool(group.blocked) for group in result.plan.groups),
        pending_adds=pending.adds,
        pending_removes=pending.removes,
        pending_creates=pending.creates,
        calls=len(writes),
        read_backs=len(result.calls) - writes[0] - len(writes) if writes else 0,
    )


def people_moved(result: ApplyResult) -> dict[StepResult, tuple[PersonRef, ...]]:
    """Return, per step that was done, who came or went by it: everybody without an outcome that denies it."""
    others = {(o.group, o.person.ref_id) for o in result.people if o.status is not PersonStatus.BY_LID}
    return {
        step: tuple(person for person in step.step.people if (step.step.group, person.ref_id) not in others)
        for step in result.steps
        if step.status is StepStatus.DONE
    }
