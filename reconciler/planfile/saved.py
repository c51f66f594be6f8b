"""What a plan file holds, and how it names its own format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.model.desired import Source
from reconciler.model.plan import Plan

FORMAT: Final = "wappfy-reconciler/plan"
FORMAT_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan and where it is from: the files it was made from, by which version, and when (UTC, ISO-8601).

    A `format_version` other than this program's says that the plan was understood in part, and is for reading only.
    """

    plan: Plan
    sources: tuple[Source, ...]
    made_by: str
    made_at: str
    format_version: int = FORMAT_VERSION
