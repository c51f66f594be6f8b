"""One group's steps, one after another: what each call's answer means for the step and for those after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from reconciler.apply.create_group import CreateGroup, CreateOutcomeUnknown
from reconciler.apply.participants import NOT_ABOUT_PEOPLE, ParticipantCall, earlier_attempt_ambiguous, membership_of
from reconciler.apply.ports import GroupApi
from reconciler.apply.result import PersonStatus, StepResult, StepStatus
from reconciler.errors import (
    MAY_HAVE_TAKEN_EFFECT,
    ApiError,
    Conflict,
    Forbidden,
    Interrupted,
    NotFound,
    ReconcilerError,
)
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import texts_equal
from reconciler.plan.model import GroupPlan
from reconciler.plan.step import Action, Phase, Step


@dataclass(slots=True)
class GroupExecutor:
    """The state of one group's steps between phases: its id once known, and whether all went well so far.

    Steps of one group never run at the same time, so nothing here is locked.
    """

    plan: GroupPlan
    api: GroupApi
    taken: set[str]
    stop: Event
    results: list[StepResult] = field(default_factory=list)
    outcomes: dict[PersonRef, tuple[PersonStatus, str]] = field(default_factory=dict)
    unexpected: list[Exception] = field(default_factory=list)
    changed: bool = False
    group_id: str | None = field(init=False)
    _begun: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.group_id = self.plan.id

    @property
    def healthy(self) -> bool:
        """Whether every step so far succeeded, so that a removal or a leave may follow."""
        return all(result.status is StepStatus.DONE for result in self.results)

    def run_phase(self, phase: Phase, started: Callable[[Step], None], finished: Callable[[StepResult], None]) -> None:
        """Run this group's steps of one phase."""
        for step in self.plan.steps:
            if step.phase is not phase:
                continue
            if not self._may_run(step):
                result = self._skipped(step)
            else:
                started(step)
                result = self._run_safely(step)
            self.results.append(result)
            finished(result)

    def _may_run(self, step: Step) -> bool:
        if self.stop.is_set():
            return False
        if step.action.enters_group:
            return True
        if self.group_id is None:
            return False
        return self.healthy or not self._needs_health(step)

    def _needs_health(self, step: Step) -> bool:
        """Taking away needs all before it; adding after a removal (a full group) needs the removal."""
        return step.action.is_destructive or step.phase is Phase.SWAP

    def _skipped(self, step: Step) -> StepResult:
        if self.stop.is_set():
            return StepResult(step, StepStatus.NOT_RUN, "interrupted before it", self.group_id)
        return StepResult(step, StepStatus.SKIPPED, "an earlier step of this group did not succeed", self.group_id)

    def _run_safely(self, step: Step) -> StepResult:
        """Whatever happens, the other groups go on, and the step is in the account: its call may have been made."""
        try:
            return self._run(step)
        except Exception as error:
            self.unexpected.append(error)
            return StepResult.broken_off(step, error, self.group_id)

    def _run(self, step: Step) -> StepResult:
        self._begun = False
        try:
            self._call(step)
        except Interrupted as error:
            if not self._begun and error.__cause__ is None:
                return StepResult(step, StepStatus.NOT_RUN, "interrupted before it", self.group_id)
            return StepResult(step, StepStatus.UNKNOWN, "interrupted: it may be done, or a part of it", self.group_id)
        except CreateOutcomeUnknown as error:
            return StepResult(step, StepStatus.UNKNOWN, str(error))
        except MAY_HAVE_TAKEN_EFFECT as error:
            return self._settle(step, error)
        except ApiError as error:
            if earlier_attempt_ambiguous(error):
                return self._settle(step, error)
            return self._failed(step, error)
        except ReconcilerError as error:
            return self._failed(step, error)
        return StepResult(step, StepStatus.DONE, "", self.group_id)

    def _failed(self, step: Step, error: ReconcilerError) -> StepResult:
        if self._begun:
            return StepResult(step, StepStatus.UNKNOWN, f"it may be done, in part or whole: {error}", self.group_id)
        return StepResult(step, StepStatus.FAILED, str(error), self.group_id)

    def _call(self, step: Step) -> None:
        match step.action:
            case Action.CREATE:
                self._create(step)
            case Action.JOIN:
                self._join(step)
            case Action.PATCH:
                self.changed = True
                self.api.patch_group(self._id, name=step.name, description=step.description)
            case Action.ADD | Action.REMOVE:
                self.changed = True
                ParticipantCall(self.api, self._id, step.action, self.outcomes, self._took).run(step.people)
            case Action.LEAVE:
                self.changed = True
                self._leave()

    @property
    def _id(self) -> str:
        if self.group_id is None:
            raise ApiError("the group's id is not known", endpoint=self.plan.key)
        return self.group_id

    def _took(self) -> None:
        self._begun = True

    def _create(self, step: Step) -> None:
        CreateGroup(self.api, step, self.taken, self.outcomes, self._made).run()

    def _made(self, group_id: str) -> None:
        self.group_id = group_id
        self.changed = self._begun = True
        self.taken.add(group_id)

    def _join(self, step: Step) -> None:
        wanted = self.plan.id
        answered = self._join_by_code(step.invite or "", wanted)
        self._begun = True
        if wanted is not None and answered not in (None, wanted):
            raise ApiError(
                f"the invite led into {answered}, not into {wanted}",
                endpoint="POST /groups/join",
                hint="correct this group's `invite` or `id`; leave the other group by hand if it is not wanted",
            )
        self.group_id = wanted or answered or self._joined_by_name()
        self.changed = True

    def _join_by_code(self, code: str, wanted: str | None) -> str | None:
        """Join; the group's id where it was told. No answer is as good as one that tells none, if the name is seen."""
        try:
            return self.api.join_group(code)
        except Conflict as error:
            if error.code in NOT_ABOUT_PEOPLE:
                raise
            return None
        except MAY_HAVE_TAKEN_EFFECT:
            if wanted is not None:
                raise
            self._begun = True
            return self._joined_by_name()

    def _joined_by_name(self) -> str:
        names = self.plan.lookup_names
        new = [
            group.id
            for group in self.api.list_groups().groups
            if group.id not in self.taken and any(texts_equal(group.name, name) for name in names)
        ]
        if len(new) != 1:
            raise ApiError(
                "joined, but the group is not to be told among the live ones: none or several bear its name",
                endpoint="POST /groups/join",
                hint="look for the group the invite leads into and note its `id` in the file",
            )
        return new[0]

    def _leave(self) -> None:
        try:
            self.api.leave_group(self._id)
        except NotFound as error:
            # Out already: an earlier attempt took effect, or somebody removed the instance in between. A 404 that
            # is not the API's own word on a group says nothing of the kind.
            if not error.is_about_group:
                raise

    def _settle(self, step: Step, error: ApiError) -> StepResult:
        """The answer did not come or cannot be read: read the group and see whether the call took effect."""
        unknown = StepResult(step, StepStatus.UNKNOWN, str(error), self.group_id)
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
        return StepResult(step, StepStatus.DONE, f"seen by reading the group, since {error.message}", self.group_id)

    def _took_effect(self, step: Step, live: LiveGroup) -> bool:
        seen = membership_of(live)
        match step.action:
            case Action.PATCH:
                name = step.name is None or texts_equal(step.name, live.name)
                return name and (step.description is None or texts_equal(step.description, live.description))
            case Action.ADD:
                return all(seen(who) for who in step.people)
            case Action.REMOVE:
                return not any(seen(who) for who in step.people)
            case _:
                return step.action is Action.JOIN
