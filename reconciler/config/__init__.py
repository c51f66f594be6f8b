"""Stage 1: YAML files become the desired state.

    files ──▶ reader ──▶ structure ──▶ merge ──▶ directory, teams, groups, policy ──▶ Desired
              (YAML)      (schema)     (folder)   (people, dates, limits)

`load` runs all of it, `load_stored` all but the reading of files. `pin` and `write_files` put ids into the files,
`render_import` writes a new file. This folder alone knows YAML, JSON Schema and how phone numbers are read.
"""

from __future__ import annotations

from reconciler.config.importing import render_import
from reconciler.config.loading import Stored, load, load_stored
from reconciler.config.pinning import pin, write_files

__all__ = ["Stored", "load", "load_stored", "pin", "render_import", "write_files"]
