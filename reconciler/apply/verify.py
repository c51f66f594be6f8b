"""After its steps each changed group is read back: what the calls promised is held against what is there."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.apply.api import Writes
from reconciler.apply.members import seen_in
from reconciler.apply.steps import GroupRun
from reconciler.errors import ApiError, Forbidden, Interrupted, NotFound
from reconciler.model.advice import AdviceKind
from reconciler.model.live import LiveGroup
from reconciler.model.result import Outcome, PersonOutcome, PersonState
from reconciler.model.step import Action, Step
from reconciler.model.text import in_quotes, same_text
from reconciler.model.who import Who


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a read-back found: people not where they should be, and what else differs, in words.

    `doubted` are the actions that were answered with success, and of which nothing is to be seen.
    """

    people: tuple[PersonOutcome, ...] = ()
    left_over: tuple[str, ...] = ()
    live: LiveGroup | None = None
    doubted: frozenset[Step] = frozenset()


def read_back(run: GroupRun, group_id: str, api: Writes) -> ReadBack:
    """Read one changed group and compare; never raises for the API's failures, they are `left_over`."""
    leaving = any(step.action is Action.LEAVE for step in run.plan.steps)
    try:
        live = api.group(group_id)
    except (NotFound, Forbidden) as error:
        if leaving and (isinstance(error, Forbidden) or error.tells_of_group):
            return ReadBack(said(run))
        entered = frozenset(_ran(run, Action.CREATE, Action.JOIN)) if isinstance(error, NotFound) else frozenset()
        return ReadBack(said(run), (f"it could not be read back: {error}",), doubted=entered)
    except (ApiError, Interrupted) as error:
        return ReadBack(said(run), (f"it could not be read back: {error}",))
    left_over = ("the instance is still in it",) if leaving else _texts_that_differ(run, live)
    found = _misplaced(run, live)
    contradicted = {outcome.who for outcome in found}
    told = (outcome for outcome in said(run) if outcome.who not in contradicted)
    return ReadBack((*told, *found, *_pending(run)), left_over, live, _not_seen(run, live))


def said(run: GroupRun) -> tuple[PersonOutcome, ...]:
    """What the calls themselves said of single people."""
    return tuple(PersonOutcome(run.plan.key, who, state, text) for who, (state, text) in run.said.items())


def _texts_that_differ(run: GroupRun, live: LiveGroup) -> tuple[str, ...]:
    return tuple(text for step in _ran(run, Action.CREATE, Action.PATCH) for text in _differing(step, live))


def _misplaced(run: GroupRun, live: LiveGroup) -> tuple[PersonOutcome, ...]:
    """Who is not where the server said to have brought them, unless that was told of them already."""
    key, seen = run.plan.key, seen_in(live)
    promised_in = _promised(run, PersonState.ALREADY_IN, Action.CREATE, Action.ADD)
    missing = [who for who in promised_in if not seen(who) and not _may_be_hidden(run, who, live)]
    promised_out = _promised(run, PersonState.ALREADY_OUT, Action.REMOVE)
    staying = [who for who in promised_out if seen(who) and _state(run, who) in (None, PersonState.ALREADY_OUT)]
    return (
        *(PersonOutcome(key, who, PersonState.NOT_ADDED, _why_missing(run, who)) for who in missing),
        *(PersonOutcome(key, who, PersonState.STILL_IN, _how_staying(run, who)) for who in staying),
    )


def _promised(run: GroupRun, already: PersonState, *actions: Action) -> list[Who]:
    """Everybody of a call that was answered with success; of one without a clear answer, whom it counted there."""
    return [
        who
        for result in run.results
        if result.step.action in actions
        for who in result.step.people
        if result.outcome is Outcome.DONE or _state(run, who) is already
    ]


def _state(run: GroupRun, who: Who) -> PersonState | None:
    return run.said[who][0] if who in run.said else None


def _may_be_hidden(run: GroupRun, who: Who, live: LiveGroup) -> bool:
    """Whether somebody not seen is accounted for: refused as a bad number, or counted in under a private id."""
    counted_in = _state(run, who) is PersonState.ALREADY_IN
    return _state(run, who) is PersonState.BAD_NUMBER or (
        counted_in and any(participant.identity is None for participant in live.participants)
    )


def _why_missing(run: GroupRun, who: Who) -> str:
    if _state(run, who) is PersonState.ALREADY_IN:
        return "the server counted them in, and they are not there when read back"
    return "added, and not there: privacy settings let only contacts add them"


def _how_staying(run: GroupRun, who: Who) -> str:
    if _state(run, who) is PersonState.ALREADY_OUT:
        return "the server counted them out, and they are there when read back"
    return "removed, and still there when read back"


def _not_seen(run: GroupRun, live: LiveGroup) -> frozenset[Step]:
    """The steps that were answered with success, and of which the group shows nothing."""
    seen = seen_in(live)
    texts = [step for step in _ran(run, Action.PATCH) if _differing(step, live)]
    stayed = [step for step in _ran(run, Action.REMOVE) if all(seen(who) for who in step.people)]
    return frozenset([*texts, *stayed, *_ran(run, Action.LEAVE)])


def _differing(step: Step, live: LiveGroup) -> list[str]:
    """What of a step's texts the group does not have, in words."""
    found = []
    if step.name is not None and not same_text(step.name, live.name):
        found.append(f"its name reads back as {in_quotes(live.name)}, not {in_quotes(step.name)}")
    if step.description is not None and not same_text(step.description, live.description):
        found.append("its description does not read back as it was sent")
    return found


def _pending(run: GroupRun) -> tuple[PersonOutcome, ...]:
    """People who are to come by the link of a group that this run made; in older groups the plan told the link."""
    if run.plan.id is not None:
        return ()
    waiting = [who for advice in run.plan.advice if advice.kind is AdviceKind.PENDING for who in advice.people]
    return tuple(PersonOutcome(run.plan.key, who, PersonState.PENDING, "to come by the invite link") for who in waiting)


def _ran(run: GroupRun, *actions: Action) -> list[Step]:
    return [
        result.step
        for result in run.results
        if result.step.action in actions and result.outcome in (Outcome.DONE, Outcome.UNKNOWN)
    ]
