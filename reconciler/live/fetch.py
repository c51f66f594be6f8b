"""Read groups whole in parallel, and only those whose list entry does not carry everything already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import Protocol

from reconciler.errors import NotFound
from reconciler.model.live import ListedGroup, LiveGroup


class ReadsGroups(Protocol):
    """What fetching needs of a client."""

    def group(self, group_id: str) -> LiveGroup:
        """Read a group whole."""


def whole(listed: ListedGroup) -> LiveGroup | None:
    """The live group, if the list told participants and description; None when it must be read."""
    if listed.participants is None or listed.description is None:
        return None
    return LiveGroup(
        listed.id, listed.name, listed.description, listed.participants, owner=listed.owner, count=listed.count
    )


def fetch_groups(
    client: ReadsGroups, ids: Sequence[str], counts: Mapping[str, int | None], parallelism: int
) -> dict[str, LiveGroup | None]:
    """Read these groups, `parallelism` at a time; `counts` are the list's numbers of participants.

    A group that vanished since it was listed is None. The first error ends the reading and is raised.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    with ThreadPoolExecutor(max_workers=max(1, min(parallelism, len(wanted)))) as pool:
        try:
            running = {pool.submit(_read, client, group_id, counts.get(group_id)): group_id for group_id in wanted}
            read = {running[done]: done.result() for done in as_completed(running)}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {group_id: read[group_id] for group_id in wanted}


def _read(client: ReadsGroups, group_id: str, count: int | None) -> LiveGroup | None:
    try:
        return replace(client.group(group_id), count=count)
    except NotFound as error:
        if not error.tells_of_group:
            raise
        return None
