"""Execute a plan: phase by phase, groups in parallel, each group's steps in order, then the group read back.

Also the calls of a plan without sending them, for `apply --dry-run`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event
from typing import Final, TypeVar

from reconciler.apply.breaker import Breaker
from reconciler.apply.group_executor import GroupExecutor
from reconciler.apply.participants import is_refusal
from reconciler.apply.ports import GroupApi, Progress
from reconciler.apply.result import (
    ApplyResult,
    PersonOutcome,
    PersonStatus,
    StepResult,
    StepStatus,
    people_not_on_whatsapp,
)
from reconciler.apply.verify import ReadBack, call_outcomes, read_back, sort_drift, with_doubt, with_invite_link
from reconciler.concurrency import as_completed, thread_pool
from reconciler.errors import ApiError, Interrupted
from reconciler.live import endpoints
from reconciler.messages import Message
from reconciler.model.live import ApiCall, ListedGroup, LiveGroup
from reconciler.plan.model import Action, Phase, Plan, Step

T = TypeVar("T")

NO_REFUSALS: Final = frozenset({"refused-in-this-run", "counted-in-but-missing", "not-there-full"})
"""The reasons for which somebody is not added, and which are no refusal of theirs in this call."""


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
    where one may have been created or joined or somebody is missing, the instance where an add failed, each changed
    group afterwards or the list where that costs less, and invite links.

    `listed_ids` are of all groups that were listed before the first write: after a create without an answer, neither
    these nor the plan's `pinned_ids` can be the new group. When `stop` is set, calls under way finish
    and no other starts.
    """
    existing_ids = {*listed_ids, *plan.pinned_ids, *(group.id for group in plan.groups if group.id is not None)}
    breaker, by_list = Breaker(), plan.read_back_by_list
    runs = [GroupExecutor(group, api, existing_ids, stop, breaker) for group in plan.groups if group.steps]
    reads: dict[str, ReadBack] = {}
    with thread_pool(max(1, min(parallelism, len(runs)))) as pool:
        for phase in Phase:
            now = [run for run in runs if phase <= run.last_phase]
            backs = _run_all(pool, (partial(_run_phase, run, phase, progress, by_list) for run in now))
            reads.update({run.plan.key: back for run, back in zip(now, backs, strict=True) if back is not None})
        waiting = [run for run in runs if run.plan.key in by_list and run.plan.key not in reads and run.changed]
        listed = _listed(runs, api) if len(waiting) > plan.list_calls else None
        entries = listed or {}
        late = _run_all(pool, (partial(_read_back, run, progress, entries.get(run.group_id or "")) for run in waiting))
        reads.update({run.plan.key: back for run, back in zip(waiting, late, strict=True)})
        if not stop.is_set() and any(back.unexplained for back in reads.values()):
            listed = listed or _listed(runs, api) or {}
            reads = {key: with_doubt(back, listed) for key, back in reads.items()}
        read = [(run, reads[run.plan.key]) for run in runs if run.plan.key in reads]
        linked = _run_all(pool, (partial(_linked, run, back) for run, back in read))
    return _applied(plan, runs, dict(zip((run.plan.key for run, _ in read), linked, strict=True)), stop)


def _run_phase(run: GroupExecutor, phase: Phase, progress: Progress, by_list: Collection[str]) -> ReadBack | None:
    """Run a group's steps of one phase, and read the group back where no step follows.

    That is at once, not when all groups are done, so that refusals are known before others are added. A group that the
    list can prove waits for it, unless a step did not simply succeed.
    """
    run.run_phase(phase, progress.started, progress.finished)
    waits = run.plan.key in by_list and run.all_as_planned
    if phase is not run.last_phase or not run.changed or run.group_id is None or run.stop.is_set() or waits:
        _note_refusals(run, call_outcomes(run), seen=False)
        return None
    return _read_back(run, progress)


def _read_back(run: GroupExecutor, progress: Progress, entry: ListedGroup | None = None) -> ReadBack:
    if not run.stop.is_set():
        progress.reading_back(run.plan.key)
    try:
        back = read_back(run, run.group_id or "", run.api, entry)
    except Exception as error:
        run.unexpected.append(error)
        return _crashed(run, error)
    _note_refusals(run, back.people, seen=back.live is not None)
    if back.live is None and run.added_anyone:
        run.breaker.check_connection(run.api)
    return back


def _note_refusals(run: GroupExecutor, outcomes: Iterable[PersonOutcome], *, seen: bool) -> None:
    """Let the breaker know who was added and who refused: by a read-back if `seen`, else as far as answers tell."""
    by_person = {outcome.person: outcome for outcome in outcomes}
    done = (r.step for r in run.results if r.step.action.adds_people and r.status is StepStatus.DONE)
    results = []
    for person in (person for step in done for person in step.people):
        outcome = by_person.get(person)
        if outcome is not None and outcome.status is PersonStatus.NOT_ADDED and outcome.message is not None:
            results += [(person, True)] if outcome.message.code not in NO_REFUSALS else []
        elif outcome is None and (seen or person in run.answers):
            results.append((person, not seen and is_refusal(run.answers[person])))
    run.breaker.note(run.plan.key, results)


def _crashed(run: GroupExecutor, error: Exception) -> ReadBack:
    return ReadBack(call_outcomes(run), (Message.of("crashed-reading-back", error=type(error).__name__),))


def _listed(runs: list[GroupExecutor], api: GroupApi) -> dict[str, ListedGroup] | None:
    """List the groups after the last step, by id; None where the list cannot be read."""
    try:
        return {group.id: group for group in api.list_groups().groups}
    except (ApiError, Interrupted):
        return None
    except Exception as error:
        runs[0].unexpected.append(error)
        return None


def _linked(run: GroupExecutor, back: ReadBack) -> ReadBack:
    try:
        return replace(back, people=with_invite_link(back.people, run.api, run.group_id or ""))
    except Exception as error:
        run.unexpected.append(error)
        return _crashed(run, error)


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


def dry_run_calls(plan: Plan, *, unknown_id: str, reference: bool) -> tuple[ApiCall, ...]:
    """Return the calls of a plan in the order of its steps.

    `unknown_id` stands for the id of a group that the plan creates or joins; `reference` is the dialect of the server.
    """
    return tuple(_call(step, step.group_id or unknown_id, reference) for step in plan.steps)


def _call(step: Step, group_id: str, reference: bool) -> ApiCall:
    jids = [person.jid for person in step.people if person.jid is not None]
    match step.action:
        case Action.CREATE:
            return endpoints.create_group(step.name or "", jids)
        case Action.JOIN:
            return endpoints.join_group(step.invite or "", reference=reference)
        case Action.PATCH:
            return endpoints.patch_group(group_id, step.name, step.description)
        case Action.ADD:
            return endpoints.add_participants(group_id, jids)
        case Action.REMOVE:
            return endpoints.remove_participants(group_id, jids, by_post=reference)
        case Action.LEAVE:
            return endpoints.leave_group(group_id)
