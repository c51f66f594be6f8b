"""The starter's files, by where they go in the new repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

CI_SYSTEMS = ("github", "gitlab", "none")
"""Where a repository's pipelines can run; "none" wants no pipeline files."""


VERSION = "@VERSION@"
"""Stands in the pipeline files where this program's version goes, so that what was tested is what is installed."""


_HERE = Path(__file__).parent


_ALWAYS = {"groups.yaml": "groups.yaml"}


_PIPELINES: Mapping[str, Mapping[str, str]] = {
    "github": {
        f".github/workflows/reconciler-{name}.yml": f"github/reconciler-{name}.yml"
        for name in ("plan", "apply", "drift")
    },
    "gitlab": {".gitlab-ci.yml": "gitlab/gitlab-ci.yml"},
    "none": {},
}


def starter_files(host: str, version: str) -> dict[PurePosixPath, str]:
    """The text of every file, by its place below the repository's root; `host` is one of HOSTS.

    Raises FileNotFoundError when the installation is incomplete.
    """
    places = {**_ALWAYS, **_PIPELINES[host]}
    return {
        PurePosixPath(place): (_HERE / source).read_text(encoding="utf-8").replace(VERSION, version)
        for place, source in places.items()
    }
