"""A digest of what a configuration means, by which a saved plan knows whether its files still mean the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from reconciler.history.normal_form import PLACES
from reconciler.model.desired import Desired


def configuration_digest(desired: Desired) -> str:
    """Return the SHA-256 of a configuration without the places in its files; a field that is added counts, too.

    Spelling counts: a number that is written otherwise may be sent otherwise.
    """
    text = json.dumps(_plain(desired), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return a value as JSON values. Raises TypeError, in `json.dumps`, for a kind that nobody thought of."""
    if isinstance(value, Enum):
        return [type(value).__name__, value.value]
    if is_dataclass(value) and not isinstance(value, type):
        places = PLACES.get(type(value), frozenset())
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name not in places}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
