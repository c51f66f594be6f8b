"""What a run should do, worked out from the facts and the file by other means than the program's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from tests.oracle.desired import Desired, DesiredGroup
from tests.oracle.facts import Facts, LiveGroup
from tests.oracle.identity import ME, loose_text, same_text


@dataclass
class ExpectedChange:
    """What is to happen to one group: `kind` is nothing, create, join, leave, change or blocked."""

    kind: str
    group_id: str | None = None
    name: str | None = None
    description: str | None = None
    add: set[str] = field(default_factory=set)
    remove: set[str] = field(default_factory=set)
    others: int = 0
    """How many are in beside the instance."""

    @property
    def is_pending(self) -> bool:
        """Whether a plan has to show a step or a blocked group."""
        return self.kind != "nothing"


@dataclass
class Expectation:
    """The facts before a run, and what the run should make of the groups `targets` (None: of all)."""

    before: Facts
    desired: Desired
    targets: Collection[str] | None = None
    changes: dict[str, ExpectedChange] = field(init=False)

    def __post_init__(self) -> None:
        self.changes = expected_changes(self.before, self.desired, self.targets)

    def keys_by_id(self) -> dict[str, str]:
        """Return the keys of the live groups that the file means."""
        return {change.group_id: key for key, change in self.changes.items() if change.group_id}


def matching_groups(facts: Facts, desired: Desired) -> dict[str, list[str]]:
    """Return the live groups that each key may mean: one is the right one, several or none are not."""
    mine = facts.mine()
    pinned = {group.id for group in desired.groups.values() if group.id is not None}
    free = {group_id: live for group_id, live in mine.items() if group_id not in pinned}
    matching = {}
    for key, group in desired.groups.items():
        if group.id is not None:
            matching[key] = [group.id] if group.id in mine else []
            continue
        by_name = [group_id for group_id, live in free.items() if same_text(live.name, group.names[0])]
        earlier = [group_id for group_id, live in free.items() if any(same_text(live.name, n) for n in group.names[1:])]
        both = by_name and earlier and group.is_left  # the one left, the other would be next
        matching[key] = sorted({*by_name, *earlier}) if both else by_name or earlier
    return matching


def expected_changes(
    facts: Facts, desired: Desired, targets: Collection[str] | None = None
) -> dict[str, ExpectedChange]:
    """Return what is to happen to the groups with these keys (None: to all), if nothing goes wrong."""
    matching = matching_groups(facts, desired)
    single = [ids[0] for ids in matching.values() if len(ids) == 1]
    changes = {
        key: ExpectedChange("blocked")
        if len(matching[key]) > 1 or (matching[key] and single.count(matching[key][0]) > 1)
        else _change(facts, desired, group, matching[key])
        for key, group in desired.groups.items()
        if targets is None or key in targets
    }
    free = facts.mine().keys() - {group_id for group_id in single if single.count(group_id) == 1}
    free -= {group.id for group in desired.groups.values()}
    return {
        key: ExpectedChange("blocked")
        if change.kind == "create" and any(looks_like(facts, desired, desired.groups[key], one) for one in free)
        else change
        for key, change in changes.items()
    }


def looks_like(facts: Facts, desired: Desired, group: DesiredGroup, group_id: str) -> bool:
    """Return whether a live group may be a group of the file that nothing matches, renamed by hand."""
    live = facts.groups[group_id]
    if "lookalikes" in group.fields:
        return False
    if any(loose_text(live.name) == loose_text(name) for name in group.names):
        return True
    unknown = set(live.members) & (facts.hidden - desired.lids)
    possible = len(group.all_members & (set(live.members) - unknown)) + len(unknown - {ME})
    longer = any(words_of(name) and words_of(name) <= words_of(live.name) for name in group.names)
    return possible >= (1 if longer else 2) and possible * 2 >= len(group.all_members) >= 2


def words_of(name: str) -> set[str]:
    """Return the words of a name, each compared loosely."""
    return {loose_text(word) for word in name.split()} - {""}


def _change(facts: Facts, desired: Desired, group: DesiredGroup, ids: list[str]) -> ExpectedChange:
    if ids:
        return _change_of_live(facts, desired, group, ids[0])
    if group.is_left:
        return ExpectedChange("nothing")
    if "invite" in group.fields:
        return ExpectedChange("nothing" if group.membership == "observe" else "join")
    if group.id is not None:
        return ExpectedChange("blocked")
    if group.membership == "observe":
        return ExpectedChange("nothing")
    text = group.fields.get("description")
    return ExpectedChange(
        "create",
        name=group.names[0],
        description=text if text is not None and not same_text(text, "") else None,
        add=group.all_members - group.invited,
    )


def _change_of_live(facts: Facts, desired: Desired, group: DesiredGroup, group_id: str) -> ExpectedChange:
    if group.membership == "observe":
        return ExpectedChange("nothing")
    if group.is_left:
        return ExpectedChange("leave", group_id)
    live = facts.groups[group_id]
    seen = set(live.members) - (facts.hidden - desired.lids)
    is_by_earlier_name = group.id is None and not same_text(group.names[0], live.name)
    others = set(live.members) - {ME}
    has_only_strangers = others and others <= seen and not (group.all_members | group.absent) & others
    if is_by_earlier_name and group.members and has_only_strangers:
        return ExpectedChange("blocked")
    add = group.all_members - group.invited - seen
    remove = group.absent & seen
    if group.membership == "exact" and group.members is not None:
        remove |= seen - group.members
    remove -= never_removed(facts, desired, live)
    text = group.fields.get("description")
    name = None if same_text(group.names[0], live.name) else group.names[0]
    description = None if text is None or same_text(text, live.description) else text
    if name is None and description is None and not add and not remove:
        return ExpectedChange("nothing", group_id)
    kind = "change" if live.members[ME] in ("owner", "admin") else "blocked"
    return ExpectedChange(kind, group_id, name, description, add, remove, len(live.members) - 1)


def never_removed(facts: Facts, desired: Desired, live: LiveGroup) -> set[str]:
    """Return who stays whatever the file says of the group: the instance, owners, protected and ignored people."""
    owners = {digits for digits, role in live.members.items() if role == "owner" and digits not in facts.hidden}
    owners |= {digits for digits in desired.lids if live.members.get(digits) == "owner"}
    if facts.names_creator and live.creator is not None and live.creator not in facts.as_lid:
        owners.add(live.creator)
    return {ME} | owners | desired.protected | desired.ignored


def keys_over_limit(changes: dict[str, ExpectedChange], desired: Desired, option: str | None) -> set[str]:
    """Return the keys whose removals exceed the limit, so that the whole run is refused."""
    over = set()
    for key, change in changes.items():
        if change.kind != "change" or not change.remove:
            continue
        own = desired.groups[key].fields.get("max_removals")
        limit = next(each for each in (option, own, desired.max_removals, "25%") if each is not None)
        if len(change.remove) > _allowed(str(limit), change.others):
            over.add(key)
    return over


def _allowed(limit: str, others: int) -> int:
    if not limit.endswith("%"):
        return int(limit)
    share = int(limit[:-1])
    return max(1, others * share // 100) if share else 0


def looks_unreadable(facts: Facts, desired: Desired) -> bool:
    """Return whether the world is empty though the file gives ids: nothing tells that from a read that failed."""
    pinned = [group for group in desired.groups.values() if group.id is not None and not group.is_left]
    return not facts.mine() and any("invite" not in group.fields for group in pinned)


def remaining_changes(
    facts: Facts, changes: dict[str, ExpectedChange], *, excuse_refusals: bool = False
) -> dict[str, ExpectedChange]:
    """Return what is still to be done, except adds of people who are in under a bare LID (or who refuse adds)."""
    remaining = {}
    for key, change in changes.items():
        inside = set(facts.groups[change.group_id].members) if change.group_id in facts.groups else set()
        excused = (inside & facts.hidden) | ((facts.never - inside) if excuse_refusals else set())
        only_adds = change.kind == "change" and change.name is None and change.description is None and not change.remove
        if change.is_pending and not (only_adds and change.add <= excused):
            remaining[key] = change
    return remaining
