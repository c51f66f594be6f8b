"""Render the calls that `apply --dry-run` lists: as JSON and as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.live import ApiCall
from reconciler.report.style import TextStyle
from reconciler.sanitize.escape import json_line


def calls_document(calls: Sequence[ApiCall]) -> list[dict[str, Any]]:
    """Return the calls as the plan document has them beside the plan."""
    return [{"method": call.method, "path": call.path, "body": call.body} for call in calls]


def render_calls(calls: Sequence[ApiCall], *, show_phones: bool) -> str:
    """Return one call a line: `POST /groups {"name": …, "participants": […]}`."""
    return "\n".join(call_lines(calls, show_phones=show_phones)) or "No calls."


def call_lines(calls: Sequence[ApiCall], *, show_phones: bool) -> Iterator[str]:
    """Yield each call as an escaped line, masked unless `show_phones`."""
    style = TextStyle(show_phones, color=False)
    for call in calls:
        body = json_line(_for_reader(call.body, style)) if call.body is not None else ""
        yield " ".join(word for word in (call.method, style.text(call.path), body) if word)


def _for_reader(body: Mapping[str, object], style: TextStyle) -> dict[str, object]:
    return {
        key: [style.mask_for_reader(str(item)) for item in value]
        if isinstance(value, list)
        else style.mask_for_reader(str(value))
        for key, value in body.items()
    }
