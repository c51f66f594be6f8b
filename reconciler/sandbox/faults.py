"""Faults of the server: the requests that a fault affects, how often, and what it does to their responses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from reconciler.sandbox.http_messages import ApiFailure, ApiRequest, HttpReply, error_reply, success_reply
from reconciler.sandbox.records import SandboxError


class FaultKind(StrEnum):
    """What a fault does. "No effect" means that the request is not handled; see `Fault` for the fields."""

    LATENCY = "latency"  # delays the response by `seconds`; combines with any other fault
    STATUS = "status"  # responds with an error: `status`, `code`, `message`
    DROP_BEFORE = "drop_before"  # closes the connection; no effect
    DROP_AFTER = "drop_after"  # handles the request, then closes the connection without a response
    DROP_MID = "drop_mid"  # handles the request, sends the headers and half of the body, then closes the connection
    HTML = "html"  # responds 200 with an HTML page
    TRUNCATED = "truncated"  # responds with half of the JSON and a content length to match
    GARBAGE = "garbage"  # responds 200 with `body` as JSON
    SILENCE = "silence"  # sends no response until the client gives up or the server stops
    STALE_LIST = "stale_list"  # responds with the list of groups as it was `amount` effects ago
    STALE_GROUP = "stale_group"  # responds with the group as it was `amount` effects ago
    PARTIAL_LIST = "partial_list"  # omits the last `amount` groups from the list, but not from its totals
    PARTIAL_GROUP = "partial_group"  # omits the last `amount` participants from the group or its participants
    WRONG_COUNT = "wrong_count"  # adds `amount` to each participant_count in the list
    REDIRECT = "redirect"  # responds with `status` (302 by default) and `location`
    SET_COOKIE = "set_cookie"  # responds correctly, with `cookie` in Set-Cookie


EFFECT_SELECTABLE = frozenset(
    {FaultKind.STATUS, FaultKind.HTML, FaultKind.TRUNCATED, FaultKind.GARBAGE, FaultKind.SILENCE, FaultKind.REDIRECT}
)
"""The kinds with a configurable `effect`."""

STALE = frozenset({FaultKind.STALE_LIST, FaultKind.STALE_GROUP})
"""The kinds that respond with an earlier state."""

INCOMPLETE = frozenset({FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.DROP_MID, FaultKind.SILENCE})
"""The kinds that send no complete response."""

_NO_EFFECT = frozenset({FaultKind.STATUS, FaultKind.DROP_BEFORE, FaultKind.HTML, FaultKind.SILENCE, FaultKind.REDIRECT})
_DEFAULT_CALLS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys((FaultKind.STALE_LIST, FaultKind.PARTIAL_LIST, FaultKind.WRONG_COUNT), ("GET", "/groups")),
    **dict.fromkeys((FaultKind.STALE_GROUP, FaultKind.PARTIAL_GROUP), ("GET", "/groups/*")),
}
_PROXY_PAGE = b"<!doctype html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"
_WRONG_LISTS: Mapping[str, str] = {
    FaultKind.PARTIAL_LIST: "items",
    FaultKind.PARTIAL_GROUP: "participants",
    FaultKind.WRONG_COUNT: "items",
}
"""The kinds that change a list, and its key in the data if the data is not the list itself."""

_DEFAULT_CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    422: "UNPROCESSABLE_ENTITY",
    429: "RATE_LIMIT_EXCEEDED",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: a kind, the requests it matches, and the fields of its kind.

    A request matches if all given conditions hold: `method`; `path`, a glob relative to /api/instances/{id} ("/" is the
    instance itself; paths outside are relative to /api) in which `*` matches within a segment and `**` across them;
    `pattern`, a regular expression for the whole path; `body_contains`. Kinds about lists and groups match GETs of
    these unless `method` or `path` says otherwise. The fault skips the first `skip` matching requests and affects the
    next `times` (0: all). Requests without a valid key or over the rate limit do not count.

    `effect`: whether the request takes effect, for the kinds in `EFFECT_SELECTABLE`; None is the kind's default
    (truncated and garbage do, the others do not). `headers` are added to the response; `rate_headers` False omits
    those of the rate limit. Every other field belongs to the kinds whose description names it.
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
            raise SandboxError(f"{self.kind!r} is not a kind of fault; choose one of {', '.join(FaultKind)}") from None

    @property
    def takes_effect(self) -> bool:
        """Whether the server handles the request before the fault changes the response."""
        if self.effect is not None and self.kind in EFFECT_SELECTABLE:
            return self.effect
        return self.kind not in _NO_EFFECT

    def matches(self, method: str, path: str, body: str) -> bool:
        """Return whether this fault is about such a request; `path` is relative as described above."""
        default_method, default_path = _DEFAULT_CALLS.get(self.kind, ("*", "**"))
        path_glob = self.path or ("**" if self.pattern else default_path)
        return (
            (self.method or default_method).upper() in ("*", method)
            and _compile_glob(path_glob).fullmatch(path) is not None
            and (not self.pattern or re.fullmatch(self.pattern, path) is not None)
            and self.body_contains in body
        )


class FaultSchedule:
    """The active faults, each with its count of matching requests."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._match_counts = [0] * len(self._faults)

    def next(self, method: str, path: str, body: str) -> tuple[float, Fault | None]:
        """Count a request; return the seconds to delay it and the first other fault that affects it.

        Every fault counts every request that it matches, even if a fault before it in the list acts instead.
        """
        path = fault_path(path)
        delay = 0.0
        active: Fault | None = None
        for index, fault in enumerate(self._faults):
            if not fault.matches(method, path, body):
                continue
            count = self._match_counts[index]
            self._match_counts[index] += 1
            if count < fault.skip or (fault.times and count >= fault.skip + fault.times):
                continue
            if fault.kind == FaultKind.LATENCY:
                delay += fault.seconds
            else:
                active = active or fault
        return delay, active


