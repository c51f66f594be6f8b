"""Desired and live values made by hand, short enough that a table test shows only what it is about.

Six people, one instance, and builders that fill in what a test does not care for: the instance is an admin of
every live group unless the test says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from reconciler.config.phone_numbers import country_code
from reconciler.diff.change import Advice, AdviceKind, Change
from reconciler.diff.compare import compare, needs_read, unmanaged
from reconciler.diff.match import match_groups
from reconciler.messages import Message
from reconciler.model.desired import (
    UNMANAGED,
    Desired,
    DesiredGroup,
    Limit,
    Lookalikes,
    Member,
    Membership,
    Person,
    Policy,
    State,
    Unmanaged,
    UnmanagedType,
)
from reconciler.model.identity import Identity, identity_of_digits, parse_jid
from reconciler.model.live import Instance, ListedGroup, LiveGroup, Participant
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.build import build_plan
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.selection import PlanOptions, select_keys

TODAY = date(2026, 6, 15)
CONNECTED = Instance("inst_abc123", "connected")
ALPHA_ID = "120363012345678901@g.us"
BETA_ID = "120363012345678902@g.us"
GAMMA_ID = "120363012345678903@g.us"


def person(digits: str, alias: str | None = None, name: str | None = None, lid: str | None = None) -> Person:
    """Somebody the file names, written with these digits."""
    return Person(identity_of_digits(digits), f"{digits}@s.whatsapp.net", alias, name, lid)


ME = person("12025550100")
ALICE = person("12025550143", "alice")
BOB = person("12025550144", "bob")
CAROL = person("13035550145", "carol")
DAVE = person("14045550146", "dave")
ERIN = person("15125550147", "erin")
FRANK = person("16175550148", "frank")
PEOPLE = (ALICE, BOB, CAROL, DAVE, ERIN, FRANK)


def saying(text: str) -> Message:
    """A message of which a test cares for the words alone."""
    return Message.of("saved-text", text=text)


def codes(messages: Iterable[Message | None]) -> list[str]:
    """What messages tell, as codes: a test that means the fact does not care for the sentence."""
    return [message.code for message in messages if message is not None]


def crowd(count: int) -> tuple[Person, ...]:
    """As many people as a test needs: one a number, in the order of their numbers."""
    return tuple(person(f"1202555{1000 + number}") for number in range(count))


def member(who: Person, until: date | None = None, reason: str | None = None, by_invite: bool = False) -> Member:
    """A wanted member with a date, a reason or an invite."""
    return Member(who, until, reason, by_invite)


def group(
    key: str = "alpha",
    *,
    id: str | None = ALPHA_ID,  # noqa: A002 - the file's own key
    name: str | UnmanagedType = "Alpha",
    previously: Iterable[str] = (),
    description: str | UnmanagedType = UNMANAGED,
    members: Iterable[Person | Member] | UnmanagedType = UNMANAGED,
    expired: Iterable[Member] = (),
    absent: Iterable[Person] = (),
    admins: Iterable[Person] | UnmanagedType = UNMANAGED,
    membership: Membership = Membership.EXACT,
    invite: str | None = None,
    state: State = State.PRESENT,
    max_removals: Limit | None = None,
    lookalikes: Lookalikes | None = None,
    priority: int = 0,
) -> DesiredGroup:
    """A group of the file; by default pinned to the live group Alpha, with nothing else managed."""
    return DesiredGroup(
        key=key,
        id=id,
        name=name,
        previously=tuple(previously),
        description=description,
        members=members if isinstance(members, Unmanaged) else _members(members),
        expired=tuple(expired),
        absent=_by_identity(absent),
        admins=admins if isinstance(admins, Unmanaged) else _by_identity(admins),
        membership=membership,
        invite=invite,
        state=state,
        max_removals=max_removals,
        lookalikes=lookalikes,
        priority=priority,
    )


def _members(people: Iterable[Person | Member]) -> dict[Identity, Member]:
    members = [Member(one) if isinstance(one, Person) else one for one in people]
    return {one.person.identity: one for one in members}


def _by_identity(people: Iterable[Person]) -> dict[Identity, Person]:
    return {one.identity: one for one in people}


def desired(
    *groups: DesiredGroup,
    people: Iterable[Person] = PEOPLE,
    account: Person | None = ME,
    policy: Policy | None = None,
    as_of: date = TODAY,
) -> Desired:
    """A whole desired state, sorted by key as the loader sorts it."""
    known = {one.identity: one for one in people}
    in_order = tuple(sorted(groups, key=lambda g: g.key))
    return Desired(
        groups=in_order,
        people=known,
        instance_id="inst_abc123",
        account=account,
        policy=policy or Policy(),
        as_of=as_of,
    )


def policy(
    protected: Iterable[Person] = (),
    ignored: Iterable[Person] = (),
    max_removals: Limit | None = None,
    writes_per_minute: int | None = None,
) -> Policy:
    """What the file forbids or protects everywhere."""
    return Policy(
        protected=frozenset(one.identity for one in protected),
        ignored=frozenset(one.identity for one in ignored),
        max_removals=max_removals,
        writes_per_minute=writes_per_minute,
    )


def participant(
    who: Person | str, admin: bool = False, owner: bool = False, lid: str | None = None, shown_as: str | None = None
) -> Participant:
    """Somebody in a live group: a person, or a JID in the server's spelling (a bare LID has no identity)."""
    spelling = who if isinstance(who, str) else shown_as or who.jid
    jid = parse_jid(spelling)
    if jid is None:
        return Participant(id=spelling, identity=None, jid=None, lid=lid, is_admin=admin, is_owner=owner)
    if jid.is_lid:
        return Participant(
            id=spelling, identity=None, jid=None, lid=f"{jid.digits}@lid", is_admin=admin, is_owner=owner
        )
    return Participant(
        id=spelling, identity=identity_of_digits(jid.digits), jid=jid.phone_jid, lid=lid, is_admin=admin, is_owner=owner
    )


