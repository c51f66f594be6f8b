"""What a group that is new in the file says beside its name and its members: all of it that is not the default."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.diff.removal_limits import note_of_own_limit
from reconciler.diff.revised import limit_said
from reconciler.model.desired import DesiredGroup, Membership, Policy, State, Unmanaged
from reconciler.model.difference import FieldChange
from reconciler.model.text import in_quotes


def fields_of_added(group: DesiredGroup, policy: Policy) -> Iterator[FieldChange]:
    """The fields, with a note on each that can cost people their group. The heading has the name and the id."""
    limit = note_of_own_limit(group.max_removals, policy.max_removals)
    said = (
        ("previously", ", ".join(in_quotes(name) for name in group.previously) or None, _of_earlier_names(group)),
        ("description", None if isinstance(group.description, Unmanaged) else group.description, ""),
        ("membership", None if group.membership is Membership.EXACT else group.membership.value, ""),
        ("state", None if group.state is State.PRESENT else group.state.value, ""),
        ("max_removals", limit_said(group.max_removals), limit),
        # A code lets anybody in who reads it.
        ("invite", None if group.invite is None else "a code", ""),
    )
    return (FieldChange(field, None, value, note) for field, value, note in said if value is not None)


def _of_earlier_names(group: DesiredGroup) -> str:
    if group.id is not None:
        return ""
    changed = group.state is State.PRESENT and group.membership is not Membership.OBSERVE
    renamed = ", and renamed" if changed and not isinstance(group.name, Unmanaged) else ""
    return f"where no live group bears its name, the one with an earlier name is taken over{renamed}"
