"""The plan file: a plan as the document that `plan --out` saves and `--format json` prints.

A document is plain JSON values in the order in which one reads them. Its shape is published as `plan.schema.json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from reconciler.model.desired import InputFile
from reconciler.model.serialize import to_json
from reconciler.plan.model import Plan
from reconciler.plan.summary import plan_status, summarize_plan

FORMAT: Final = "wappfy-reconciler/plan"
FORMAT_VERSION: Final = 4


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan and its origin: the files it was made from, by which version of the program, when (UTC, ISO-8601).

    `configuration` is the digest of what these files mean; None where that is not known.
    """

    plan: Plan
    sources: tuple[InputFile, ...]
    made_by: str
    made_at: str
    configuration: str | None = None

    @property
    def format_version(self) -> int:
        """The version of its format; one that this program does not write is understood in part and only shown."""
        return FORMAT_VERSION if self.plan.foreign_format is None else self.plan.foreign_format


def plan_document(saved: SavedPlan) -> dict[str, Any]:
    """Return everything about a plan, with full numbers: `read_plan_document` gives the same plan back."""
    plan = saved.plan
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "made_by": saved.made_by,
        "made_at": saved.made_at,
        # What was understood of another format is for reading, whatever its numbers show.
        "masked": plan.foreign_format is not None,
        "instance_id": plan.instance_id,
        "as_of": to_json(plan.as_of),
        "targets": to_json(plan.targets),
        "excludes": to_json(plan.excludes),
        "not_selected": plan.not_selected,
        "shard": to_json(plan.shard),
        "changed_since": to_json(plan.changed_since),
        "baseline": to_json(plan.baseline),
        "status": plan_status(plan).value,
        "summary": to_json(summarize_plan(plan)),
        "refusals": to_json(plan.refusals),
        "findings": to_json(plan.findings),
        "overridden_rules": to_json(plan.overridden_rules),
        "groups": to_json(plan.groups),
        "advice": to_json(plan.advice),
        "pinned_ids": to_json(plan.pinned_ids),
        "never_removed": to_json(plan.never_removed),
        "lookalike_reads": plan.lookalike_reads,
        "allowed_lookalikes": to_json(plan.allowed_lookalikes),
        "live_ids": to_json(plan.live_ids),
        "source_losses": to_json(plan.source_losses),
        "number_checks": plan.number_checks,
        "pending_until": to_json(plan.pending_until),
        "minutes_between_groups": plan.minutes_between_groups,
        "list_calls": plan.list_calls,
        "list_shows_people": plan.list_shows_people,
        "calls_per_minute": plan.calls_per_minute,
        "writes_per_minute": plan.writes_per_minute,
        # By path, so that the same files give the same document.
        "sources": [to_json(source) for source in sorted(saved.sources, key=lambda source: source.path)],
        "configuration": saved.configuration,
    }
