"""For every test: the user's settings, proxies and lock folder have no effect."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from tests.marks import marks_of

FOREIGN = re.compile(
    r"(_?RECONCILER|WAPPFY|GIT|GITHUB)_.*|.*_proxy|(REQUESTS|CURL)_CA_BUNDLE|(NO|FORCE)_COLOR|CLICOLOR(_FORCE)?",
    re.IGNORECASE,
)
FOR_TESTS = ("RECONCILER_UPDATE_GOLDEN", "RECONCILER_TORTURE")
"""Prefixes of variables that configure the tests themselves."""


@pytest.fixture(autouse=True, scope="session")
def machine_independence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Unset all variables that the program, git or requests read, and keep locks in a folder of this session."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if FOREIGN.fullmatch(name) and not name.startswith(FOR_TESTS):
                patch.delenv(name)
        patch.setattr("reconciler.apply.lock.FOLDER", tmp_path_factory.mktemp("locks"))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by where they are, and by Hypothesis, so that `-m "not slow"` and the like need no mark in a file."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("fuzz")
        for mark in marks_of(item.path):
            item.add_marker(mark)
