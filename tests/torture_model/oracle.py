"""What a run should do, worked out from the truth and the wish by other means than the program's."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.torture_model.cast import ME, same
from tests.torture_model.facts import Facts, LiveGroup
from tests.torture_model.wishes import Want, Wanted


@dataclass
class Due:
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
    def pending(self) -> bool:
        """Whether a plan has to show something to do, or something in the way."""
        return self.kind != "nothing"


def matches(facts: Facts, wanted: Wanted) -> dict[str, list[str]]:
    """The live groups each key may mean: one is the right one, several or none are not."""
    mine = facts.mine()
    held = {want.id for want in wanted.groups.values() if want.id is not None}
    free = {group_id: group for group_id, group in mine.items() if group_id not in held}
    found = {}
    for key, want in wanted.groups.items():
        if want.id is not None:
            found[key] = [want.id] if want.id in mine else []
            continue
        by_name = [group_id for group_id, group in free.items() if same(group.name, want.names[0])]
        earlier = [group_id for group_id, group in free.items() if any(same(group.name, n) for n in want.names[1:])]
        both = by_name and earlier and want.left  # the one left, the other would be next
        found[key] = sorted({*by_name, *earlier}) if both else by_name or earlier
    return found


def due(facts: Facts, wanted: Wanted) -> dict[str, Due]:
    """What is to happen to every group of the file, if nothing goes wrong."""
    found = matches(facts, wanted)
    single = [ids[0] for ids in found.values() if len(ids) == 1]
    return {
        key: Due("blocked")
        if len(found[key]) > 1 or (found[key] and single.count(found[key][0]) > 1)
        else _due(facts, wanted, want, found[key])
        for key, want in wanted.groups.items()
    }


def _due(facts: Facts, wanted: Wanted, want: Want, found: list[str]) -> Due:
    if found:
        return _due_live(facts, wanted, want, found[0])
    if want.left:
        return Due("nothing")
    if "invite" in want.fields:
        return Due("nothing" if want.mode == "observe" else "join")
    if want.id is not None:
        return Due("blocked")
    if want.mode == "observe":
        return Due("nothing")
    text = want.fields.get("description")
    return Due(
        "create",
        name=want.names[0],
        description=text if text is not None and not same(text, "") else None,
        add=want.all_wanted - want.waiting,
    )


def _due_live(facts: Facts, wanted: Wanted, want: Want, group_id: str) -> Due:
    if want.mode == "observe":
        return Due("nothing")
    if want.left:
        return Due("leave", group_id)
    live = facts.groups[group_id]
    seen = set(live.members) - (facts.hidden - wanted.lids)
    add = want.all_wanted - want.waiting - seen
    remove = want.absent & seen
    if want.mode == "exact" and want.wanted is not None:
        remove |= seen - want.wanted
    remove -= untouchable(facts, wanted, live)
    text = want.fields.get("description")
    name = None if same(want.names[0], live.name) else want.names[0]
    description = None if text is None or same(text, live.description) else text
    if name is None and description is None and not add and not remove:
        return Due("nothing", group_id)
    kind = "change" if live.members[ME] in ("owner", "admin") else "blocked"
    return Due(kind, group_id, name, description, add, remove, len(live.members) - 1)


def untouchable(facts: Facts, wanted: Wanted, live: LiveGroup) -> set[str]:
    """Who stays whatever the file says of the group: the instance, owners, protected and ignored people."""
    owners = {digits for digits, role in live.members.items() if role == "owner" and digits not in facts.hidden}
    owners |= {digits for digits in wanted.lids if live.members.get(digits) == "owner"}
    if facts.tells_creator and live.creator is not None and live.creator not in facts.as_lid:
        owners.add(live.creator)
    return {ME} | owners | wanted.protected | wanted.ignored


def refused(dues: dict[str, Due], wanted: Wanted, given: str | None) -> set[str]:
    """The keys whose removals are more than allowed, so that the whole run is refused."""
    too_many = set()
    for key, what in dues.items():
        if what.kind != "change" or not what.remove:
            continue
        own = wanted.groups[key].fields.get("max_removals")
        limit = next(each for each in (given, own, wanted.max_removals, "25%") if each is not None)
        if len(what.remove) > _allowed(str(limit), what.others):
            too_many.add(key)
    return too_many


def _allowed(limit: str, others: int) -> int:
    if not limit.endswith("%"):
        return int(limit)
    share = int(limit[:-1])
    return max(1, others * share // 100) if share else 0


def unreadable(facts: Facts, wanted: Wanted) -> bool:
    """Whether the world is empty though the file notes ids: nothing tells that from a read that failed."""
    pinned = [want for want in wanted.groups.values() if want.id is not None and not want.left]
    return not facts.mine() and any("invite" not in want.fields for want in pinned)