def fault_path(path: str) -> str:
    """Return a request's path as faults write it: relative to /api/instances/{id}, or else to /api."""
    relative = path.removeprefix("/api")
    match = re.fullmatch(r"/instances/[^/]+(/.*)?", relative)
    return (match[1] or "/") if match else relative


@lru_cache(maxsize=256)
def _compile_glob(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", glob)
    wildcards = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(wildcards.get(part, re.escape(part)) for part in parts))


def apply_fault(fault: Fault, correct: HttpReply | None, request: ApiRequest) -> HttpReply:
    """Return the response to a request that a fault affects; `correct` is None if the request was not handled."""
    faulty = _faulty_reply(fault, correct or success_reply({}, request), request)
    return replace(faulty, headers={**faulty.headers, **{name.lower(): value for name, value in fault.headers.items()}})


def _faulty_reply(fault: Fault, correct: HttpReply, request: ApiRequest) -> HttpReply:
    if fault.kind == FaultKind.STATUS:
        status = fault.status or 500
        code = fault.code or _DEFAULT_CODES.get(status, "INTERNAL_ERROR")
        return error_reply(ApiFailure(status, code, fault.message or "injected by a fault of the sandbox"), request)
    if fault.kind == FaultKind.HTML:
        return HttpReply(200, _PROXY_PAGE, {"content-type": "text/html; charset=utf-8"})
    if fault.kind == FaultKind.REDIRECT:
        return HttpReply(fault.status or 302, b"", {"location": fault.location})
    if fault.kind == FaultKind.SET_COOKIE:
        return replace(correct, headers={**correct.headers, "set-cookie": fault.cookie})
    if fault.kind == FaultKind.TRUNCATED:
        return replace(correct, body=correct.body[: len(correct.body) // 2])
    if fault.kind == FaultKind.GARBAGE:
        return replace(correct, status=200, body=json.dumps(fault.body).encode())
    return _with_wrong_data(fault, correct)


def _with_wrong_data(fault: Fault, correct: HttpReply) -> HttpReply:
    """Return a response with the right shape and wrong content; errors stay correct."""
    if fault.kind not in _WRONG_LISTS or correct.status != 200:
        return correct
    envelope = json.loads(correct.body)
    data, key = envelope["data"], _WRONG_LISTS[fault.kind]
    if isinstance(data, list):
        envelope["data"] = _wrong_entries(fault, data)
    elif key in data:
        data[key] = _wrong_entries(fault, data[key])
    return replace(correct, body=json.dumps(envelope, ensure_ascii=False).encode())


def _wrong_entries(fault: Fault, entries: list[Any]) -> list[Any]:
    if fault.kind != FaultKind.WRONG_COUNT:
        return entries[: max(0, len(entries) - fault.amount)]
    for group in entries:
        if "participant_count" in group:
            group["participant_count"] += fault.amount
    return entries
