"""Folders of files, written and loaded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ConfigError, Problem
from reconciler.model.desired import Desired

TODAY = date(2026, 1, 1)


def loaded(folder: Path, files: dict[str, str]) -> Desired:
    """What these files, by their paths below the folder, want together."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder, as_of=TODAY)


def found(folder: Path, files: dict[str, str]) -> tuple[Problem, ...]:
    """What is wrong with these files."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, files)
    return caught.value.problems


def problems(folder: Path, files: dict[str, str]) -> list[str]:
    """What is wrong with these files, in words; the folder is called F."""
    return [str(problem).replace(f"{folder}", "F") for problem in found(folder, files)]
