"""Whose doing a difference is: told by a third version, what the revision that was applied last wanted. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Why the live groups differ from the file.

    BY_HAND: live is not as that revision wanted it, and the file has not moved there: somebody changed it, or it never
    took (a group that was blocked, somebody whose privacy settings refuse). NOT_APPLIED: the file moved
    since (or a last day went by), and live is still as that revision wanted it. BOTH: the file moved, and live is as
    neither wants it.
    """

    BY_HAND = "changed by hand"
    NOT_APPLIED = "not applied yet"
    BOTH = "both"


class Element(StrEnum):
    """What of a group a verdict is on: that there is one (or that the instance is in it), a text, one person."""

    GROUP = "group"
    NAME = "name"
    DESCRIPTION = "description"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one difference; `who` is the key of the person to be added or removed, None for all else."""

    element: Element
    verdict: Verdict
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The revision that verdicts rest on: `ref` is what was asked for or the tag that was found, `commit` its hash."""

    ref: str
    commit: str
