"""What may go wrong at a call, by name: for each, how a call's index makes the fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from reconciler.sandbox import Fault
from tests.faults import false_answers
from tests.faults.false_answers import false_answer

IMPATIENT = 0.3
"""Seconds a call may take if the server does not answer; the default is 30."""

MakeFault = Callable[[int], Fault]


def make(kind: str, *, times: int = 1, effect: bool | None = None, **more: object) -> MakeFault:
    return lambda index: Fault(kind, path="**", skip=index, times=times, effect=effect, **more)  # type: ignore[arg-type]  # by name


def status(number: int, *, effect: bool = False, times: int = 1) -> MakeFault:
    return make("status", status=number, effect=effect, times=times)


def limited(index: int) -> Fault:
    """Make a 429 that says when the window ends, as the API documents it."""
    headers = {
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(time.time()) + 40),
    }
    return Fault("status", path="**", skip=index, status=429, headers=headers)


FAULTS: dict[str, MakeFault] = {
    "connection closed before the effect": make("drop_before"),
    "answer lost after the effect": make("drop_after"),
    "answer broken off after the effect": make("drop_mid"),
    "429 with headers": limited,
    "429 with Retry-After": make("status", status=429, headers={"retry-after": "7"}),
    "429 without headers": status(429),
    "500": status(500),
    "500 after the effect": status(500, effect=True),
    "502": status(502),
    "502 after the effect": status(502, effect=True),
    "503": status(503),
    "503 after the effect": status(503, effect=True),
    "404 of nobody": make("status", status=404, code="NOT_FOUND"),
    "403 of nobody": status(403),
    "409 of nobody": status(409),
    "422 of nobody": status(422),
    "HTML": make("html"),
    "HTML after the effect": make("html", effect=True),
    "truncated JSON": make("truncated"),
    "JSON of no known shape": make("garbage", body={"data": {"ok": 1}}),
    "null": make("garbage", body={"data": None}),
    "redirect": make("redirect", location="http://192.0.2.1/api", status=307),
    "stale list": make("stale_list", amount=1),
    "stale group": make("stale_group", amount=1),
}

OUTAGES: dict[str, MakeFault] = {
    "no connection any more": make("drop_before", times=0),
    "no answer any more": make("drop_after", times=0),
    "429 for ever": status(429, times=0),
    "500 for ever": status(500, times=0),
    "503 after the effect for ever": status(503, times=0, effect=True),
    "HTML for ever": make("html", times=0),
    "truncated for ever": make("truncated", times=0),
}

SILENCES: dict[str, MakeFault] = {
    "silence": make("silence"),
    "silence after the effect": make("silence", effect=True),
    "effect after everybody has given up": make("latency", seconds=2 * IMPATIENT),
}

FALSE_ANSWERS: dict[str, MakeFault] = {
    falsify.__name__: partial(false_answer, falsify)
    for falsify in (
        false_answers.another_group,
        false_answers.another_name,
        false_answers.nobody,
        false_answers.fewer_people,
        false_answers.strangers,
        false_answers.no_rights,
        false_answers.all_rights,
        false_answers.half_the_list,
        false_answers.nothing,
        false_answers.disconnected,
    )
}
