"""Execute a plan: phase by phase, groups in parallel, each group's steps in order; then read the groups back.

Also the calls of a plan without sending them, for `apply --dry-run`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event
from typing import TypeVar

from reconciler.apply.group_executor import GroupExecutor
from reconciler.apply.ports import GroupApi, Progress
from reconciler.apply.result import ApplyResult, StepResult, StepStatus, people_not_on_whatsapp
from reconciler.apply.verify import ReadBack, call_outcomes, read_back, sort_drift, with_invite_link
from reconciler.concurrency import as_completed, thread_pool
from reconciler.live import endpoints
from reconciler.messages import Message
from reconciler.model.live import ApiCall, LiveGroup
from reconciler.plan.model import Action, Phase, Plan, Step

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Applied:
    """The result, and the changed groups as read back, by key."""

    result: ApplyResult
    live: dict[str, LiveGroup] = field(default_factory=dict)


def apply_plan(
    plan: Plan,
    api: GroupApi,
    *,
    listed_ids: Collection[str],
    parallelism: int,
    stop: Event,
    progress: Progress,
) -> Applied:
    """Send the calls of a plan without refusals; other writes are only their retries, and the parts of a refused call.

    All other calls only read: a group between its steps where an answer leaves its state open, the list of groups
    where one may have been created or joined, each changed group afterwards, and invite links.

    `listed_ids` are of all groups that were listed before the first write: after a create without an answer, neither
    these nor the plan's `pinned_ids` can be the new group. When `stop` is set, calls under way finish
    and no other starts.
    """
    existing_ids = {*listed_ids, *plan.pinned_ids, *(group.id for group in plan.groups if group.id is not None)}
    runs = [GroupExecutor(group, api, existing_ids, stop) for group in plan.groups if group.steps]
    with thread_pool(max(1, min(parallelism, len(runs)))) as pool:
        for phase in Phase:
            _run_all(pool, (partial(run.run_phase, phase, progress.started, progress.finished) for run in runs))
        changed = [(run, run.group_id) for run in runs if run.changed and run.group_id and not stop.is_set()]
        reads = _run_all(pool, (partial(_read_back, run, group_id, api, progress) for run, group_id in changed))
    return _applied(plan, runs, dict(zip((run.plan.key for run, _ in changed), reads, strict=True)), stop)


def _read_back(run: GroupExecutor, group_id: str, api: GroupApi, progress: Progress) -> ReadBack:
    progress.reading_back(run.plan.key)
    try:
        back = read_back(run, group_id, api)
        return replace(back, people=with_invite_link(back.people, api, group_id))
    except Exception as error:
        run.unexpected.append(error)
        return ReadBack(call_outcomes(run), (Message.of("crashed-reading-back", error=type(error).__name__),))


def _run_all(pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], T]]) -> list[T]:
    """Run all in parallel, in this order, and return their results in it; raise the first error when all ended."""
    futures = [pool.submit(job) for job in jobs]
    for _ in as_completed(futures):
        pass
    return [future.result() for future in futures]


def _verified(result: StepResult, back: ReadBack) -> StepResult:
    """Return a step's result after the read-back: unknown where the API reported success and nothing shows it."""
    if result.status is not StepStatus.DONE or result.step not in back.unconfirmed:
        return result
    return replace(result, status=StepStatus.UNKNOWN, message=Message.of("not-confirmed"))


def _applied(plan: Plan, runs: list[GroupExecutor], reads: dict[str, ReadBack], stop: Event) -> Applied:
    """Return the result of all groups, sorted as the plan is."""
    position = {step: number for number, step in enumerate(plan.steps)}
    backs = {run.plan.key: reads.get(run.plan.key) or ReadBack(call_outcomes(run)) for run in runs}
    results = (_verified(r, backs[run.plan.key]) for run in runs for r in run.results)
    result = ApplyResult(
        plan,
        steps=tuple(sorted(results, key=lambda r: position[r.step])),
        people=(*(outcome for key in sorted(backs) for outcome in backs[key].people), *people_not_on_whatsapp(plan)),
        remaining_drift=sort_drift((key, message) for key, back in backs.items() for message in back.remaining),
        interrupted=stop.is_set(),
        unexpected=tuple(error for run in runs for error in run.unexpected),
    )
    return Applied(result, {key: back.live for key, back in backs.items() if back.live is not None})


def dry_run_calls(plan: Plan, *, unknown_id: str, removes_by_post: bool) -> tuple[ApiCall, ...]:
    """Return the calls of a plan in the order of its steps.

    `unknown_id` stands for the id of a group that the plan creates or joins; `removes_by_post` is the server's dialect.
    """
    return tuple(_call(step, step.group_id or unknown_id, removes_by_post) for step in plan.steps)


def _call(step: Step, group_id: str, removes_by_post: bool) -> ApiCall:
    jids = [person.jid for person in step.people if person.jid is not None]
    match step.action:
        case Action.CREATE:
            return endpoints.create_group(step.name or "", jids)
        case Action.JOIN:
            return endpoints.join_group(step.invite or "")
        case Action.PATCH:
            return endpoints.patch_group(group_id, step.name, step.description)
        case Action.ADD:
            return endpoints.add_participants(group_id, jids)
        case Action.REMOVE:
            return endpoints.remove_participants(group_id, jids, by_post=removes_by_post)
        case Action.LEAVE:
            return endpoints.leave_group(group_id)
