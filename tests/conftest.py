"""What holds for every test: the settings, the way out and the lock folder of whoever runs it have no say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from tests.marks import marks_of

FOREIGN = re.compile(r"(RECONCILER|WAPPFY|GIT|GITHUB)_.*|.*_proxy|(REQUESTS|CURL)_CA_BUNDLE", re.IGNORECASE)
OURS = ("RECONCILER_UPDATE_GOLDEN", "RECONCILER_TORTURE")
"""How the variables begin that are for the tests themselves."""


@pytest.fixture(autouse=True, scope="session")
def nobodys_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No variable is set that the program, git or requests heeds, and locks are files of this session's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if FOREIGN.fullmatch(name) and not name.startswith(OURS):
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
