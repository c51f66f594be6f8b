"""What another limit of removals means, as far as it can be told without the live groups."""

from __future__ import annotations

from reconciler.model.desired import DEFAULT_REMOVALS, RemovalLimit


def note_of_limit(old: RemovalLimit | None, new: RemovalLimit | None) -> str:
    """What another limit than before means: "" where it is surely no wider."""
    if new is None:
        return "" if old is None else "the limit of all groups, or else the default, holds from now on"
    wider = _is_wider(old or DEFAULT_REMOVALS, new)
    if wider is None:
        return "counted otherwise than before: see how many that is for your groups"
    return "a plan may take more people out than before" if wider else ""


def note_of_own_limit(limit: RemovalLimit | None, of_all: RemovalLimit | None) -> str:
    """What a new group's own limit means beside that of all groups: "" where it is surely no wider."""
    if limit is None:
        return ""
    one = of_all or DEFAULT_REMOVALS
    wider = _is_wider(one, limit)
    if wider is None:
        return f"counted otherwise than the {one} of all groups: see how many that is for this one"
    return f"a plan may take more people out than the {one} of all groups" if wider else ""


def _is_wider(one: RemovalLimit, other: RemovalLimit) -> bool | None:
    """Whether the other limit allows more; None for a count beside a share: that depends on how many there are."""
    pair = (one.count, other.count) if other.count is not None else (one.percent, other.percent)
    return None if pair[0] is None or pair[1] is None else pair[1] > pair[0]
