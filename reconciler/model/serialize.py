"""The model's values as plain JSON values: one rule for every document, so that none forgets a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum, IntEnum
from typing import Any


def to_json(value: Any) -> Any:
    """Return a value by its fields, in their order: words of an enumeration, dates as `2026-12-31`, tuples as lists.

    A whole-number enumeration (the phases) is written by its name in small letters, which is clearer than its number.
    A value with a `to_json` of its own writes itself.
    """
    if is_dataclass(value) and not isinstance(value, type):
        if hasattr(value, "to_json"):
            return value.to_json()
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, IntEnum) else value.value
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value
