"""The table of formats: no renderer is imported before it is called."""

from __future__ import annotations

import subprocess
import sys


def test_the_table_imports_no_renderer() -> None:
    code = "import sys, reconciler.cli.formats; print(sorted(m for m in sys.modules if 'reconciler.report' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
