"""Every command of the page "Get started" runs and prints what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import DOCS, Block, blocks
from tests.stage import UPDATE

PAGE = DOCS / "start.md"
_CODE = re.compile(r"# ends with exit code (\d+)")


def run(block: Block, folder: Path) -> str:
    """Run one block in the folder of the previous blocks and return its stdout."""
    clean = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        # One call at a time, so that the groups get the same ids each time.
        "RECONCILER_PARALLELISM": "1",
        **{name: os.environ[name] for name in os.environ if name.startswith("COVERAGE")},
    }
    ran = subprocess.run(["bash", "-c", block.text], cwd=folder, env=clean, capture_output=True, text=True)
    expected = _CODE.search(block.text)
    assert ran.returncode == int(expected[1] if expected else 0), f"line {block.line}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def test_every_command_of_the_page_prints_what_the_page_shows(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    steps = [block for block in blocks(page) if block.language in ("sh", "text")]
    commands, outputs = steps[::2], steps[1::2]
    assert {block.language for block in commands} == {"sh"}
    assert {block.language for block in outputs} == {"text"}
    printed = [run(block, tmp_path) for block in commands]
    if UPDATE:
        for block, text in reversed(list(zip(outputs, printed, strict=True))):
            page = page[: block.start] + text + page[block.end :]
        PAGE.write_text(page, encoding="utf-8")
        outputs = [block for block in blocks(page) if block.language == "text"]
    assert [block.text for block in outputs] == printed
