"""When a read of a live group looks wrong, so that nobody is removed on its word."""

from __future__ import annotations

from reconciler.diff.people import Cast
from reconciler.model.desired import Person
from reconciler.model.live import LiveGroup


def doubts(live: LiveGroup, cast: Cast, instance: Person | None) -> tuple[str, ...]:
    """Why this read is doubtful, in words; nothing when it is not.

    People who cannot be identified make no doubt by themselves: the instance may be one of them.
    """
    seen = len(live.participants)
    if seen == 0:
        return ("the read shows nobody in it",)
    reasons = []
    if live.count is not None and live.count != seen:
        reasons.append(f"the read shows {seen} participants, the list counts {live.count}")
    if instance is not None and instance.identity not in cast.present and not cast.unknown:
        reasons.append("the instance itself is missing from the read")
    return tuple(reasons)
