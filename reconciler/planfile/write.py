"""A plan as the document that a plan file holds and that `--format json` prints.

A document is plain JSON values in the order in which one reads them. Its shape is published as `plan.schema.json`.
"""

from __future__ import annotations

from typing import Any

from reconciler.model.as_json import as_json
from reconciler.model.counts import summarize_plan
from reconciler.planfile.saved import FORMAT, SavedPlan


def plan_document(saved: SavedPlan) -> dict[str, Any]:
    """Everything about a plan, losslessly and with full numbers: `read_plan_document` gives the same back."""
    plan = saved.plan
    return {
        "format": FORMAT,
        "format_version": saved.format_version,
        "made_by": saved.made_by,
        "made_at": saved.made_at,
        "masked": False,
        "instance_id": plan.instance_id,
        "as_of": as_json(plan.as_of),
        "targets": as_json(plan.targets),
        "shard": as_json(plan.share),
        "changed_since": as_json(plan.changed_since),
        "baseline": as_json(plan.baseline),
        "summary": as_json(summarize_plan(plan)),
        "refusals": as_json(plan.refusals),
        "groups": as_json(plan.groups),
        "advice": as_json(plan.advice),
        "held": as_json(plan.held),
        "spared": as_json(plan.spared),
        "calls_per_minute": plan.calls_per_minute,
        "writes_per_minute": plan.writes_per_minute,
        # By path, so that the same files give the same document.
        "sources": [as_json(source) for source in sorted(saved.sources, key=lambda source: source.path)],
    }
