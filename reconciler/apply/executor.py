"""Execute a plan: phase by phase, groups in parallel, each group's steps in order, then the group read back.

Also the calls of a plan without sending them, for `apply --dry-run`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event, Lock
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

NO_REFUSALS: Final = frozenset({"refused-in-this-run", "counted-in-but-missing", "not-there-full", "adding-stopped"})
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
    breaker: Breaker | None = None,
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
    breaker, by_list = breaker or Breaker(), plan.read_back_by_list
    runs = [GroupExecutor(group, api, existing_ids, stop, breaker) for group in plan.groups if group.steps]
    reads: dict[str, ReadBack] = {}
    with thread_pool(max(1, min(parallelism, len(runs)))) as pool:
        for phase in Phase:
            now = [run for run in runs if phase <= run.last_phase]
            unseen = _UnseenAdds(plan.read_after_adds)
            backs = _run_all(pool, (partial(_run_phase, run, phase, progress, by_list, unseen) for run in now))
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
    return _applied(plan, runs, dict(zip((run.plan.key for run, _ in read), linked, strict=True)), stop, breaker)


def _run_phase(
    run: GroupExecutor, phase: Phase, progress: Progress, by_list: Collection[str], unseen: _UnseenAdds
) -> ReadBack | None:
    """Run a group's steps of one phase, and read the group back where no step follows.

    That is at once, not when all groups are done, so that refusals are known before others are added. A group that the
    list can prove waits for it, unless a step did not simply succeed.
    """
    added = [p for step in run.plan.steps if step.phase is phase and step.action.adds_people for p in step.people]
    with run.breaker.trying(run.plan.key, added):
        run.run_phase(phase, progress.started, progress.finished)
        waits = run.plan.key in by_list and run.all_as_planned
        if phase is run.last_phase and run.changed and run.group_id is not None and not run.stop.is_set() and not waits:
            return _read_back(run, progress)
        _note_refusals(run, call_outcomes(run), seen=False)
        if added:
            unseen.look(run)
        return None


@dataclass(slots=True)
class _UnseenAdds:
    """Groups that people were added to and that are not read back yet, because removals follow in them.

    `due` are the keys of those that are read at once anyway. After the first refusal all are.
    """

    due: Collection[str]
    _runs: list[GroupExecutor] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def look(self, run: GroupExecutor) -> None:
        """Read a group whose adds are done, if it is due, and let the breaker know who was refused."""
        people = [p for r in run.results if r.step.action.adds_people for p in r.step.people]
        if run.breaker.reason is not None or all(p in run.answers or p in run.outcomes for p in people):
            return
        if run.plan.key in self.due:
            self._read(run)
        else:
            with self._lock:
                self._runs.append(run)
        while run.breaker.anybody_refused and run.breaker.reason is None and (other := self._next()) is not None:
            self._read(other)

    def _next(self) -> GroupExecutor | None:
        with self._lock:
            return self._runs.pop() if self._runs else None

    def _read(self, run: GroupExecutor) -> None:
        if run.group_id is None or run.stop.is_set() or not run.added_anyone:
            return
        try:
            back = read_back(run, run.group_id, run.api)
        except Exception as error:
            run.unexpected.append(error)
            return
        _note_refusals(run, back.people, seen=back.live is not None)
        _check_connection(run, back)


def _read_back(run: GroupExecutor, progress: Progress, entry: ListedGroup | None = None) -> ReadBack:
    if not run.stop.is_set():
        progress.reading_back(run.plan.key)
    try:
        back = read_back(run, run.group_id or "", run.api, entry)
    except Exception as error:
        run.unexpected.append(error)
        return _crashed(run, error)
    _note_refusals(run, back.people, seen=back.live is not None)
    _check_connection(run, back)
    return back


def _check_connection(run: GroupExecutor, back: ReadBack) -> None:
    """Ask whether the instance is still connected, where a read does not show why people who were added are not in."""
    if run.added_anyone and (back.live is None or back.unexplained):
        run.breaker.check_connection(run.api)


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


def _applied(
    plan: Plan, runs: list[GroupExecutor], reads: dict[str, ReadBack], stop: Event, breaker: Breaker
) -> Applied:
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
        adding_stopped=breaker.reason,
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
