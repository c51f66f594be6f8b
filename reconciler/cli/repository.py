"""The path of a file in its repository, which CI systems need to annotate its lines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.errors import Problem


def repository_relative(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems with paths relative to the repository's root; absolute for files outside of it."""
    names = {file: _name(file) for file in {problem.file for problem in problems}}
    return [replace(problem, file=names[problem.file]) for problem in problems]


def _name(file: str) -> str:
    # Links are not followed: the repository knows the link's name, not its target.
    path = Path(os.path.abspath(file))
    root = _root(path)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _root(path: Path) -> Path:
    """Return the nearest folder with a `.git`, else the CI system's workspace, else the working folder."""
    for folder in path.parents:
        if os.path.exists(folder / ".git"):
            return folder
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    return workspace if path.is_relative_to(workspace) else Path.cwd()
