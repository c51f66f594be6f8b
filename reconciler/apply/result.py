"""What an apply did, told truly: every call, every step, every person it could not place."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import Plan
from reconciler.plan.step import Step


class StepStatus(StrEnum):
    """How a step ended. UNKNOWN: it may have taken effect. SKIPPED: an earlier step of its group did not succeed."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One HTTP request as it was sent, retries one by one.

    `at` is UTC ISO-8601, `seconds` how long the answer took. `status` is None when none came; then `error` says
    what happened instead. `body` is what was sent (full numbers: for files, never for a terminal).
    """

    at: str
    method: str
    path: str
    attempt: int = 1
    status: int | None = None
    code: str | None = None
    error: str | None = None
    request_id: str | None = None
    seconds: float = 0.0
    body: Any = field(default=None, hash=False)


class PersonStatus(StrEnum):
    """Why somebody of a step is worth a word after it."""

    ALREADY_IN = "already in"
    ALREADY_OUT = "already out"
    BAD_NUMBER = "bad number"
    NOT_ADDED = "not added"
    PENDING = "pending"
    STILL_IN = "still in"


@dataclass(frozen=True, slots=True)
class PersonOutcome:
    """A person who did not simply come or go. `link` is the group's invite link, where it could be had."""

    group: str
    who: PersonRef
    state: PersonStatus
    message: str = ""
    link: str | None = None

    @property
    def refused(self) -> bool:
        """Whether this person is not where the file wants them."""
        return self.state in (PersonStatus.BAD_NUMBER, PersonStatus.NOT_ADDED, PersonStatus.STILL_IN)


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step ended; `message` says why it did not end well."""

    step: Step
    outcome: StepStatus
    message: str = ""
    group_id: str | None = None

    @classmethod
    def broken_off(cls, step: Step, error: Exception, group_id: str | None = None) -> StepResult:
        """A step that ended in a way that nobody expected."""
        name = type(error).__name__
        return cls(step, StepStatus.UNKNOWN, f"an unexpected {name}: it may be done, in part or whole", group_id)


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The whole run. `left_over` says per group what the read-back still found different, in words.

    `unexpected` is what nobody thought of, a bug say: the steps tell what it means for them.
    """

    plan: Plan
    steps: tuple[StepResult, ...] = ()
    people: tuple[PersonOutcome, ...] = ()
    left_over: tuple[tuple[str, str], ...] = ()
    calls: tuple[CallRecord, ...] = ()
    interrupted: bool = False
    unexpected: tuple[Exception, ...] = ()

    @classmethod
    def broken_off(cls, plan: Plan, error: Exception) -> ApplyResult:
        """A run of whose steps nobody knows how they ended."""
        steps = tuple(StepResult.broken_off(step, error) for step in plan.steps)
        return cls(plan, steps, unexpected=(error,))

    @property
    def converged(self) -> bool:
        """Whether the live groups are now as the file wants them, as far as this run knows."""
        return not (
            self.interrupted
            or self.unexpected
            or self.left_over
            or any(result.outcome is not StepStatus.DONE for result in self.steps)
            or any(outcome.refused for outcome in self.people)
            or any(group.blocked for group in self.plan.groups)
        )
