"""Execute a plan: phase by phase, groups side by side, each group's steps in order, then read back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TypeVar

from reconciler.apply.group_executor import GroupExecutor
from reconciler.apply.ports import GroupApi, Progress
from reconciler.apply.result import ApplyResult, StepResult, StepStatus
from reconciler.apply.verify import ReadBack, call_outcomes, read_back, with_invite_link
from reconciler.concurrency import as_completed, thread_pool
from reconciler.model.live import LiveGroup
from reconciler.plan.model import Plan
from reconciler.plan.step import Phase

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Applied:
    """The result, and the changed groups as read back (by key)."""

    result: ApplyResult
    live: dict[str, LiveGroup] = field(default_factory=dict)


def apply_plan(
    plan: Plan,
    api: GroupApi,
    *,
    known: Collection[str],
    parallelism: int,
    stop: Event,
    progress: Progress,
) -> Applied:
    """Make the plan's calls, and no other that writes than their retries and the parts of one that was refused whole.

    Beside them it only reads: a group in the midst of its steps where an answer leaves open what is so, the list of
    groups where one may have been made or joined, each changed group afterwards, and invite links.

    `known` are the ids of all groups that were listed when the plan was made or checked: a create whose answer
    did not come may only be taken for a group that is none of them, and that no key of the file notes the id of (the
    plan's `held`: also of keys that this plan is not about). The plan must have been cleared of refusals.
    When `stop` is set, calls in flight are finished and no other is started.
    """
    taken = {*known, *plan.pinned_ids, *(group.id for group in plan.groups if group.id is not None)}
    runs = [GroupExecutor(group, api, taken, stop) for group in plan.groups if group.steps]
    with thread_pool(max(1, min(parallelism, len(runs)))) as pool:
        for phase in Phase:
            _all(pool, (_phase_of(run, phase, progress) for run in runs))
        touched = [(run, run.group_id) for run in runs if run.changed and run.group_id and not stop.is_set()]
        found = _all(pool, (_reading_back(run, group_id, api, progress) for run, group_id in touched))
    return _gathered(plan, runs, dict(zip((run.plan.key for run, _ in touched), found, strict=True)), stop)


def _phase_of(run: GroupExecutor, phase: Phase, progress: Progress) -> Callable[[], None]:
    return lambda: run.run_phase(phase, progress.started, progress.finished)


def _reading_back(run: GroupExecutor, group_id: str, api: GroupApi, progress: Progress) -> Callable[[], ReadBack]:
    def read() -> ReadBack:
        progress.reading_back(run.plan.key)
        try:
            found = read_back(run, group_id, api)
            return replace(found, people=with_invite_link(found.people, api, group_id))
        except Exception as error:
            run.unexpected.append(error)
            return ReadBack(call_outcomes(run), (f"it could not be read back: an unexpected {type(error).__name__}",))

    return read


def _all(pool: ThreadPoolExecutor, work: Iterable[Callable[[], T]]) -> list[T]:
    """Run all in parallel, started in the given order; the results in that order. Any error is raised at the end."""
    futures = [pool.submit(job) for job in work]
    for _ in as_completed(futures):
        pass
    return [future.result() for future in futures]


def _as_seen(result: StepResult, found: ReadBack) -> StepResult:
    """A step's result after the read-back: what was answered with success and is not to be seen is not sure."""
    if result.status is not StepStatus.DONE or result.step not in found.unconfirmed:
        return result
    return replace(
        result,
        status=StepStatus.UNKNOWN,
        message="answered with success, and not to be seen when the group is read back",
    )


def _gathered(plan: Plan, runs: list[GroupExecutor], found: dict[str, ReadBack], stop: Event) -> Applied:
    """One account of all groups, sorted as the plan is."""
    position = {step: number for number, step in enumerate(plan.steps)}
    untold = {run.plan.key: ReadBack(call_outcomes(run)) for run in runs}
    told = {**untold, **found}
    results = (_as_seen(r, told[run.plan.key]) for run in runs for r in run.results)
    result = ApplyResult(
        plan,
        steps=tuple(sorted(results, key=lambda r: position[r.step])),
        people=tuple(outcome for key in sorted(told) for outcome in told[key].people),
        remaining_drift=tuple((key, text) for key in sorted(told) for text in told[key].remaining),
        interrupted=stop.is_set(),
        unexpected=tuple(error for run in runs for error in run.unexpected),
    )
    return Applied(result, {key: back.live for key, back in told.items() if back.live is not None})
