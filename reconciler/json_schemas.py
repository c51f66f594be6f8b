"""The published JSON Schemas: inside the package when installed, in the top-level `schemas/` of a checkout."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def schema_text(name: str) -> str:
    """The text of one published schema, `groups.schema.json` say.

    Raises FileNotFoundError when the installation is incomplete.
    """
    for folder in (_HERE / "schemas", _HERE.parent / "schemas"):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise FileNotFoundError(f"the schema {name} is missing from this installation")


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return one published schema as JSON values, which nobody may change."""
    schema: dict[str, Any] = json.loads(schema_text(name))
    return schema