MYSELF = participant(ME, admin=True)


def live(
    *people: Person | Participant,
    id: str = ALPHA_ID,  # noqa: A002 - the API's own field
    name: str = "Alpha",
    description: str = "",
    owner: Person | None = None,
    count: int | None = None,
    me: Participant | None = MYSELF,
) -> LiveGroup:
    """A live group as read: these people and, unless `me` is None, the instance."""
    others = tuple(one if isinstance(one, Participant) else participant(one) for one in people)
    everybody = ((me,) if me is not None else ()) + others
    return LiveGroup(
        id=id,
        name=Untrusted(name),
        description=Untrusted(description),
        participants=everybody,
        owner=owner.identity if owner else None,
        count=len(everybody) if count is None else count,
    )


def listed(one: LiveGroup, whole: bool = False) -> ListedGroup:
    """This live group's entry in the list: id, name and count, or everything."""
    if whole:
        return ListedGroup(
            id=one.id,
            name=one.name,
            count=one.count,
            participants=one.participants,
            description=one.description,
            owner=one.owner,
        )
    return ListedGroup(id=one.id, name=one.name, count=one.count)


def plan_for(
    wanted: Desired,
    *lives: LiveGroup,
    choices: PlanOptions | None = None,
    instance: Instance | None = CONNECTED,
) -> Plan:
    """The plan of a desired state for these live groups, made as a run makes it: list, match, read, compare."""
    chosen = choices or PlanOptions()
    keys = select_keys(wanted.groups, chosen)
    entries = [listed(one) for one in lives]
    matches = match_groups(wanted.groups, entries)
    return build_plan(
        changes_for(wanted, *lives, keys=keys),
        wanted,
        chosen,
        instance_id="inst_abc123",
        instance=instance,
        country_of=country_code,
        advice=unmanaged(matches.values(), entries),
    )


def changes_for(wanted: Desired, *lives: LiveGroup, keys: Iterable[str] | None = None) -> tuple[Change, ...]:
    """The changes of the groups with these keys, or of all; read is only what the plan needs to read."""
    matches = match_groups(wanted.groups, [listed(one) for one in lives])
    chosen = [match for key, match in matches.items() if keys is None or key in keys]
    needed = {match.listed.id for match in chosen if match.listed is not None and needs_read(match)}
    return compare(chosen, wanted, {one.id: one for one in lives if one.id in needed})


def change_for(wanted: Desired, *lives: LiveGroup) -> Change:
    """The change of the only group of this desired state."""
    (change,) = changes_for(wanted, *lives)
    return change


def group_plan(wanted: Desired, *lives: LiveGroup, choices: PlanOptions | None = None) -> GroupPlan:
    """The plan of the only group of this desired state."""
    (planned,) = plan_for(wanted, *lives, choices=choices).groups
    return planned


def labels(people: Iterable[PersonRef]) -> list[str]:
    """Whom a plan names, readable: label, else number, else private id."""
    return [who.label or who.identity or who.lid or "" for who in people]


def told(advice: Sequence[Advice], kind: AdviceKind) -> list[str]:
    """The people all advice of one kind is about."""
    return [label for one in advice if one.kind is kind for label in labels(one.people)]
