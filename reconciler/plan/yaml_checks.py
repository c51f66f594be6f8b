"""Check that a saved plan is what its YAML and the live groups come to, so that nobody edited it on its way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final

from reconciler.diff.change import Advice, AdviceKind
from reconciler.errors import PlanFileError
from reconciler.messages import Message
from reconciler.model.desired import Desired, Limit, Person
from reconciler.model.identity import Identity
from reconciler.model.live import ContactCheck, LiveGroup, ReadGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted, normalize
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.selection import COMMAND_LINE_LIMIT, PlanOptions, select_groups
from reconciler.plan.source_losses import SourceComparison
from reconciler.plan.staleness import groups_with_steps

SAME_IN_PLAN: Final = (
    "writes_per_minute",
    "minutes_between_groups",
    "not_selected",
    "shard",
    "pinned_ids",
    "never_removed",
)
"""What must be in a plan as it is in a new one of the same YAML."""
SAME_IN_GROUP: Final = (
    "key",
    "name",
    "id",
    "matched_by",
    "lookup_names",
    "field_changes",
    "add",
    "remove",
    "steps",
    "blocked",
    "advice",
    "live_members",
)
"""The same for each group that the plan changes; `removal_limit` may be stricter, and `live` is checked as stale."""
_NOT_COMPARED: Final = (AdviceKind.REMATCHED, AdviceKind.NOT_CHECKED)
"""Advice about an earlier revision, and about numbers that the API did not answer for."""
_SHOWN_PLACES: Final = 10
_Names = Mapping[Identity, AbstractSet[tuple[str | None, str | None]]]
"""The alias and the name that the YAML has for somebody; a number may have several."""


def raise_if_differs_from_yaml(plan: Plan, desired: Desired) -> None:
    """Raise PlanFileError when the plan is about other groups than its options select, or shows what is not so.

    That is a wrong name of somebody, a difference that no step removes, or a link to a group that there is not.
    """
    groups = {group.key for group in desired.groups}
    places = [] if groups >= {*plan.targets, *plan.excludes} else ["targets or excludes"]
    if {group.key for group in plan.groups} != select_groups(desired, options_of(plan)).planned:
        places.append("groups")
    known = _names_by_identity(desired)
    places += [place for place, people in _people(plan) if any(_is_misnamed(p, known, plan) for p in people)]
    for group in plan.groups:
        if not group.steps and not group.blocked and (group.add or group.remove or group.field_changes):
            places.append(f"{group.key}: steps")
        if group.live is None and any(advice.link is not None for advice in group.advice):
            places.append(f"{group.key}: advice")
    _raise_if_any(list(dict.fromkeys(places)))


def raise_if_differs_from_rebuilt(plan: Plan, rebuilt: Plan) -> None:
    """Raise PlanFileError when the plan differs from the new one; `rebuilt` has the groups that the plan changes."""
    places = [name for name in SAME_IN_PLAN if getattr(plan, name) != getattr(rebuilt, name)]
    for group, expected in zip(groups_with_steps(plan), rebuilt.groups, strict=True):
        names = (name for name in SAME_IN_GROUP if _comparable(group, name) != _comparable(expected, name))
        places += [f"{group.key}: {name}" for name in names]
    _raise_if_any(places)


def options_of(plan: Plan) -> PlanOptions:
    """Return the options that a saved plan was made with; the limit of removals is judged apart."""
    return PlanOptions(
        targets=plan.targets,
        excludes=plan.excludes,
        shard=plan.shard,
        changed_since=plan.changed_since,
        sources=SourceComparison(losses=plan.source_losses),
    )


def former_people(plan: Plan) -> Mapping[Identity, Person]:
    """Return the people to be removed as a plan names them that was made with an earlier revision, which knows some."""
    people = (person for group in plan.groups for person in group.remove if _knows_former_people(plan))
    return {p.identity: Person(p.identity, p.jid, p.alias, p.name) for p in people if p.identity and p.jid}


def saved_answers(plan: Plan) -> dict[Identity, ContactCheck]:
    """Return what the API answered about numbers before the plan was saved, as its people show it."""
    answers = {p.identity: ContactCheck(exists=True, phone="", jid=p.jid) for group in plan.groups for p in group.add}
    notes = (advice for group in plan.groups for advice in group.advice)
    absent = (p.identity for advice in notes if advice.kind is AdviceKind.NOT_ON_WHATSAPP for p in advice.people)
    answers |= {identity: ContactCheck(exists=False, phone="") for identity in absent}
    return {identity: answer for identity, answer in answers.items() if identity is not None}


def with_present_limits(
    plan: Plan, rebuilt: Plan | None, live_groups: Mapping[str, ReadGroup], override: Limit | None
) -> Plan:
    """Return the plan with the limits of removals that hold now: the command line's, else the YAML's.

    The plan's own limit counts where `--max-removals` set it when the plan was made, where it is stricter, and where
    the YAML is gone.
    """
    limits = {group.key: group.removal_limit for group in rebuilt.groups} if rebuilt is not None else {}

    def limited(group: GroupPlan) -> GroupPlan:
        live = live_groups.get(group.live.id) if group.live is not None else None
        members = min(group.live_members, len(live.participants) if isinstance(live, LiveGroup) else 0)
        if override is not None:
            return replace(group, live_members=members, removal_limit=override)
        if group.key not in limits or group.removal_limit.source == COMMAND_LINE_LIMIT:
            return replace(group, live_members=members)
        limit = limits[group.key]
        if group.removal_limit.allowed(members) < limit.allowed(members):
            limit = replace(group.removal_limit, source="the saved plan")
        return replace(group, live_members=members, removal_limit=limit)

    return replace(plan, groups=tuple(limited(group) if group.steps else group for group in plan.groups))


def _raise_if_any(places: list[str]) -> None:
    if places:
        more = f" and {len(places) - _SHOWN_PLACES} more" if len(places) > _SHOWN_PLACES else ""
        raise PlanFileError(
            "the plan is not what its YAML and the live groups come to; it differs at "
            f"{', '.join(places[:_SHOWN_PLACES])}{more}",
            "somebody edited it, or another version made it: make a new plan",
        )


def _people(plan: Plan) -> Iterator[tuple[str, Iterable[PersonRef]]]:
    """Yield all people of a plan, by the place."""
    for group in plan.groups:
        yield f"{group.key}: add", group.add
        yield f"{group.key}: remove", group.remove
        yield f"{group.key}: steps", (person for step in group.steps for person in step.people)
        yield f"{group.key}: advice", (person for advice in group.advice for person in advice.people)
    yield "advice", (person for advice in plan.advice for person in advice.people)


def _names_by_identity(desired: Desired) -> _Names:
    names: dict[Identity, set[tuple[str | None, str | None]]] = {}
    people = [*desired.people.values()]
    for group in desired.groups:
        people += [member.person for member in (*group.listed_members.values(), *group.expired)]
    for person in people:
        names.setdefault(person.identity, set()).add((person.alias, person.name))
    return names


def _is_misnamed(person: PersonRef, known: _Names, plan: Plan) -> bool:
    """Whether the YAML calls somebody otherwise; who is only in an earlier revision has that revision's name."""
    if person.label is None:
        return False
    if person.identity is not None and person.identity in known:
        return (person.alias, person.name) not in known[person.identity]
    return not _knows_former_people(plan)


def _knows_former_people(plan: Plan) -> bool:
    """Whether an earlier revision may have named people in a plan."""
    return plan.changed_since is not None or bool(plan.source_losses)


def _comparable(group: GroupPlan, name: str) -> Any:
    """Return a member of a group in the form that compares: live texts may be spelled otherwise in another read."""
    if name == "name":
        return normalize(group.name)
    if name == "field_changes":
        return [(one.field, normalize(one.old or Untrusted("")), one.new) for one in group.field_changes]
    if name == "advice":
        return [_without_link(one, group) for one in group.advice if one.kind not in _NOT_COMPARED]
    return getattr(group, name)


def _without_link(advice: Advice, group: GroupPlan) -> Advice:
    """Return advice without what the group's invite link came to: that is fetched again."""
    awaits_link = advice.kind is AdviceKind.PENDING and group.live is not None
    return replace(advice, message=Message.of("joins-by-link"), link=None) if awaits_link else advice
