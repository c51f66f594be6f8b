"""Every mistake a file can have is reported at its place, in words and with its kind.

`RECONCILER_UPDATE_GOLDEN=1` rewrites the words and kinds.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ConfigError

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.yaml")))
def test_a_bad_file_is_reported_with_every_problem_at_its_place_and_its_kind(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BAD)
    with pytest.raises(ConfigError) as caught:
        load(Path(f"{name}.yaml"), as_of=date(2026, 1, 1))
    head = str(caught.value).partition("\n")[0]
    lines = []
    for problem in caught.value.problems:
        first, *excerpt = problem.lines()
        lines += [f"{first}  [{problem.kind}]", *excerpt]
    text = "\n".join([head, *lines, ""])
    golden = BAD / f"{name}.txt"
    if os.environ.get("RECONCILER_UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert caught.value.problems == tuple(sorted(caught.value.problems))
