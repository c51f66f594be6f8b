"""Which live groups are known before the first write, so that none that is there is made a second time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reconciler.apply.api import Writes
from reconciler.errors import Refused
from reconciler.model.live import ListedGroup
from reconciler.model.plan import GroupPlan, Plan
from reconciler.model.step import Action
from reconciler.model.text import in_quotes, same_text


def known_before(plan: Plan, known: Mapping[str, str], api: Writes) -> frozenset[str]:
    """The ids of all groups known before the first write; `known` are those the plan was made or checked with.

    Before anything is created the groups are listed once more: a list that lacked one by mistake, or was right when
    the plan was made, must not make a second group. Raises Refused where one that is to be created is there by now.
    """
    creating = [group for group in plan.groups if any(step.action is Action.CREATE for step in group.steps)]
    if not creating:
        return frozenset(known)
    listing = api.list_groups()
    appeared = there_by_now(creating, listing.groups, known, plan.held)
    if appeared:
        told = "\n".join(f"  {text}" for text in appeared)
        raise Refused(f"the live groups changed since the plan was made, nothing was changed:\n{told}", "plan again")
    return frozenset(known) | listing.names.keys()


def there_by_now(
    creating: Iterable[GroupPlan], listed: Iterable[ListedGroup], known: Mapping[str, str], held: Collection[str]
) -> tuple[str, ...]:
    """Why these groups are not to be created: live groups that bear their names by now, a sentence each.

    `known` has the names, by id, that the plan was made with: a group that bore the name then is another key's, as
    is one whose id a key holds.
    """
    new = [e for e in listed if e.id not in held and not same_text(known.get(e.id, ""), e.name)]
    return tuple(
        f"{group.key}: a live group called {in_quotes(entry.name)} is there by now: {entry.id}"
        for group in creating
        for entry in new
        if any(same_text(entry.name, name) for name in group.names)
    )
