"""What holds for every test: the settings and the lock folder of whoever runs it have no say."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

OURS = ("RECONCILER_UPDATE_GOLDEN", "RECONCILER_TORTURE")
"""How the variables begin that are for the tests themselves."""


@pytest.fixture(autouse=True, scope="session")
def nobodys_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No variable of the program is set, and locks are files of this session's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("RECONCILER_", "WAPPFY_"))]:
            if not name.startswith(OURS):
                patch.delenv(name)
        patch.setattr("reconciler.apply.lock.FOLDER", tmp_path_factory.mktemp("locks"))
        yield
