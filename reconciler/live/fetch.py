"""Read the live groups with the fewest calls: a complete list, whole groups in parallel, invite links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from reconciler.concurrency import as_completed, thread_pool
from reconciler.errors import ApiError, InvalidResponse, NotFound, UsageError
from reconciler.model.identity import Identity
from reconciler.model.live import ContactCheck, ListedGroup, Listing, LiveGroup, ReadCandidate, ReadGroup

if TYPE_CHECKING:
    from reconciler.live.client import Client

R = TypeVar("R")
OnRead: TypeAlias = Callable[[int, int], object]
"""Receives how many groups are read, and of how many."""

MAX_REREADS = 4
"""How often a list is read again until two reads in a row agree."""
MAX_FAILED_CHECKS = 3
"""After so many errors a run checks no more numbers."""


def names_everybody(entry: ListedGroup) -> bool:
    """Whether the entry of a list shows who is in the group, so that the group need not be read for that."""
    return entry.participants is not None


def ignore_progress(done: int, total: int) -> None:
    """Receive progress that nobody looks at."""


class GroupListApi(Protocol):
    """What listing groups needs of a client."""

    def list_groups(self, *, verify_end: bool = False) -> Listing:
        """List all groups of the instance; `verify_end` asks what follows the last one wherever a list may be cut."""


class GroupReadApi(Protocol):
    """What reading groups needs of a client."""

    def group(self, group_id: str) -> LiveGroup:
        """Read a group whole."""


class ContactApi(Protocol):
    """What checking numbers needs of a client."""

    def check_contact(self, phone: str) -> ContactCheck:
        """Return whether a number is on WhatsApp, and under which JID."""


class InviteLinkApi(Protocol):
    """What fetching invite links needs of a client."""

    def invite_link(self, group_id: str) -> str:
        """Return the group's invite link, a whole URL."""


def list_groups(client: GroupListApi, pinned: int) -> Listing:
    """List the live groups; `pinned` is the number of group ids in the file.

    Raises InvalidResponse if the list is empty although ids are pinned: it looks like a failed read.
    """
    listing = client.list_groups()
    if not listing.groups and pinned:
        raise InvalidResponse(
            f"the list of groups is empty, but the file has the ids of {pinned}",
            endpoint="GET /groups",
            hint="an empty list looks like a failed read; if the instance really left all these groups, remove their "
            "ids or set `state: left`",
        )
    return listing


def confirm_listing(listing: Listing, client: GroupListApi) -> Listing:
    """Return a list that lacks no group: read an incomplete one to its proven end until two reads in a row agree.

    Its `calls` stay those of the first read, which asks for no proof. Raises InvalidResponse if no two reads agree.
    """
    if listing.complete:
        return listing
    for _ in range(MAX_REREADS):
        again = client.list_groups(verify_end=True)
        if again.names.keys() == listing.names.keys():
            return replace(again, calls=listing.calls)
        listing = replace(again, calls=listing.calls)
    raise InvalidResponse(
        "the list of groups keeps changing while it is read, so a missing group may still exist",
        endpoint="GET /groups",
        hint="try again when nobody is creating or leaving groups",
    )


def read_groups(
    client: GroupReadApi,
    entries: Iterable[ListedGroup],
    parallelism: int,
    *,
    is_complete: Callable[[ListedGroup], bool] = lambda entry: False,
    on_read: OnRead = ignore_progress,
) -> dict[str, ReadGroup]:
    """Return the listed groups by id, in their order, reading each unless its entry `is_complete`.

    None stands for a group that disappeared since it was listed, an InvalidResponse for one whose answer came and
    cannot be read: it ends nothing but the plans for this group. Reads `parallelism` groups at a time; raises the first
    other error and reads no further.
    """
    entries_by_id = {entry.id: entry for entry in entries}

    def read(group_id: str) -> ReadGroup:
        try:
            live, entry = client.group(group_id), entries_by_id[group_id]
            return replace(live, count=entry.count, name=live.name or entry.name)
        except NotFound as error:
            if not error.is_about_group:
                raise
            return None
        except InvalidResponse as error:
            if error.status is not None:  # The answer was none of the API: it says nothing about this group alone.
                raise
            return error

    incomplete = [entry.id for entry in entries_by_id.values() if not is_complete(entry)]
    found = _in_parallel(read, incomplete, parallelism, on_read)
    return {id_: found[id_] if id_ in found else entry.to_live_group() for id_, entry in entries_by_id.items()}


