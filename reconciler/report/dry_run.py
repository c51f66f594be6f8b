"""Render the calls that `apply --dry-run` lists: as JSON and as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.model.live import ApiCall
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import mask_for, outside, plain_text
from reconciler.sanitize.escape import json_line

if TYPE_CHECKING:
    from reconciler.plan.file_format import SavedPlan


@dataclass(frozen=True, slots=True)
class DryRun:
    """A plan, and the calls that applying it would send."""

    saved: SavedPlan
    calls: Sequence[ApiCall]


def calls_document(calls: Sequence[ApiCall]) -> list[dict[str, Any]]:
    """Return the calls as the plan document has them beside the plan."""
    return [{"method": call.method, "path": call.path, "body": call.body} for call in calls]


def render_calls(run: DryRun, options: RenderOptions) -> str:
    """Return one call a line: `POST /groups {"name": …, "participants": […]}`."""
    return "\n".join(call_lines(run.calls, options)) or "No calls."


def call_lines(calls: Sequence[ApiCall], options: RenderOptions) -> Iterator[str]:
    """Yield each call as a harmless line."""
    for call in calls:
        body = json_line(_for_reader(call.body, options)) if call.body is not None else ""
        yield " ".join(filter(None, (call.method, plain_text(outside(call.path), options), body)))


def _for_reader(body: Mapping[str, object], options: RenderOptions) -> dict[str, object]:
    return {
        key: [mask_for(str(item), options) for item in value]
        if isinstance(value, list)
        else mask_for(str(value), options)
        for key, value in body.items()
    }
