"""Wait between two groups that a run creates, where the configuration asks for it (`minutes_between_groups`)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from math import ceil
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from reconciler.errors import MAY_HAVE_TAKEN_EFFECT, ApiError, Interrupted
from reconciler.model.text import texts_equal
from reconciler.sanitize.escape import quoted

if TYPE_CHECKING:
    from reconciler.apply.ports import Created, GroupApi

_LOG = logging.getLogger("reconciler.apply")


class PausedCreates:
    """The API of an apply, whose creates wait: one at a time, `seconds` after the last one.

    `since_last` are the seconds since an earlier run created a group, where that is known. While a create waits, the
    other groups go on. After a wait the groups are listed again, so that a group that somebody made meanwhile is not
    made a second time; `known_ids` are those that were live before. `raise_if_stopped` raises, before a wait and after
    it, where nothing is created any more. `clock` and `wait` are for tests.
    """

    def __init__(
        self,
        api: GroupApi,
        seconds: float,
        stop: Event,
        *,
        known_ids: Collection[str],
        since_last: float | None = None,
        raise_if_stopped: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._api = api
        self._seconds = seconds
        self._known_ids = set(known_ids)
        self._raise_if_stopped = raise_if_stopped
        self._clock = clock
        self._wait = wait or stop.wait
        self._lock = Lock()
        self._last = None if since_last is None else clock() - since_last

    def __getattr__(self, name: str) -> Any:
        """Return every other call of the API as it is."""
        return getattr(self._api, name)

    def create_group(self, name: str, jids: Sequence[str]) -> Created:
        """Create a group when it is its turn; raise Interrupted where the run is stopped while it waits."""
        with self._lock:
            self._raise_if_stopped()
            if self._last is not None and (seconds := self._last + self._seconds - self._clock()) > 0:
                self._wait_for_turn(seconds)
                self._raise_if_stopped()
                self._raise_if_appeared(name)
            try:
                created = self._api.create_group(name, jids)
            except MAY_HAVE_TAKEN_EFFECT:
                self._last = self._clock()
                raise
            self._last = self._clock()
            self._known_ids.add(created.id)
            return created

    def _wait_for_turn(self, seconds: float) -> None:
        fields = {"action": "wait", "counts": {"seconds_to_wait": ceil(seconds)}}
        _LOG.info("waiting %d s before the next group is created (the budget)", ceil(seconds), extra=fields)
        if self._wait(seconds):
            raise Interrupted("interrupted before the group was created")

    def _raise_if_appeared(self, name: str) -> None:
        for group in self._api.list_groups().groups:
            if group.id not in self._known_ids and texts_equal(group.name, name):
                raise ApiError(
                    f"not created: a live group called {quoted(name)} exists now: {group.id}",
                    endpoint="POST /groups",
                    hint="run `reconciler plan` again",
                )
