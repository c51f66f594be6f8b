"""One run of the program, and what the server knows about it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reconciler.sandbox.records import Call, Effect


@dataclass(frozen=True)
class Run:
    """The exit code (None: killed), the output, an apply's report, and the calls and effects that the server saw.

    interrupted: the test sent a signal in time for the run to end with 130. whole_lists: the server's list tells who is
    in the groups.
    """

    arguments: tuple[str, ...]
    code: int | None
    out: str
    err: str
    calls: tuple[Call, ...] = ()
    effects: tuple[Effect, ...] = ()
    report: dict[str, Any] | None = None
    interrupted: bool = False
    whole_lists: bool = False

    @property
    def writes(self) -> list[Call]:
        """The calls that may change something."""
        return [call for call in self.calls if call.method != "GET"]

    @property
    def list_pages(self) -> set[int]:
        """How many pages the list of groups took, each time that it was read."""
        lists = [call.path for call in self.calls if re.search(r"/groups(\?|$)", call.path) and call.method == "GET"]
        starts = [at for at, path in enumerate(lists) if "?" not in path]
        readings = (lists[start:end] for start, end in pairwise([*starts, len(lists)]))
        return {len(set(pages)) for pages in readings} or {0}

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps in the report."""
        return list(self.report["steps"]) if self.report is not None else []

    def __str__(self) -> str:
        calls = "\n".join(f"  {call.method} {call.path} -> {call.status} {call.body}" for call in self.calls)
        return f"{self.arguments} -> {self.code}\n{self.out}\n{self.err}\n{calls}"


def body_of(call: Call) -> dict[str, Any]:
    """Return the JSON that a call sends."""
    body: dict[str, Any] = json.loads(call.body) if call.body else {}
    return body
