"""A repository of its own for every test of revisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository import Repository


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository, which is the working folder."""
    made = Repository(tmp_path / "repository", monkeypatch)
    monkeypatch.chdir(made.folder)
    return made
