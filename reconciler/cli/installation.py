"""How this program was installed, and the command that adds one of its extras."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

PACKAGE: Final = "wappfy-reconciler"


def extra_command(extra: str, package: Distribution | None = None) -> str:
    """Return the command that installs what an extra needs, beside this program, whichever way that was installed.

    It names the packages of the extra and never this program: nobody may own its name on an index, or a stranger.
    """
    package = package or distribution(PACKAGE)
    mark = re.compile(rf"""\s*;\s*extra\s*==\s*["']{re.escape(extra)}["']""")
    needed = [mark.sub("", requirement) for requirement in package.requires or () if mark.search(requirement)]
    return shlex.join([*_installer(package), *needed])


def _installer(package: Distribution) -> list[str]:
    """Return the command that installs packages into the environment in which this program runs."""
    environment = Path(sys.prefix)
    if (environment / "pipx_metadata.json").exists():
        return ["pipx", "inject", environment.name]
    if (package.read_text("INSTALLER") or "").strip() == "uv":
        return ["uv", "pip", "install", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install"]
