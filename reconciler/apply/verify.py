"""After its steps each changed group is read back: what the calls promised is held against what is there."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.apply.api import Writes
from reconciler.apply.members import is_there
from reconciler.apply.steps import GroupRun
from reconciler.errors import ApiError, Forbidden, Interrupted, NotFound
from reconciler.model.live import LiveGroup
from reconciler.model.plan import Action, AdviceKind, Step, Who
from reconciler.model.result import Outcome, PersonOutcome, PersonState
from reconciler.model.text import same_text

ACCOUNTED_FOR = frozenset({PersonState.ALREADY_IN, PersonState.BAD_NUMBER})
"""Who is one of these is told already; not being seen in the group adds nothing."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a read-back found: people not where they should be, and what else differs, in words."""

    people: tuple[PersonOutcome, ...] = ()
    left_over: tuple[str, ...] = ()
    live: LiveGroup | None = None


def read_back(run: GroupRun, api: Writes) -> ReadBack:
    """Read one changed group and compare; never raises for the API's failures, they are `left_over`."""
    if run.group_id is None:
        return ReadBack(said(run))
    leaving = any(step.action is Action.LEAVE for step in run.plan.steps)
    try:
        live = api.group(run.group_id)
    except (NotFound, Forbidden) as error:
        gone = () if leaving else (f"it could not be read back: {error}",)
        return ReadBack(said(run), gone)
    except (ApiError, Interrupted) as error:
        return ReadBack(said(run), (f"it could not be read back: {error}",))
    left_over = ("the instance is still in it",) if leaving else _texts_that_differ(run, live)
    return ReadBack((*said(run), *_misplaced(run, live), *_pending(run)), left_over, live)


def with_links(found: ReadBack, api: Writes, group_id: str | None) -> ReadBack:
    """Give everybody who is to come by themselves the group's invite link, if it can be had."""
    needs = (PersonState.NOT_ADDED, PersonState.PENDING)
    if group_id is None or not any(outcome.state in needs for outcome in found.people):
        return found
    try:
        link, trouble = api.invite_link(group_id), ""
    except (ApiError, Interrupted) as error:
        link, trouble = None, f"the invite link could not be had: {error}"
    people = tuple(
        PersonOutcome(o.group, o.who, o.state, f"{o.message}; {trouble}" if trouble else o.message, link)
        if o.state in needs
        else o
        for o in found.people
    )
    return ReadBack(people, found.left_over, found.live)


def said(run: GroupRun) -> tuple[PersonOutcome, ...]:
    """What the calls themselves said of single people."""
    return tuple(PersonOutcome(run.plan.key, who, state, text) for who, (state, text) in run.said.items())


def _texts_that_differ(run: GroupRun, live: LiveGroup) -> tuple[str, ...]:
    found = []
    for step in _ran(run, Action.CREATE, Action.PATCH):
        if step.name is not None and not same_text(step.name, live.name):
            found.append(f'its name reads back as "{live.name}", not "{step.name}"')
        if step.description is not None and not same_text(step.description, live.description):
            found.append("its description does not read back as it was sent")
    return tuple(found)


def _misplaced(run: GroupRun, live: LiveGroup) -> tuple[PersonOutcome, ...]:
    identities = {p.identity for p in live.participants if p.identity is not None}
    lids = {p.lid for p in live.participants if p.lid is not None}
    told = {who for who, (state, _) in run.said.items() if state in ACCOUNTED_FOR}
    out = []
    for step in _ran(run, Action.CREATE, Action.ADD):
        missing = [w for w in step.people if w not in told and not is_there(w, identities, lids)]
        text = "added, and not there: privacy settings let only contacts add them"
        out += [PersonOutcome(run.plan.key, who, PersonState.NOT_ADDED, text) for who in missing]
    for step in _ran(run, Action.REMOVE):
        staying = [w for w in step.people if w not in run.said and is_there(w, identities, lids)]
        out += [_still_in(run, who) for who in staying]
    return tuple(out)


def _still_in(run: GroupRun, who: Who) -> PersonOutcome:
    return PersonOutcome(run.plan.key, who, PersonState.STILL_IN, "removed, and still there when read back")


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
