"""Make the reads of an examination, in order, as far as they lead. An error is a finding and ends nothing by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from reconciler.diff.match import block_unlisted, match_groups, pinned_groups
from reconciler.doctor.model import Numbers, Reads, Setup
from reconciler.errors import ApiError, InvalidResponse, NotFound
from reconciler.live.client import Client
from reconciler.live.fetch import OnRead, check_numbers, confirm_listing, ignore_progress, list_groups, read_groups
from reconciler.live.transport import Exchange
from reconciler.lookalike_reader import LookalikeReader
from reconciler.model.desired import Desired, Person
from reconciler.model.identity import Identity
from reconciler.model.live import Instance, ListedGroup, Listing, LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.plan.guards import check_instance
from reconciler.plan.selection import PlanOptions, allowed_lookalikes

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to look at in addition: how many groups to read whole, whether to ask about every number of the file."""

    sample: int = 5
    numbers: bool = False
    parallelism: int = 4


def make_reads(
    client: Client, setup: Setup, request: Request, exchanges: Sequence[Exchange], rate: Callable[[], float]
) -> Reads:
    """Read the instance, its webhooks, its list of groups and a sample of them.

    `exchanges` grows while the client reads: every response is added to it. `rate` returns the calls a minute that are
    known to be possible.
    """
    seen = Reads(instance=_attempt(client.instance))
    if not _leads_on(seen.instance):
        return replace(seen, exchanges=tuple(exchanges), per_minute=rate())
    seen = replace(seen, webhooks=_attempt(client.webhooks))
    if not isinstance(seen.instance, Instance) or not check_instance(seen.instance):
        seen = _read_groups(client, setup, request, seen, exchanges)
    return replace(seen, exchanges=tuple(exchanges), per_minute=rate())


def ask_about(client: Client, people: Sequence[Person], most: int, on_read: OnRead = ignore_progress) -> Numbers:
    """Ask about the numbers of these people, one after another, up to the limit of a run."""
    answers = check_numbers(client, [person.identity for person in people[:most]], on_read)
    asked = tuple((person, answers[person.identity]) for person in people if person.identity in answers)
    return Numbers(answers=asked, left=len(people) - len(asked), most=most)


def people_to_check(desired: Desired, observed: Reads) -> list[Person]:
    """Return everybody in the file but the account itself; first those that no group which was read shows."""
    members = (member for group in desired.groups for member in group.listed_members.values())
    people = {**{member.person.identity: member.person for member in members}, **desired.people}
    if desired.account is not None:
        people.pop(desired.account.identity, None)
    shown = _identities(observed)
    return sorted(people.values(), key=lambda person: (person.identity in shown, PersonRef.of(person).sort_key))


def _identities(observed: Reads) -> set[Identity | None]:
    listed = observed.listing.groups if isinstance(observed.listing, Listing) else ()
    read = observed.sample if isinstance(observed.sample, tuple) else ()
    lists = [*(entry.participants or () for entry in listed), *(group.participants for group in read)]
    return {participant.identity for participants in lists for participant in participants}


def _attempt(read: Callable[[], T]) -> T | ApiError:
    try:
        return read()
    except ApiError as error:
        return error


def _leads_on(instance: Instance | ApiError | None) -> bool:
    """Whether more reads can tell more: the API answers, with the key accepted, though perhaps not about the instance.

    No document promises the read of an instance, so its lack alone says nothing about the groups.
    """
    if not isinstance(instance, ApiError):
        return True
    if isinstance(instance, NotFound):
        return instance.code != "INSTANCE_NOT_FOUND"
    return isinstance(instance, InvalidResponse) and instance.status is None


def _read_groups(client: Client, setup: Setup, request: Request, seen: Reads, exchanges: Sequence[Exchange]) -> Reads:
    before = len(exchanges)
    groups = setup.desired.groups if setup.desired else ()
    listing = _attempt(lambda: list_groups(client, pinned_groups(groups)))
    confirmed = _attempt(lambda: confirm_listing(listing, client)) if isinstance(listing, Listing) else listing
    calls = len(exchanges) - before
    seen = replace(seen, listing=confirmed, list_calls=calls, read_again=confirmed is not listing)
    if not isinstance(confirmed, Listing):
        return seen
    if setup.desired is not None:
        seen = _match(client, setup.desired, seen, confirmed, request.parallelism)
    sample = choose_sample(confirmed, setup.desired, request.sample)
    read = _attempt(lambda: read_groups(client, sample, request.parallelism))
    if isinstance(read, ApiError):
        return replace(seen, sample=read)
    whole = tuple(group for group in read.values() if isinstance(group, LiveGroup))
    unreadable = tuple((id_, error) for id_, error in read.items() if isinstance(error, ApiError))
    return replace(seen, sample=whole, unreadable=unreadable)


def _match(client: Client, desired: Desired, seen: Reads, listing: Listing, parallelism: int) -> Reads:
    """Match every key as a plan does: one that a live group may be under another name is blocked."""
    desired = desired.for_instance(client.instance_id)
    reader = LookalikeReader(client=client, parallelism=parallelism)
    matches = match_groups(desired.groups, listing.groups)
    if any(match.creates for match in matches.values()):
        listing, matches = reader.name_matches(desired, listing, matches)
    matches = block_unlisted(matches, listing.odd)
    new = frozenset(key for key, match in matches.items() if match.creates)
    if unsure := new - allowed_lookalikes(desired, PlanOptions()):
        matches = reader.block_matches(desired, listing, matches, unsure)
    return replace(seen, matches=matches, lookalike_reads=len(reader.reads))


def choose_sample(listing: Listing, desired: Desired | None, size: int) -> Collection[ListedGroup]:
    """Return the groups to read: first those that the file manages, then the others."""
    matches = match_groups(desired.groups, listing.groups).values() if desired else ()
    managed = [match.listed for match in matches if match.listed is not None]
    ids = {entry.id for entry in managed}
    return [*managed, *(entry for entry in listing.groups if entry.id not in ids)][:size]
