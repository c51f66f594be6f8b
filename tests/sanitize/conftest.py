"""A stage for runs of the whole program against a hostile world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Settings
from tests.stage import Stage, stage_with


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    """An empty world behind a server that never says 429."""
    with stage_with(Settings(rate_limit=10_000), tmp_path, monkeypatch, capsys) as stage:
        yield stage