def read_candidates(client: GroupReadApi, entries: Iterable[ListedGroup], parallelism: int) -> dict[str, ReadCandidate]:
    """Read groups of which one may be meant, by id. One that cannot be read does not end the run."""
    entries_by_id = {entry.id: entry for entry in entries}

    def read(group_id: str) -> ReadCandidate:
        try:
            return read_groups(client, [entries_by_id[group_id]], 1)[group_id]
        except ApiError as error:
            return error

    return _in_parallel(read, list(entries_by_id), parallelism)


def groups_to_import(
    client: Client, ids: Sequence[str], *, parallelism: int, on_read: OnRead = ignore_progress
) -> tuple[tuple[LiveGroup, ...], tuple[str, ...]]:
    """List and read all live groups, or those with these ids, sorted by id; return also what could not be read.

    Raises UsageError if an id is not live, InvalidResponse if no group can be read, or one of these ids cannot.
    """
    listing = client.list_groups()
    if not ids or not listing.names.keys() >= set(ids):
        listing = confirm_listing(listing, client)
    unknown = sorted(set(ids) - listing.names.keys())
    if unknown:
        raise UsageError(
            f"--group: the instance is not in {', '.join(unknown)}", "leave --group out to import all groups"
        )
    selected = [group for group in listing.groups if not ids or group.id in ids]
    read = read_groups(client, selected, parallelism, is_complete=_has_all_fields, on_read=on_read)
    groups = tuple(group for group in read.values() if isinstance(group, LiveGroup))
    errors = [group for group in read.values() if isinstance(group, InvalidResponse)]
    if errors and (ids or not groups):
        raise errors[0]
    faults = (*(error.summary() for error in errors), *(entry.fault for entry in listing.odd if not ids))
    return groups, faults


def _has_all_fields(entry: ListedGroup) -> bool:
    return names_everybody(entry) and entry.description is not None


def fetch_invite_links(client: InviteLinkApi, ids: Sequence[str], parallelism: int) -> dict[str, str | ApiError]:
    """Fetch the invite links of these groups by id; the error if the API gives none."""

    def fetch(group_id: str) -> str | ApiError:
        try:
            return client.invite_link(group_id)
        except ApiError as error:
            return error

    return _in_parallel(fetch, ids, parallelism)


def check_numbers(
    client: ContactApi, numbers: Sequence[Identity], on_read: OnRead = ignore_progress
) -> dict[Identity, ContactCheck | ApiError]:
    """Look these numbers up, one call each: is each on WhatsApp? The error if the API does not say.

    After `MAX_FAILED_CHECKS` errors no more numbers are looked up, so that an API without this call costs little.
    """
    answers: dict[Identity, ContactCheck | ApiError] = {}
    failed = 0
    for number in numbers:
        if failed == MAX_FAILED_CHECKS:
            break
        on_read(len(answers), len(numbers))
        try:
            answers[number] = client.check_contact(number)
        except ApiError as error:
            answers[number], failed = error, failed + 1
    return answers


def _in_parallel(
    read: Callable[[str], R], ids: Sequence[str], parallelism: int, on_read: OnRead = ignore_progress
) -> dict[str, R]:
    if not ids:
        return {}
    with thread_pool(max(1, min(parallelism, len(ids)))) as pool:
        try:
            running = {pool.submit(read, group_id): group_id for group_id in ids}
            results: dict[str, R] = {}
            on_read(0, len(running))
            for done in as_completed(running):
                results[running[done]] = done.result()
                on_read(len(results), len(running))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {group_id: results[group_id] for group_id in ids}
