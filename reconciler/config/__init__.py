"""Stage 1: YAML files become the desired state.

    files ──▶ reader ──▶ structure ──▶ merge ──▶ directory, teams, groups, policy ──▶ Desired
              (YAML)      (schema)     (folder)   (people, dates, limits)

`load` runs all of it, `load_contents` all but the reading of files. `pinning` puts ids into the files, `importing` writes
a new file; who only loads imports neither. This folder alone knows YAML, JSON Schema and how phone numbers are read.
"""

from __future__ import annotations

from reconciler.config.loader import FileContent, load, load_contents

__all__ = ["FileContent", "load", "load_contents"]
