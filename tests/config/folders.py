"""Folders of files, written and loaded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ConfigError, Problem
from reconciler.model.desired import Desired

TODAY = date(2026, 1, 1)


def load_files(folder: Path, files: dict[str, str]) -> Desired:
    """Write files, by their paths below the folder, and load the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder, as_of=TODAY)


def load_problems(folder: Path, files: dict[str, str]) -> tuple[Problem, ...]:
    """Return the problems of these files."""
    with pytest.raises(ConfigError) as caught:
        load_files(folder, files)
    return caught.value.problems


def problem_lines(folder: Path, files: dict[str, str]) -> list[str]:
    """Return the problems of these files as text; the folder is called F."""
    return [str(problem).replace(f"{folder}", "F") for problem in load_problems(folder, files)]
