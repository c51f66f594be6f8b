"""Stage 1: turn YAML files into the desired state.

    source_files ──▶ yaml_reader ──▶ schema_check ──▶ people ──▶ memberships ──▶ groups ──▶ policy ──▶ Desired

`load` runs all of it, and merges the files of a folder after their check; `load_contents` does everything but the
reading of files. `export` writes a new file. Only this folder reads JSON Schema and phone numbers, and beside
`editing` YAML.
"""

from __future__ import annotations

from reconciler.config.loader import load, load_contents
from reconciler.config.source_files import FileContent

__all__ = ["FileContent", "load", "load_contents"]
