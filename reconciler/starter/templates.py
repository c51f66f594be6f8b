"""The starter files, by their path in the new repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

CI_SYSTEMS = ("github", "gitlab", "none")
"""Where pipelines can run; "none" writes no pipelines."""
VERSION = "@VERSION@"
"""The placeholder in the pipelines for this program's version, so that they install the version that wrote them."""

_HERE = Path(__file__).parent
_PIPELINES: Mapping[str, Mapping[str, str]] = {
    "github": {
        f".github/workflows/reconciler-{name}.yml": f"github/reconciler-{name}.yml"
        for name in ("plan", "apply", "drift")
    },
    "gitlab": {".gitlab-ci.yml": "gitlab/gitlab-ci.yml"},
    "none": {},
}


def starter_files(ci: str, version: str) -> dict[PurePosixPath, str]:
    """Return the text of every file by its path in the repository; `ci` is one of CI_SYSTEMS.

    Raises FileNotFoundError when the installation is incomplete.
    """
    sources = {"groups.yaml": "groups.yaml", **_PIPELINES[ci]}
    return {
        PurePosixPath(path): (_HERE / source).read_text(encoding="utf-8").replace(VERSION, version)
        for path, source in sources.items()
    }
