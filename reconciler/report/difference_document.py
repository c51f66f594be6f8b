"""Two versions of the file compared, as a document; its shape is published as `diff.schema.json`."""

from __future__ import annotations

from typing import Any, Final

from reconciler.model.as_json import as_json
from reconciler.model.difference import Difference, summarize_difference

DIFF_FORMAT: Final = "wappfy-reconciler/diff"
DIFF_FORMAT_VERSION: Final = 1


def difference_document(difference: Difference) -> dict[str, Any]:
    """Everything about a difference, with full numbers."""
    return {
        "format": DIFF_FORMAT,
        "format_version": DIFF_FORMAT_VERSION,
        "masked": False,
        "differs": difference.differs,
        "summary": as_json(summarize_difference(difference)),
        **as_json(difference),
    }
