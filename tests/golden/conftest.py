"""Stories run in both dialects, each on a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Dialect, Settings
from tests.stage import Stage, stage_with


@pytest.fixture(params=["guide", "reference"])
def stage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    """An empty world, in one dialect after the other."""
    settings = Settings(Dialect(request.param), rate_limit=10_000)
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        yield stage


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    """An empty world in the guide dialect alone, for rules that have nothing to do with shapes."""
    with stage_with(Settings(rate_limit=10_000), tmp_path, monkeypatch, capsys) as stage:
        yield stage
