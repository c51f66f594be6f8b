"""What a plan file holds, and how it names its own format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.model.desired import Source
from reconciler.model.plan import Plan

FORMAT: Final = "wappfy-reconciler/plan"
FORMAT_VERSION: Final = 3


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan and where it is from: the files it was made from, by which version, and when (UTC, ISO-8601)."""

    plan: Plan
    sources: tuple[Source, ...]
    made_by: str
    made_at: str

    @property
    def format_version(self) -> int:
        """The format it is in: another than this program's says that it was understood in part, to be read only."""
        return FORMAT_VERSION if self.plan.other_format is None else self.plan.other_format
