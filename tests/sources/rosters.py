"""OneRoster archives made of the collected ones, with changes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROSTERS = Path(__file__).parents[1] / "data" / "sources" / "oneroster"


def tables_of(version: str) -> dict[str, str]:
    """The tables of a collected export by their names."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((ROSTERS / version).glob("*.csv"))}


def zipped(tables: Mapping[str, str | bytes]) -> bytes:
    """An archive with these files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in tables.items():
            file.writestr(name, content)
    return archive.getvalue()


def changed(version: str, *changes: tuple[str, str, str]) -> bytes:
    """A collected export in which each change replaces a text of a table, which must be there."""
    tables = tables_of(version)
    for name, old, new in changes:
        assert old in tables[name]
        tables[name] = tables[name].replace(old, new)
    return zipped(tables)
