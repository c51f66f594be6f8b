"""How a server can be told to misbehave: which calls a fault meets, how often, and what it does to them."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from reconciler.sandbox.errors import SandboxError


class FaultKind(StrEnum):
    """What goes wrong. "No effect" means that the call was never handled; see `Fault` for the fields.

    latency        the answer comes `seconds` later; goes together with any other fault
    status         an error answer with `status`, `code`, `message`
    drop_before    the connection closes; no effect
    drop_after     the call takes effect, the connection closes without an answer
    drop_mid       the call takes effect, headers and half of the body come, the connection closes
    html           a 200 with an HTML page
    truncated      JSON cut in the middle, its content length matching
    garbage        a 200 with `body` as JSON
    silence        no answer until the client gives up or the server stops
    stale_list     the list of groups as it was `amount` effects ago
    stale_group    a group as it was `amount` effects ago
    partial_list   the list without its last `amount` groups, totals as if they were there
    partial_group  a group (or its participants) without the last `amount` participants
    wrong_count    participant_count in the list off by `amount`
    redirect       an answer with `status` (302 unless told otherwise) to `location`
    set_cookie     the right answer with `cookie` in Set-Cookie
    """

    LATENCY = "latency"
    STATUS = "status"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    DROP_MID = "drop_mid"
    HTML = "html"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    SILENCE = "silence"
    STALE_LIST = "stale_list"
    STALE_GROUP = "stale_group"
    PARTIAL_LIST = "partial_list"
    PARTIAL_GROUP = "partial_group"
    WRONG_COUNT = "wrong_count"
    REDIRECT = "redirect"
    SET_COOKIE = "set_cookie"


EFFECT_SELECTABLE = frozenset(
    {FaultKind.STATUS, FaultKind.HTML, FaultKind.TRUNCATED, FaultKind.GARBAGE, FaultKind.SILENCE, FaultKind.REDIRECT}
)
"""The kinds whose `effect` may be chosen."""

STALE = frozenset({FaultKind.STALE_LIST, FaultKind.STALE_GROUP})
"""The kinds that look into the past."""

_NO_EFFECT = frozenset({FaultKind.STATUS, FaultKind.DROP_BEFORE, FaultKind.HTML, FaultKind.SILENCE, FaultKind.REDIRECT})
_LIST, _GROUP = ("GET", "/groups"), ("GET", "/groups/*")
_USUAL_CALLS: Mapping[str, tuple[str, str]] = {
    FaultKind.STALE_LIST: _LIST,
    FaultKind.PARTIAL_LIST: _LIST,
    FaultKind.WRONG_COUNT: _LIST,
    FaultKind.STALE_GROUP: _GROUP,
    FaultKind.PARTIAL_GROUP: _GROUP,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave.

    Which calls: `method`; `path`, relative to /api/instances/{id} (the instance itself is "/", other paths are
    relative to /api), where `*` stands for anything within a segment and `**` for anything; `pattern`, a regular
    expression for the whole path; `body_contains`. All that is given must fit; kinds about lists and groups fit GETs
    of these unless method or path say otherwise. The first `skip` fitting calls are spared, the next `times` are hit
    (0: all). Only calls that pass the key check and the rate limit are counted.

    `effect`: whether the call takes effect all the same, for the kinds in `EFFECT_SELECTABLE`; None is the kind's
    usual way (truncated and garbage do, the others do not). `headers` are added to the answer, `rate_headers` False
    leaves the rate limit's out. The remaining fields belong to the kinds that name them.
    """

    kind: FaultKind | str
    method: str = ""
    path: str = ""
    pattern: str = ""
    body_contains: str = ""
    skip: int = 0
    times: int = 1
    effect: bool | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    rate_headers: bool = True
    seconds: float = 0.0
    status: int | None = None
    code: str = ""
    message: str = ""
    body: Any = field(default=None, hash=False)
    amount: int = 1
    location: str = ""
    cookie: str = ""

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "kind", FaultKind(self.kind))
        except ValueError:
            raise SandboxError(f"{self.kind!r} is no kind of fault; choose one of {', '.join(FaultKind)}") from None

    @property
    def takes_effect(self) -> bool:
        """Whether the call is handled before its answer is spoilt."""
        if self.effect is not None and self.kind in EFFECT_SELECTABLE:
            return self.effect
        return self.kind not in _NO_EFFECT

    def fits(self, method: str, path: str, body: str) -> bool:
        """Whether this fault is about such a call; `path` is relative as described above."""
        usual_method, usual_path = _USUAL_CALLS.get(self.kind, ("*", "**"))
        wanted_path = self.path or ("**" if self.pattern else usual_path)
        return (
            (self.method or usual_method).upper() in ("*", method)
            and _glob(wanted_path).fullmatch(path) is not None
            and (not self.pattern or re.fullmatch(self.pattern, path) is not None)
            and self.body_contains in body
        )


class FaultSchedule:
    """The faults in force, each with its count of fitting calls; may be changed while the server runs."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self.set(faults)

    def set(self, faults: Sequence[Fault]) -> None:
        """Put these faults in force instead of the earlier ones, all counts at zero."""
        with self._lock:
            self._faults = tuple(faults)
            self._met = [0] * len(self._faults)

    def due(self, method: str, path: str, body: str) -> tuple[float, Fault | None]:
        """Count a call; returns the seconds to delay it and the first other fault that is due for it.

        Every fault counts every call that fits it: one standing behind another in the list loses its turn.
        """
        path = relative(path)
        delay = 0.0
        acting: Fault | None = None
        with self._lock:
            for number, fault in enumerate(self._faults):
                if not fault.fits(method, path, body):
                    continue
                met = self._met[number]
                self._met[number] += 1
                if met < fault.skip or (fault.times and met >= fault.skip + fault.times):
                    continue
                if fault.kind == FaultKind.LATENCY:
                    delay += fault.seconds
                else:
                    acting = acting or fault
        return delay, acting


def relative(path: str) -> str:
    """A call's path as faults name it: behind /api/instances/{id}, or behind /api."""
    inside = path.removeprefix("/api")
    match = re.fullmatch(r"/instances/[^/]+(/.*)?", inside)
    return (match[1] or "/") if match else inside


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", pattern)
    meanings = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts))
