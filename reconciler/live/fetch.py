"""Read groups whole in parallel, and only those whose list entry does not carry everything already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from reconciler.concurrency import as_completed, thread_pool
from reconciler.errors import NotFound
from reconciler.model.live import ListedGroup, LiveGroup


class GroupReadApi(Protocol):
    """What fetching needs of a client."""

    def group(self, group_id: str) -> LiveGroup:
        """Read a group whole."""


def read_groups(
    client: GroupReadApi, entries: Sequence[ListedGroup], parallelism: int, *, told: Callable[[ListedGroup], bool]
) -> dict[str, LiveGroup | None]:
    """The listed groups by id: as the list tells them where that is enough (`told`), else as `fetch_groups` does."""
    read = fetch_groups(client, [entry for entry in entries if not told(entry)], parallelism)
    return {entry.id: read[entry.id] if entry.id in read else entry.as_read() for entry in entries}


def fetch_groups(client: GroupReadApi, entries: Iterable[ListedGroup], parallelism: int) -> dict[str, LiveGroup | None]:
    """Read these groups, `parallelism` at a time, in their order.

    A group that vanished since it was listed is None. The first error ends the reading and is raised.
    """
    wanted = {entry.id: entry for entry in entries}
    if not wanted:
        return {}
    with thread_pool(max(1, min(parallelism, len(wanted)))) as pool:
        try:
            running = {pool.submit(_read, client, entry): entry.id for entry in wanted.values()}
            read = {running[done]: done.result() for done in as_completed(running)}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {group_id: read[group_id] for group_id in wanted}


def _read(client: GroupReadApi, entry: ListedGroup) -> LiveGroup | None:
    try:
        return replace(client.group(entry.id), count=entry.count)
    except NotFound as error:
        if not error.tells_of_group:
            raise
        return None
