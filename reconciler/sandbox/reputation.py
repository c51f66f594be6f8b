"""The score of an account: adding strangers, creating groups and trying people again who refused raise it.

WhatsApp publishes no limits and says nothing of a score. This one imitates what users report: an account that does too
much of it in a day is banned. It is kept as long as the server runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Final

STRANGER: Final = 1
"""Points for adding somebody who is in no group of the account and not among its contacts."""
CREATE: Final = 5
"""Points for creating a group."""
REPEAT: Final = 10
"""Points for trying somebody again who refused before."""
_DAY: Final = 86_400.0


class Reputation:
    """The points of one account in the last 24 hours, and who refused it; it is banned above `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._points: deque[tuple[float, int]] = deque()
        self._refused: set[str] = set()

    def note_call(self, now: float, *, strangers: int, refusing: Collection[str], creates: bool) -> bool:
        """Note a call that adds people or creates a group; return whether the account is banned.

        `refusing` are the numbers in the call of people who refuse to be added.
        """
        repeats = len(self._refused.intersection(refusing))
        self._refused.update(refusing)
        self._points.append((now, strangers * STRANGER + repeats * REPEAT + creates * CREATE))
        return self.score(now) > self._limit

    def score(self, now: float) -> int:
        """Return the points of the last 24 hours."""
        while self._points and self._points[0][0] <= now - _DAY:
            self._points.popleft()
        return sum(points for _, points in self._points)
