"""Hypothesis strategies: groups of the file, faults of the server, ends of a run."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.sandbox import Fault, FaultKind
from tests.oracle.runner import CALM, FALSE_GROUPS, FALSE_LISTS, Trouble
from tests.stateful.people import ALIASES, DAYS, NAMES, PEOPLE, TEAMS, TEXTS

PERSON = st.sampled_from(tuple(PEOPLE))
PLACE = st.integers(0, 7)
"""Which live group, modulo their number."""

JUNK: tuple[Any, ...] = (
    None,
    5,
    "x",
    [],
    {},
    {"data": None},
    {"data": 3},
    {"data": {"items": 3}},
    {"data": [[]]},
    {"data": [{}]},
    {"data": {"group_id": 7}},
    {"data": {"id": "120363012345678901@g.us"}},
    {"success": False, "error": "no"},
)
"""Bodies that no endpoint may answer; for a write they come after the effect."""


def _entry(alias: str, how: str) -> Any:
    if how == "plain":
        return alias
    return {"person": alias, "join": "invite"} if how == "invite" else {"person": alias, "until": how}


def _members(chosen: dict[str, str]) -> list[Any]:
    return [_entry(alias, how) for alias, how in chosen.items()]


HOW = st.sampled_from((*("plain",) * 8, *DAYS, "invite"))
MEMBERS = st.dictionaries(st.sampled_from((*PEOPLE, *PEOPLE, *ALIASES)), HOW, min_size=2, max_size=6).map(_members)
FIELDS = st.fixed_dictionaries(
    {"name": st.sampled_from(NAMES)},
    optional={
        "previously": st.lists(st.sampled_from(("Old", "Older")), min_size=1, max_size=2, unique=True),
        "description": st.sampled_from(TEXTS),
        "teams": st.lists(st.sampled_from(TEAMS), max_size=2, unique=True),
        "absent": st.lists(PERSON, min_size=1, max_size=2, unique=True),
        "except": st.lists(PERSON, min_size=1, max_size=2, unique=True),
        "membership": st.sampled_from(("exact", "exact", "additive", "observe")),
        "state": st.sampled_from((*("present",) * 6, "left")),
        "lookalikes": st.just("allow"),
        "max_removals": st.sampled_from(("100%", "100%", "100%", "50%", 0, 1, 3)),
    },
).flatmap(
    lambda fields: st.one_of(
        *[MEMBERS.map(lambda members: {**fields, "members": members})] * 6,
        st.just(fields),
        st.just({**fields, "members": []}),
    )
)
LIMIT = st.sampled_from((None, "100%", "100%", "100%", "2"))

_METHOD = st.sampled_from(("", "GET", "POST", "POST", "PATCH", "DELETE"))
_SKIP = st.sampled_from((0, 0, 0, 1, 1, 2, 3, 4, 5))
_TIMES = st.sampled_from((1, 1, 2, 6))
_KINDS = (
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.DROP_MID,
    FaultKind.TRUNCATED,
    FaultKind.HTML,
    FaultKind.SET_COOKIE,
)
_FAILING = (429, 500, 502, 503, 504, 401, 403, 301)


def _status(status: int, method: str, skip: int, times: int, effect: bool, wait: bool) -> Fault:
    if status == 301:
        return Fault(FaultKind.REDIRECT, method, skip=skip, times=times, location="http://127.0.0.1:9/api")
    headers = {"Retry-After": "7"} if wait else {}
    effect = effect and status >= 500
    return Fault(
        FaultKind.STATUS, method, skip=skip, times=times, status=status, effect=effect, headers=headers,
        message="a fault of this story",
    )  # fmt: skip


VISIBLE_FAULTS = st.one_of(
    st.builds(
        lambda kind, method, skip, times: Fault(kind, method, skip=skip, times=times, cookie="sid=1"),
        st.sampled_from(_KINDS), _METHOD, _SKIP, _TIMES,
    ),
    st.builds(_status, st.sampled_from(_FAILING), _METHOD, _SKIP, _TIMES, st.booleans(), st.booleans()),
    st.builds(
        lambda body, method, skip: Fault(FaultKind.GARBAGE, method, skip=skip, body=body),
        st.sampled_from(JUNK), st.sampled_from(("POST", "PATCH", "DELETE")), _SKIP,
    ),
    st.builds(
        # An empty array is a valid list of groups; nothing else here is.
        lambda body, skip: Fault(FaultKind.GARBAGE, "GET", skip=skip, times=3, body=body),
        st.sampled_from([body for body in JUNK if body != []]), _SKIP,
    ),
    st.builds(
        lambda method, skip, effect: Fault(FaultKind.SILENCE, method, skip=skip, effect=effect),
        _METHOD, _SKIP, st.booleans(),
    ),
)  # fmt: skip
FALSE_ANSWERS = st.builds(
    lambda kind, amount, skip, times: Fault(kind, amount=amount, skip=skip, times=times),
    st.sampled_from((*sorted(FALSE_GROUPS) * 2, *sorted(FALSE_LISTS))), st.integers(1, 2),
    st.sampled_from((0, 0, 1, 2)), st.sampled_from((0, 0, 1)),
)  # fmt: skip

_ENDS = ("kill before", "kill after", "interrupt before", "interrupt after")


def _ending(faults: list[Fault], end: str, at: int) -> Trouble:
    return Trouble(tuple(faults), end, at)


TROUBLE = st.one_of(
    st.builds(Trouble, st.lists(VISIBLE_FAULTS, min_size=1, max_size=2).map(tuple)),
    st.builds(_ending, st.just([]), st.sampled_from(_ENDS), st.integers(1, 12)),
    st.builds(
        _ending,
        st.lists(VISIBLE_FAULTS.filter(lambda fault: fault.kind != FaultKind.SILENCE), max_size=1),
        st.sampled_from(_ENDS),
        st.integers(1, 12),
    ),
    st.builds(Trouble, st.tuples(FALSE_ANSWERS)),
    st.just(Trouble(connected=False)),
)
MAYBE_TROUBLE = st.one_of(st.just(CALM), TROUBLE)
