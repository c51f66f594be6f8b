"""Execute one group's steps, one after another: what each answer means for its step and for those after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event

from reconciler.apply.breaker import AddingStopped, Breaker
from reconciler.apply.create_group import CreateGroup, CreateOutcomeUnknown, is_refused_create
from reconciler.apply.join_group import JoinGroup
from reconciler.apply.participants import (
    ParticipantCall,
    PersonOutcomes,
    earlier_attempt_ambiguous,
    membership_of,
)
from reconciler.apply.ports import GroupApi
from reconciler.apply.result import PersonStatus, StepResult, StepStatus
from reconciler.errors import (
    MAY_HAVE_TAKEN_EFFECT,
    ApiError,
    Forbidden,
    HttpError,
    Interrupted,
    NotFound,
    ReconcilerError,
    ServerError,
)
from reconciler.messages import Message
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted, texts_equal
from reconciler.plan.model import Action, GroupPlan, Phase, Step


@dataclass(slots=True)
class GroupExecutor:
    """The state of one group between phases: its id once it is known, and the results so far.

    Steps of one group never run at the same time, so nothing here is locked.
    """

    plan: GroupPlan
    api: GroupApi
    existing_ids: set[str]
    stop: Event
    breaker: Breaker = field(default_factory=Breaker)
    results: list[StepResult] = field(default_factory=list)
    outcomes: PersonOutcomes = field(default_factory=dict)
    answers: dict[PersonRef, int] = field(default_factory=dict)
    """What the service answered for single people of an add."""
    held: set[Step] = field(default_factory=set)
    """The steps that were not sent because nobody is added any more."""
    unexpected: list[Exception] = field(default_factory=list)
    changed: bool = False
    group_id: str | None = field(init=False)
    _has_effect: bool = field(init=False, default=False)
    """Whether a call of the step that runs was reported as successful, so that the step is at least partly done."""
    _has_watched: bool = field(init=False, default=False)
    """Whether the breaker saw an error of the step that runs."""

    def __post_init__(self) -> None:
        self.group_id = self.plan.id

    @property
    def all_succeeded(self) -> bool:
        """Whether every step so far succeeded or was held, so that a removal or a leave may follow."""
        return all(result.status is StepStatus.DONE or result.step in self.held for result in self.results)

    @property
    def all_as_planned(self) -> bool:
        """Whether every step so far was answered with success, for everybody in it."""
        return not self.outcomes and all(r.status is StepStatus.DONE and r.message is None for r in self.results)

    @property
    def added_anyone(self) -> bool:
        """Whether an add or a create was sent and answered."""
        return any(result.step.action.adds_people and result.status is StepStatus.DONE for result in self.results)

    @property
    def last_phase(self) -> Phase:
        """The phase after which no step of the group follows."""
        return max(step.phase for step in self.plan.steps)

    def status_of(self, person: PersonRef) -> PersonStatus | None:
        """Return what the calls themselves show of somebody who was not added or removed as planned."""
        return self.outcomes[person][0] if person in self.outcomes else None

    def run_phase(self, phase: Phase, started: Callable[[Step], None], finished: Callable[[StepResult], None]) -> None:
        """Run this group's steps of one phase."""
        for step in self.plan.steps:
            if step.phase is not phase:
                continue
            if self.stop.is_set():
                result = self._result(step, StepStatus.NOT_RUN, Message.of("interrupted-before"))
            elif not self._may_run(step):
                result = self._result(step, StepStatus.SKIPPED, Message.of("earlier-step-failed"))
            elif (reason := self._held(step)) is not None:
                self.held.add(step)
                result = self._result(step, StepStatus.SKIPPED, reason)
            else:
                started(step)
                result = self._run_safely(step)
            self.results.append(result)
            finished(result)

    def _held(self, step: Step) -> Message | None:
        return self.breaker.hold(step.people) if step.action.adds_people else None

    def _may_run(self, step: Step) -> bool:
        if step.action.enters_group:
            return True
        if self.group_id is None:
            return False
        # To take something away, or to add to a full group after that, every step before has to have succeeded.
        needs_success = step.action.is_destructive or step.phase is Phase.SWAP
        return self.all_succeeded or not needs_success

    def _result(self, step: Step, status: StepStatus, message: Message | None = None) -> StepResult:
        return StepResult(step, status, message, self.group_id)

    def _run_safely(self, step: Step) -> StepResult:
        """Run the step; after an unexpected error the other groups go on, and the step's outcome is unknown."""
        try:
            return self._run(step)
        except Exception as error:
            self.unexpected.append(error)
            return StepResult.from_unexpected(step, error, self.group_id)

    def _run(self, step: Step) -> StepResult:
        self._has_effect = False
        try:
            self._call_watched(step)
        except Interrupted as error:
            if not self._has_effect and error.__cause__ is None:
                return self._result(step, StepStatus.NOT_RUN, Message.of("interrupted-before"))
            return self._result(step, StepStatus.UNKNOWN, Message.of("interrupted-during"))
        except AddingStopped as error:
            self.held.add(step)
            self.breaker.hold(step.people)
            return self._result(step, StepStatus.SKIPPED, error.reason)
        except CreateOutcomeUnknown as error:
            return self._result(step, StepStatus.UNKNOWN, Message.of("call-failed", error=str(error)))
        except MAY_HAVE_TAKEN_EFFECT as error:
            return self._settle(step, error)
        except ApiError as error:
            if earlier_attempt_ambiguous(error):
                return self._settle(step, error)
            return self._failed(step, error)
        except ReconcilerError as error:
            return self._failed(step, error)
        return self._result(step, StepStatus.DONE)

    def _failed(self, step: Step, error: ReconcilerError) -> StepResult:
        if self._has_effect:
            return self._result(step, StepStatus.UNKNOWN, Message.of("partly-done", error=str(error)))
        return self._result(step, StepStatus.FAILED, Message.of("call-failed", error=str(error)))

    def _call_watched(self, step: Step) -> None:
        """Send the step's calls, and let the breaker look at an error."""
        self._has_watched = False
        try:
            self._call(step, self._people_to_send(step))
        except ApiError as error:
            self._watch(step, error)
            raise

    def _watch(self, step: Step, error: ApiError) -> None:
        self.breaker.watch(step, error, self.api, is_first=not self._has_watched)
        self._has_watched = True

    def _people_to_send(self, step: Step) -> tuple[PersonRef, ...]:
        """Return the people of a step without those who refused in this run, or who would be in no group any more."""
        adds, message = step.action.adds_people, Message.of("refused-in-this-run")
        left_out = [person for person in step.people if adds and self.breaker.has_refused(person)]
        status = PersonStatus.NOT_ADDED
        if step.action is Action.REMOVE:
            left_out = [person for person in step.people if self.breaker.is_held(person)]
            status, message = PersonStatus.STILL_IN, Message.of("stays-until-added")
        for person in left_out:
            self.outcomes[person] = (status, message)
        return tuple(person for person in step.people if person not in left_out)

    def _call(self, step: Step, people: tuple[PersonRef, ...]) -> None:
        match step.action:
            case Action.CREATE:
                self._create(replace(step, people=people))
            case Action.JOIN:
                joining = JoinGroup(self.api, self.plan, step, self.existing_ids, self._note_effect)
                self.group_id = joining.run()
                self.changed = True
            case Action.PATCH:
                self.changed = True
                self.api.patch_group(self._id, name=step.name, description=step.description)
            case Action.ADD | Action.REMOVE:
                self.changed = self.changed or bool(people)
                self._move(step, people)
            case Action.LEAVE:
                self.changed = True
                self._leave()

    def _create(self, step: Step) -> None:
        hold = self.breaker.hold
        try:
            CreateGroup(self.api, step, self.existing_ids, self.outcomes, self._note_created, hold).run()
        except ApiError as error:
            if is_refused_create(error):
                self.breaker.note_refused_calls(1)
            raise

    def _move(self, step: Step, people: tuple[PersonRef, ...]) -> None:
        call = ParticipantCall(
            self.api, self._id, step.action, self.outcomes, self._note_effect, self.plan.live, self.answers
        )
        if step.action is Action.ADD:
            call.hold, call.on_refusal = self.breaker.hold, partial(self._watch, step)
        try:
            call.run(people)
        except HttpError as error:
            if step.action is Action.ADD:
                self.breaker.note_refused_calls(_count_refused(call.refused_calls, error))
            raise

    @property
    def _id(self) -> str:
        if self.group_id is None:
            raise ApiError("the group's id is not known", endpoint=self.plan.key)
        return self.group_id

    def _note_effect(self) -> None:
        self._has_effect = True

    def _note_created(self, group_id: str) -> None:
        self.group_id = group_id
        self.changed = self._has_effect = True
        self.existing_ids.add(group_id)

    def _leave(self) -> None:
        try:
            self.api.leave_group(self._id)
        except NotFound as error:
            # Out already: an earlier attempt took effect, or somebody removed the account in between. A 404 that is
            # not the API's own answer about a group does not mean that.
            if not error.is_about_group:
                raise

    def _settle(self, step: Step, error: ApiError) -> StepResult:
        """Read the group to see whether a call without a usable answer took effect."""
        unknown = self._result(step, StepStatus.UNKNOWN, Message.of("call-failed", error=str(error)))
        if self.group_id is None or self.stop.is_set():
            return unknown
        try:
            done = self._took_effect(step, self.api.group(self.group_id))
        except (NotFound, Forbidden) as answer:
            done = step.action is Action.LEAVE and isinstance(answer, NotFound) and answer.is_about_group
        except (ApiError, Interrupted):
            return unknown
        if not done:
            return unknown
        self.changed = True
        return self._result(step, StepStatus.DONE, Message.of("seen-by-reading", error=error.message))

    def _took_effect(self, step: Step, live: LiveGroup) -> bool:
        is_in = membership_of(live)
        match step.action:
            case Action.PATCH:
                return not fields_that_differ(step, live)
            case Action.ADD:
                return all(is_in(person) for person in step.people)
            case Action.REMOVE:
                return not any(is_in(person) for person in step.people)
            case _:
                return step.action is Action.JOIN


def fields_that_differ(step: Step, live: LiveGroup) -> list[Message]:
    """Return, a message each, the texts that a step sends and a live group does not have."""
    messages = {
        "name": Message.of("name-differs", live=live.name, sent=Untrusted(step.name or "")),
        "description": Message.of("description-differs"),
    }
    return [messages[field] for field, sent in step.texts.items() if not texts_equal(sent, getattr(live, field))]


def _count_refused(calls: int, error: HttpError) -> int:
    """Return how many refusals a failed add counts for: one where it may be about the group, not the account."""
    if isinstance(error, Forbidden | NotFound):
        return min(1, calls)
    return max(calls, isinstance(error, ServerError))
