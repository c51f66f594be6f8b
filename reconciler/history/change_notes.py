"""What a change of the configuration means for the live groups, a line for each field where that is not obvious.

A field without a line here is reported with its values alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.diff.match import lookup_names
from reconciler.model.desired import (
    DEFAULT_REMOVALS,
    Desired,
    DesiredGroup,
    Limit,
    Lookalikes,
    Membership,
    State,
    Unmanaged,
)
from reconciler.model.identity import Identity


def field_note(old: DesiredGroup, new: DesiredGroup, field: str) -> str:
    """Return what a changed field of a group means; "" where that is obvious."""
    return _GROUP_NOTES[field](old, new) if field in _GROUP_NOTES else ""


def added_field_note(group: DesiredGroup, policy_limit: Limit | None, field: str) -> str:
    """Return what a field of an added group means; "" where that is obvious."""
    if field == "previously" and group.id is None:
        changed = group.state is State.PRESENT and group.membership is not Membership.OBSERVE
        renamed = " and renamed" if changed and not isinstance(group.name, Unmanaged) else ""
        return f"if no live group has its name, the one with an earlier name is adopted{renamed}"
    if field == "lookalikes":
        return _ALLOWS_LOOKALIKES
    if field == "max_removals" and group.max_removals is not None:
        limit = policy_limit or DEFAULT_REMOVALS
        wider = f"allows more removals than the limit of all groups ({limit})"
        incomparable = f"not comparable with the limit of all groups ({limit}): check what it means for this group"
        return _wider_note(limit, group.max_removals, wider, incomparable)
    return ""


def setting_note(old: Desired, new: Desired, field: str, was_set: bool) -> str:
    """Return what a changed setting means; "" where that is obvious.

    Setting one of `_DEFAULTED` for the first time only writes down what was true before.
    """
    if field == "policy.max_removals":
        return _limit_note(old.policy.max_removals, new.policy.max_removals)
    if field in _DEFAULTED and not was_set:
        return ""
    if field == "policy.allowed_countries" and new.policy.allowed_countries is not None:
        return ""
    if field.startswith("rules["):
        return _EXEMPTS if field.endswith("].exempt") else ""
    return _SETTING_NOTES.get(field, "")


def list_note(field: str, removes_people: bool) -> str:
    """Return what a changed list of people means; "" where that is obvious."""
    notes = _LIST_NOTES | _REMOVAL_NOTES if removes_people else _LIST_NOTES
    return notes.get(field, "")


def added_group_notes(group: DesiredGroup, namesakes: Sequence[DesiredGroup]) -> Iterator[str]:
    """Yield what becomes of a group that is new; `namesakes` are the removed ones that share a name with it."""
    if group.state is State.LEFT:
        yield "the instance leaves this group if it is in it"
        return
    if namesakes and group.id is None:
        keys = ", ".join(one.key for one in namesakes)
        yield f"shares a name with {keys}, which is removed: it may match the same live group"
    elif group.membership is Membership.OBSERVE:
        yield "only observed: nothing is changed in it"
    elif group.invite is not None:
        yield "joined through its invite if the instance is not in it"
    elif group.id is None:
        names = "its name or an earlier one" if group.previously else "its name"
        yield f"created, unless exactly one live group has {names}: that one is adopted"
    if _removes_others(group):
        yield "if it is already live, everybody who is not listed is removed from it"


def removed_group_note(group: DesiredGroup, namesakes: Sequence[DesiredGroup]) -> str:
    """Return what becomes of a group that is removed; `namesakes` are the remaining ones that share a name with it."""
    listed = len(group.listed_members)
    live = f"the live group and its {listed} listed members stay" if listed > 1 else "the live group stays"
    keys = ", ".join(one.key for one in namesakes)
    return f"no longer managed: {live} unchanged" + (f", unless matched by its name for {keys}" if keys else "")


def why_kept(identity: Identity, group: DesiredGroup, new: Desired) -> str:
    """Return why a person who is no longer listed stays in the live group; "" where nothing keeps them."""
    if identity in new.policy.protected:
        return "protected by `policy.protected`"
    if group.state is State.LEFT:
        return "the instance leaves the group without removing anybody"
    if group.membership is Membership.OBSERVE:
        return "the group is only observed"
    if identity in group.absent:
        return ""
    if isinstance(group.members, Unmanaged):
        return "its members are no longer managed"
    return "" if group.membership is Membership.EXACT else "membership is additive"


def _limit_note(old: Limit | None, new: Limit | None) -> str:
    if new is None:
        return "" if old is None else "the limit of all groups applies instead, or else the default"
    incomparable = "the limit changed between a count and a percentage: check what it means for your groups"
    return _wider_note(old or DEFAULT_REMOVALS, new, "allows more removals than before", incomparable)


def _wider_note(old: Limit, new: Limit, wider: str, incomparable: str) -> str:
    """Return `wider` where the new limit allows more, `incomparable` where one is a count and one a percentage."""
    before, after = (old.count, new.count) if new.count is not None else (old.percent, new.percent)
    if before is None or after is None:
        return incomparable
    return wider if after > before else ""


def _removes_others(group: DesiredGroup) -> bool:
    return group.membership is Membership.EXACT and not isinstance(group.members, Unmanaged)


def _members_note(old: DesiredGroup, new: DesiredGroup) -> str:
    starts = _removes_others(new) and not _removes_others(old)
    return "everybody who is in the live group but not listed is removed from now on" if starts else ""


def _id_note(old: DesiredGroup, new: DesiredGroup) -> str:
    if old.id is None:
        return ""
    return "matched by its name from now on" if new.id is None else "refers to a different live group from now on"


def _name_note(old: DesiredGroup, new: DesiredGroup) -> str:
    """Warn of a group without an id that loses its live name: it may be created a second time."""
    if isinstance(old.name, Unmanaged) or isinstance(new.name, Unmanaged):
        return ""
    if new.id is not None or new.invite is not None or old.name in lookup_names(new):
        return ""
    return (
        "the live group no longer matches: a second one may be created; add its `id`, or the old name to `previously`"
    )


_ALLOWS_LOOKALIKES: Final = "the group is created although a live group may be it"
_GROUP_NOTES: Final[Mapping[str, Callable[[DesiredGroup, DesiredGroup], str]]] = {
    "id": _id_note,
    "name": _name_note,
    "members": _members_note,
    "membership": _members_note,
    "state": lambda _, new: "the instance leaves the group; nobody is removed" if new.state is State.LEFT else "",
    "lookalikes": lambda _, new: _ALLOWS_LOOKALIKES if new.lookalikes is Lookalikes.ALLOW else "",
    "max_removals": lambda old, new: _limit_note(old.max_removals, new.max_removals),
}
_SETTING_NOTES: Final[Mapping[str, str]] = {
    "policy.allowed_countries": "numbers of all countries are allowed",
    "instance.id": "refers to another account's groups",
    "instance.phone": "this is the number that no plan removes",
    "region": "numbers without a country code belong to another country",
    "restrictions": "changes which file may define what",
}
_EXEMPTS: Final = "who may break the rule, and until when"
_DEFAULTED: Final = ("instance.id", "instance.phone", "region")
_LIST_NOTES: Final[dict[str, str]] = {
    "admins": "reported, not enforced: the API cannot promote anybody",
    "people.lid": "the private id identifies a participant whose number is hidden",
}
_REMOVAL_NOTES: Final[dict[str, str]] = {
    "policy.protected": "a plan can remove people who are no longer protected",
    "policy.ignored": "people who are no longer ignored are treated like everybody else, and removed if not listed",
}
